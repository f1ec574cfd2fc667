"""Lost answers, late calls, refusals and crashes in any order: one root message each, in its last state."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from memory_slack import Office, at
from told_channel import driver, spike

from alerts.delivery import MARK, DeliveryError
from alerts.records import Driver
from alerts.roster import Roster
from alerts.roster_rows import read

FAULTS = [
    DeliveryError("drop", code="disconnected", ambiguous=True),
    DeliveryError("late", code="late", ambiguous=True),
    DeliveryError("late", code="late", ambiguous=True),
]
REFUSALS = [
    DeliveryError("wait", code="rate_limited", retry_after=2.0),
    DeliveryError("down", code="http_503", ambiguous=True),
    DeliveryError("away", code="unreachable"),
]


class Crash(Exception):
    """The process dies in the middle of a call."""


async def story(seed: int, roster: Roster = ()) -> Office:
    """Thirty turns of anything, then quiet; with a roster some incidents come from Austria."""
    office, rng = Office(roster), random.Random(seed)

    def drivers(number: int) -> list[Driver]:
        return [driver("market", "AT")] if number % 3 == 0 and roster else []

    def lose(_: str) -> DeliveryError | None:
        drawn = rng.random()
        if drawn < 0.06:
            raise Crash
        return rng.choice(FAULTS) if drawn < 0.2 else None

    def refuse(_: str) -> DeliveryError | None:
        drawn = rng.random()
        if drawn < 0.04:
            raise Crash
        return rng.choice(REFUSALS) if drawn < 0.12 else None

    size: dict[int, int] = {}
    over: set[int] = set()
    office.slack.lost, office.slack.fault = lose, refuse
    for _ in range(30):
        drawn = rng.random()
        running = [number for number in size if number not in over]
        if drawn < 0.3 or not running:
            size[number := len(size)] = 14
            reason = f"matter {number:03}"
            await office.hear(spike("raised", 14, reason=reason, onset=at(number), drivers=drivers(number)))
        else:
            number = rng.choice(running)
            size[number] += rng.choice((1, 3, 25))
            state = "cleared" if drawn > 0.8 else "grown"
            over |= {number} if state == "cleared" else set()
            reason = f"matter {number:03}"
            # Of some it shows only when they grow that they come from Austria: the message stays where it is.
            more = drivers(number - number % 2)
            await office.hear(
                spike(state, size[number], 10 + size[number], reason=reason, onset=at(number), drivers=more)
            )
        try:
            await office.run(rng.uniform(0.5, 12.0))
        except Crash:
            office.clock.now += rng.uniform(1.0, 6.0)
            office.begin_anew()
    office.slack.lost = office.slack.fault = lambda _: None
    await office.run(180)
    return office


@pytest.mark.parametrize("tens", range(20))
async def test_whatever_goes_wrong_each_incident_ends_with_one_message_in_its_last_state(tens: int) -> None:
    for seed in range(tens * 10, tens * 10 + 10):
        office = await story(seed)
        entries = office.board.entries
        abouts = [one["metadata"]["event_payload"] for one in office.slack.roots()]
        assert sorted((one["incident_id"], one["revision"]) for one in abouts) == sorted(
            (key, entry.incident.revision) for key, entry in entries.items()
        ), f"seed {seed}"
        replies = [one["metadata"]["event_payload"] for one in office.slack.replies()]
        twice = Counter((one["incident_id"], one[MARK]) for one in replies)
        assert all(number == 1 for number in twice.values()), f"seed {seed}"
        assert office.sender.trouble.sentence is None
        standing = set(office.slack.messages)
        assert {entry.incident.slack.ts for entry in entries.values() if entry.incident.slack} <= standing


AUSTRIA = "C0AUSTRIA1"


@pytest.mark.parametrize("tens", range(5))
async def test_with_a_second_channel_too_each_incident_has_one_message_and_its_row_knows_where(
    tens: int,
) -> None:
    roster = read([{"channel": AUSTRIA, "markets": ["AT"], "ping": ["S0AUSTRIA1"]}])
    used: Counter[str] = Counter()
    for seed in range(tens * 10, tens * 10 + 10):
        office = await story(seed, roster)
        entries = office.board.entries
        abouts = [one["metadata"]["event_payload"] for one in office.slack.roots()]
        assert sorted((one["incident_id"], one["revision"]) for one in abouts) == sorted(
            (key, entry.incident.revision) for key, entry in entries.items()
        ), f"seed {seed}"
        posts = [entry.incident.slack for entry in entries.values() if entry.incident.slack is not None]
        assert [office.slack.channels[one.ts] for one in posts] == [one.channel for one in posts]
        used.update(one.channel for one in posts)
    assert min(used[AUSTRIA], used["C1"]) > 10
