"""The first weeks of a channel that begins with nothing: false alarms and incidents found, week by week.

    python benchmarks/detection/beginning.py [--channels N] [--seed N]

Prints a line of JSON for each week. `quiet` are false alarms a week of channels in which nothing happens; `found` is
the share of incidents of at least ten extra tickets in channels with many.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
import numpy as np

# Run as a file; its own modules are found from the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from detectors.detector import DetectorSettings
from detectors.evaluate import LARGE, delays
from detectors.rows import FloatArray
from detectors.simulate import WEEK, Life, simulate
from detectors.trial import watch

WEEKS, REASONS, ASKED = 5, 60, 3.0
BUSY = Life(incidents=2.0)


class First(msgspec.Struct, frozen=True):
    """One of the first weeks."""

    week: int
    asked: float
    quiet: float
    incidents: int
    found: float


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=12)
    parser.add_argument("--seed", type=int, default=9301)
    chosen = parser.parse_args()
    seeds = range(chosen.seed, chosen.seed + chosen.channels)
    with ProcessPoolExecutor(2) as pool:
        alarms = sum(pool.map(quiet, seeds), np.zeros(WEEKS))
        large, found = sum(pool.map(busy, seeds), np.zeros((2, WEEKS)))
    for week in range(WEEKS):
        first = First(
            week + 1,
            ASKED,
            round(float(alarms[week]) / chosen.channels, 2),
            int(large[week]),
            round(float(found[week] / max(large[week], 1.0)), 3),
        )
        print(msgspec.json.encode(first).decode())


def quiet(seed: int) -> FloatArray:
    """False alarms in each week of a channel in which nothing happens."""
    channel = simulate(np.random.default_rng([seed, REASONS]), REASONS, WEEKS)
    alarms = np.zeros(WEEKS)
    for alert in watch(channel, _settings(), live_from=0):
        alarms[(alert.raised - 1) // WEEK] += 1.0
    return alarms


def busy(seed: int) -> FloatArray:
    """Large incidents that began in each week, and how many of them were found, (2, weeks)."""
    channel = simulate(np.random.default_rng([seed, REASONS, 1]), REASONS, WEEKS, BUSY)
    table = np.zeros((2, WEEKS))
    alerts = watch(channel, _settings(), live_from=0)
    for incident, delay in zip(channel.planted, delays(channel.planted, alerts), strict=True):
        if incident.extra >= LARGE:
            week = min(incident.onset // WEEK, WEEKS - 1)
            table[:, week] += (1.0, delay is not None)
    return table


def _settings() -> DetectorSettings:
    return DetectorSettings(timezone="UTC", false_alarms_per_week=ASKED)


if __name__ == "__main__":
    main()
