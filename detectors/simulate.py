"""A seeded channel of contact reasons with known truth, for tuning, for tests and for the benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from detectors import simulated_week
from detectors.rows import FloatArray

Kind = Literal["sparse", "low", "mid", "dense"]
Shape = Literal["step", "ramp", "decay"]

WEEK = 10_080
DAY = 1440
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
_BURST_MINUTES = 15
_BURST_SHARE = 0.35
_APART = 12 * 60
"""Minutes between an incident's end and the same reason's next: each can be told from the other's aftermath."""


@dataclass(frozen=True, slots=True)
class Life:
    """What happens beside ordinary weeks.

    Attributes:
        incidents: per reason and four weeks, on average.
        from_week: the first week with incidents; what lies before is history.
        campaigns: announced ones per week; each touches about a seventh of the reasons.
        outages: of the whole source per four weeks, each followed by a burst of the backlog.
        holidays: per four weeks, on workdays; known beforehand.
    """

    incidents: float = 0.0
    from_week: int = 0
    campaigns: float = 0.0
    outages: float = 0.0
    holidays: float = 0.0


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
class Announced:
    """A campaign of the simulation: rows, minutes [start, end), what was announced and what it really did."""

    rows: tuple[int, ...]
    start: int
    end: int
    announced: float
    true: float


@dataclass(frozen=True, slots=True)
class Outage:
    """Minutes [start, end) without any ticket, whose backlog comes until `settled`."""

    start: int
    end: int
    settled: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A simulated channel.

    Attributes:
        kinds: how busy each reason is.
        counts: tickets, (minutes, reasons), 16 bit.
        rate: true rate per minute without incidents and outages, (minutes, reasons).
        dispersion: variance / mean of each reason's counts.
        planted: the incidents, by onset.
        campaigns: the announced campaigns.
        outages: the outages.
        holidays: day numbers (0 is the first day).
    """

    kinds: list[Kind]
    counts: NDArray[np.uint16]
    rate: NDArray[np.float32]
    dispersion: FloatArray
    planted: list[Planted]
    campaigns: list[Announced]
    outages: list[Outage]
    holidays: list[int]

    def announced(self) -> dict[int, FloatArray | None]:
        """Announced uplifts per reason from each minute on at which they change; None is 1 everywhere."""
        changes = sorted({minute for one in self.campaigns for minute in (one.start, one.end)})
        found: dict[int, FloatArray | None] = {}
        for minute in changes:
            factors = np.ones(len(self.kinds))
            for one in self.campaigns:
                if one.start <= minute < one.end:
                    factors[list(one.rows)] = np.maximum(factors[list(one.rows)], one.announced)
            found[minute] = factors if bool((factors != 1.0).any()) else None
        return found


def simulate(rng: Generator, reasons: int, weeks: int, life: Life | None = None) -> Channel:
    """Simulate a channel; minute 0 is a Monday 00:00 local time.

    Rates are log-uniform in four classes; weeks as in `detectors.simulated_week`; NB1 counts with
    dispersion 1 to 2.5; a slow log-level drift (Ornstein-Uhlenbeck, one day, standard deviation 0.05 to
    0.15) and a small trend. Incidents are steps, ramps or decays of 30 minutes to 24 hours; campaigns
    announce 1.5, 2 or 3 times as much for 4 to 48 hours and are off by 15 %; outages last 45 to 360
    minutes and 35 % of what they held back comes within the next 15.

    Args:
        rng: source of randomness; the same generator state gives the same channel.
        reasons: how many.
        weeks: how long.
        life: incidents, campaigns, outages, holidays; None is a quiet channel.

    Example:
        >>> channel = simulate(np.random.default_rng(7), reasons=4, weeks=1)
        >>> channel.counts.shape, len(channel.planted)
        ((10080, 4), 0)
    """
    life = life or Life()
    minutes = weeks * WEEK
    kinds = [kind for kind, part in _MIX.items() for _ in range(round(part * reasons))]
    kinds = (kinds + ["mid"] * reasons)[:reasons]
    holidays = _holidays(rng, weeks, life.holidays)
    campaigns = _campaigns(rng, reasons, weeks, life.campaigns)
    outages = _outages(rng, minutes, life)
    counts = np.zeros((minutes, reasons), np.uint16)
    rate = np.zeros((minutes, reasons), np.float32)
    dispersion = rng.uniform(1.02, 2.5, reasons)
    planted: list[Planted] = []
    for row, kind in enumerate(kinds):
        low, high = np.log(_RATES[kind])
        mean = float(np.exp(rng.uniform(low, high)))
        usual = mean * simulated_week.year(rng, weeks, holidays) * simulated_week.drift(rng, minutes)
        for one in campaigns:
            if row in one.rows:
                usual[one.start : one.end] *= one.true
        rate[:, row] = usual
        true = usual.copy()
        for incident in _incidents(rng, row, kind, usual, life):
            planted.append(incident)
            true[incident.onset : incident.end] += _added(incident, usual)
        phi = dispersion[row]
        tickets = rng.poisson(rng.gamma(np.maximum(true / (phi - 1.0), 1e-9), phi - 1.0))
        for outage in outages:
            held = int(tickets[outage.start : outage.end].sum())
            tickets[outage.start : outage.end] = 0
            late = rng.integers(outage.end, outage.settled, rng.binomial(held, _BURST_SHARE))
            np.add.at(tickets, late, 1)
        counts[:, row] = np.minimum(tickets, 65_535)
    planted.sort(key=lambda incident: (incident.onset, incident.row))
    return Channel(kinds, counts, rate, dispersion, planted, campaigns, outages, holidays)


def _holidays(rng: Generator, weeks: int, per_four_weeks: float) -> list[int]:
    if not per_four_weeks:
        return []
    chance = per_four_weeks / 20.0
    return [day for day in range(weeks * 7) if day % 7 < 5 and rng.random() < chance]


def _campaigns(rng: Generator, reasons: int, weeks: int, per_week: float) -> list[Announced]:
    campaigns: list[Announced] = []
    for _ in range(int(rng.poisson(per_week * weeks))):
        length = int(60 * np.exp(rng.uniform(np.log(4), np.log(48))))
        start = int(rng.integers(0, weeks * WEEK - length))
        rows = tuple(int(row) for row in (rng.random(reasons) < 1 / 7).nonzero()[0])
        announced = float(rng.choice([1.5, 2.0, 3.0]))
        true = announced * float(np.exp(rng.normal(0.0, 0.15)))
        # Two campaigns at once on one reason would be announced as one: keep each reason to one at a time.
        beside = [one for one in campaigns if one.start < start + length and start < one.end]
        taken = {row for one in beside for row in one.rows}
        rows = tuple(row for row in rows if row not in taken)
        if rows:
            campaigns.append(Announced(rows, start, start + length, announced, true))
    return sorted(campaigns, key=lambda one: one.start)


def _outages(rng: Generator, minutes: int, life: Life) -> list[Outage]:
    outages: list[Outage] = []
    first = life.from_week * WEEK
    for _ in range(int(rng.poisson(life.outages * (minutes - first) / (4 * WEEK)))):
        start, length = int(rng.integers(first, minutes - 500)), int(rng.integers(45, 361))
        if all(abs(start - other.start) > DAY for other in outages):
            outages.append(Outage(start, start + length, start + length + _BURST_MINUTES))
    return sorted(outages, key=lambda one: one.start)


def _incidents(rng: Generator, row: int, kind: Kind, usual: FloatArray, life: Life) -> list[Planted]:
    first, minutes = life.from_week * WEEK, len(usual)
    found: list[Planted] = []
    for _ in range(int(rng.poisson(life.incidents * (minutes - first) / (4 * WEEK)))):
        length = int(np.exp(rng.uniform(np.log(30), np.log(DAY))))
        onset = int(rng.integers(first, max(first + 1, minutes - length - 60)))
        end = min(onset + length, minutes)
        shape: Shape = ("step", "ramp", "decay")[int(rng.integers(3))]
        incident = Planted(row, onset, end, float(rng.choice(UPLIFTS[kind])), shape, 0.0)
        if all(end + _APART < other.onset or other.end + _APART < onset for other in found):
            extra = float(_added(incident, usual).sum())
            found.append(Planted(row, onset, end, incident.uplift, shape, extra))
    return found


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
