"""What all peers have in common: evidence per reason, and a bar set afterwards to the false alarms allowed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from detectors.evaluate import Alert
from detectors.oracle import exceedances
from detectors.rows import FloatArray
from detectors.simulate import Channel

DAY_HOURS, WEEK_HOURS = 24, 168
_SUNDAY = 6


class Peer(Protocol):
    """Another way to tell a spike. The larger its evidence, the more it is one."""

    name: str
    usual: float
    """The bar that comes with the method: what it would do where nobody calibrates it."""

    def score(self, minute: int, counts: FloatArray, announced: FloatArray | None) -> FloatArray | None:
        """Take in one minute: evidence per reason, or None if it has nothing to say before its bucket is full."""
        ...


class Hourly(ABC):
    """A peer that judges whole hours, as nearly all of them do.

    Args:
        reasons: how many.
        holidays: days, counted from the first, on which a peer that cares expects a Sunday.
    """

    def __init__(self, reasons: int, holidays: Sequence[int] = ()) -> None:
        self._counts, self._announced = np.zeros(reasons), np.zeros(reasons)
        self._holidays = frozenset(holidays)

    def score(self, minute: int, counts: FloatArray, announced: FloatArray | None) -> FloatArray | None:
        """Add a minute up; the hour is judged with its last one."""
        self._counts += counts
        self._announced += 1.0 if announced is None else announced
        if (minute + 1) % 60:
            return None
        evidence = self.hour(minute // 60, self._counts.copy(), self._announced / 60.0)
        self._counts[:] = self._announced[:] = 0.0
        return evidence

    @abstractmethod
    def hour(self, hour: int, counts: FloatArray, announced: FloatArray) -> FloatArray:
        """Evidence of one whole hour; hour 0 is a Monday's first."""

    def slot(self, hour: int) -> int:
        """Hour of the week, a holiday being a Sunday."""
        day, clock = divmod(hour, DAY_HOURS)
        return (_SUNDAY if day in self._holidays else day % 7) * DAY_HOURS + clock


@dataclass(frozen=True, slots=True)
class Heard:
    """All that a peer said of a channel: evidence, (times, reasons), and when each row of it was there."""

    raised: np.ndarray
    evidence: FloatArray

    def alerts(self, bar: float, first: int, last: int) -> list[Alert]:
        """Exceedances in minutes (`first`, `last`], within two hours one alert."""
        part = slice(*np.searchsorted(self.raised, [first, last], side="right"))
        return exceedances(self.evidence[part], bar, self.raised[part])

    def bar(self, allowed: int, first: int, last: int) -> float:
        """The lowest bar at which these minutes hold at most `allowed` alerts."""
        part = slice(*np.searchsorted(self.raised, [first, last], side="right"))
        steps = np.unique(self.evidence[part])
        low, high = 0, len(steps)  # nothing reaches the bar at `high`
        while low < high:
            middle = (low + high) // 2
            if len(self.alerts(float(steps[middle]), first, last)) > allowed:
                low = middle + 1
            else:
                high = middle
        return float(steps[low]) if low < len(steps) else float(np.nextafter(steps[-1], np.inf))


def listen(peer: Peer, channel: Channel, rows: Sequence[int] | None = None) -> Heard:
    """Let a peer hear a channel from its first minute to its last.

    Args:
        peer: made for as many reasons as it hears.
        channel: simulated.
        rows: the reasons it hears, or all.
    """
    heard = slice(None) if rows is None else list(rows)
    changing, announced = channel.announced(), None
    raised, evidence = [], []
    for minute, counts in enumerate(channel.counts[:, heard].astype(np.float64)):
        if minute in changing:
            factors = changing[minute]
            announced = None if factors is None else factors[heard]
        said = peer.score(minute, counts, announced)
        if said is not None:
            raised.append(minute + 1)
            evidence.append(said)
    return Heard(np.array(raised), np.array(evidence))
