"""What is expected of the next five minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import threshold
from detectors.calendar import Calendar
from detectors.cusum import UPLIFTS, Terms
from detectors.guardband import SLOT
from detectors.profile import GENERIC
from detectors.rows import FlagArray, FloatArray, RowArray
from detectors.state import State
from detectors.warmup import WARM_AFTER

_LEAST_UNCERTAINTY = 0.02
_NEW_SPREAD = 0.5**2
_NEW_MINUTES = 3.0 * 1440.0
"""Variance of the level of a reason that was just met, and how soon that is over: its usual level is not known."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Expectations of one slot, worked out at its start from the state alone.

    So a detector restored in the middle of a slot expects the same as the one that was saved.

    Attributes:
        slot: which slot of five minutes, counted from 1970.
        fresh: whether it is the first of its local hour.
        usual: tickets per minute by the baseline alone, (5, reasons).
        mean: the same times the recent level, (5, reasons).
        drift: what a ticket usually expected takes from each uplift's score, (uplifts, reasons).
        size: the negative binomial's size per ticket usually expected, (1 + uplifts, reasons).
        gain: what a single ticket adds to each score, (uplifts, reasons).
        spared: what each uplift's story expects had there been no spike, against the usual, and its standard
            deviation; in single precision, as they are added up, (2, uplifts, reasons).
        level: recent level against the usual, per reason.
        slow: the same without the error of this hour.
        uncertainty: relative standard deviation of `mean`.
        hour_variance: relative variance of the baseline alone.
        spread: stationary relative variance of the level.
        phi: variance of a count relative to Poisson.
        bars: evidence that each reason's alarm needs.
        warming: which reasons are warming up, or None if none is.
        busyness: relative rate of the present hour in a generic week.
    """

    slot: int
    fresh: bool
    usual: FloatArray
    mean: FloatArray
    drift: FloatArray
    size: FloatArray
    gain: FloatArray
    spared: NDArray[np.float32]
    level: FloatArray
    slow: FloatArray
    uncertainty: FloatArray
    hour_variance: FloatArray
    spread: FloatArray
    phi: FloatArray
    bars: FloatArray
    warming: FlagArray | None
    busyness: float

    def terms(self, usual: FloatArray) -> Terms:
        """What the stories expect of a minute in which the baseline alone expects `usual` tickets."""
        expected, doubt = self.spared * usual.astype(np.float32)
        return Terms(usual, self.drift * usual, self.size, self.gain, expected, doubt)

    def of(self, rows: RowArray) -> Outlook:
        """The same for some reasons only."""
        return Outlook(**_of(self, rows))


@dataclass(frozen=True, slots=True)
class Hour:
    """What holds for a whole local hour, since nothing that it follows from changes within.

    Attributes:
        first: the hour's first minute.
        rates: tickets per minute by the baseline alone, (60, reasons).
        variance: their relative variance.
        phi: variance of a count relative to Poisson.
        spread: stationary relative variance of the level.
        bars: evidence that an alarm of each reason needs, higher for reasons that are new.
        budget: each reason's share of the false alarms per week.
        busyness: relative rate of the hour in a generic week.
    """

    first: int
    rates: FloatArray
    variance: FloatArray
    phi: FloatArray
    spread: FloatArray
    bars: FloatArray
    budget: FloatArray
    busyness: float

    def of(self, rows: RowArray) -> Hour:
        """The same for some reasons only."""
        return Hour(**_of(self, rows))


def _of(what: Outlook | Hour, rows: RowArray) -> dict[str, Any]:
    return {
        name: value[..., rows] if isinstance(value := getattr(what, name), np.ndarray) else value
        for name in what.__slots__
    }


def hour_of(state: State, calendar: Calendar, false_alarms_per_week: float, minute: int) -> Hour:
    """Work out what holds for the local hour of `minute`."""
    hours, within = calendar.around(minute), calendar.place(minute)[1]
    phi = state.dispersion.dispersion()
    rates, variance = state.baseline.rates(hours, phi)
    shape, shape_variance = state.baseline.within(hours, rates, phi)
    chances = threshold.excursions(state.baseline.level(), phi)
    budget = threshold.shares(false_alarms_per_week, chances)
    bars = threshold.bars(budget, chances)
    return Hour(
        first=minute - within,
        rates=rates[2] * shape,
        variance=variance[2] + shape_variance,
        phi=phi,
        spread=state.dispersion.spread() + _NEW_SPREAD * np.exp(-state.baseline.watched / _NEW_MINUTES),
        bars=threshold.unproven(bars, state.baseline.watched),
        budget=budget,
        busyness=float(GENERIC[hours[2]]),
    )


def look(state: State, hour: Hour, minute: int) -> Outlook:
    """Work out the expectations of the slot that holds `minute`, which lies in `hour`."""
    start = minute - minute % SLOT
    fresh = start == hour.first
    usual = hour.rates[start - hour.first : start - hour.first + SLOT]
    factors = state.level.factors()
    uncertainty = np.sqrt(state.level.variance(hour.variance, fresh=fresh) + _LEAST_UNCERTAINTY**2)
    scale = 1.0 / (hour.phi - 1.0)
    spared = factors[1:] / UPLIFTS[:, None]
    warming = state.known.seen < WARM_AFTER
    return Outlook(
        slot=minute // SLOT,
        fresh=fresh,
        usual=usual,
        mean=usual * factors[0],
        drift=(factors[1:] - factors[0]) * (np.log(hour.phi) * scale),
        size=factors * scale,
        gain=np.log(factors[1:] / factors[0]),
        spared=np.array([spared, spared * uncertainty], np.float32),
        level=factors[0],
        slow=state.level.slow(),
        uncertainty=uncertainty,
        hour_variance=hour.variance,
        spread=hour.spread,
        phi=hour.phi,
        bars=hour.bars + state.standing.surcharge(hour.budget),
        warming=warming if bool(warming.any()) else None,
        busyness=hour.busyness,
    )
