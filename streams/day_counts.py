"""Tickets and customers of chosen local days, by contact reason, from `ticket-counts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.reason_changes import Days
from streams.counts import Counted, Statement


class DayCounts(NamedTuple):
    """What was counted on the days, and what is known of the time beyond them.

    `first_at` and `newest_at` are the first and the last minute with a ticket, `last_at` that of each contact reason.
    """

    days: Mapping[str, Days]
    last_at: Mapping[str, datetime]
    first_at: datetime | None
    newest_at: datetime | None


class DayTally:
    """Takes statements in, in any order; holds only cells of the wanted days.

    So 90 days of minutes cost the memory of five days.

    Args:
        wanted: local dates.
        zone: whose days.
        until: the instant from which on nothing counts.
    """

    def __init__(self, wanted: Iterable[date], zone: ZoneInfo, *, until: datetime) -> None:
        self._spans = [(_minute(one, zone), _minute(one + timedelta(days=1), zone), one) for one in wanted]
        self._until = int(until.timestamp() // 60)
        self._counted = Counted()
        self._days: dict[int, date | None] = {}
        self._last: dict[str, int] = {}
        self._first: int | None = None

    def add(self, statement: Statement) -> None:
        """Take in a statement."""
        cells = [one for one in statement.cells if self._wanted(one.contact_reason, one.minute, one.count)]
        late = [one for one in statement.late if self._wanted(one.contact_reason, one.minute, one.count)]
        if cells or late:
            self._counted.add(
                Statement(partition=statement.partition, offset=statement.offset, cells=cells, late=late)
            )

    def counted(self) -> DayCounts:
        """What was counted so far."""
        begins = {day: begin * 60 for begin, _, day in self._spans}
        starts = {start: day for day, start in begins.items()}
        days: dict[str, dict[date, tuple[int, int]]] = {}
        for bucket in self._counted.buckets(lambda minute: begins[self._day(minute) or date.min]):
            days.setdefault(bucket.contact_reason, {})[starts[bucket.start]] = (
                bucket.tickets,
                bucket.customers,
            )
        newest = max(self._last.values(), default=None)
        return DayCounts(
            days,
            {name: _instant(minute) for name, minute in self._last.items()},
            None if self._first is None else _instant(self._first),
            None if newest is None else _instant(newest),
        )

    def _wanted(self, reason: str, minute: int, count: int) -> bool:
        if minute >= self._until:
            return False
        if count > 0:
            self._first = minute if self._first is None else min(self._first, minute)
            self._last[reason] = max(minute, self._last.get(reason, minute))
        return self._day(minute) is not None

    def _day(self, minute: int) -> date | None:
        if minute not in self._days:
            found = (day for begin, end, day in self._spans if begin <= minute < end)
            self._days[minute] = next(found, None)
        return self._days[minute]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local date begins."""
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)


def _minute(day: date, zone: ZoneInfo) -> int:
    return int(midnight(day, zone).timestamp() // 60)


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
