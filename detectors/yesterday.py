"""What was counted at the same time yesterday: words for an alert, never a test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Field, FloatArray, Rows

QUARTER = 15
"""Minutes per slot."""
SLOTS = 128
"""32 hours: the same time yesterday, back to the onset of what took seven hours to show."""
_UNSEEN = 255
_NEVER = 2**30
_EXACT_BELOW = 32
_MOST = 100_000
_KEPT = np.append(np.arange(_EXACT_BELOW), np.geomspace(_EXACT_BELOW, _MOST, _UNSEEN - _EXACT_BELOW))
"""The numbers of tickets that a slot can hold: every small one, then steps of 3.7 %."""
_NEXT = np.append((_KEPT[:-1] + _KEPT[1:]) / 2.0, _MOST)
"""Above each of these the next number is nearer."""
_TICKETS = np.append(_KEPT, np.nan)


class Yesterday(Rows):
    """Tickets per quarter of an hour over the last 32 hours, and what they say of the alarm's window.

    "+80 % against the same time yesterday" is the rule that everybody understands. As a test it is a poor
    one: it knows neither chance nor Sundays (`benchmarks/detection/day_over_day.py` measures that). So it is
    only told, beside the evidence that decided.

    A slot takes one byte, so that a reason's state stays under 4 KB: the nearest of 255 numbers, exact below
    32 tickets, within a ticket or 2 % above; more than 100,000 are not known. Of a slot that the window cuts,
    the part inside it is taken; that is an estimate, but none that turns a ticket into "none".

    A window that goes on is compared until it is as long as the day between: what leaves the 32 hours is added
    to the sum of the alarm that it belongs to. A slot in which nobody looked, the source was silent or sent its
    backlog, or the reason was not known yet, makes the answer None.

    Example:
        >>> yesterday = Yesterday()
        >>> yesterday.resize(1)
        >>> for minute in range(1440):
        ...     yesterday.add(np.array([2.0 * (minute < 60)]))
        ...     if minute % QUARTER == QUARTER - 1:
        ...         yesterday.turn(minute)
        >>> yesterday.begin(0, onset=1440 + 40, lag=1440, minute=1440 + 45)
        >>> yesterday.tickets(0, 1440 + 40, 1440 + 45), yesterday.tickets(0, 1440 + 40, 1440 + 90)
        (10, 40)
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "codes": Field((SLOTS,), "u1", _UNSEEN),
        "counted": Field((), "f4"),
        "watched": Field((), "u1"),
        "left": Field((), "i4", _NEVER),
        "lag": Field((), "i2"),
        "gone": Field((), "f4"),
    }
    codes: NDArray[np.uint8]
    """Which of the 255 numbers each slot holds, or that it was not observed throughout."""
    counted: FloatArray
    """Tickets of the slot being filled."""
    watched: FloatArray
    """Minutes of it that were observed."""
    left: FloatArray
    """First minute of the alarm's window, a day before, that is still in the slots."""
    lag: FloatArray
    """Minutes from there to the alarm's own time."""
    gone: FloatArray
    """Tickets of that window before `left`; not a number if they are not known."""

    def add(self, tickets: FloatArray) -> None:
        """Add one observed minute to the slot being filled."""
        self.counted += tickets
        self.watched += 1

    def turn(self, minute: int) -> None:
        """Close the slot that `minute` is the last of, in place of the one of 32 hours ago.

        Args:
            minute: last minute of a quarter of an hour, so `minute % 15 == 14`.
        """
        index = (minute // QUARTER) % SLOTS
        end = minute + 1 - SLOTS * QUARTER
        part = ((end - self.left) / QUARTER).clip(0.0, 1.0)
        self.gone += np.where(part > 0.0, part * _TICKETS[self.codes[index]], 0.0)
        np.maximum(self.left, end, out=self.left)
        self.codes[index] = np.where(self.watched == QUARTER, _NEXT.searchsorted(self.counted), _UNSEEN)
        self.counted[:] = 0.0
        self.watched[:] = 0

    def pass_unseen(self, first: int, minute: int) -> None:
        """Nobody looks from `first` to `minute` (exclusive): close the slots that end in between."""
        first = max(first, minute - SLOTS * QUARTER)
        for last in range(first + (QUARTER - 1 - first) % QUARTER, minute, QUARTER):
            self.turn(last)

    def forget(self, since: int, minute: int) -> None:
        """Nobody looked from `since` to `minute`, as it turned out."""
        newest = minute // QUARTER
        slots = range(max(since // QUARTER, newest - SLOTS + 1), newest)
        self.codes[[slot % SLOTS for slot in slots]] = _UNSEEN
        self.watched[:] = 0

    def begin(self, row: int, onset: int, lag: int, minute: int) -> None:
        """An alarm is raised: from now on keep what was counted `lag` minutes before its window.

        Args:
            row: whose.
            onset: first minute of the window.
            lag: minutes from the same time yesterday to now.
            minute: the newest minute, not in any slot yet.
        """
        self.left[row], self.lag[row] = onset - lag, lag
        known = onset - lag >= (minute // QUARTER - SLOTS) * QUARTER
        self.gone[row] = 0.0 if known else np.nan

    def quarter(self, row: int, slot: int) -> float:
        """Tickets of a quarter of an hour that is over, counted from 1970; 0 where nobody looked."""
        return float(np.nan_to_num(_TICKETS[self.codes[slot % SLOTS, row]]))

    def tickets(self, row: int, onset: int, until: int) -> int | None:
        """Tickets a day before an alarm's window from `onset` to `until` (exclusive), or None if not known.

        Above 0 whenever there may have been one.
        """
        lag, begin = int(self.lag[row]), int(self.left[row])
        if until - onset > lag:
            # It would be compared with itself.
            return None
        total, end = float(self.gone[row]), until - lag
        for slot in range(begin // QUARTER, -(-end // QUARTER)):
            start = slot * QUARTER
            part = (min(end, start + QUARTER) - max(begin, start)) / QUARTER
            total += part * float(_TICKETS[self.codes[slot % SLOTS, row]])
        return None if np.isnan(total) else max(round(total), int(total > 0.0))
