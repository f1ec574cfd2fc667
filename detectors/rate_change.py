"""How much a day's count differs from its usual days, with an interval: the exact ratio of two Poisson rates.

It describes; it raises no alarm. Chance alone makes four quiet Fridays differ from a fifth, and the interval says
by how much. Days differ by more than chance, so counts are divided by their dispersion first (quasi-Poisson).
Importing this loads statsmodels: seconds and 100 MB, so not for a worker.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import test_poisson_2indep as poisson_test


@dataclass(frozen=True, slots=True)
class RateChange:
    """A day's rate as a multiple of the usual one, and its interval; `upper` is infinite where none was usual."""

    ratio: float
    lower: float
    upper: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out "as usual"."""
        return self.lower > 1.0 or self.upper < 1.0


def rate_change(
    count: float, usual: Sequence[float], *, dispersion: float = 1.0, level: float = 0.95
) -> RateChange:
    """The ratio of a day's count to the mean of its usual days, with an exact conditional interval.

    Given the sum of both, a Poisson day's part of it is binomial; the interval is that of Clopper and Pearson for
    this part, turned into a ratio. It holds for small counts, where an interval by the normal law does not, and
    rather errs on the wide side.

    Args:
        count: of the day.
        usual: counts of the usual days.
        dispersion: variance relative to Poisson, at least 1; see `dispersion_of`.
        level: probability that the interval holds.

    Raises:
        ValueError: no usual days.

    >>> change = rate_change(42, [10, 12, 9, 13])
    >>> round(change.ratio, 2), round(change.lower, 2), round(change.upper, 2), change.clear
    (3.82, 2.44, 5.96, True)
    >>> rate_change(3, [0, 0, 0, 0]).upper
    inf
    """
    days, before = len(usual), float(sum(usual))
    if not days:
        raise ValueError("a change needs at least one usual day")
    if count <= 0 and before <= 0:
        return RateChange(1.0, 0.0, math.inf)
    ratio = math.inf if before <= 0 else count * days / before
    one, other = count / dispersion, before / dispersion
    low, high = proportion_confint(one, one + other, alpha=1 - level, method="beta")
    lower = 0.0 if count <= 0 else _odds(float(low)) * days
    upper = math.inf if before <= 0 else _odds(float(high)) * days
    return RateChange(ratio, lower, upper)


def fewer(count: float, usual: Sequence[float], *, dispersion: float = 1.0) -> float:
    """The probability of a count as low as this if the day were like its usual days (exact, conditional).

    >>> round(fewer(0, [5, 5, 5, 5]), 4)  # (4/5) ** 20
    0.0115
    """
    test = poisson_test(
        round(count / dispersion),
        1,
        round(sum(usual) / dispersion),
        len(usual),
        method="exact-cond",
        compare="ratio",
        alternative="smaller",
    )
    return float(test.pvalue)


def dispersion_of(series: Sequence[Sequence[float]]) -> list[float]:
    """How much more than by chance the usual days of each series differ, at least 1 (Pearson's statistic).

    Four days say little of one series, so each is taken half for itself and half with all the others.

    >>> dispersion_of([[10, 10, 10, 10], [2, 2, 2, 2]])
    [1.0, 1.0]
    >>> [round(one, 1) for one in dispersion_of([[10, 30, 10, 30], [20, 20, 20, 20]])]
    [5.0, 1.7]
    """
    own = [_pearson(days) for days in series]
    freedom = sum(free for _, free in own)
    pooled = sum(statistic for statistic, _ in own) / freedom if freedom else 1.0
    return [max(1.0, (statistic / free + pooled) / 2 if free else pooled) for statistic, free in own]


def _pearson(days: Sequence[float]) -> tuple[float, int]:
    mean = sum(days) / len(days) if days else 0.0
    if mean <= 0 or len(days) < 2:
        return 0.0, 0
    return sum((one - mean) ** 2 for one in days) / mean, len(days) - 1


def _odds(share: float) -> float:
    return math.inf if share >= 1.0 else share / (1.0 - share)
