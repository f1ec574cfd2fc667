"""Farrington Flexible: a quasi-Poisson regression on comparable times of past cycles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

from benchmarks.detection.peer import WEEK_HOURS, Hourly
from detectors.rows import FloatArray

_REWEIGHTED = 2.58
_FEWEST, _RECENT = 5.0, 4
_CYCLES, _AROUND = 5, 2


def surprise(past: FloatArray, design: FloatArray, now: FloatArray, count: float) -> float:
    """-log10 of the probability of so many tickets, by Noufaily et al. 2013 (Stat Med 32:1206).

    Quasi-Poisson regression; past values whose standardised Anscombe residual s is above 2.58 are given the
    weight (2.58 / s)^2 and it is fitted again; then the tail of the negative binomial with the fitted mean and
    dispersion (`nbPlugin` of R's surveillance).

    Args:
        past: counts of the baseline.
        design: one row for each of them.
        now: the row of the present time.
        count: what came.

    Example:
        >>> past = np.array([3.0, 5.0, 4.0, 6.0, 4.0, 5.0, 3.0, 40.0, 5.0])
        >>> round(surprise(past, np.ones((9, 1)), np.ones(1), 12.0), 2)
        0.61
    """
    if not past.any():
        return 0.0  # R: no fit, no alarm
    weights = np.ones(len(past))
    for _ in range(2):
        fit = GLM(past, design, family=Poisson(), var_weights=weights).fit(maxiter=25, tol=1e-6)
        mean = np.maximum(fit.mu, 1e-9)
        spread = max(1.0, float((weights * (past - mean) ** 2 / mean).sum() / max(fit.df_resid, 1.0)))
        root = np.sqrt(weights * mean)[:, None] * design
        hat = np.einsum("ij,jk,ik->i", root, np.linalg.pinv(root.T @ root), root)
        residual = 1.5 * (past ** (2 / 3) - mean ** (2 / 3)) / mean ** (1 / 6)
        residual /= np.sqrt(spread * np.maximum(1.0 - hat, 1e-6))
        weights = np.minimum(1.0, _REWEIGHTED / np.maximum(residual, 1e-9)) ** 2
        weights *= len(past) / weights.sum()
    expected = float(np.exp(np.clip(now @ fit.params, -20.0, 20.0)))
    if count <= expected:
        return 0.0
    size = expected / max(spread - 1.0, 1e-6)
    # P(X >= count) of the negative binomial.
    tail = float(betainc(count, size, expected / (size + expected)))
    return float(-np.log10(max(tail, 1e-300)))


class Farrington(Hourly):
    """Each hour against the same hour of the week, and two to either side, of the five weeks before.

    With a trend, as the flexible version always has; with fewer than five tickets in the last four hours it says
    nothing (the usual rule for rare series). R's defaults in years and weeks become weeks and hours. No
    campaigns. A regression per hour and reason: too slow for all reasons.

    Args:
        reasons: how many.
        from_hour: hours before are not judged.

    Example:
        >>> peer = Farrington(1)
        >>> for hour in range(6 * 168):
        ...     evidence = peer.hour(hour, np.array([4.0 + hour % 3]), np.ones(1))
        >>> peer.hour(6 * 168, np.array([20.0]), np.ones(1)).round(1)
        array([6.2])
    """

    name = "Farrington Flexible (statsmodels)"
    usual = 2.0

    def __init__(self, reasons: int, from_hour: int = 0) -> None:
        super().__init__(reasons)
        self._from = max(from_hour, _CYCLES * WEEK_HOURS + _AROUND)
        self._past: list[FloatArray] = []
        offsets = [
            -cycle * WEEK_HOURS + shift
            for cycle in range(1, _CYCLES + 1)
            for shift in range(-_AROUND, _AROUND + 1)
        ]
        self._offsets: NDArray[np.int64] = np.array(offsets)
        self._design = np.column_stack([np.ones(len(offsets)), self._offsets / WEEK_HOURS])

    def hour(self, hour: int, counts: FloatArray, announced: FloatArray) -> FloatArray:  # noqa: ARG002
        """The hour's surprise per reason."""
        self._past.append(counts)
        evidence = np.zeros_like(counts)
        if hour < self._from:
            return evidence
        recent = np.sum(self._past[-_RECENT:], axis=0)
        baseline = np.array([self._past[hour + offset] for offset in self._offsets])
        now = np.array([1.0, 0.0])
        for row in (recent >= _FEWEST).nonzero()[0]:
            evidence[row] = surprise(baseline[:, row], self._design, now, float(counts[row]))
        return evidence
