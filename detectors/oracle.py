"""The best possible detector: it knows everything except when an incident begins."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from detectors.evaluate import AFTERMATH, GRACE, Alert, admitted, false_alarms
from detectors.rows import FlagArray, FloatArray
from detectors.simulate import Channel, Kind, Planted

Trace = NDArray[np.float32]
"""Evidence after each minute, (minutes, reasons); -1 where nobody looked."""

WEEK = 10_080
_BLOCK = 60
_APART = 120
"""Exceedances of a reason that are at most so many minutes apart are one alert."""
_BARS = np.arange(4.0, 15.01, 0.25)
_FEWEST = 4
_NONE_PLANTED: dict[Kind, float] = {"sparse": 20.0, "low": 8.0, "mid": 3.0, "dense": 2.0}
"""What a reason without any incident is watched for."""


def evidence(
    counts: NDArray[np.uint16],
    rate: NDArray[np.float32],
    dispersion: FloatArray,
    uplift: NDArray[np.float32],
    blind: FlagArray,
) -> Trace:
    """Run one CUSUM per reason, minute by minute.

    With r = m / (phi - 1), a count x in a minute of true rate m, NB1 counts (variance phi m) and uplift R,

        l(x) = lgamma(x + R r) - lgamma(R r) - lgamma(x + r) + lgamma(r) - (R - 1) r log(phi)
        S <- max(0, S + l(x))

    Args:
        counts: tickets, (minutes, reasons).
        rate: true rate without incidents, campaigns' true effect included, above 0, (minutes, reasons).
        dispersion: phi, above 1, per reason.
        uplift: R of the incident looked for, above 1, (minutes, reasons).
        blind: minutes that are passed over: S stays as it is.

    Example:
        >>> rate, uplift = np.full((4, 1), 0.5, "f4"), np.full((4, 1), 3.0, "f4")
        >>> counts, blind = np.array([[0], [2], [9], [3]], "u2"), np.array([False, False, True, False])
        >>> evidence(counts, rate, np.array([1.5]), uplift, blind).round(2).ravel().tolist()
        [0.0, 0.98, -1.0, 2.47]
    """
    score = np.zeros(counts.shape[1])
    trace: Trace = np.empty(counts.shape, np.float32)
    for first in range(0, len(counts), _BLOCK):
        part = slice(first, first + _BLOCK)
        gains = _gains(counts[part], rate[part] / (dispersion - 1.0), np.log(dispersion), uplift[part])
        for minute, gain in enumerate(gains, first):
            if blind[minute]:
                trace[minute] = -1.0
                continue
            score += gain
            np.maximum(score, 0.0, out=score)
            trace[minute] = score
    return trace


def _gains(
    counts: NDArray[np.uint16], size: FloatArray, logs: FloatArray, uplift: NDArray[np.float32]
) -> FloatArray:
    gains = (1.0 - uplift) * size * logs
    some = counts.nonzero()
    x, r, raised = counts[some].astype(np.float64), size[some], uplift[some].astype(np.float64)
    # Most minutes with a ticket hold one, where the gamma functions cancel.
    more, many = np.log(raised), x > 1.0
    x, r, larger = x[many], r[many], (raised * size[some])[many]
    more[many] = gammaln(x + larger) - gammaln(larger) - gammaln(x + r) + gammaln(r)
    gains[some] += more
    return np.asarray(gains)


@dataclass(frozen=True, slots=True)
class Oracle:
    """A CUSUM per contact reason that is told all but the onset, and whose bar can be set afterwards.

    It knows the true rate (with what campaigns really do), the dispersion, and the uplift of the present or
    next incident of each reason, and looks away during outages and their bursts. Among all rules with the
    same false-alarm rate the CUSUM has the shortest worst-case delay (Lorden 1971, Moustakides 1986), so
    what it finds is what can be found: steps exactly, ramps and decays nearly. It is the unit in which a
    detector is measured, never a detector: it cannot be run on what is not simulated.

    The bar for a false-alarm rate comes from a log-linear fit, as a CUSUM's false alarms fall by about
    e^-1 a nat. They are counted outside of incidents and their aftermath, where only part of the time is
    quiet; the fit is made per quiet minute and told for the watched weeks, so that it compares with a
    detector's false alarms in these weeks.

    Attributes:
        channel: what was simulated.
        first: the first minute of the trace, from which on all is used to set the bar.
        watched: the first minute of the weeks in which incidents are looked for.
        trace: the evidence.
        level: log of the false alarms per watched week at bar 0.
        slope: by how much this log falls with each nat.

    Example:
        >>> from detectors.simulate import Life, simulate
        >>> channel = simulate(np.random.default_rng(7), 6, 2, Life(incidents=8.0, from_week=1))
        >>> oracle = know(channel, first=0, watched=WEEK)
        >>> bar = oracle.bar(0.5)
        >>> found = oracle.delays(bar)
        >>> sum(delay is not None for delay in found), len(found)
        (6, 10)
    """

    channel: Channel
    first: int
    watched: int
    trace: Trace
    level: float
    slope: float

    def bar(self, false_alarms_per_week: float) -> float:
        """Evidence that is exceeded so many times a week in the watched weeks without cause.

        Raises:
            ValueError: `false_alarms_per_week` is not above 0.
        """
        if not false_alarms_per_week > 0:
            raise ValueError(f"false_alarms_per_week must be above 0, not {false_alarms_per_week}")
        return (self.level - log(false_alarms_per_week)) / self.slope

    def false_alarms_per_week(self, bar: float) -> float:
        """What `bar` inverts."""
        return exp(self.level - self.slope * bar)

    def alerts(self, bar: float) -> list[Alert]:
        """When the evidence reaches the bar; exceedances within two hours are one alert."""
        return exceedances(self.trace, bar, _ends(self.trace, self.first))

    def delays(self, bar: float) -> list[int | None]:
        """Minutes from each incident's onset until the evidence is at the bar, None if it is not."""
        found: list[int | None] = []
        for incident in self.channel.planted:
            begin, end = incident.onset - self.first, incident.end + GRACE - self.first
            above = self.trace[begin:end, incident.row] >= bar
            found.append(int(above.argmax()) + 1 if above.any() else None)
        return found


def know(channel: Channel, first: int, watched: int) -> Oracle:
    """Let the oracle watch a simulated channel.

    Args:
        channel: simulated; its rates are the truth.
        first: minute from which on its false alarms are counted to set the bar.
        watched: minute from which on incidents are looked for, at least `first`.

    Raises:
        ValueError: it raised too few false alarms even at the lowest bars to say how they fall.
    """
    blind = np.zeros(len(channel.counts), bool)
    for outage in channel.outages:
        blind[outage.start : outage.settled] = True
    trace = evidence(
        channel.counts[first:],
        channel.rate[first:],
        channel.dispersion,
        _sought(channel, first),
        blind[first:],
    )
    ends, counted = _ends(trace, first), []
    for bar in _BARS:
        alerts = admitted(exceedances(trace, float(bar), ends), channel.outages)
        counted.append(len(false_alarms(channel.planted, alerts)))
    wrong = np.array(counted, np.float64)
    # Far down, exceedances run into each other and no longer grow like e^-bar.
    used = (wrong >= _FEWEST) & (wrong <= max(wrong.max() / 8.0, _FEWEST * 8.0))
    if used.sum() < 3:
        raise ValueError("the oracle needs a longer or a busier channel to set its bar: too few false alarms")
    slope, level = np.polyfit(_BARS[used], np.log(wrong[used]), 1, w=np.sqrt(wrong[used]))
    share = _quiet(channel, watched) / (_quiet(channel, first) * (len(channel.counts) - watched) / WEEK)
    return Oracle(channel, first, watched, trace, float(level + np.log(share)), float(-slope))


def exceedances(trace: NDArray[np.floating], bar: float, raised: NDArray[np.integer]) -> list[Alert]:
    """Alerts of a trace of evidence: exceedances of a reason within two hours are one, raised at their first.

    Args:
        trace: evidence, (times, reasons).
        bar: what is exceeded when it is reached.
        raised: the minute at which the evidence of each row is there, rising.

    Example:
        >>> trace = np.zeros((300, 1))
        >>> trace[[10, 11, 100, 290]] = 5.0
        >>> exceedances(trace, 5.0, raised=np.arange(1000, 1300))
        [Alert(row=0, raised=1010), Alert(row=0, raised=1290)]
    """
    times, rows = (trace >= bar).nonzero()
    order = np.lexsort((times, rows))
    minutes, rows = raised[times[order]], rows[order]
    begins = np.ones(len(rows), bool)
    begins[1:] = (rows[1:] != rows[:-1]) | (minutes[1:] - minutes[:-1] > _APART)
    return [Alert(int(row), int(at)) for row, at in zip(rows[begins], minutes[begins], strict=True)]


def _ends(trace: Trace, first: int) -> NDArray[np.int64]:
    """When the evidence of each minute is there: as soon as the minute is over."""
    return np.arange(first + 1, first + 1 + len(trace))


def _sought(channel: Channel, first: int) -> NDArray[np.float32]:
    """The uplift of the present or else the next incident, or else the last, of each reason and minute."""
    usual = np.array([_NONE_PLANTED[kind] for kind in channel.kinds], np.float32)
    sought = np.tile(usual, (len(channel.counts) - first, 1))
    own: dict[int, list[Planted]] = {}
    for incident in channel.planted:
        own.setdefault(incident.row, []).append(incident)
    for row, incidents in own.items():
        begin = 0
        for incident in incidents:
            sought[begin:, row] = incident.uplift
            begin = max(incident.end + GRACE - first, 0)
    return sought


def _quiet(channel: Channel, first: int) -> float:
    """Weeks from `first` on in which an alarm would be false, on average over the reasons."""
    minutes, reasons = len(channel.counts), len(channel.kinds)
    noisy = sum(max(0, min(one.end + AFTERMATH, minutes) - max(one.onset, first)) for one in channel.planted)
    return (minutes - first - noisy / reasons) / WEEK
