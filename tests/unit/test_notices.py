"""Notices of campaigns ahead reach the channel once, whatever goes wrong, and after all that is urgent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from memory_slack import Clock, MemorySlack
from told_channel import spike

from alerts.board import Board
from alerts.campaign_notice import EVENT_TYPE, NoticeSaid
from alerts.context import Context
from alerts.delivery import DeliveryError
from alerts.entry import Entry
from alerts.records import Campaign
from streams import notify_rows
from streams.metrics import Metrics
from streams.notices import Notices
from streams.sender import Sender

HOUR = timedelta(hours=1)
_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
DROPPED = DeliveryError("Slack gave no answer", code="disconnected", ambiguous=True)
REFUSED = DeliveryError("Slack refused the message as too long", permanent=True, message_only=True)


class Crash(Exception):
    """The worker dies."""


class Shop:
    """A calendar, a sender with notices, and Slack in memory; only what was kept survives `begin_anew`."""

    def __init__(self, hours: float = 24) -> None:
        self.clock, self.hours = Clock(), hours
        self.slack = MemorySlack(self.clock)
        self.rows: dict[bytes, bytes] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.crash_at_keep: int | None = None
        self.begin_anew()

    def begin_anew(self, *, lost: bool = False) -> None:
        self.board = Board()
        self.notices = Notices(
            self.slack, self.hours, context=self.context, keep=self.keep, sleep=self.clock.sleep
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
            asides=(self.notices,),
        )
        self.notices.take_over(notify_rows.read(self.rows, 0).notices, lost=lost)
        self.sender.take_over(self.board)

    def context(self, entry: Entry | None = None) -> Context:
        at = self.now()
        said = entry.said if entry else None
        return Context(now=at, wall=at, campaigns=self.campaigns, remind_after=None, said=said)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC)

    def plan(self, name: str = "bf", ahead: timedelta = 20 * HOUR, **fields: object) -> None:
        start = self.now() + ahead
        one = Campaign(id=name, name=name, starts_at=start, ends_at=start + 48 * HOUR)
        self.campaigns = self.campaigns | {name: msgspec.structs.replace(one, **fields)}

    def change(self, name: str = "bf", **fields: object) -> None:
        self.campaigns = self.campaigns | {name: msgspec.structs.replace(self.campaigns[name], **fields)}

    async def keep(self) -> None:
        if self.crash_at_keep is not None:
            self.crash_at_keep -= 1
            if self.crash_at_keep < 0:
                raise Crash
        for name in self.notices.changed:
            key = notify_rows.notice_key(name)
            if name in self.notices.said:
                self.rows[key] = msgspec.json.encode(self.notices.said[name])
            else:
                self.rows.pop(key, None)
        self.notices.changed = set()
        self.board.changed = set()

    async def run(self, seconds: float = 60) -> None:
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.slack.catch_up()
            wait = await self.sender.step()
            self.clock.now += max(0.01, min(wait, 1.0))

    def told(self) -> list[str]:
        """The headlines of the notices that stand."""
        return [
            one["blocks"][0]["text"]["text"]
            for one in self.slack.roots()
            if one["metadata"]["event_type"] == EVENT_TYPE
        ]


async def test_a_campaign_ahead_is_told_of_once() -> None:
    shop = Shop()
    shop.plan()
    shop.plan("later", ahead=30 * HOUR)
    await shop.run(300)
    assert shop.told() == ["📅 Campaign ahead: bf"]
    await shop.run(7 * 3600)
    assert shop.told() == ["📅 Campaign ahead: bf", "📅 Campaign ahead: later"]


async def test_nothing_is_told_unless_asked_for() -> None:
    shop = Shop(hours=0)
    shop.plan()
    await shop.run()
    assert shop.told() == []


async def test_a_change_and_a_withdrawal_edit_the_message_that_stands() -> None:
    shop = Shop()
    shop.plan()
    await shop.run()
    shop.change(promise="20 %")
    await shop.run()
    assert shop.told() == ["📅 Campaign ahead, changed: bf"]
    shop.campaigns = {}
    await shop.run()
    assert shop.told() == ["🚫 Campaign withdrawn: bf"]


async def test_incidents_go_first() -> None:
    shop = Shop()
    shop.plan()
    shop.board.hear_spike(spike("raised", 30), shop.context())
    await shop.run()
    kinds = [one["metadata"]["event_type"] for one in shop.slack.roots()]
    assert kinds == ["ticketspike_incident", EVENT_TYPE]


@pytest.mark.parametrize("keeps", [0, 1])
async def test_a_crash_around_the_post_leaves_one_message_that_can_be_edited(keeps: int) -> None:
    shop = Shop()
    shop.plan()
    shop.crash_at_keep = keeps
    with pytest.raises(Crash):
        await shop.run()
    shop.crash_at_keep = None
    shop.begin_anew()
    await shop.run()
    shop.change(promise="20 %")
    await shop.run()
    assert shop.told() == ["📅 Campaign ahead, changed: bf"]


async def test_a_notice_whose_row_was_lost_is_found_in_the_channel_and_not_said_again() -> None:
    shop = Shop()
    shop.plan()
    await shop.run(3600)
    shop.rows.clear()
    shop.begin_anew(lost=True)
    shop.plan("later")
    await shop.run()
    assert sorted(shop.told()) == ["📅 Campaign ahead: bf", "📅 Campaign ahead: later"]
    shop.change(promise="20 %")
    await shop.run()
    assert sorted(shop.told()) == ["📅 Campaign ahead, changed: bf", "📅 Campaign ahead: later"]


async def test_an_answer_that_was_lost_leaves_one_message() -> None:
    shop = Shop()
    shop.plan()
    lost = iter([DROPPED])
    shop.slack.lost = lambda method: next(lost, None) if method == "post" else None
    await shop.run(120)
    assert shop.told() == ["📅 Campaign ahead: bf"]


async def test_a_notice_that_slack_refuses_is_not_tried_for_ever_and_holds_nothing_up() -> None:
    shop = Shop()
    shop.plan()
    refused = iter([REFUSED])
    shop.slack.fault = lambda method: next(refused, None) if method == "post" else None
    await shop.run()
    shop.board.hear_spike(spike("raised", 30), shop.context())
    await shop.run()
    assert shop.told() == []
    assert [one["metadata"]["event_type"] for one in shop.slack.roots()] == ["ticketspike_incident"]
    assert [method for _, method in shop.slack.tries].count("post") == 2


async def test_a_notice_that_a_person_deleted_stays_deleted() -> None:
    shop = Shop()
    shop.plan()
    await shop.run()
    shop.slack.messages.clear()
    shop.change(promise="20 %")
    await shop.run()
    assert shop.told() == []


async def test_what_was_said_is_forgotten_a_day_after_the_beginning() -> None:
    shop = Shop()
    shop.plan(ahead=HOUR)
    await shop.run()
    shop.clock.now += 27 * 3600
    shop.plan("next")
    await shop.run()
    assert set(shop.rows) == {notify_rows.notice_key("next")}


def test_a_row_of_a_notice_that_cannot_be_read_is_taken_out() -> None:
    said = msgspec.json.encode(NoticeSaid(campaign=Campaign(id="a", name="a", starts_at=_AT, ends_at=_AT)))
    stored = notify_rows.read({notify_rows.notice_key("a"): said, notify_rows.notice_key("b"): b"{"}, 0)
    assert list(stored.notices) == ["a"]
    assert stored.obsolete == [notify_rows.notice_key("b")]


async def test_a_rate_limit_on_a_notice_holds_no_incident_up() -> None:
    shop = Shop()
    shop.plan()
    limited = iter([DeliveryError("Slack asks to wait", code="ratelimited", retry_after=600.0)])
    shop.slack.fault = lambda method: next(limited, None) if method == "post" else None
    await shop.run(10)
    shop.board.hear_spike(spike("raised", 30), shop.context())
    await shop.run(10)
    assert [one["metadata"]["event_type"] for one in shop.slack.roots()] == ["ticketspike_incident"]
    await shop.run(700)
    assert shop.told() == ["📅 Campaign ahead: bf"]


async def test_an_outage_holds_a_notice_until_it_is_over() -> None:
    shop = Shop()
    shop.plan()
    shop.slack.fault = lambda _: DeliveryError("Slack failed on its side", code="http_503", ambiguous=True)
    await shop.run(600)
    assert shop.sender.trouble.sentence is not None
    shop.slack.fault = lambda _: None
    await shop.run(120)
    assert shop.told() == ["📅 Campaign ahead: bf"]
    assert shop.sender.trouble.sentence is None
