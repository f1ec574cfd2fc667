"""A seeded channel of contact reasons with known truth, for tuning and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from detectors.rows import FloatArray

Kind = Literal["sparse", "low", "mid", "dense"]
Shape = Literal["step", "ramp", "decay"]

_RATES: dict[Kind, tuple[float, float]] = {
    "sparse": (0.0007, 0.01),
    "low": (0.01, 0.1),
    "mid": (0.1, 1.0),
    "dense": (1.0, 20.0),
}
_MIX: dict[Kind, float] = {"sparse": 0.30, "low": 0.30, "mid": 0.25, "dense": 0.15}
UPLIFTS: dict[Kind, tuple[float, ...]] = {
    "sparse": (10.0, 20.0, 50.0, 100.0),
    "low": (3.0, 5.0, 10.0, 20.0),
    "mid": (1.5, 2.0, 3.0, 5.0, 10.0),
    "dense": (1.3, 1.5, 2.0, 3.0, 5.0),
}
"""True rate / usual rate of incidents, by how busy a reason is."""


@dataclass(frozen=True, slots=True)
class Planted:
    """An incident of the simulation.

    Attributes:
        row: which reason.
        onset: first minute.
        end: the minute after its last.
        uplift: true rate / usual rate at its height.
        shape: `step`, `ramp` (rises over its first half) or `decay` (falls off with a third of its length).
        extra: tickets it adds on average.
    """

    row: int
    onset: int
    end: int
    uplift: float
    shape: Shape
    extra: float


@dataclass(frozen=True, slots=True)
class Channel:
    """A simulated channel.

    Attributes:
        kinds: how busy each reason is.
        counts: tickets, (minutes, reasons), 16 bit.
        rate: true usual rate per minute without incidents, (minutes, reasons).
        dispersion: variance / mean of each reason's counts.
        planted: the incidents, by onset.
    """

    kinds: list[Kind]
    counts: np.typing.NDArray[np.uint16]
    rate: np.typing.NDArray[np.float32]
    dispersion: FloatArray
    planted: list[Planted]


def _templates() -> FloatArray:
    minute = np.arange(1440) / 60.0

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


def _profile(rng: Generator) -> FloatArray:
    """A reason's own week: a template, shifted, with its hours off by 15 %."""
    template = _templates()[rng.integers(4)]
    week = np.roll(template, int(rng.integers(-45, 46)))
    noise = np.exp(rng.normal(0.0, 0.15, 168))
    week = week * np.interp(np.arange(10_080) / 60.0, np.arange(168) + 0.5, noise, period=168)
    return np.asarray(week / week.mean())


def simulate(
    rng: Generator,
    reasons: int,
    weeks: int,
    *,
    incidents_from_week: int | None = None,
    incidents_per_reason: float = 1.0,
) -> Channel:
    """Simulate a channel; minute 0 is a Monday 00:00 local time.

    Rates are log-uniform in four classes; four weekly templates, shifted by up to 45 minutes, hours off by
    15 %; NB1 counts with dispersion 1 to 2.5; a slow log-level drift (Ornstein-Uhlenbeck, one day, standard
    deviation 0.05 to 0.15) and a small trend. Incidents are steps, ramps or decays of 30 minutes to 24
    hours, at most one per reason and two days.

    Args:
        rng: source of randomness; the same generator state gives the same channel.
        reasons: how many.
        weeks: how long.
        incidents_from_week: first week with incidents; None plants none.
        incidents_per_reason: how many per reason and four weeks, on average.

    Example:
        >>> channel = simulate(np.random.default_rng(7), reasons=4, weeks=1)
        >>> channel.counts.shape, len(channel.planted)
        ((10080, 4), 0)
    """
    minutes = weeks * 10_080
    kinds = [kind for kind, part in _MIX.items() for _ in range(round(part * reasons))]
    kinds = (kinds + ["mid"] * reasons)[:reasons]
    counts = np.zeros((minutes, reasons), np.uint16)
    rate = np.zeros((minutes, reasons), np.float32)
    dispersion = rng.uniform(1.02, 2.5, reasons)
    planted: list[Planted] = []
    for row, kind in enumerate(kinds):
        low, high = np.log(_RATES[kind])
        mean = float(np.exp(rng.uniform(low, high)))
        usual = mean * np.tile(_profile(rng), weeks) * _drift(rng, minutes)
        rate[:, row] = usual
        true = usual.copy()
        if incidents_from_week is not None:
            start, span = incidents_from_week * 10_080, minutes - incidents_from_week * 10_080
            expected = incidents_per_reason * span / (4 * 10_080)
            for _ in range(int(rng.poisson(expected))):
                incident = _plant(rng, row, kind, start, minutes, usual)
                if all(abs(incident.onset - other.onset) > 2880 for other in planted if other.row == row):
                    planted.append(incident)
                    true[incident.onset : incident.end] += _added(incident, usual)
        phi = dispersion[row]
        mixed = rng.gamma(np.maximum(true / (phi - 1.0), 1e-9), phi - 1.0)
        counts[:, row] = np.minimum(rng.poisson(mixed), 65_535)
    planted.sort(key=lambda incident: (incident.onset, incident.row))
    return Channel(kinds, counts, rate, dispersion, planted)


def _drift(rng: Generator, minutes: int) -> FloatArray:
    """A level that wanders with a correlation of one day, and a trend of a few percent a week."""
    hours = minutes // 60 + 2
    kept, scatter = np.exp(-1.0 / 24.0), rng.uniform(0.05, 0.15)
    steps = rng.normal(0.0, scatter * np.sqrt(1.0 - kept**2), hours)
    level = np.empty(hours)
    level[0] = rng.normal(0.0, scatter)
    for hour in range(1, hours):
        level[hour] = kept * level[hour - 1] + steps[hour]
    trend = rng.normal(0.0, 0.01) * np.arange(minutes) / 10_080.0
    return np.asarray(np.exp(np.interp(np.arange(minutes) / 60.0, np.arange(hours), level) + trend))


def _plant(rng: Generator, row: int, kind: Kind, start: int, minutes: int, usual: FloatArray) -> Planted:
    length = int(np.exp(rng.uniform(np.log(30), np.log(1440))))
    onset = int(rng.integers(start, max(start + 1, minutes - length - 60)))
    shape: Shape = ("step", "ramp", "decay")[int(rng.integers(3))]
    incident = Planted(row, onset, min(onset + length, minutes), float(rng.choice(UPLIFTS[kind])), shape, 0.0)
    extra = float(_added(incident, usual).sum())
    return Planted(row, incident.onset, incident.end, incident.uplift, shape, extra)


def _added(incident: Planted, usual: FloatArray) -> FloatArray:
    """What an incident adds to the rate, minute by minute."""
    length = incident.end - incident.onset
    position = np.arange(length) / length
    height = {
        "step": np.ones(length),
        "ramp": np.minimum(1.0, 2.0 * position),
        "decay": np.exp(-3.0 * position),
    }[incident.shape]
    return np.asarray((incident.uplift - 1.0) * height * usual[incident.onset : incident.end])
