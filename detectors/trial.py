"""A detector's run over a simulated channel, scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

import numpy as np

from detectors.detector import Detector, DetectorSettings
from detectors.evaluate import Alert, Score, score
from detectors.simulate import WEEK, Channel, Life, simulate

MONDAY = 4 * 1440
"""Monday 1970-01-05 00:00 UTC, where the simulation's week begins."""


def watch(
    channel: Channel,
    settings: DetectorSettings,
    live_from: int,
    *,
    minutes: Iterable[int] | None = None,
    after: Callable[[int, Detector], None] | None = None,
) -> list[Alert]:
    """Let a detector live through a simulated channel, announced campaigns included.

    Args:
        channel: simulated.
        settings: the knob, the zone; the holidays are as given here, see `holidays`.
        live_from: step from which on alarms are raised; before it history is learnt silently.
        minutes: the minute since 1970 of each step; without them the channel begins on a Monday in UTC.
        after: called with each step and the detector that has just closed it, to look but not to touch.

    Returns:
        The alarms; `raised` is in steps of the channel, the one after the one that tipped the evidence.

    Example:
        >>> channel = simulate(np.random.default_rng(5), reasons=2, weeks=1)
        >>> watch(channel, DetectorSettings(timezone="UTC"), live_from=5 * 1440)
        []
    """
    clock = iter(range(MONDAY, MONDAY + len(channel.counts)) if minutes is None else minutes)
    detector = Detector(settings)
    names = [f"reason {row}" for row in range(len(channel.kinds))]
    rows = {name: row for row, name in enumerate(names)}
    changing, announced = channel.announced(), None
    alerts: list[Alert] = []
    for step, (counts, minute) in enumerate(zip(channel.counts, clock, strict=False)):
        if not step:
            detector.add(names, minute)
        if step in changing:
            announced = changing[step]
        changes = detector.close(minute, counts.astype(np.float64), announced, alarms=step >= live_from)
        alerts += [
            Alert(rows[change.contact_reason], step + 1) for change in changes if change.state == "raised"
        ]
        if after is not None:
            after(step, detector)
    return alerts


def holidays(channel: Channel) -> frozenset[date]:
    """The dates of a channel's holidays if its first minute is `MONDAY`."""
    return frozenset(date(1970, 1, 5) + timedelta(days=day) for day in channel.holidays)


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
    settings = DetectorSettings(timezone="UTC", false_alarms_per_week=false_alarms_per_week)
    alerts = watch(channel, settings, live_from=learn_weeks * WEEK)
    return score(channel.planted, alerts, weeks)
