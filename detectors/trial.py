"""A detector's run over a simulated channel, scored."""

from __future__ import annotations

import numpy as np

from detectors.detector import Detector, DetectorSettings
from detectors.evaluate import Alert, Score, score
from detectors.simulate import Life, simulate

_MONDAY = 4 * 1440
"""Monday 1970-01-05 00:00 UTC, where the simulation's week begins."""


def trial(
    seed: int,
    reasons: int,
    learn_weeks: int,
    weeks: int,
    false_alarms_per_week: float,
    *,
    quiet: bool = False,
) -> Score:
    """Let a detector learn a simulated channel for some weeks, then watch it for some more.

    Args:
        seed: of the simulation.
        reasons: how many contact reasons.
        learn_weeks: weeks of history without incidents, learnt silently.
        weeks: weeks watched, which the score is of.
        false_alarms_per_week: the knob.
        quiet: plant no incidents, to see what the knob means.

    Example:
        >>> found = trial(seed=3, reasons=4, learn_weeks=1, weeks=1, false_alarms_per_week=1.0, quiet=True)
        >>> found.planted, found.false_alarms_per_week <= 2.0
        (0, True)
    """
    total = learn_weeks + weeks
    life = Life() if quiet else Life(incidents=1.0, from_week=learn_weeks)
    channel = simulate(np.random.default_rng(seed), reasons, total, life)
    detector = Detector(DetectorSettings(timezone="UTC", false_alarms_per_week=false_alarms_per_week))
    names = [f"reason {row}" for row in range(reasons)]
    rows = {name: row for row, name in enumerate(names)}
    detector.add(names, _MONDAY)
    alerts: list[Alert] = []
    for step, counts in enumerate(channel.counts):
        live = step >= learn_weeks * 10_080
        alerts += [
            Alert(rows[change.contact_reason], change.raised_minute - _MONDAY)
            for change in detector.close(_MONDAY + step, counts.astype(np.float64), alarms=live)
            if change.state == "raised"
        ]
    return score(channel.planted, alerts, weeks)
