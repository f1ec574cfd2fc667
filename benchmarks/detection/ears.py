"""EARS C1: an hour against the same hour of the last seven days."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.peer import DAY_HOURS, Hourly
from detectors.rows import FloatArray

_DAYS = 7


class EarsC1(Hourly):
    """(x - mean) / sd of the last seven values (Hutwagner et al. 2003), here of the same hour of the day.

    Knows no weekdays. The standard deviation is at least 1 ticket: seven small counts are often alike, and
    then any ticket would be infinitely far.

    Args:
        reasons: how many.

    Example:
        >>> peer = EarsC1(1)
        >>> for day in range(7):
        ...     score = peer.hour(day * 24, np.array([4.0 + day % 2]), np.ones(1))
        >>> peer.hour(7 * 24, np.array([9.0]), np.ones(1)).round(2)
        array([4.57])
    """

    name = "EARS C1, same hour of the last 7 days"
    usual = 3.0

    def __init__(self, reasons: int) -> None:
        super().__init__(reasons)
        self._past = np.zeros((_DAYS, DAY_HOURS, reasons))

    def hour(self, hour: int, counts: FloatArray, announced: FloatArray) -> FloatArray:  # noqa: ARG002
        """The hour's score; 0 in the first week."""
        day, clock = divmod(hour, DAY_HOURS)
        past = self._past[:, clock]
        score = (counts - past.mean(axis=0)) / np.maximum(past.std(axis=0, ddof=1), 1.0)
        past[day % _DAYS] = counts
        return score if day >= _DAYS else np.zeros_like(score)
