"""Does the knob mean what it says? False alarms of quiet channels, realised over asked."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from benchmarks.detection.poisson import Rate, rate
from detectors.detector import DetectorSettings
from detectors.oracle import WEEK
from detectors.simulate import Life, simulate
from detectors.trial import holidays, watch

LIFE = Life(campaigns=2.0, holidays=1.0)
LEARN, AT_ONCE = 6, 20
"""Weeks of history before, and weeks watched of one channel: then comes another one."""


class Knob(msgspec.Struct, frozen=True):
    """False alarms of quiet channels."""

    reasons: int
    asked: float
    """A week."""
    weeks: int
    seeds: list[int]
    realised: Rate


def one(seed: int, reasons: int, asked: float, weeks: int) -> tuple[int, float, int, int, int]:
    """Watch one quiet channel: reasons, asked, weeks, the seed, alarms."""
    channel = simulate(np.random.default_rng([seed, reasons]), reasons, LEARN + weeks, LIFE)
    settings = DetectorSettings(timezone="UTC", false_alarms_per_week=asked, holidays=holidays(channel))
    return reasons, asked, weeks, seed, len(watch(channel, settings, live_from=LEARN * WEEK))


def jobs(seeds: Sequence[int], reasons: Sequence[int], asked: dict[float, int]) -> list[tuple[object, ...]]:
    """Arguments of `one`: for each number of reasons and each knob so many weeks, in channels of twenty."""
    found: list[tuple[object, ...]] = []
    for number in reasons:
        for knob, weeks in asked.items():
            for part, begin in enumerate(range(0, weeks, AT_ONCE)):
                seed = seeds[part % len(seeds)] + 10_000 * (part // len(seeds))
                found.append((seed, number, knob, min(AT_ONCE, weeks - begin)))
    return found


def together(watched: Sequence[tuple[int, float, int, int, int]]) -> list[Knob]:
    """Add up the channels of each number of reasons and knob.

    >>> found = together([(10, 1.0, 20, 7, 15), (10, 1.0, 10, 8, 18), (50, 1.0, 20, 7, 20)])
    >>> [(knob.reasons, knob.weeks, knob.realised.ratio) for knob in found]
    [(10, 30, 1.1), (50, 20, 1.0)]
    """
    found = []
    for reasons, asked in sorted({one[:2] for one in watched}):
        own = [one for one in watched if one[:2] == (reasons, asked)]
        weeks, alarms = sum(one[2] for one in own), sum(one[4] for one in own)
        found.append(Knob(reasons, asked, weeks, [one[3] for one in own], rate(alarms, asked * weeks)))
    return found
