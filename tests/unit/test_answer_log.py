"""Answers on their way to Kafka: saved or known not to be, once each."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from broker_stand_in import BrokerStandIn

from alerts.records import Answer
from streams.answer_log import AnswerLog
from streams.settings import load


def answer(number: int = 0) -> Answer:
    return Answer(
        incident_id=f"ts-{number}", kind="acknowledged", by="U1", at=datetime(2026, 11, 20, 9, tzinfo=UTC)
    )


@pytest.fixture
def broker() -> BrokerStandIn:
    return BrokerStandIn()


@pytest.fixture
def log(broker: BrokerStandIn) -> AnswerLog:
    made = AnswerLog(load(ticketspike_topic_prefix="shop."), seconds=0.2, remembered=3)
    made.producer = broker
    return made


async def test_an_answer_goes_to_the_prefixed_topic_under_its_incident(
    log: AnswerLog, broker: BrokerStandIn
) -> None:
    assert await log.save([answer()])
    assert [(topic, key) for topic, key, _ in broker.records] == [("shop.answers", b"ts-0")]
    assert broker.answers == [answer()]


async def test_deliveries_at_the_same_time_share_one_record_and_its_fate(
    log: AnswerLog, broker: BrokerStandIn
) -> None:
    broker.delay = 0.05
    assert all(await asyncio.gather(*(log.save([answer()]) for _ in range(10))))
    assert len(broker.records) == 1
    broker.away = True
    assert not any(await asyncio.gather(*(log.save([answer(1)]) for _ in range(10))))


async def test_what_was_not_saved_is_tried_again(log: AnswerLog, broker: BrokerStandIn) -> None:
    log.producer = None
    assert not await log.save([answer()])
    log.producer = broker
    broker.away = True
    assert not await log.save([answer()])
    broker.away = False
    assert not log.known([answer()])
    assert await log.save([answer()])
    assert log.known([answer()])


async def test_a_broker_that_says_nothing_is_given_up_in_time_and_may_still_have_saved_it(
    log: AnswerLog, broker: BrokerStandIn
) -> None:
    broker.delay = 0.4
    assert not await log.save([answer()])
    await asyncio.sleep(0.4)
    # It arrived after all: a delivery that comes again is known and makes no second record.
    assert log.known([answer()])
    assert await log.save([answer()])
    assert len(broker.records) == 1


async def test_the_memory_is_bounded_and_keeps_what_was_saved_last(
    log: AnswerLog, broker: BrokerStandIn
) -> None:
    for number in range(10):
        assert await log.save([answer(number)])
    assert [log.known([answer(number)]) for number in (0, 6, 7, 8, 9)] == [False, False, True, True, True]
    assert len(broker.records) == 10


async def test_several_answers_are_saved_when_all_of_them_are(log: AnswerLog, broker: BrokerStandIn) -> None:
    assert await log.save([])
    assert await log.save([answer(1), answer(2), answer(1)])
    assert len(broker.records) == 2
    assert not log.known([answer(1), answer(3)])
    assert not log.known([])
