"""The minutes of files of counts: all known from the start, held as columns, taken like open minutes.

Counts know no customers and no facets, so all cells of the same count are one and the same value: millions of
them cost a few bytes each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from streams.events import Cell
from streams.files.counts_files import CountSeries
from streams.open_minutes import Counted, OpenMinutes


@lru_cache(maxsize=4096)
def _bare(count: int) -> Counted:
    return Counted(count, (), {})


class CountedMinutes(OpenMinutes):
    """Open minutes that read columns instead of hearing statements; nothing can be added.

    Args:
        series: counts, ordered by minute.

    >>> series = CountSeries(np.array([7, 7]), np.array([0, 1]), np.array([3, 1]), ("a", "b"), 7, 8)
    >>> held = CountedMinutes(series)
    >>> held.first, {reason: cell.count for reason, cell in held.take(7).items()}, held.first
    (7, {'a': 3, 'b': 1}, None)
    """

    __slots__ = ("_at", "_ends", "_held", "_series")

    def __init__(self, series: CountSeries) -> None:
        super().__init__()
        self._series = series
        held, starts = np.unique(series.minute, return_index=True)
        self._held: list[int] = held.tolist()
        self._ends: list[int] = [*starts[1:].tolist(), series.minute.size]
        self._at = 0

    def without(self, excluded: Sequence[tuple[int, int]]) -> CountedMinutes:
        """The same, with the minutes [from, to) of each period left out."""
        minute = self._series.minute
        kept = np.ones(minute.size, bool)
        for begin, end in excluded:
            kept &= (minute < begin) | (minute >= end)
        series = self._series
        return CountedMinutes(
            series._replace(minute=minute[kept], row=series.row[kept], counts=series.counts[kept])
        )

    def add(self, cell: Cell, *, partition: int, stamp: int) -> bool:  # noqa: ARG002 - takes nothing
        """Refuse: files say all they have to say at once."""
        raise TypeError(f"counts of files take no statement, not even of {cell.contact_reason!r}")

    @property
    def first(self) -> int | None:
        """The oldest minute that holds anything and was not taken."""
        return self._held[self._at] if self._at < len(self._held) else None

    def minutes(self) -> list[int]:
        """All minutes not taken that hold anything, in order."""
        return self._held[self._at :]

    def peek(self, minute: int) -> dict[str, Counted]:
        """The cells of `first`; nothing for any other minute."""
        if self.first != minute:
            return {}
        begin, end = self._ends[self._at - 1] if self._at else 0, self._ends[self._at]
        series = self._series
        reasons = map(series.reasons.__getitem__, series.row[begin:end].tolist())
        return dict(zip(reasons, map(_bare, series.counts[begin:end].tolist()), strict=True))

    def take(self, minute: int) -> dict[str, Counted]:
        """The cells of a minute, which are let go with all before it."""
        while self._at < len(self._held) and self._held[self._at] < minute:
            self._at += 1
        cells = self.peek(minute)
        if cells:
            self._at += 1
        return cells
