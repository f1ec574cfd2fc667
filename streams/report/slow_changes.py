"""Contact reasons whose level fell or rose a lot over the whole time: never an alert, but worth knowing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from detectors.rows import FloatArray

LEAST_CHANGE = 0.2
"""Changes smaller than this, up or down, are not listed."""
LEAST_TICKETS = 50.0
"""Of both ends together: fewer are not spoken of."""
_ERROR = 0.025


class SlowChange(NamedTuple):
    """A contact reason's tickets per week in the first and the last weeks, and their ratio with its 95 % interval.

    `ratio` is None for a reason that did not exist in the first weeks.
    """

    contact_reason: str
    before: float
    after: float
    ratio: float | None
    lower: float
    upper: float


def weeks_compared(complete: int) -> int:
    """How many weeks at each end are compared, of so many complete ones; 0 if there are too few.

    >>> [weeks_compared(weeks) for weeks in (3, 4, 7, 12, 52)]
    [0, 1, 2, 4, 4]
    """
    return min(4, complete // 3) if complete >= 4 else 0


def slow_changes(
    reasons: Sequence[str], before: FloatArray, after: FloatArray, weeks: int, phi: FloatArray
) -> list[SlowChange]:
    """The reasons whose level changed for sure and by enough, the most tickets first.

    Args:
        reasons: names.
        before: tickets in the first weeks, without what spikes added.
        after: tickets in the last weeks.
        weeks: how many weeks each.
        phi: variance of a count relative to Poisson; the interval is as wide as counts smaller by it would make it.
    """
    found = []
    for place, reason in enumerate(reasons):
        first, last, scatter = float(before[place]), float(after[place]), max(float(phi[place]), 1.0)
        if first + last < LEAST_TICKETS:
            continue
        lower, upper = rate_ratio(first / scatter, last / scatter)
        ratio = last / first if first > 0 else None
        changed = ratio is None or abs(ratio - 1.0) >= LEAST_CHANGE
        if changed and (lower > 1.0 or upper < 1.0):
            found.append(SlowChange(reason, first / weeks, last / weeks, ratio, lower, upper))
    return sorted(found, key=lambda change: -abs(change.after - change.before))


def rate_ratio(first: float, last: float) -> tuple[float, float]:
    """The exact 95 % interval of last rate / first rate from two Poisson counts over equal times.

    Given their sum, the second count is binomial; the interval of its probability is Clopper and Pearson's
    (Przyborowski and Wilenski 1940).

    >>> [round(bound, 3) for bound in rate_ratio(100, 73)]
    [0.532, 0.997]
    """
    from scipy.special import betaincinv

    lower = float(betaincinv(last, first + 1.0, _ERROR)) if last > 0 else 0.0
    upper = float(betaincinv(last + 1.0, first, 1.0 - _ERROR)) if first > 0 else 1.0
    return lower / (1.0 - lower), upper / (1.0 - upper) if upper < 1.0 else float("inf")
