"""How much counts scatter: within the hour, and from one hour to another."""

from __future__ import annotations

import numpy as np

from detectors.rows import Field, FloatArray, Rows

_FORGETTING = 0.9 ** (1 / 168)
_POOL_TICKETS = 300.0
_POOL_EXTRA = 0.25
_POOL_SPREAD = 0.1**2
_POOL_HOURS = 36.0
_MOST_SPREAD = 1.0
_CLIPPED_SPREAD = 0.03
_LEVEL_SHARE = 0.6
"""Part of what hours differ by that is the level: the rest is what the baseline does not know of itself."""


class Dispersion(Rows):
    """Two kinds of scatter, kept apart because they act differently on a sum of minutes.

    *Dispersion* phi = variance / mean of a count (NB1, the same for a minute and for a day). From the
    twelve slots of an hour with tickets c_i, total T and expected shares s_i:

        E[sum c_i (c_i - 1) - (sum s_i^2) T (T - 1)] = (phi - 1) M (1 - sum s_i^2)

    which holds whatever the hour's level M was, so a wrong baseline does not pass for scatter.

    *Spread* s2 = relative variance of an hour around its baseline beyond phi: from hourly residuals
    ((T - b)^2 - phi b) / b^2, less what the baseline's own uncertainty accounts for. It does not shrink
    when minutes are summed up, which is why merging both in one number costs 6 points of detection.

    Both are forgotten by 0.9 a week and shrunk towards what all reasons have in common, which is worth some
    hundred tickets, or some dozens of busy hours.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "pair_excess": Field(),
        "tickets": Field(),
        "residual": Field(),
        "information": Field(),
    }
    pair_excess: FloatArray
    tickets: FloatArray
    residual: FloatArray
    information: FloatArray

    def dispersion(self) -> FloatArray:
        """Variance relative to Poisson, at least 1.05."""
        common = _common(self.pair_excess, self.tickets, _POOL_TICKETS, _POOL_EXTRA)
        extra = (self.pair_excess + _POOL_TICKETS * common) / (self.tickets + _POOL_TICKETS)
        # Three quarters of a standard error on top: too small a phi costs false alarms at once.
        error = (
            0.75
            * (1.0 + np.maximum(extra, 0.0))
            * np.sqrt(2.0 / (11.0 / 12.0 * (self.tickets + _POOL_TICKETS)))
        )
        return np.asarray(1.0 + np.clip(extra + error, 0.05, 20.0))

    def spread(self) -> FloatArray:
        """Relative variance of an hour's level around the baseline."""
        weight = _POOL_HOURS / _POOL_SPREAD**2
        common = max(_common(self.residual, self.information, weight, _POOL_SPREAD), 0.0)
        return np.asarray(
            _LEVEL_SHARE
            * np.clip((self.residual + weight * common) / (self.information + weight), 0.05**2, _MOST_SPREAD)
        )

    def learn(self, slots: FloatArray, usual: FloatArray, uncertainty: FloatArray, seen: FloatArray) -> None:
        """Take in one hour.

        Args:
            slots: tickets of the hour's twelve slots, (12, reasons).
            usual: what the baseline alone expected, (12, reasons).
            uncertainty: relative variance of the baseline in this hour, per reason.
            seen: 1 where the whole hour was observed and no spike was going on, else 0.
        """
        total = slots.sum(axis=0)
        expected = np.maximum(usual.sum(axis=0), 1e-9)
        share = usual / expected
        squares = (share**2).sum(axis=0)
        phi = self.dispersion()
        pairs = (slots * (slots - 1.0)).sum(axis=0) - squares * total * (total - 1.0)
        # Winsorised: one clump of a hundred copies of a ticket is a spike, not this reason's usual scatter.
        pairs = np.minimum(pairs / np.maximum(1.0 - squares, 0.1), 6.0 * (total + 1.0))
        self.pair_excess[:] = (self.pair_excess + seen * pairs) * _FORGETTING
        self.tickets[:] = (self.tickets + seen * total) * _FORGETTING
        spread = self.spread()
        # Not by the spread itself if that is large: outliers would make room for more of them.
        scale = np.sqrt(phi * expected + (np.minimum(spread, _CLIPPED_SPREAD) + uncertainty) * expected**2)
        beyond = np.clip(total - expected, -3.0 * scale, 3.0 * scale)
        weight = seen * (expected / (phi + expected * _POOL_SPREAD)) ** 2
        surplus = (beyond**2 - phi * expected) / expected**2 - uncertainty
        self.residual[:] = (self.residual + weight * surplus) * _FORGETTING
        self.information[:] = (self.information + weight) * _FORGETTING


def _common(surplus: FloatArray, information: FloatArray, weight: float, start: float) -> float:
    """The mean that all reasons share, each counting for what it knows but at most for four priors.

    It begins at `start`, which is worth as much as five reasons.
    """
    known = np.minimum(1.0, 4.0 * weight / np.maximum(information, 1e-9))
    total = float((known * surplus).sum()) + 5.0 * weight * start
    return total / (float((known * information).sum()) + 5.0 * weight)
