"""Joining the group of *count* while Kafka is in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, GroupCoordinatorNotAvailableError, KafkaError

from streams.count import Count
from streams.metrics import Metrics
from streams.settings import load


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[AIOKafkaConsumer]]:
    """Consumers that fail to start by these errors, one after the other, and then start; those that did."""

    def fail(*errors: KafkaError) -> list[AIOKafkaConsumer]:
        left, started, pause = list(errors), list[AIOKafkaConsumer](), asyncio.sleep

        async def start(consumer: AIOKafkaConsumer) -> None:
            if left:
                raise left.pop(0)
            started.append(consumer)

        async def nothing(*_: Any) -> None:
            pass

        monkeypatch.setattr(AIOKafkaConsumer, "start", start)
        monkeypatch.setattr(AIOKafkaProducer, "start", nothing)
        monkeypatch.setattr("asyncio.sleep", lambda _: pause(0))
        return started

    return fail


def count() -> Count:
    return Count(load(ticketspike_hmac_key="k"), Metrics(), "worker")


async def test_a_group_that_cannot_be_joined_now_is_joined_with_a_new_consumer(
    failing: Callable[..., list[AIOKafkaConsumer]],
) -> None:
    started = failing(KafkaError("UnknownError()"), GroupCoordinatorNotAvailableError())
    stage = count()
    await stage.on_start()
    assert started == [stage.consumer]
    assert stage.fresh is not None
    assert stage.consumer.subscription() == {"tickets"}
    await stage.consumer.stop()
    await stage.producer.stop()


async def test_missing_rights_end_the_start(failing: Callable[..., list[AIOKafkaConsumer]]) -> None:
    failing(GroupAuthorizationFailedError("ticketspike-count"))
    stage = count()
    with pytest.raises(GroupAuthorizationFailedError):
        await stage.on_start()
    await stage.consumer.stop()
    await stage.producer.stop()


async def test_a_worker_that_is_told_to_stop_while_it_joins_does_not_wait_for_what_was_never_begun(
    failing: Callable[..., list[AIOKafkaConsumer]],
) -> None:
    failing()
    stage = count()
    await stage.on_start()
    # The stages' start was cancelled here: nothing has been read, so nobody will say that the last word is said.
    await asyncio.wait_for(stage.on_stop(), 2.0)
