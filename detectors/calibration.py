"""Is what a detector expects true? Intervals that cover what they say, and counts that fall where they should."""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from detectors.expectation import TOGETHER
from detectors.guardband import SLOT
from detectors.interval import interval
from detectors.rows import FloatArray

LEAST_EXPECTED = 20.0
"""An interval of whole numbers covers 95 % only of counts that are not small."""
_POISSON = 1e-6
"""Variance beyond Poisson, relative to the mean, below which `detectors.interval` does not go either."""


def below(count: FloatArray, mean: FloatArray, phi: FloatArray, doubt: FloatArray) -> FloatArray:
    """Probability of at most `count` tickets, by the distribution that `detectors.interval` cuts off.

    The negative binomial with mean M and variance phi M + doubt^2.

    Args:
        count: tickets; below 0 the probability is 0.
        mean: expected tickets, above 0.
        phi: variance relative to Poisson, at least 1.
        doubt: standard deviation of the mean.

    Example:
        >>> below(np.array([11.0, 12.0, 29.0]), np.full(3, 20.0), np.ones(3), np.zeros(3)).round(3)
        array([0.021, 0.039, 0.978])
    """
    size = mean * mean / np.maximum((phi - 1.0) * mean + doubt * doubt, _POISSON * mean)
    known = betainc(size, np.maximum(count, 0.0) + 1.0, size / (size + mean))
    return np.asarray(np.where(count < 0.0, 0.0, known))


def pit(
    counts: FloatArray, mean: FloatArray, phi: FloatArray, doubt: FloatArray, uniform: FloatArray
) -> FloatArray:
    """Randomised probability integral transform: uniform on [0, 1] if and only if the model is true.

        F(x - 1) + U (F(x) - F(x - 1))

    A count has no density, so its F is made uniform by drawing within its step (Smith 1985; Czado, Gneiting &
    Held 2009). Heaps near 0 and 1 mean intervals too narrow, a heap in the middle ones too wide, a slope a
    mean that is off.

    Args:
        counts: tickets.
        mean: expected tickets, above 0.
        phi: variance relative to Poisson.
        doubt: standard deviation of the mean.
        uniform: uniform on [0, 1), one per count, not used elsewhere.

    Example:
        >>> four = (np.array([0.0]), np.array([1.0]), np.array([1.0]), np.array([0.0]))
        >>> pit(*four, uniform=np.array([0.5])).round(3)
        array([0.184])
    """
    under = below(counts - 1.0, mean, phi, doubt)
    return np.asarray(under + uniform * (below(counts, mean, phi, doubt) - under))


def kolmogorov(values: NDArray[np.floating]) -> float:
    """Largest distance between the values' distribution and the uniform one; `nan` without values.

    As a distance, not a test: of a million values every model is significantly wrong.

    Example:
        >>> kolmogorov(np.array([0.1, 0.3, 0.5, 0.7, 0.9])), kolmogorov(np.array([0.9]))
        (0.1, 0.9)
    """
    number = values.size
    if not number:
        return nan
    ordered = np.sort(values.ravel())
    steps = np.arange(number + 1) / number
    return float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))


def coverage(
    counts: FloatArray, mean: FloatArray, phi: FloatArray, doubt: FloatArray, least: float = LEAST_EXPECTED
) -> tuple[float, int]:
    """Part of the windows whose count lies in `detectors.interval`'s 95 % interval.

    Args:
        counts: tickets of each window.
        mean: expected tickets.
        phi: variance relative to Poisson.
        doubt: standard deviation of the mean.
        least: windows with fewer expected tickets are left out.

    Returns:
        The part, `nan` without such a window, and how many there were.

    Example:
        >>> means = np.array([20.0, 20.0, 5.0])
        >>> coverage(np.array([29.0, 30.0, 99.0]), means, np.ones(3), np.zeros(3))
        (0.5, 2)
    """
    used = mean >= least
    inside = 0
    for count, *rest in zip(counts[used], mean[used], phi[used], doubt[used], strict=True):
        low, high = interval(*map(float, rest))
        inside += bool(low <= count <= high)
    windows = int(used.sum())
    return (inside / windows if windows else nan), windows


def windows(values: FloatArray, minutes: int) -> FloatArray:
    """Sums over windows of so many minutes, one after the other; an unfinished one at the end is left out.

    Args:
        values: one row per minute.
        minutes: of a window, above 0.

    Example:
        >>> windows(np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]), 2).tolist()
        [[3.0], [7.0]]
    """
    whole = len(values) // minutes
    return np.asarray(values[: whole * minutes].reshape(whole, minutes, *values.shape[1:]).sum(axis=1))


def doubts(values: FloatArray, means: FloatArray, minutes: int) -> FloatArray:
    """The doubts of windows of so many minutes, from those of their minutes (`detectors.expectation`).

    Args:
        values: doubts, one row per minute; the first begins a slot.
        means: expected tickets, likewise.
        minutes: of a window: fewer than a slot's, or whole slots.

    Example:
        >>> doubt, mean = np.full((10, 1), 1.0), np.full((10, 1), 5.0)
        >>> doubts(doubt, mean, 10).round(2).tolist()  # two slots, each in doubt by 5, and 2 % of 50
        [[7.14]]
    """
    slot = min(SLOT, minutes)
    apart = windows(windows(values, slot) ** 2, minutes // slot)
    return np.asarray(np.sqrt(apart + (TOGETHER * windows(means, minutes)) ** 2))
