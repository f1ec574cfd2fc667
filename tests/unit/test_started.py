"""Clients of aiokafka that cannot start: Kafka is away, and nothing of them is left behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

from streams import follow
from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.dead_letter_limit import Halt
from streams.halts import Halts
from streams.metrics import Metrics
from streams.redemptions import Redemptions
from streams.settings import Settings, load
from streams.started import started
from streams.topic_rows import TopicRows

NOBODY = "127.0.0.1:1"


async def read(settings: Settings) -> None:
    _ = [entry async for entry in follow.read(settings, "spikes", 0, 1)]


async def rest(settings: Settings) -> None:
    _ = [entry async for entry in follow.rest(settings, {"spikes": 0})]


async def look(settings: Settings) -> None:
    halts = Halts(settings, Metrics(), lambda partition: PartitionCounts(partition, pseudonymiser("key")))
    halts.halted[TopicPartition("tickets", 0)] = Halt(0, 20, 20, "id: is missing")
    await halts.look()


async def rows(settings: Settings) -> None:
    await TopicRows(settings, "source-health")._follow()


async def orders(settings: Settings) -> None:
    await Redemptions(settings)._follow()


@pytest.mark.parametrize("use", [read, rest, look, rows, orders])
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
async def test_no_consumer_is_left_open_where_kafka_is_away(
    use: Callable[[Settings], Awaitable[None]],
) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    with pytest.raises(KafkaConnectionError):
        await use(load(kafka_bootstrap_servers=NOBODY))
    gc.collect()
    assert [one["message"] for one in told] == []


@pytest.mark.parametrize(
    ("kind", "end"), [(AIOKafkaConsumer, "stop"), (AIOKafkaProducer, "stop"), (AIOKafkaAdminClient, "close")]
)
async def test_every_client_is_stopped_also_when_its_start_is_cancelled(kind: Any, end: str) -> None:
    ends = []

    class Hanging(kind):  # type: ignore[misc]
        async def start(self) -> None:
            await asyncio.Event().wait()

    async def stop(self: Any) -> None:
        ends.append(self)
        await getattr(kind, end)(self)

    setattr(Hanging, end, stop)
    client = Hanging(bootstrap_servers=NOBODY)

    async def use() -> None:
        async with started(client):
            raise AssertionError("it never starts")

    task = asyncio.create_task(use())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ends == [client]
