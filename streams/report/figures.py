"""What a replay leaves behind for the report: hourly totals of every contact reason, more detail around spikes.

A year of 300 contact reasons takes 42 MB: four numbers an hour. Slots of five minutes are kept for the last three
days only, and copied out where a spike is raised.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from detectors.expectation import Expectation
from detectors.rows import FloatArray
from streams.report.course import HOUR, SLOT, Course, IntArray

KEPT_HOURS = 72
"""Hours of detail that are there when a spike is raised."""
BEFORE_HOURS = 34
"""Hours of detail before an onset: no chart in slots goes back further."""
MOST_HOURS = 96
"""Hours of detail for one spike; what lasts longer is drawn by the hour."""

_PARTS = HOUR // SLOT
Block = np.typing.NDArray[np.float32]
"""Observed, expected and doubt in each slot of an hour, (3, 12, reasons) or, of one reason, (3, 12)."""


@dataclass(slots=True)
class Trace:
    """The detail around one spike: the contact reason's row, its hours and their slots."""

    row: int
    until: int | None = None
    hours: list[int] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    minutes: list[np.typing.NDArray[np.uint8]] = field(default_factory=list)


@dataclass(slots=True)
class _Hour:
    hour: int
    block: Block
    minutes: np.typing.NDArray[np.uint8]


class Figures:
    """Keeps what was observed and expected; fed with every closed minute in order.

    >>> figures = Figures()
    >>> for minute in range(120):
    ...     seen = Expectation(minute, np.array([2.0]), np.array([0.5]), np.array([1.2]), np.array([2.0]))
    ...     figures.add(np.array([1.0]), seen)
    >>> figures.finish()
    >>> figures.hourly(0).observed.tolist(), figures.hourly(0).expected.tolist()
    ([60.0, 60.0], [120.0, 120.0])
    """

    def __init__(self) -> None:
        self.hours: list[int] = []
        """Hours since 1970 that hold a closed minute, in order."""
        self.minutes: list[int] = []
        """How many minutes of each were closed."""
        self._totals: list[Block] = []
        self._table: tuple[IntArray, IntArray, Block] | None = None
        self._recent: deque[_Hour] = deque(maxlen=KEPT_HOURS)
        self._traces: dict[str, Trace] = {}
        self._open: list[Trace] = []
        self._hour: int | None = None
        self._block = np.zeros((3, _PARTS, 0), np.float32)
        self._phi = np.zeros(0)
        self._seen = np.zeros(_PARTS, np.uint8)

    def add(self, counts: FloatArray, expected: Expectation) -> None:
        """Take in a closed minute: tickets per reason, and what was expected of them."""
        minute = expected.minute
        if minute // HOUR != self._hour:
            self._turn(minute // HOUR)
        more = counts.size - self._block.shape[2]
        if more:
            self._block = np.concatenate((self._block, np.zeros((3, _PARTS, more), np.float32)), axis=2)
        slot = minute % HOUR // SLOT
        self._block[:, slot] += np.array((counts, expected.mean, expected.doubt))
        self._phi = expected.phi
        self._seen[slot] += 1

    def follow(self, spike_id: str, row: int, onset: int) -> None:
        """Keep the detail around a spike that was raised; `onset` is its first minute."""
        if spike_id in self._traces:
            return
        trace = self._traces[spike_id] = Trace(row)
        self._open.append(trace)
        for hour in self._recent:
            if hour.hour >= onset // HOUR - BEFORE_HOURS:
                _keep(trace, hour)

    def leave(self, spike_id: str, until: int) -> None:
        """A spike is over: keep its detail up to the minute `until`."""
        trace = self._traces.get(spike_id)
        if trace is not None:
            trace.until = until

    def finish(self) -> None:
        """No minute follows."""
        self._turn(None)
        self._recent.clear()
        self._open.clear()

    def hourly(self, row: int) -> Course:
        """The hours of a contact reason; before it was known nothing was expected."""
        start, minutes, totals = self._by_row()
        return Course(start, minutes, *totals[row].astype(np.float64))

    def totals(self) -> FloatArray:
        """Tickets of all contact reasons in each hour."""
        return np.asarray([float(total[0].sum()) for total in self._totals])

    def summed(self, hours: np.typing.NDArray[np.bool_], rows: int) -> FloatArray:
        """Tickets of each contact reason in some of the hours together."""
        total = np.zeros(rows)
        for place in np.flatnonzero(hours).tolist():
            held = self._totals[place][0]
            total[: held.size] += held
        return total

    def last_phi(self, rows: int) -> FloatArray:
        """The dispersion of each contact reason in the end."""
        phi = np.ones(rows)
        if self._totals:
            phi[: self._totals[-1].shape[1]] = self._totals[-1][3]
        return phi

    def detail(self, spike_id: str) -> Course | None:
        """The slots around a spike, or None where none were kept."""
        trace = self._traces.get(spike_id)
        if trace is None or not trace.hours:
            return None
        slots = np.arange(_PARTS) * SLOT
        start = (np.asarray(trace.hours, dtype=np.int64)[:, None] * HOUR + slots).ravel()
        observed, expected, doubt = np.concatenate(trace.blocks, axis=1).astype(np.float64)
        phi = self.hourly_phi(trace.row, trace.hours)
        minutes = np.concatenate(trace.minutes).astype(np.int64)
        return Course(start, minutes, observed, expected, doubt, np.repeat(phi, _PARTS))

    def hourly_phi(self, row: int, hours: Sequence[int]) -> FloatArray:
        """The dispersion of a contact reason in some of the hours."""
        places = np.searchsorted(self.hours, hours)
        phi = self._by_row()[2][row, 3, places].astype(np.float64)
        return np.where(phi > 0.0, phi, 1.0)

    def _by_row(self) -> tuple[IntArray, IntArray, Block]:
        """First minutes, minutes and totals of all hours, each contact reason's side by side: (reasons, 4, hours).

        Hours are kept as they come, and a report asks for a contact reason's thousands of them once a spike.
        """
        if self._table is None:
            table = np.zeros((self._totals[-1].shape[1], 4, len(self._totals)), np.float32)
            for place, total in enumerate(self._totals):
                table[: total.shape[1], :, place] = total.T
            start = np.asarray(self.hours, dtype=np.int64) * HOUR
            self._table = start, np.asarray(self.minutes, dtype=np.int64), table
        return self._table

    def _turn(self, following: int | None) -> None:
        if self._hour is not None:
            total = np.concatenate((self._block.sum(axis=1), self._phi[None, : self._block.shape[2]]))
            self.hours.append(self._hour)
            self.minutes.append(int(self._seen.sum()))
            self._totals.append(total.astype(np.float32))
            self._table = None
            done = _Hour(self._hour, self._block, self._seen)
            self._recent.append(done)
            for trace in self._open:
                _keep(trace, done)
            self._open = [trace for trace in self._open if not _complete(trace, self._hour)]
        self._hour = following
        self._block = np.zeros_like(self._block)
        self._seen = np.zeros(_PARTS, np.uint8)


def _keep(trace: Trace, hour: _Hour) -> None:
    held = hour.block.shape[2] > trace.row
    trace.hours.append(hour.hour)
    trace.blocks.append(hour.block[:, :, trace.row].copy() if held else np.zeros((3, _PARTS), np.float32))
    trace.minutes.append(hour.minutes)


def _complete(trace: Trace, hour: int) -> bool:
    over = trace.until is not None and hour >= trace.until // HOUR
    return over or len(trace.hours) >= MOST_HOURS
