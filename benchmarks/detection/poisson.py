"""What a counted number of false alarms says of their rate."""

from __future__ import annotations

import msgspec
from scipy.stats import chi2


class Rate(msgspec.Struct, frozen=True):
    """Realised over asked, with the 95 % interval of a Poisson count."""

    counted: int
    asked: float
    """How many were to be expected."""
    ratio: float
    low: float
    high: float


def rate(counted: int, asked: float) -> Rate:
    """The ratio and its exact interval (Garwood 1936).

    >>> found = rate(9, 6.0)
    >>> found.ratio, round(found.low, 2), round(found.high, 2)
    (1.5, 0.69, 2.85)
    """
    low = float(chi2.ppf(0.025, 2 * counted)) / 2 if counted else 0.0
    high = float(chi2.ppf(0.975, 2 * counted + 2)) / 2
    return Rate(counted, asked, counted / asked, low / asked, high / asked)
