"""When something is due day by day: `08:30`, or `Mon-Fri 08:30`, by the local clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ALLOWED = "a local time such as 08:30, with weekdays in front if you like: Mon-Fri 08:30, or Mon,Thu 08:30"
LATE = timedelta(hours=6)
"""What was not sent by then is old news: the next one comes tomorrow."""

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A local time on some weekdays, 0 being Monday."""

    at: time
    weekdays: frozenset[int]

    def due(self, now: datetime, zone: tzinfo) -> date | None:
        """The local date whose moment has come and is not `LATE` yet; None where there is none.

        A date has one moment, whatever the clocks do: a time that a spring night skips is as long after midnight as
        it says, so an hour later by the clock, and of a time that an autumn night has twice it is the first.

        Args:
            now: the present.
            zone: whose clock.

        >>> from zoneinfo import ZoneInfo
        >>> morning = datetime.fromisoformat("2026-11-20T07:31:00Z")
        >>> parse("Mon-Fri 08:30").due(morning, ZoneInfo("Europe/Berlin"))
        datetime.date(2026, 11, 20)
        >>> parse("Mon-Fri 08:30").due(morning + timedelta(days=1), ZoneInfo("Europe/Berlin")) is None
        True
        """
        today = now.astimezone(zone).date()
        for day in (today, today - timedelta(days=1)):
            if day.weekday() not in self.weekdays:
                continue
            moment = datetime.combine(day, self.at, zone).astimezone(UTC)
            if moment <= now < moment + LATE:
                return day
        return None


def parse(text: str) -> Schedule:
    """Read a schedule.

    Raises:
        ValueError: it is none; the message says what is allowed.

    >>> schedule = parse("Sat,Mon-Tue 7:05")
    >>> schedule.at, sorted(schedule.weekdays)
    (datetime.time(7, 5), [0, 1, 5])
    """
    *days, clock = text.split() or [""]
    found = _CLOCK.fullmatch(clock)
    if found is None or len(days) > 1:
        raise ValueError(ALLOWED)
    weekdays = read_weekdays(days[0]) if days else frozenset(range(7))
    return Schedule(time(int(found[1]), int(found[2])), weekdays)


def read_weekdays(text: str) -> frozenset[int]:
    """Weekdays from names and spans, 0 being Monday; a span may go over the week's end.

    Raises:
        ValueError: a name is no weekday.

    >>> sorted(read_weekdays("Sat-Mon")), sorted(read_weekdays("mon,wed"))
    ([0, 5, 6], [0, 2])
    """
    names = {name.lower(): number for number, name in enumerate(WEEKDAYS)}
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.strip().partition("-")
        if first not in names or (dash and last not in names):
            raise ValueError(ALLOWED)
        begin, end = names[first], names[last if dash else first]
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(found)
