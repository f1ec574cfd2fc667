"""PostHog's "support ticket trends": robust z of the last hours against 28 days."""

from __future__ import annotations

from collections import deque

import numpy as np

from benchmarks.detection.peer import DAY_HOURS, WEEK_HOURS, Hourly
from detectors.rows import FloatArray

_DAYS, _FEWEST_DAYS = 28, 7
_Z, _LEAST, _RATIO = 4.0, 5.0, 3.0
_QUIET_PER_WEEK = 20.0


class PostHog(Hourly):
    """z = (x - median) / (1.4826 MAD) over the same clock window of up to 28 days before.

    It fires at z >= 4, at least 5 tickets and 3 times max(median, 1); with a MAD of 0 the last two decide. It
    looks at the last hour and the last two, and at the last 24 instead where a reason had less than 20 tickets in
    the last week; less than 7 days never fire (`scoring.py` and `detection.py` of its draft of 2026-07-21). No
    weekdays, no campaigns. Evidence is how far the window is beyond the nearest of its conditions, 1 being the
    rule as it stands.

    Args:
        reasons: how many.

    Example:
        >>> peer = PostHog(1)
        >>> for hour in range(14 * 24):
        ...     evidence = peer.hour(hour, np.array([2.0 + hour // 24 % 3]), np.ones(1))
        >>> peer.hour(14 * 24, np.array([18.0]), np.ones(1)).round(2)
        array([2.])
    """

    name = "PostHog's rule (28 days, median and MAD)"
    usual = 1.0

    def __init__(self, reasons: int) -> None:
        super().__init__(reasons)
        self._sums = deque([np.zeros(reasons)], maxlen=_DAYS * DAY_HOURS + DAY_HOURS + 1)

    def hour(self, hour: int, counts: FloatArray, announced: FloatArray) -> FloatArray:  # noqa: ARG002
        """How far the windows that end with this hour are beyond the rule."""
        self._sums.append(self._sums[-1] + counts)
        if hour < _FEWEST_DAYS * DAY_HOURS + DAY_HOURS:
            return np.zeros_like(counts)
        short = np.maximum(self._window(1), self._window(2))
        quiet = self._sums[-1] - self._sums[-1 - WEEK_HOURS] < _QUIET_PER_WEEK
        return np.where(quiet, self._window(DAY_HOURS), short)

    def _window(self, hours: int) -> FloatArray:
        sums, end = self._sums, len(self._sums) - 1
        count = sums[end] - sums[end - hours]
        days = range(end - DAY_HOURS, hours - 1, -DAY_HOURS)
        past = np.array([sums[day] - sums[day - hours] for day in days][:_DAYS])
        median = np.median(past, axis=0)
        spread = 1.4826 * np.median(np.abs(past - median), axis=0)
        z = (count - median) / np.where(spread > 0.0, spread, 1.0)
        gates = np.minimum(count / _LEAST, count / (_RATIO * np.maximum(median, 1.0)))
        return np.where(spread > 0.0, np.minimum(z / _Z, gates), gates)
