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
        spread: stationary relative variance of the level.
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
    spread: FloatArray
    phi: FloatArray
    bars: FloatArray
    warming: FlagArray | None
    busyness: float


@dataclass(frozen=True, slots=True)
class Hour:
    """What holds for a whole local hour, since nothing that it follows from changes within.

    Attributes:
        first: the hour's first minute.
        rates: tickets per minute by the baseline alone, (60, reasons).
        variance: their relative variance.
        phi: variance of a count relative to Poisson.
        spread: stationary relative variance of the level.
        size: 1 / (phi - 1).
        weight: log(phi) / (phi - 1) times what each uplift adds, (uplifts, reasons).
        bar: the channel's bar.
        bars: the same, higher for reasons that are new.
        budget: each reason's share of the false alarms per week.
        busyness: relative rate of the hour in a generic week.
    """

    first: int
    rates: FloatArray
    variance: FloatArray
    phi: FloatArray
    spread: FloatArray
    size: FloatArray
    weight: FloatArray
    bar: float
    bars: FloatArray
    budget: FloatArray
    busyness: float


def hour_of(state: State, calendar: Calendar, false_alarms_per_week: float, minute: int) -> Hour:
    """Work out what holds for the local hour of `minute`."""
    hours, within = calendar.around(minute), calendar.place(minute)[1]
    phi = state.dispersion.dispersion()
    rates, variance = state.baseline.rates(hours, phi)
    volume = state.baseline.ticket_minutes_per_week()
    bar = threshold.bar(false_alarms_per_week, volume)
    size = 1.0 / (phi - 1.0)
    return Hour(
        first=minute - within,
        rates=rates[2] * within_hour(np.log(rates), range(60)),
        variance=variance[2],
        phi=phi,
        spread=state.dispersion.spread(),
        size=size,
        weight=(UPLIFTS[:, None] - 1.0) * (np.log(phi) * size),
        bar=bar,
        bars=threshold.unproven(bar, state.baseline.watched),
        budget=false_alarms_per_week * volume / max(float(volume.sum()), 1e-9),
        busyness=float(GENERIC[hours[2]]),
    )


def look(state: State, hour: Hour, minute: int) -> Outlook:
    """Work out the expectations of the slot that holds `minute`, which lies in `hour`."""
    start = minute - minute % SLOT
    usual = hour.rates[start - hour.first : start - hour.first + SLOT]
    level, level_variance = state.level.now(hour.spread)
    uncertainty = np.sqrt(hour.variance + level_variance + _LEAST_UNCERTAINTY**2)
    mean = usual * level
    raised = mean * (1.0 + _RAISED_BY * uncertainty)
    warming = state.known.seen < WARM_AFTER
    return Outlook(
        slot=minute // SLOT,
        usual=usual,
        mean=mean,
        doubt=mean * uncertainty,
        drift=raised[:, None, :] * hour.weight,
        size=raised * hour.size,
        level=level,
        uncertainty=uncertainty,
        shape_variance=hour.variance,
        spread=hour.spread,
        phi=hour.phi,
        bars=hour.bars + state.standing.surcharge(hour.bar, hour.budget),
        warming=warming if bool(warming.any()) else None,
        busyness=hour.busyness,
    )
