"""The digest reaches the channel once a date, whatever goes wrong, and after all that is urgent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest
from digest_states import FIRST_DAY
from memory_slack import Clock, MemorySlack
from told_channel import spike

from alerts.board import Board
from alerts.context import Context
from alerts.delivery import DeliveryError
from alerts.digest import EVENT_TYPE
from alerts.digested import Digest, DigestSaid
from alerts.entry import Entry
from streams import notify_rows
from streams.digests import Digests, facts_apart
from streams.errors import Failure
from streams.metrics import Metrics
from streams.sender import Sender
from streams.settings import Settings

DROPPED = DeliveryError("Slack gave no answer", code="disconnected", ambiguous=True)
REFUSED = DeliveryError("Slack refused the message as too long", permanent=True, message_only=True)
DAY = 86_400


class Crash(Exception):
    """The worker dies."""


class Shop:
    """A sender with digests and Slack in memory; only what was kept survives `begin_anew`. It begins at 9:15 UTC."""

    def __init__(self, at: str | None = "09:30") -> None:
        self.clock, self.at = Clock(), at
        self.slack = MemorySlack(self.clock)
        self.rows: dict[bytes, bytes] = {}
        self.gathered = 0
        self.failures = 0
        self.crash_at_keep: int | None = None
        self.task: asyncio.Task[None] | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        self.stop()
        self.board = Board()
        settings = Settings(ticketspike_digest_at=self.at)
        self.digests = Digests(
            self.slack,
            settings,
            context=self.context,
            keep=self.keep,
            sleep=self.clock.sleep,
            gather=self.gather,
        )
        self.sender = Sender(
            self.slack,
            Metrics(),
            context=self.context,
            keep=self.keep,
            mine=lambda: True,
            clock=self.clock,
            wall=self.clock,
            sleep=self.clock.sleep,
            asides=(self.digests,),
        )
        self.digests.take_over(notify_rows.read(self.rows, 0).digest)
        self.sender.take_over(self.board)

    def context(self, entry: Entry | None = None) -> Context:
        at = datetime.fromtimestamp(self.clock.now, UTC)
        return Context(now=at, wall=at, remind_after=None, said=entry.said if entry else None)

    async def gather(self) -> Digest:
        self.gathered += 1
        if self.failures:
            self.failures -= 1
            raise Failure("Kafka is away")
        return msgspec.structs.replace(FIRST_DAY, made_at=self.context().wall)

    async def keep(self) -> None:
        if self.crash_at_keep is not None:
            self.crash_at_keep -= 1
            if self.crash_at_keep < 0:
                raise Crash
        if self.digests.changed:
            self.rows[notify_rows.DIGEST] = msgspec.json.encode(self.digests.said)
        self.digests.changed = False
        self.board.changed = set()

    async def run(self, seconds: float = 1800) -> None:
        if self.task is None:
            self.task = asyncio.create_task(self.digests.run())
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.slack.catch_up()
            wait = await self.sender.step()
            self.clock.now += max(0.01, min(60 * wait, 30.0))
            for _ in range(5):
                await asyncio.sleep(0)

    def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self.task = None

    def told(self) -> list[str]:
        """The ids of the digests that stand."""
        return [
            one["metadata"]["event_payload"]["digest_id"]
            for one in self.slack.roots()
            if one["metadata"]["event_type"] == EVENT_TYPE
        ]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made = Shop()
    yield made
    made.stop()


async def test_the_digest_is_sent_once_a_date_at_its_time(shop: Shop) -> None:
    await shop.run(600)
    assert shop.told() == []
    await shop.run(1200)
    assert shop.told() == ["digest-2026-11-20"]
    await shop.run(2 * DAY)
    assert shop.told() == ["digest-2026-11-20", "digest-2026-11-21", "digest-2026-11-22"]
    assert shop.gathered == 3


async def test_nothing_is_sent_unless_asked_for() -> None:
    shop = Shop(at=None)
    await shop.run(DAY)
    shop.stop()
    assert (shop.told(), shop.gathered) == ([], 0)


async def test_incidents_go_first(shop: Shop) -> None:
    await shop.run(890)
    shop.board.hear_spike(spike("raised", 30), shop.context())
    await shop.run(600)
    assert [one["metadata"]["event_type"] for one in shop.slack.roots()] == [
        "ticketspike_incident",
        EVENT_TYPE,
    ]


@pytest.mark.parametrize("keeps", [0, 1])
async def test_a_crash_around_the_post_leaves_one_message(shop: Shop, keeps: int) -> None:
    shop.crash_at_keep = keeps
    with pytest.raises(Crash):
        await shop.run()
    shop.crash_at_keep = None
    shop.begin_anew()
    await shop.run(3600)
    assert shop.told() == ["digest-2026-11-20"]


async def test_a_row_that_was_lost_does_not_bring_the_digest_again(shop: Shop) -> None:
    await shop.run()
    shop.rows.clear()
    shop.begin_anew()
    await shop.run()
    assert shop.told() == ["digest-2026-11-20"]


async def test_a_restart_sends_nothing_again(shop: Shop) -> None:
    for _ in range(4):
        await shop.run()
        shop.begin_anew()
    assert shop.told() == ["digest-2026-11-20"]
    assert shop.gathered == 1


async def test_an_answer_that_was_lost_leaves_one_message(shop: Shop) -> None:
    lost = iter([DROPPED])
    shop.slack.lost = lambda method: next(lost, None) if method == "post" else None
    await shop.run(3600)
    assert shop.told() == ["digest-2026-11-20"]


async def test_an_outage_of_an_hour_delays_it_and_what_it_says_is_fresh(shop: Shop) -> None:
    end = shop.clock.now + 4500
    shop.slack.fault = lambda method: DROPPED if method == "post" and shop.clock.now < end else None
    await shop.run(7200)
    assert shop.told() == ["digest-2026-11-20"]
    assert shop.gathered > 1


async def test_a_worker_that_was_away_until_the_evening_sends_nothing_old(shop: Shop) -> None:
    shop.clock.now += 9 * 3600
    await shop.run(3600)
    assert shop.told() == []


async def test_facts_that_cannot_be_read_are_tried_again_and_hold_no_incident_up(shop: Shop) -> None:
    shop.failures = 3
    await shop.run(1000)
    shop.board.hear_spike(spike("raised", 30), shop.context())
    await shop.run(60)
    assert [one["metadata"]["event_type"] for one in shop.slack.roots()] == ["ticketspike_incident"]
    await shop.run(1800)
    assert shop.told() == ["digest-2026-11-20"]
    assert shop.gathered == 4


async def test_a_digest_that_slack_refuses_is_not_tried_for_ever(shop: Shop) -> None:
    refused = iter([REFUSED])
    shop.slack.fault = lambda method: next(refused, None) if method == "post" else None
    await shop.run(3600)
    assert shop.told() == []
    assert [method for _, method in shop.slack.tries].count("post") == 1


async def test_a_clock_that_is_set_back_does_not_bring_an_earlier_date(shop: Shop) -> None:
    await shop.run(DAY)
    shop.clock.now -= DAY
    told = shop.told()
    await shop.run(3600)
    assert shop.told() == told


def test_a_row_that_cannot_be_read_harms_nothing() -> None:
    said = DigestSaid(day=FIRST_DAY.day, done=True, attempted_at=FIRST_DAY.made_at)
    key = notify_rows.DIGEST
    assert notify_rows.read({key: msgspec.json.encode(said)}, 0).digest == said
    stored = notify_rows.read({key: b"{"}, 0)
    assert (stored.digest, stored.obsolete, stored.entries) == (None, [], {})


async def test_a_process_that_fails_says_why_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETSPIKE_DIGEST_AT", "noon")
    with pytest.raises(Failure, match="TICKETSPIKE_DIGEST_AT='noon' is not allowed"):
        await facts_apart()
