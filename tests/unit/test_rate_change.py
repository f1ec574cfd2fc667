"""A day against its usual days: the interval is the exact one, and holds on days that vary more than chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.rates import test_poisson_2indep as poisson_test

from detectors.rate_change import dispersion_of, fewer, rate_change


@pytest.mark.parametrize(("count", "usual"), [(42, (10, 12, 9, 13)), (3, (9, 7, 8, 8)), (1, (1, 0, 0, 1))])
def test_the_bounds_are_where_the_exact_test_of_two_rates_begins_to_refuse(
    count: int, usual: tuple[int, ...]
) -> None:
    change = rate_change(count, usual)
    for bound, alternative in ((change.lower, "larger"), (change.upper, "smaller")):
        test = poisson_test(
            count, 1, sum(usual), len(usual), value=bound, method="exact-cond", alternative=alternative
        )
        assert test.pvalue == pytest.approx(0.025, abs=1e-6)


def test_a_reason_that_never_came_has_no_upper_bound_and_one_that_came_no_more_no_lower_one() -> None:
    assert rate_change(5, [0, 0, 0]).upper == math.inf
    gone = rate_change(0, [9, 8, 10, 9])
    assert (gone.ratio, gone.lower) == (0.0, 0.0)
    assert gone.upper < 1


def test_days_without_any_ticket_say_nothing() -> None:
    assert not rate_change(0, [0, 0]).clear


def test_without_usual_days_there_is_no_change_to_tell() -> None:
    with pytest.raises(ValueError, match="at least one usual day"):
        rate_change(3, [])


@pytest.mark.parametrize(("mean", "spread"), [(3, 0.0), (40, 0.0), (40, 0.15), (200, 0.15)])
def test_the_interval_holds_on_days_that_vary_more_than_chance(mean: float, spread: float) -> None:
    rng = np.random.default_rng(20261119)
    shape = (300, 30, 5)
    rates = mean * (rng.gamma(1 / spread**2, spread**2, shape) if spread else np.ones(shape))
    days = rng.poisson(rates)
    held = []
    for channel in days:
        dispersions = dispersion_of([list(row[:4]) for row in channel])
        row = rng.integers(30)
        change = rate_change(int(channel[row, 4]), list(channel[row, :4]), dispersion=dispersions[row])
        held.append(change.lower <= 1.0 <= change.upper)
    assert np.mean(held) >= 0.92


def test_as_few_as_this_is_the_more_improbable_the_more_there_used_to_be() -> None:
    assert fewer(0, [5, 5, 5, 5]) > fewer(0, [50, 50, 50, 50])
    assert fewer(5, [5, 5, 5, 5]) > 0.5
    assert fewer(0, [5, 5, 5, 5], dispersion=2.0) > fewer(0, [5, 5, 5, 5])
