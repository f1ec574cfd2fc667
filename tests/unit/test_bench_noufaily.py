"""Noufaily's weekly design and the statistics judged on it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.detection import noufaily, weekly
from benchmarks.detection.poisson import rate


def test_the_design_has_its_42_scenarios_and_the_scatter_it_says() -> None:
    assert len(set(noufaily.SCENARIOS)) == 42
    made = noufaily.series(np.random.default_rng(1), 3)
    assert made.counts.shape == (126, noufaily.WEEKS)
    before = slice(0, noufaily.BASELINE)
    surplus = (made.counts[:, before] - made.mean[:, before]) ** 2 / made.mean[:, before]
    assert surplus.mean(axis=1).mean() == pytest.approx(made.phi.mean(), rel=0.05)
    assert set(made.size.tolist()) == set(range(1, 11))
    assert (made.end >= made.start).all()


def test_power_is_of_outbreaks_at_the_bar_that_quiet_weeks_set() -> None:
    made = noufaily.series(np.random.default_rng(2), 1)
    week = np.arange(noufaily.WEEKS - noufaily.CURRENT, noufaily.WEEKS)
    during = (week >= made.start[:, None]) & (week <= made.end[:, None])
    noise = np.random.default_rng(3).random(during.shape)
    clairvoyant = noufaily.power(noise + 2.0 * during, made, 0.01)
    assert clairvoyant.detected == 1.0
    assert clairvoyant.rate <= 0.01
    guess = noufaily.power(noise, made, 0.01)
    assert guess.detected < 0.15
    assert noufaily.power(np.zeros_like(noise), made, 0.01).detected == 0.0


def test_the_weekly_statistic_is_calibrated_and_near_one_that_knows_the_truth() -> None:
    made = noufaily.series(np.random.default_rng(4), 3)
    week = np.arange(noufaily.WEEKS - noufaily.CURRENT, noufaily.WEEKS)
    quiet = (week < made.start[:, None]) | (week > made.end[:, None])
    ours, true = weekly.product(made), weekly.oracle(made)
    assert 0.002 < (ours[quiet] > 2.0).mean() < 0.015
    assert noufaily.power(ours, made, 0.01).detected > 0.8 * noufaily.power(true, made, 0.01).detected
    assert np.corrcoef(ours.ravel(), true.ravel())[0, 1] > 0.9


def test_farrington_compares_a_week_with_its_like() -> None:
    around = weekly._level(np.array([-3, 0, 3, -52, -55, -49, 4, -4]))
    assert around.tolist()[:6] == [0, 0, 0, 0, 0, 0]
    assert set(around.tolist()[6:]) == {1, 9}
    assert set(weekly._level(np.arange(-260, 0)).tolist()) == set(range(10))


@pytest.mark.parametrize(("counted", "asked", "low", "high"), [(0, 3.0, 0.0, 1.23), (100, 100.0, 0.81, 1.22)])
def test_a_rate_says_how_sure_it_is(counted: int, asked: float, low: float, high: float) -> None:
    found = rate(counted, asked)
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)
    assert found.ratio == counted / asked
