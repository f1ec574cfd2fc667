"""What is expected of the next five minutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors import threshold
from detectors.baseline import within_hour
from detectors.calendar import Calendar
from detectors.cusum import UPLIFTS
from detectors.guardband import SLOT
from detectors.profile import GENERIC
from detectors.rows import FlagArray, FloatArray
from detectors.state import State
from detectors.warmup import WARM_AFTER

_RAISED_BY = 1.5
"""The mean is tested as if it were so many of its standard deviations higher."""
_LEAST_UNCERTAINTY = 0.04


@dataclass(frozen=True, slots=True)
class Outlook:
    """Expectations of one slot, worked out at its start from the state alone.

    So a detector restored in the middle of a slot expects the same as the one that was saved.

    Attributes:
        slot: which slot of five minutes, counted from 1970.
        usual: tickets per minute by the baseline alone, (5, reasons).
        mean: the same times the recent level, (5, reasons).
        doubt: standard deviation of `mean`, (5, reasons).
        drift: what a minute without tickets takes from each uplift's score, (5, uplifts, reasons).
        size: the negative binomial's size at the raised mean, (5, reasons).
        level: recent level against the usual, per reason.
        uncertainty: relative standard deviation of `mean`.
        shape_variance: relative variance of the baseline alone.
        phi: variance of a count relative to Poisson.
        bars: evidence that each reason's alarm needs.
        warming: which reasons are warming up, or None if none is.
        busyness: relative rate of the present hour in a generic week.
    """

    slot: int
    usual: FloatArray
    mean: FloatArray
    doubt: FloatArray
    drift: FloatArray
    size: FloatArray
    level: FloatArray
    uncertainty: FloatArray
    shape_variance: FloatArray
    phi: FloatArray
    bars: FloatArray
    warming: FlagArray | None
    busyness: float


def look(state: State, calendar: Calendar, false_alarms_per_week: float, minute: int) -> Outlook:
    """Work out the expectations of the slot that holds `minute`."""
    start = minute - minute % SLOT
    phi = state.dispersion.dispersion()
    hours = calendar.around(start)
    within = calendar.place(start)[1]
    rates, variance = state.baseline.rates(hours, phi)
    usual = rates[2] * within_hour(np.log(rates), [(within + step) % 60 for step in range(SLOT)])
    level, level_variance = state.level.now(state.dispersion.spread())
    uncertainty = np.sqrt(variance[2] + level_variance + _LEAST_UNCERTAINTY**2)
    mean = usual * level
    size = mean * ((1.0 + _RAISED_BY * uncertainty) / (phi - 1.0))
    drift = (size * np.log(phi))[:, None, :] * (UPLIFTS[:, None] - 1.0)
    bar = threshold.bar(false_alarms_per_week, state.baseline.ticket_minutes_per_week())
    warming = state.known.seen < WARM_AFTER
    return Outlook(
        slot=minute // SLOT,
        usual=usual,
        mean=mean,
        doubt=mean * uncertainty,
        drift=drift,
        size=size,
        level=level,
        uncertainty=uncertainty,
        shape_variance=variance[2],
        phi=phi,
        bars=threshold.unproven(bar, state.baseline.watched) + state.standing.surcharge(bar),
        warming=warming if bool(warming.any()) else None,
        busyness=float(GENERIC[hours[2]]),
    )
