"""The weeks of a backtest, day by day: learnt, watched, and how many alerts each held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal, NamedTuple

import numpy as np

Kind = Literal["outside", "learnt", "watched"]


class Day(NamedTuple):
    """A local day: whether it was watched, and which alerts (their places) were raised on it."""

    day: date
    kind: Kind
    alerts: tuple[int, ...]


class Week(NamedTuple):
    """A week from Monday, with its tickets."""

    days: tuple[Day, ...]
    tickets: float

    @property
    def alerts(self) -> int:
        """How many alerts were raised."""
        return sum(len(day.alerts) for day in self.days)

    @property
    def watched(self) -> bool:
        """Whether any day of it was watched."""
        return any(day.kind == "watched" for day in self.days)

    @property
    def whole(self) -> bool:
        """Whether all of it was watched."""
        return all(day.kind == "watched" for day in self.days)


def weeks_of(
    minutes: tuple[int, int, int],
    raised: Sequence[int],
    hours: Sequence[int],
    tickets: Sequence[float],
    zone: tzinfo,
) -> list[Week]:
    """All local weeks that hold data.

    Args:
        minutes: the first minute of all, the first that was watched, the one after the last.
        raised: the minute of each alert.
        hours: hours since 1970 with data.
        tickets: tickets of all contact reasons in each.
        zone: whose days.
    """
    first, watched, until = minutes
    begin, end = local_day(first, zone), local_day(until - 1, zone)
    since = local_day(watched, zone) if watched < until else end + timedelta(days=1)
    of_day: dict[date, list[int]] = {}
    for place, minute in enumerate(raised):
        of_day.setdefault(local_day(minute, zone), []).append(place)
    sums: dict[date, float] = {}
    for hour, number in zip(hours, tickets, strict=True):
        start = monday(local_day(hour * 60, zone))
        sums[start] = sums.get(start, 0.0) + number
    weeks, start = [], monday(begin)
    while start <= end:
        days = []
        for step in range(7):
            day = start + timedelta(days=step)
            alerts = tuple(of_day.get(day, ()))
            kind: Kind = "outside" if not begin <= day <= end else "watched" if day >= since else "learnt"
            days.append(Day(day, "watched" if alerts else kind, alerts))
        weeks.append(Week(tuple(days), sums.get(start, 0.0)))
        start += timedelta(days=7)
    return weeks


def complete_weeks(
    hours: Sequence[int], minutes: Sequence[int], zone: tzinfo
) -> tuple[list[date], np.typing.NDArray[np.int64]]:
    """The Mondays of the weeks that were seen from beginning to end, and each hour's place among them (or -1).

    A week with an hour put forward has 167 hours; one that lacks two or more is not complete.
    """
    starts = [monday(local_day(hour * 60, zone)) for hour in hours]
    seen: dict[date, int] = {}
    for start, watched in zip(starts, minutes, strict=True):
        seen[start] = seen.get(start, 0) + watched
    whole = [start for start, watched in seen.items() if watched >= 167 * 60]
    place = {start: number for number, start in enumerate(whole)}
    return whole, np.asarray([place.get(start, -1) for start in starts], dtype=np.int64)


def local_day(minute: int, zone: tzinfo) -> date:
    """The local date of a minute since 1970."""
    return datetime.fromtimestamp(minute * 60, zone).date()


def monday(day: date) -> date:
    """The Monday of a day's week.

    >>> monday(date(2026, 11, 22)).isoformat()
    '2026-11-16'
    """
    return day - timedelta(days=day.weekday())
