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


def catch_up(
    state: State,
    stamps: Mapping[int, int],
    minute: int,
    hour: Hour,
    close: Callable[[Part, int, FloatArray], list[AlarmChange]],
) -> list[AlarmChange]:
    """Close the minutes that some rows have not seen, on the understanding that they had no tickets in them.

    A worker saves a row when it changed in substance and all of them once an hour: what a row without
    tickets becomes follows from plain rules. What those rules take from the other rows (dispersion, shares
    of the budget, shapes of the week) changes with the local hour, so within an hour it is known exactly;
    `Detector.resumable` says when all must be saved again.

    Args:
        state: what is known, rows of different minutes; changed.
        stamps: row -> last closed minute that it knows of.
        minute: the last closed minute of the channel.
        hour: of the channel at `minute`, worked out from all rows.
        close: closes one minute of a part; gives back what changed.

    Returns:
        What the minutes without tickets changed.
    """
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for row, at in stamps.items():
        if at < minute:
            groups[at].append(row)
    changes: list[AlarmChange] = []
    for at, rows in sorted(groups.items()):
        own = State()
        for row in rows:
            own.take(state.reasons[row], state)
        index: RowArray = np.array(rows, dtype=np.intp)
        part = Part(own, at, hour.of(index) if at + 1 >= hour.first else None)
        nothing = np.zeros(len(rows))
        for missed in range(at + 1, minute + 1):
            changes += close(part, missed, nothing)
        for reason in own.reasons:
            state.take(reason, own)
    return changes
