"""A bad day: 60 spikes of 5 true causes and a peak of all tickets, and how few messages people get."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from told_channel import Channel, condition, driver, minutes, spike

from alerts.incident import condition_id
from alerts.records import Campaign, Condition, Driver, Incident, Spike

DAY = datetime(2026, 11, 27, tzinfo=UTC)
NEWSLETTER = Campaign(
    id="newsletter-7", name="Black Week", kind="newsletter", starts_at=DAY, ends_at=DAY + minutes(3 * 1440)
)
CAUSES = {
    "voucher": driver("voucher_code", "SOMMER25", 0.8),
    "campaign": driver("campaign_id", NEWSLETTER.id, 0.7),
    "market": driver("market", "AT", 0.8),
    "channel": driver("channel", "chat", 0.9),
    "browser": driver("browser", "Safari", 0.9),
}
EPISODES = 8
NOISE = 20
PEAK = minutes(18 * 60)

Statement = tuple[datetime, Spike | Condition]


@dataclass(frozen=True)
class Day:
    """All that is stated, in order, and what it was about."""

    statements: list[Statement]
    spikes: int
    total: Condition


def day(seed: int) -> Day:
    """Five causes at times of the day, one of them in the evening's peak, and the noise of the peak.

    A cause raises three contact reasons (that in one browser raises one), each again and again with short
    pauses. Some spikes are first stated with too few customers and before anything stands out; one a day is
    told before its driver is known.
    """
    rng = random.Random(seed)
    starts = [
        rng.uniform(480, 600),
        rng.uniform(600, 700),
        rng.uniform(760, 860),
        rng.uniform(900, 960),
        1090,
    ]
    rng.shuffle(starts)
    statements: list[Statement] = []
    late = rng.choice([name for name in CAUSES if name != "browser"])
    for (name, what), start in zip(CAUSES.items(), starts, strict=True):
        reasons = [f"{name} {index}" for index in range(1 if name == "browser" else 3)]
        onsets = {reason: DAY + minutes(start + 15 * index) for index, reason in enumerate(reasons)}
        for episode in range(EPISODES):
            reason = reasons[episode % len(reasons)]
            length = rng.uniform(70, 120) if episode < len(reasons) else rng.uniform(20, 60)
            few = episode < len(reasons) and rng.random() < 0.4
            told_early = name == late and episode == len(reasons) - 1
            statements += life(rng, reason, onsets[reason], length, what, few=few, told_early=told_early)
            onsets[reason] += minutes(length + rng.uniform(5, 25))
    begins = DAY + PEAK
    peak = [
        condition("total_volume", since=begins, stated=at, observed=200 + 20 * at) for at in range(5, 120, 5)
    ]
    peak.append(condition("total_volume", since=begins, ended=120, observed=2600))
    statements += [(one.stated_at, one) for one in peak]
    for index in range(NOISE):
        onset = begins + minutes(rng.uniform(2, 90))
        statements += life(rng, f"noise {index}", onset, rng.uniform(15, 55), None)
    statements.sort(key=lambda row: row[0])
    spikes = len({one.spike_id for _, one in statements if isinstance(one, Spike)})
    return Day(statements, spikes, peak[0])


def life(
    rng: random.Random,
    reason: str,
    onset: datetime,
    length: float,
    what: Driver | None,
    *,
    few: bool = False,
    told_early: bool = False,
) -> list[Statement]:
    """A spike's statements: raised, grown every five minutes, cleared."""
    raised = onset + minutes(rng.uniform(3, 8))
    size = rng.randint(8, 20)
    found: list[Statement] = []
    at = raised
    while at < onset + minutes(length):
        first = not found
        observed = size + int(rng.uniform(0.5, 1.5) * ((at - raised) / minutes(1)))
        size = observed
        drivers = [] if what is None or (first and (few or told_early)) else [what]
        statement = spike(
            "raised" if first else "grown",
            observed,
            max(1, int((at - onset) / minutes(1))),
            reason=reason,
            onset=onset,
            raised_at=raised,
            customers=2 if first and few else observed - 2,
            drivers=drivers,
        )
        found.append((at, statement))
        at += minutes(5)
    end = onset + minutes(length)
    over = spike(
        "cleared",
        size,
        int(length),
        reason=reason,
        onset=onset,
        raised_at=raised,
        cleared_at=end,
        drivers=drivers,
    )
    return [*found, (end, over)]


def seen(found: Day) -> Channel:
    """The channel after such a day; nobody reacts."""
    channel = Channel(campaigns={NEWSLETTER.id: NEWSLETTER})
    channel.wait((DAY - channel.context.now) / minutes(1))
    for at, statement in found.statements:
        while channel.context.now + minutes(1) < at:
            channel.wait(1)
        channel.wait((at - channel.context.now) / minutes(1))
        channel.hear(statement)
    channel.wait(120)
    return channel


def names(incident: Incident, name: str) -> bool:
    """Whether an incident's message shows a cause: what stands out, or the campaign."""
    what = CAUSES[name]
    shown = [*incident.drivers, *(one for spike in incident.spikes for one in spike.drivers)]
    return any((one.facet, one.value) == (what.facet, what.value) for one in shown)


@pytest.mark.parametrize("seed", range(12))
def test_sixty_spikes_of_five_causes_and_a_peak_are_at_most_eight_messages(seed: int) -> None:
    found = day(seed)
    assert found.spikes == 5 * EPISODES + NOISE
    channel = seen(found)
    roots = [one.shows for messages in channel.roots.values() for one in messages]
    assert len(roots) <= 8, [root.contact_reasons for root in roots]
    assert {name for name in CAUSES for root in roots if names(root, name)} == set(CAUSES)
    assert all(root.status == "resolved" for root in roots)
    (peak,) = (root for root in roots if root.incident_id == condition_id(found.total))
    assert {f"noise {index}" for index in range(NOISE)} <= set(peak.contact_reasons)


def test_the_day_is_not_told_by_dropping_what_belongs_to_a_cause() -> None:
    channel = seen(day(1))
    told = Counter(
        reason
        for messages in channel.roots.values()
        for one in messages
        if one.shows.kind == "spike"
        for reason in one.shows.contact_reasons
    )
    assert {reason.split()[0] for reason in told} == set(CAUSES)
    assert len(told) == 4 * 3 + 1
