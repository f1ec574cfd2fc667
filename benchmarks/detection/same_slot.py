"""Same slot of the week: this hour against the same hour of all weeks before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.detection.peer import WEEK_HOURS, Hourly
from detectors.rows import FloatArray


class SameSlot(Hourly):
    """Poisson z of an hour: z = (x - m) / sqrt(m (1 + 1/n)), m the mean of the slot's n hours so far.

    The first thing everybody builds. Half a ticket is added to what was seen, so that an hour which never had
    one is not infinitely surprised by one.

    Args:
        reasons: how many.
        holidays: days that are Sundays, for the aware one.
        aware: divide what was seen in announced campaigns by what was announced, and expect it in them.

    Example:
        >>> peer = SameSlot(1)
        >>> for week in range(4):
        ...     z = peer.hour(week * 168, np.array([9.0]), np.ones(1))
        >>> peer.hour(4 * 168, np.array([20.0]), np.ones(1)).round(2)
        array([3.22])
    """

    usual = 3.0

    def __init__(self, reasons: int, holidays: Sequence[int] = (), *, aware: bool = False) -> None:
        super().__init__(reasons, holidays if aware else ())
        known = "campaigns and holidays known" if aware else "Poisson z"
        self.name = f"same slot of the week, {known}"
        self._aware = aware
        self._seen, self._hours = np.zeros((WEEK_HOURS, reasons)), np.zeros(WEEK_HOURS)

    def hour(self, hour: int, counts: FloatArray, announced: FloatArray) -> FloatArray:
        """The z of the hour; 0 where the slot has not been seen before."""
        slot = self.slot(hour)
        factor = announced if self._aware else np.ones_like(counts)
        number = self._hours[slot]
        mean = factor * (self._seen[slot] + 0.5) / max(number, 1.0)
        z = (counts - mean) / np.sqrt(mean + mean * factor / max(number, 1.0))
        self._seen[slot] += counts / factor
        self._hours[slot] += 1.0
        return z if number else np.zeros_like(z)
