"""Day over day: an hour against the same hour of yesterday."""

from __future__ import annotations

import numpy as np

from benchmarks.detection.peer import DAY_HOURS, Hourly
from detectors.rows import FloatArray

_RISE = 1.8
_LEAST = 5.0


class DayOverDay(Hourly):
    """The readable rule: 80 % more than at the same time yesterday, and at least 5 tickets.

    Evidence is how far the hour is beyond the nearer of its two conditions, 1 being the rule as it stands: so
    both are tightened alike where it has to be quieter.

    Args:
        reasons: how many.

    Example:
        >>> peer = DayOverDay(2)
        >>> for hour in range(24):
        ...     evidence = peer.hour(hour, np.array([10.0, 1.0]), np.ones(2))
        >>> peer.hour(24, np.array([18.0, 4.0]), np.ones(2)).round(2)
        array([1. , 0.8])
    """

    name = "+80 % against the same hour of yesterday"
    usual = 1.0

    def __init__(self, reasons: int) -> None:
        super().__init__(reasons)
        self._yesterday = np.zeros((DAY_HOURS, reasons))

    def hour(self, hour: int, counts: FloatArray, announced: FloatArray) -> FloatArray:  # noqa: ARG002
        """How far the hour is beyond the rule; 0 on the first day."""
        before = self._yesterday[hour % DAY_HOURS]
        evidence = np.minimum(counts / (_RISE * np.maximum(before, 1.0)), counts / _LEAST)
        before[:] = counts
        return evidence if hour >= DAY_HOURS else np.zeros_like(evidence)
