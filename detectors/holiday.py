"""What a public holiday does to each contact reason, learnt from holidays."""

from __future__ import annotations

from math import exp

import numpy as np

from detectors.level import Level
from detectors.rows import Field, FloatArray, Rows

_PRIOR_VARIANCE = 0.3**2
"""How far holidays differ from Sundays, squared logarithm, before any was seen."""
_COMMON = 5.0 / _PRIOR_VARIANCE
"""What "as on a Sunday" is worth against what the holidays of all reasons have shown."""
_SURPRISE = 0.1**2
"""Each holiday's own part."""
_DAY_KEPT = exp(-1.0)


class Holiday(Rows):
    """How much a holiday differs from a Sunday, as a logarithm, per reason.

    The week's hours say what a Sunday is like (`detectors.calendar` places holidays there). The level of a
    reason then moves at midnight by what its own holidays, and those of all reasons, have taught, and
    becomes uncertain by what they have not; on the next midnight it moves back, so that a quiet holiday
    does not make the morning after look like a rise. What it moved by in between is learnt.

    The estimate is a Gaussian posterior: own holidays by their precision, and a prior around the mean of all
    reasons with a standard deviation of 0.3. Choose it over a factor given by hand, because a holiday empties
    the returns desk and fills the delivery queue.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "effect": Field((), "f4"),
        "known": Field((), "f4"),
        "before": Field((), "f4"),
        "active": Field((), "?"),
    }
    effect: FloatArray
    """Mean of what own holidays have shown."""
    known: FloatArray
    """Its precision."""
    before: FloatArray
    """Logarithm of the level when the holiday began."""
    active: FloatArray

    def estimate(self) -> tuple[FloatArray, FloatArray]:
        """The effect to be expected of a holiday on each reason, and its variance.

        Example:
            >>> holiday = Holiday()
            >>> holiday.resize(2)
            >>> holiday.effect[0], holiday.known[0] = -0.7, 100.0
            >>> [part.round(2).tolist() for part in holiday.estimate()]
            [[-0.67, -0.45], [0.02, 0.1]]
        """
        known, effect = self.known.astype(np.float64), self.effect.astype(np.float64)
        common = float((known * effect).sum()) / (float(known.sum()) + _COMMON)
        precision = known + 1.0 / _PRIOR_VARIANCE
        return (known * effect + common / _PRIOR_VARIANCE) / precision, 1.0 / precision + _SURPRISE

    def turn(self, level: Level, spread: FloatArray, *, holiday: bool) -> bool:
        """Midnight: begin or end a holiday where that is due.

        Args:
            level: moved by it.
            spread: stationary variance of the slow level.
            holiday: whether the day that begins is one.

        Returns:
            Whether anything moved.
        """
        rows = (self.active != holiday).nonzero()[0]
        if not rows.size:
            return False
        effect, variance = self.estimate()
        if holiday:
            self.before[rows] = level.mean[0, 0, rows]
            level.mean[0][:, rows] += effect[rows]
            level.covariance[0][:, rows] += variance[rows]
        else:
            moved = level.mean[0, 0, rows].astype(np.float64) - self.before[rows] * _DAY_KEPT
            unsure = level.covariance[0, 0, rows] + (1.0 - _DAY_KEPT**2) * spread[rows] + _SURPRISE
            # What is hardly better known than it was before the day has taught nothing.
            learnt = np.maximum(1.0 / unsure - 1.0 / (variance[rows] + unsure), 0.0)
            known = self.known[rows].astype(np.float64)
            total = np.maximum(known + learnt, 1e-9)
            self.effect[rows] = (known * self.effect[rows] + learnt * moved) / total
            self.known[rows] = known + learnt
            effect, variance = self.estimate()
            level.mean[0][:, rows] -= effect[rows]
            level.covariance[0][:, rows] += np.minimum(variance[rows], unsure)
        self.active[rows] = holiday
        return True
