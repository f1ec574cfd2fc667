"""Intervals and the probability integral transform: right on true models, and they tell wrong ones."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from detectors.calibration import below, coverage, kolmogorov, pit, windows
from detectors.interval import interval

NUMBER = 40_000
NOISE = 1.63 / np.sqrt(NUMBER)
"""The Kolmogorov distance of truly uniform values is above this once in a hundred."""


def drawn(rng: np.random.Generator, mean: np.ndarray, phi: float, doubt: np.ndarray) -> np.ndarray:
    size = mean**2 / ((phi - 1.0) * mean + doubt**2)
    return rng.poisson(rng.gamma(size, mean / size)).astype(float)


def distance(mean_error: float = 1.0, phi_told: float = 1.6, level: float = 3.0) -> float:
    rng = np.random.default_rng(11)
    mean = rng.uniform(0.5, 1.5, NUMBER) * level
    counts = drawn(rng, mean, 1.6, 0.2 * mean)
    told = mean * mean_error
    return kolmogorov(pit(counts, told, np.full(NUMBER, phi_told), 0.2 * told, rng.random(NUMBER)))


@pytest.mark.parametrize("level", [0.01, 0.3, 3.0, 300.0])
def test_the_transform_of_a_true_model_is_uniform_for_sparse_and_busy_counts(level: float) -> None:
    assert distance(level=level) < NOISE


@pytest.mark.parametrize(("mean_error", "phi_told"), [(1.15, 1.6), (0.87, 1.6), (1.0, 3.0), (1.0, 1.0)])
def test_a_wrong_mean_or_scatter_shows(mean_error: float, phi_told: float) -> None:
    assert distance(mean_error, phi_told) > 0.03


@pytest.mark.parametrize(
    ("mean", "phi", "doubt"), [(20.0, 1.0, 0.0), (20.0, 1.3, 4.0), (3.2, 2.5, 1.0), (900, 1.1, 80)]
)
def test_the_probabilities_are_those_of_the_interval(mean: float, phi: float, doubt: float) -> None:
    low, high = interval(mean, phi, doubt)
    at = below(np.array([low - 1, low, high - 1, high]), *(np.full(4, one) for one in (mean, phi, doubt)))
    assert at[0] < 0.025 <= at[1]
    assert at[2] < 0.975 <= at[3]


def test_the_interval_of_a_true_model_covers_95_percent_of_windows_that_hold_enough() -> None:
    rng = np.random.default_rng(12)
    mean = rng.uniform(10.0, 200.0, 4000)
    counts = drawn(rng, mean, 1.6, 0.1 * mean)
    share, number = coverage(counts, mean, np.full(4000, 1.6), 0.1 * mean)
    assert number == (mean >= 20.0).sum()
    assert share == pytest.approx(0.955, abs=3 * np.sqrt(0.05 * 0.95 / number))
    narrow, _ = coverage(counts, mean, np.full(4000, 1.0), 0.0 * mean)
    assert narrow < 0.9


def test_what_has_no_domain_is_nan() -> None:
    nothing = np.array([])
    assert isnan(kolmogorov(nothing))
    share, number = coverage(np.array([3.0]), np.array([3.0]), np.ones(1), np.zeros(1))
    assert isnan(share)
    assert number == 0


def test_windows_lie_one_after_the_other_per_reason() -> None:
    summed = windows(np.arange(14.0).reshape(7, 2), 3)
    assert summed.tolist() == [[6.0, 9.0], [24.0, 27.0]]
