"""How much evidence an alarm needs, from the one knob: false alarms per week of the whole channel."""

from __future__ import annotations

import numpy as np

from detectors.cusum import PRIOR, UPLIFTS
from detectors.rows import FloatArray

TAIL = 0.9
"""The evidence's tail falls a little more slowly than e^-h, since no baseline is quite right."""
_OFFSET = 2.0
"""What overshoot, the overlap of the uplifts and the decay of the evidence leave. Both measured on quiet simulated
channels of 10, 50 and 300 contact reasons."""
_EVENNESS = 0.2
_UNPROVEN = 0.9
_PROVEN_AFTER = 12.0
"""Days; chosen so that the second week has not four times the false alarms asked for."""
_LEAST_EXCURSIONS = 0.002
_WEEK = 10_080.0
_REGRET = UPLIFTS - 1.0 - np.log(UPLIFTS)


def excursions(rates: FloatArray, dispersion: FloatArray) -> FloatArray:
    """How often a week a reason's evidence would have a chance to become a false alarm.

    The mean time between false alarms of a CUSUM with bar h is about e^h / D (Siegmund 1985, chapter 2),
    where D is what its score loses per minute when nothing happens: for NB1 counts with mean m, which
    come in clumps, D = c m (R - 1 - log R) with c = log(phi) / (phi - 1); at most once a minute. Added up
    over the uplifts R by their prior weight.

    Args:
        rates: tickets per minute, per reason.
        dispersion: variance relative to Poisson.

    Example:
        >>> excursions(np.array([0.003, 0.3, 5.0]), np.full(3, 1.5)).round().tolist()
        [231.0, 4396.0, 8257.0]
    """
    clumps = rates * np.log(dispersion) / (dispersion - 1.0)
    chances = np.minimum(clumps[:, None] * _REGRET, 1.0) @ PRIOR
    return np.asarray(_WEEK * np.maximum(chances, _LEAST_EXCURSIONS))


def shares(false_alarms_per_week: float, chances: FloatArray) -> FloatArray:
    """Each reason's share of the false alarms per week that the channel can stand.

    Shares grow with the fifth root of `excursions`: nearly the same for each reason, a little more for busy
    ones, which have more to be found. Whatever the number of reasons, they add up to what was asked for.

    Args:
        false_alarms_per_week: what the channel can stand, above 0.
        chances: `excursions` per reason.

    Example:
        >>> shares(1.0, np.array([1000.0, 40000.0])).round(3).tolist()
        [0.323, 0.677]
    """
    weight = chances**_EVENNESS
    return np.asarray(false_alarms_per_week * weight / max(float(weight.sum()), 1e-9))


def bars(budget: FloatArray, chances: FloatArray) -> FloatArray:
    """Evidence in nats that each reason exceeds as often as its share allows when nothing happens.

    Were the model true, false alarms would be as frequent as C chances e^-bar. As it is nearly true, the
    tail is e^(-0.9 bar), so

        bar = (log(chances / share) - 2) / 0.9

    Args:
        budget: each reason's share of the false alarms per week.
        chances: `excursions` per reason.

    Example:
        >>> bars(np.array([0.01, 0.01]), np.array([1000.0, 40000.0])).round(1).tolist()
        [10.6, 14.7]
    """
    return np.asarray(np.maximum((np.log(chances / budget) - _OFFSET) / TAIL, 3.0))


def nats(factor: float) -> float:
    """By how much the bar falls when the knob is so many times larger.

    Example:
        >>> round(nats(2.0), 2)
        0.77
    """
    return float(np.log(factor)) / TAIL


def unproven(bar: FloatArray | float, watched: FloatArray) -> FloatArray:
    """The bar of reasons that have been watched for days rather than weeks.

    The run-length argument holds for a model that fits; a week that was never seen whole is no such model,
    nor are hours of the week that were seen once, and their errors last for hours. So nearly twice the evidence
    at first, half as much again after ten days, a twentieth more after three weeks; a spike worth waking up for has
    many times that. Measured on channels that begin with nothing (`benchmarks/detection/beginning.py`).

    Args:
        bar: of a reason that is known.
        watched: minutes of observation per reason.

    Example:
        >>> unproven(10.0, np.array([2.0, 7.0, 14.0, 28.0]) * 1440).round(1).tolist()
        [19.0, 17.4, 11.8, 10.2]
    """
    days = watched / 1440.0
    unseen = _UNPROVEN * np.exp(-((days / _PROVEN_AFTER) ** 3))
    return np.asarray(bar * (1.0 + np.maximum(unseen, np.exp(-days / 7.0))))
