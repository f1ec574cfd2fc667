"""The design of Noufaily et al. 2013: weekly counts, 42 scenarios, one outbreak each among the last 49 weeks."""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import numpy as np

from detectors.rows import FloatArray

WEEKS, BASELINE, CURRENT = 624, 312, 49
"""Weeks in all, the week from which on past outbreaks lie, and weeks that are judged."""
_SETTINGS = (
    (0.1, 0.0025, 0.6, 0.6, 1.5),
    (-2.0, 0.005, 0.1, 0.3, 2.0),
    (1.5, 0.003, 0.2, -0.4, 1.0),
    (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0),
    (3.75, 0.001, 0.1, -0.1, 1.1),
    (5.0, 0.0001, 0.05, 0.01, 1.2),
)
"""theta, beta, gamma 1, gamma 2, phi."""
SCENARIOS = tuple(
    (*setting[:1], setting[1] * trend, *setting[2:], harmonics)
    for setting in _SETTINGS
    for trend in (0.0, 1.0)
    for harmonics in (0, 1, 2)
)


class Series(NamedTuple):
    """One simulated series a row; weeks are counted from 0."""

    counts: FloatArray
    mean: FloatArray
    """Without outbreaks."""
    phi: FloatArray
    start: np.ndarray
    """First week of the outbreak among the current ones."""
    end: np.ndarray
    """Its last week with a case."""
    size: np.ndarray
    """k: its size is Poisson with mean k standard deviations."""


def series(rng: np.random.Generator, replicates: int) -> Series:
    """Simulate so many series of each scenario.

    mu(t) = exp(theta + beta t + sum over j <= m of g1 cos(2 pi j t / 52) + g2 sin(2 pi j t / 52)), negative
    binomial with variance phi mu. Four outbreaks in the baseline with k of 2, 3, 5, 10, one among the current
    weeks with k of 1 to 10 by turns; cases are spread over weeks by a log-normal (0, 0.5). An outbreak has at
    least one case, or there was none.
    """
    week = np.arange(1, WEEKS + 1)
    rows = []
    for index, (theta, beta, cosine, sine, phi, harmonics) in enumerate(SCENARIOS * replicates):
        season = sum(
            cosine * np.cos(2 * pi * j * week / 52) + sine * np.sin(2 * pi * j * week / 52)
            for j in range(1, harmonics + 1)
        )
        mean = np.exp(theta + beta * week + season)
        counts = rng.poisson(mean if phi == 1.0 else rng.gamma(mean / (phi - 1.0), phi - 1.0)).astype(float)
        for _ in range(4):
            at = int(rng.integers(BASELINE, WEEKS - CURRENT))
            _outbreak(rng, counts, mean, phi, at, float(rng.choice([2, 3, 5, 10])))
        size = 1 + (index // len(SCENARIOS) + index) % 10
        start = int(rng.integers(WEEKS - CURRENT, WEEKS))
        end = _outbreak(rng, counts, mean, phi, start, size)
        rows.append((counts, mean, phi, start, end, size))
    return Series(*(np.array(column) for column in zip(*rows, strict=True)))


def _outbreak(
    rng: np.random.Generator, counts: FloatArray, mean: FloatArray, phi: float, start: int, size: float
) -> int:
    """Add an outbreak's cases; its last week."""
    cases = 0
    while not cases:
        cases = int(rng.poisson(size * np.sqrt(phi * mean[start])))
    weeks = start + np.floor(rng.lognormal(0.0, 0.5, cases)).astype(int)
    weeks = weeks[weeks < WEEKS]
    np.add.at(counts, weeks, 1.0)
    return int(weeks.max(initial=start))


class Power(NamedTuple):
    """How well a statistic does at a false-positive rate."""

    rate: float
    detected: float
    by_size: dict[int, float]


def power(evidence: FloatArray, made: Series, rate: float) -> Power:
    """Share of outbreaks with at least one week above the bar that so many quiet weeks exceed.

    Args:
        evidence: of the current weeks, (series, weeks).
        made: the series.
        rate: false-positive rate, the part of the weeks without an outbreak that may be flagged.
    """
    week = np.arange(WEEKS - CURRENT, WEEKS)
    during = (week >= made.start[:, None]) & (week <= made.end[:, None])
    quiet = np.sort(evidence[~during])[::-1]
    bar = quiet[int(rate * quiet.size)]
    # Strictly above: where evidence is tied at the bar, fewer weeks than allowed are flagged, never more.
    found = ((evidence > bar) & during).any(axis=1)
    by_size = {size: float(found[made.size == size].mean()) for size in sorted(set(made.size.tolist()))}
    return Power(float((quiet > bar).mean()), float(found.mean()), by_size)
