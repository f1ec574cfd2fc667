"""What life does to a channel without any incident: false alarms in outages, bursts, holidays, clock changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from benchmarks.detection.poisson import Rate, rate
from detectors.detector import DetectorSettings
from detectors.evaluate import SETTLING
from detectors.oracle import WEEK
from detectors.simulate import Channel, Life, simulate
from detectors.trial import holidays, watch

REASONS, LEARN, ASKED = 40, 4, 3.0
DAY = 1440
_PER_YEAR = {"outages": 12, "holidays": 10, "clock changes": 2}
"""How many a year is taken to have. They are simulated closer together: the weeks between say nothing."""


class Event(msgspec.Struct, frozen=True):
    """False alarms in the time of events, against what the knob allows for so much time."""

    kind: str
    events: int
    years: float
    minutes: int
    """Of all events together."""
    inside: Rate
    """Alarms in these minutes."""
    elsewhere: Rate
    """Alarms in the other watched minutes of the same channels: what an event leaves behind."""


class Watched(msgspec.Struct, frozen=True):
    """Some channels of one kind of event."""

    kind: str
    events: int
    minutes: int
    inside: int
    live: int
    elsewhere: int


def outages(seed: int, years: int) -> Watched:
    """Outages of the whole source, about three a week: alarms from their start to an hour after the burst."""
    life = Life(outages=30.0, from_week=LEARN)
    channel = simulate(np.random.default_rng(seed), REASONS, LEARN + max(2, years * 4), life)
    windows = [(one.start, one.settled + SETTLING) for one in channel.outages]
    return _watched("outages", channel, windows)


def free_days(seed: int, years: int) -> Watched:
    """Holidays on workdays, two a week and known beforehand: alarms on their days."""
    channel = simulate(np.random.default_rng(seed), REASONS, LEARN + 5 * years, Life(holidays=8.0))
    windows = [(day * DAY, day * DAY + DAY) for day in channel.holidays if day >= LEARN * 7]
    return _watched("holidays", channel, windows)


def clock_changes(seed: int, years: int) -> Watched:
    """Both nights of each year: alarms within a day from the change on, customers living by local time."""
    inside, live, elsewhere = 0, 0, 0
    for index in range(2 * years):
        sunday = _change(1990 + (seed + index // 2) % 40, spring=index % 2 == 0)
        rng = np.random.default_rng([seed, index])
        channel = simulate(rng, REASONS, LEARN + 2, Life())
        channel, minutes, change = _lived(rng, channel, sunday)
        settings = DetectorSettings(timezone="Europe/Berlin", false_alarms_per_week=ASKED)
        alerts = watch(channel, settings, live_from=LEARN * WEEK, minutes=minutes)
        within = sum(change < alert.raised <= change + DAY for alert in alerts)
        inside, elsewhere = inside + within, elsewhere + len(alerts) - within
        live += len(minutes) - LEARN * WEEK
    return Watched("clock changes", 2 * years, 2 * years * DAY, inside, live, elsewhere)


def together(watched: Sequence[Watched]) -> list[Event]:
    """Add up the channels of each kind of event."""
    found = []
    for kind in sorted({one.kind for one in watched}):
        own = [one for one in watched if one.kind == kind]
        events, minutes, inside, live, elsewhere = (
            sum(values)
            for values in zip(
                *((one.events, one.minutes, one.inside, one.live, one.elsewhere) for one in own), strict=True
            )
        )
        found.append(
            Event(
                kind,
                events,
                events / _PER_YEAR[kind],
                minutes,
                rate(inside, ASKED * minutes / WEEK),
                rate(elsewhere, ASKED * (live - minutes) / WEEK),
            )
        )
    return found


def _watched(kind: str, channel: Channel, windows: list[tuple[int, int]]) -> Watched:
    settings = DetectorSettings(timezone="UTC", false_alarms_per_week=ASKED, holidays=holidays(channel))
    alerts = watch(channel, settings, live_from=LEARN * WEEK)
    inside = sum(any(start < alert.raised <= end for start, end in windows) for alert in alerts)
    minutes = sum(end - start for start, end in windows)
    live = len(channel.counts) - LEARN * WEEK
    return Watched(kind, len(windows), minutes, inside, live, len(alerts) - inside)


def _change(year: int, *, spring: bool) -> date:
    """The last Sunday of March or of September (as until 1995) or October."""
    last = date(year, 3, 31) if spring else date(year, 10 if year >= 1996 else 9, 31 if year >= 1996 else 30)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _lived(rng: np.random.Generator, channel: Channel, sunday: date) -> tuple[Channel, list[int], int]:
    """A channel whose minutes are local ones, told by UTC minutes until a day after the change.

    The hour that a spring night skips is left out; the one that an autumn night repeats is drawn once more.
    """
    zone = ZoneInfo("Europe/Berlin")
    monday = sunday - timedelta(days=LEARN * 7 + 6)
    begin = int(datetime(monday.year, monday.month, monday.day, tzinfo=zone).timestamp()) // 60
    steps, minutes, change = [], [], 0
    for minute in range(begin, begin + (LEARN + 1) * WEEK + DAY):
        local = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone).replace(tzinfo=None)
        day = (local.date() - monday).days
        step = day * DAY + local.hour * 60 + local.minute
        if steps and step != steps[-1] + 1:
            change = len(steps)
        steps.append(step)
        minutes.append(minute)
    stop = change + DAY + 1
    counts = channel.counts[steps[:stop]]
    if steps[change] < steps[change - 1]:
        again, phi = channel.rate[steps[change : change + 60]], channel.dispersion
        counts[change : change + 60] = rng.poisson(rng.gamma(again / (phi - 1.0), phi - 1.0))
    lived = Channel(channel.kinds, counts, channel.rate[steps[:stop]], channel.dispersion, [], [], [], [])
    return lived, minutes[:stop], change
