"""The weeks of a simulated contact reason, and how its level wanders over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from detectors.rows import FloatArray

_WEEK = 10_080
_DAY = 1440
_SUNDAY = 6 * _DAY


def _templates() -> FloatArray:
    minute = np.arange(_DAY) / 60.0

    def bump(centre: float, width: float) -> FloatArray:
        return np.asarray(np.exp(-0.5 * (((minute - centre + 12) % 24 - 12) / width) ** 2))

    days = (
        (0.02 + bump(10, 1.6) + bump(14.5, 1.9), (0.1, 0.05)),
        (0.08 + 0.4 * bump(12, 2.5) + bump(20, 2.3), (1.2, 1.3)),
        (0.7 + 0.3 * bump(15, 5), (0.95, 0.9)),
        (0.06 + bump(8.5, 2.0) + 0.35 * bump(14, 4), (0.7, 0.5)),
    )
    weeks = [np.concatenate([np.tile(day, 5), day * sat, day * sun]) for day, (sat, sun) in days]
    return np.asarray([week / week.mean() for week in weeks])


def week(rng: Generator) -> FloatArray:
    """A reason's own week, minute by minute, mean 1.

    One of four templates (office hours, consumer evening, around the clock, morning), shifted by up to 45
    minutes, each hour off by 15 %. The hours are off as a whole, in steps: real weeks are smoother, which
    a detector must not rely on.
    """
    template = _templates()[rng.integers(4)]
    shifted = np.roll(template, int(rng.integers(-45, 46)))
    noisy = shifted * np.repeat(np.exp(rng.normal(0.0, 0.15, 168)), 60)
    return np.asarray(noisy / noisy.mean())


def year(rng: Generator, weeks: int, holidays: Sequence[int]) -> FloatArray:
    """Some weeks of a reason; a holiday is a Sunday with a level of its own (0.5 to 1.2)."""
    own = week(rng)
    whole = np.tile(own, weeks)
    level = np.exp(rng.uniform(np.log(0.5), np.log(1.2)))
    for day in holidays:
        whole[day * _DAY : (day + 1) * _DAY] = own[_SUNDAY:] * level
    return whole


def drift(rng: Generator, minutes: int) -> FloatArray:
    """A level that wanders with a correlation of one day, and a trend of a few percent a week."""
    hours = minutes // 60 + 2
    kept, scatter = np.exp(-1.0 / 24.0), rng.uniform(0.05, 0.15)
    steps = rng.normal(0.0, scatter * np.sqrt(1.0 - kept**2), hours)
    level = np.empty(hours)
    level[0] = rng.normal(0.0, scatter)
    for hour in range(1, hours):
        level[hour] = kept * level[hour - 1] + steps[hour]
    trend = rng.normal(0.0, 0.01) * np.arange(minutes) / _WEEK
    return np.asarray(np.exp(np.interp(np.arange(minutes) / 60.0, np.arange(hours), level) + trend))
