"""From the minute to the local hour of the week, right on daylight-saving nights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

HOURS = 168
"""Hours of a week: 0 is Monday 00:00-01:00 local time, 167 Sunday 23:00-24:00."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_THURSDAY = 3
_SUNDAY = 6


class Calendar:
    """Says which local hour of the week a minute belongs to.

    Customers live by local time: after a daylight-saving night the same tickets come at another UTC hour.
    The UTC offset is looked up once per UTC day (twice a year, by the minute) and cached, so the common
    call is integer arithmetic. The hour that a spring night skips is simply never asked for; the hour
    that an autumn night repeats is met twice under the same number, and observed for 120 minutes.

    A public holiday has the hours of a Sunday; how a reason's holidays differ from that is learnt
    (`detectors.holiday`).

    Args:
        timezone: IANA name, for example `Europe/Berlin`.
        holidays: local dates that are treated like a Sunday.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such zone.

    Example:
        >>> calendar = Calendar("Europe/Berlin", frozenset())
        >>> monday_noon_utc = int(datetime(2026, 3, 23, 12, tzinfo=UTC).timestamp()) // 60
        >>> calendar.place(monday_noon_utc)  # 13:00 local, winter time
        (13, 0)
        >>> calendar.place(monday_noon_utc + 7 * 1440 + 5)  # 14:05, summer time began in between
        (14, 5)
    """

    def __init__(self, timezone: str, holidays: frozenset[date]) -> None:
        self._zone = ZoneInfo(timezone)
        self._holidays = holidays
        self._offsets: dict[int, tuple[int, int, int]] = {}
        self._sundays = frozenset((day - date(1970, 1, 1)).days for day in holidays)

    def _offset_at(self, minute: int) -> int:
        offset = (_EPOCH + timedelta(minutes=minute)).astimezone(self._zone).utcoffset()
        return 0 if offset is None else int(offset.total_seconds() // 60)

    def _day(self, day: int) -> tuple[int, int, int]:
        """Offset at the day's start, the first minute with another one, and that one."""
        start, end = day * 1440, day * 1440 + 1440
        before, after = self._offset_at(start), self._offset_at(end - 1)
        if before == after:
            return before, end, after
        low, high = start, end - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset_at(middle) == before else (low, middle)
        return before, high, after

    def local(self, minute: int) -> int:
        """Minutes of local wall time since 1970-01-01 00:00 local."""
        day = minute // 1440
        known = self._offsets.get(day)
        if known is None:
            if len(self._offsets) > 1000:
                self._offsets.clear()  # a year's backtest must not grow for ever
            known = self._offsets[day] = self._day(day)
        before, change, after = known
        return minute + (before if minute < change else after)

    def since_yesterday(self, minute: int) -> int:
        """Minutes since the same local time yesterday: 1440, an hour more or less after a change of clocks.

        >>> calendar = Calendar("Europe/Berlin", frozenset())
        >>> monday_noon_utc = int(datetime(2026, 3, 30, 12, tzinfo=UTC).timestamp()) // 60
        >>> [calendar.since_yesterday(monday_noon_utc - days * 1440) for days in (0, 1)]  # Sunday had 23 hours
        [1440, 1380]
        """
        return 2880 - (self.local(minute) - self.local(minute - 1440))

    def place(self, minute: int) -> tuple[int, int]:
        """Local hour of the week (holidays as Sunday) and minute within that hour."""
        local = self.local(minute)
        hours, within = divmod(local, 60)
        day, hour = divmod(hours, 24)
        weekday = _SUNDAY if day in self._sundays else (day + _THURSDAY) % 7
        return weekday * 24 + hour, within

    def holiday(self, minute: int) -> bool:
        """Whether the local day of `minute` is a public holiday."""
        return self.local(minute) // 1440 in self._sundays

    def around(self, minute: int) -> tuple[int, int, int, int, int]:
        """Hours of the week from two hours before `minute` to two hours after it, as they really follow.

        On the eve of a holiday the next hours are a Sunday's, which is what smoothing across midnight
        must know.
        """
        first, second, third, fourth, fifth = (
            self.place(minute + shift * 60)[0] for shift in (-2, -1, 0, 1, 2)
        )
        return first, second, third, fourth, fifth
