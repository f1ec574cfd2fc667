"""Until when an answer holds: snoozes and mutes, counted from the press."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

SNOOZES = ("1h", "4h", "tomorrow")
MUTES = ("1d", "7d", "30d")
MORNING = time(8)

_SPANS = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


def until(choice: str, at: datetime, zone: tzinfo) -> datetime:
    """The end of a snooze or a mute.

    Hours and days are lengths of time (a day is 24 hours, whatever clocks do); `tomorrow` is 8:00 on the next
    day of the calendar where the team lives, so 23 to 25 hours apart from today's where clocks change.

    Args:
        choice: one of `SNOOZES` or `MUTES`.
        at: the press's own time, so that a press that is delivered twice ends at the same minute.
        zone: of the settings.

    >>> from zoneinfo import ZoneInfo
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> until("tomorrow", datetime(2026, 10, 24, 20, tzinfo=UTC), berlin).isoformat()  # clocks go back
    '2026-10-25T07:00:00+00:00'
    >>> until("4h", datetime(2026, 10, 24, 22, tzinfo=UTC), berlin).isoformat()
    '2026-10-25T02:00:00+00:00'
    """
    if choice == "tomorrow":
        day = at.astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(day, MORNING, zone).astimezone(UTC)
    return at + _SPANS[choice]
