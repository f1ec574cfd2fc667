"""Weekly statistics on Noufaily's design: one of the product's parts, the oracle's, Farrington's."""

from __future__ import annotations

from math import pi

import numpy as np

from benchmarks.detection.farrington import surprise
from benchmarks.detection.noufaily import CURRENT, WEEKS, Series
from detectors.calibration import below
from detectors.rows import FloatArray

_ROUNDS = 12
_CLIPPED = 2.58
_GUARD = 4
"""Weeks before the present one that do not teach: an outbreak that has just begun must not expect itself."""
_LEAST_DOUBT = 0.04
"""Relative doubt that remains however much was seen, as `detectors.outlook` has it."""
_YEARS, _AROUND, _LEVELS, _LEFT_OUT = 5, 3, 10, 26


def product(made: Series) -> FloatArray:
    """-log10 of the tail probability by the product's parts, of the current weeks.

    What the product does for minutes, done for weeks: an expectation for which past spikes count less (2.58
    standard deviations, squared), dispersion and doubt of the expectation kept apart, and the tail of the
    distribution whose quantiles are `detectors.interval`. A week has no hours to learn and no shape to borrow,
    so the expectation is a log-linear regression on a trend and two harmonics instead of the product's
    baseline. All series at once.
    """
    week = np.arange(WEEKS)
    turns = 2 * pi * week / 52
    season = [part(j * turns) for j in (1, 2) for part in (np.cos, np.sin)]
    design = np.column_stack([np.ones(WEEKS), (week - WEEKS / 2) / WEEKS, *season])
    evidence = np.empty((len(made.counts), CURRENT))
    weights = np.ones((len(made.counts), WEEKS))
    coefficients = np.zeros((len(made.counts), design.shape[1]))
    coefficients[:, 0] = np.log(made.counts[:, : WEEKS - CURRENT].mean(axis=1) + 0.1)
    for current in range(CURRENT):
        now = WEEKS - CURRENT + current
        seen = now - _GUARD
        rounds = _ROUNDS if current == 0 else 3  # the next week starts from this one's fit
        fitted = _fit(made.counts[:, :seen], design[:seen], coefficients, weights[:, :seen], rounds)
        coefficients, weights[:, :seen], phi, covariance = fitted
        weights[:, seen : seen + 1] = 1.0
        row = design[now]
        mean = np.exp(np.clip(coefficients @ row, -10.0, 20.0))
        uncertainty = np.sqrt(np.einsum("j,sjk,k->s", row, covariance, row) + _LEAST_DOUBT**2)
        evidence[:, current] = _tail(made.counts[:, now], mean, phi, mean * uncertainty)
    return evidence


def oracle(made: Series) -> FloatArray:
    """The same tail with the true mean and dispersion.

    A mark, not a bound: with one bar for all series, who is more careful in the noisier ones may spend the false
    positives better.
    """
    part = slice(WEEKS - CURRENT, WEEKS)
    phi = np.repeat(made.phi[:, None], CURRENT, axis=1)
    return _tail(made.counts[:, part], made.mean[:, part], phi, np.zeros_like(phi))


def farrington(made: Series) -> FloatArray:
    """Farrington Flexible as R's surveillance has it: 5 years back, 3 weeks to either side, 10 levels, a trend.

    The last 26 weeks are left out, and with fewer than five cases in four weeks it says nothing.
    """
    evidence = np.zeros((len(made.counts), CURRENT))
    for current in range(CURRENT):
        now = WEEKS - CURRENT + current
        past = np.arange(now - 52 * _YEARS - _AROUND, now - _LEFT_OUT + 1)
        design = np.column_stack([past - now, *(_level(past - now) == np.arange(_LEVELS)[:, None])]).astype(
            float
        )
        design[:, 0] /= 52.0
        row = np.zeros(design.shape[1])
        row[1] = 1.0
        for one in (made.counts[:, now - 3 : now + 1].sum(axis=1) >= 5.0).nonzero()[0]:
            evidence[one, current] = surprise(made.counts[one, past], design, row, made.counts[one, now])
    return evidence


def _level(distance: np.ndarray) -> np.ndarray:
    """Which part of the year a week is in: 0 around the present one, the rest in nine parts."""
    phase = (distance + _AROUND) % 52
    width = (52 - 2 * _AROUND - 1) / (_LEVELS - 1)
    rest = 1 + ((phase - 2 * _AROUND - 1) / width).astype(int)
    return np.where(phase <= 2 * _AROUND, 0, np.minimum(rest, _LEVELS - 1))


def _fit(
    counts: FloatArray, design: FloatArray, start: FloatArray, weights: FloatArray, rounds: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Quasi-Poisson regressions of all series by iterated weighted least squares, reweighted as they go.

    Returns:
        Coefficients, weights of the weeks, dispersion, covariance of the coefficients.
    """
    coefficients, parameters = start, design.shape[1]
    ridge = 1e-3 * np.eye(parameters)
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    for _ in range(rounds):
        linear = np.clip(coefficients @ design.T, -10.0, 20.0)
        mean = np.exp(linear)
        information = ((weights * mean) @ products).reshape(-1, parameters, parameters) + ridge
        working = linear + (counts - mean) / mean
        score = ((weights * mean * working) @ design)[..., None]
        coefficients = np.linalg.solve(information, score)[..., 0]
        mean = np.exp(np.clip(coefficients @ design.T, -10.0, 20.0))
        total = weights.sum(axis=1) - parameters
        phi = np.maximum((weights * (counts - mean) ** 2 / mean).sum(axis=1) / total, 1.0)
        residual = 1.5 * (counts ** (2 / 3) - mean ** (2 / 3)) / mean ** (1 / 6) / np.sqrt(phi)[:, None]
        weights = np.minimum(1.0, _CLIPPED / np.maximum(residual, 1e-9)) ** 2
    covariance = phi[:, None, None] * np.linalg.inv(information)
    return coefficients, weights, phi, covariance


def _tail(count: FloatArray, mean: FloatArray, phi: FloatArray, doubt: FloatArray) -> FloatArray:
    """-log10 of the probability of at least so many, by the distribution of `detectors.interval`."""
    return -np.log10(np.maximum(1.0 - below(count - 1.0, mean, phi, doubt), 1e-15))
