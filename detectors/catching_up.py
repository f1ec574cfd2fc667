"""Bring rows that were saved some minutes ago up to the present, to the last bit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from detectors.alarm import AlarmChange
from detectors.outlook import Hour
from detectors.rows import FloatArray, RowArray
from detectors.state import State


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a channel at the minute they were saved.

    Attributes:
        state: a copy of these rows.
        minute: the last closed minute that they know of.
        hour: what holds for them until the channel's minute, worked out from all rows, or None if the rows
            are from an earlier hour.
    """

    state: State
    minute: int
    hour: Hour | None


Close = Callable[[int, FloatArray], list[AlarmChange]]
"""Closes a minute of some rows with their tickets; gives back what changed."""


class Stamps:
    """Rows of different minutes: which of them stand still since which minute, until they are caught up.

    Example:
        >>> stamps = Stamps()
        >>> stamps.restored(0, 7)
        >>> stamps.go_on(7, 9, rows=2)  # row 1 was known before, as of minute 7
        >>> stamps.restored(1, 9)
        >>> stamps.take(9), stamps.take(9)
        ({0: 7}, {})
    """

    def __init__(self) -> None:
        self._minutes: dict[int, int] = {}

    def restored(self, row: int, minute: int) -> None:
        """A row was restored that knows of `minute` and none after it."""
        self._minutes[row] = minute

    def go_on(self, last: int | None, minute: int, rows: int) -> None:
        """The channel goes on from its minute `last` to `minute`: what its `rows` know is as of `last`."""
        if last is not None and minute > last:
            for row in range(rows):
                self._minutes.setdefault(row, last)

    def take(self, minute: int) -> dict[int, int]:
        """The last minute of each row that is behind `minute`, to be caught up now."""
        if not self._minutes:
            return {}
        minutes, self._minutes = self._minutes, {}
        return {row: at for row, at in minutes.items() if at < minute}


def catch_up(
    state: State, behind: Mapping[int, int], minute: int, hour: Hour, begin: Callable[[Part], Close]
) -> list[AlarmChange]:
    """Close the minutes that some rows have not seen, on the understanding that they had no tickets in them.

    A worker saves a row when it changed in substance and all of them once an hour: what a row without
    tickets becomes follows from plain rules. What those rules take from the other rows (dispersion, shares
    of the budget, shapes of the week) changes with the local hour, so within an hour it is known exactly;
    `Detector.resumable` says when all must be saved again.

    Args:
        state: what is known, rows of different minutes; changed.
        behind: row -> last closed minute that it knows of, before `minute`.
        minute: the last closed minute of the channel.
        hour: of the channel at `minute`, worked out from all rows.
        begin: lets a part go on alone.

    Returns:
        What the minutes without tickets changed.
    """
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for row, at in behind.items():
        groups[at].append(row)
    changes: list[AlarmChange] = []
    for at, rows in sorted(groups.items()):
        own = State()
        for row in rows:
            own.take(state.reasons[row], state)
        index: RowArray = np.array(rows, dtype=np.intp)
        close = begin(Part(own, at, hour.of(index) if at + 1 >= hour.first else None))
        nothing = np.zeros(len(rows))
        for missed in range(at + 1, minute + 1):
            changes += close(missed, nothing)
        for reason in own.reasons:
            state.take(reason, own)
    return changes
