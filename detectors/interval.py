"""The 95 % predictive interval of a count."""

from __future__ import annotations

from math import sqrt

_LOWER, _UPPER = 0.025, 0.975


def interval(expected: float, dispersion: float, doubt: float) -> tuple[float, float]:
    """Where a count lies with 95 % probability if nothing unusual happens.

    Quantiles of the negative binomial with mean M = `expected` and variance phi M + doubt^2: the scatter
    of tickets and, apart from it, that the mean itself is known only to within `doubt` (all its minutes
    err together). Computed only when something is said, so scipy is loaded then and not at the start.

    Args:
        expected: tickets to be expected in the window.
        dispersion: variance relative to Poisson, phi >= 1.
        doubt: standard deviation of `expected`, in tickets.

    Returns:
        The 2.5 % and 97.5 % quantiles, whole numbers.

    Example:
        >>> interval(20.0, 1.0, 0.0)
        (12.0, 29.0)
        >>> interval(20.0, 1.3, 4.0)
        (9.0, 34.0)
    """
    if expected <= 0.0:
        return 0.0, 0.0
    extra = max((dispersion - 1.0) * expected + doubt * doubt, 1e-6 * expected)
    size = expected * expected / extra
    return _quantile(_LOWER, expected, size), _quantile(_UPPER, expected, size)


def _quantile(probability: float, mean: float, size: float) -> float:
    from scipy.special import betainc  # loaded late on purpose, see above

    chance = size / (size + mean)

    def below(count: int) -> bool:
        return bool(betainc(size, count + 1.0, chance) < probability)

    low, high = -1, int(mean + 10.0 * sqrt(mean + mean * mean / size)) + 20
    while below(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return float(high)
