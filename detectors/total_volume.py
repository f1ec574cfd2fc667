"""Do all tickets together rise, by more than what single contact reasons explain?"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from math import exp, lgamma, log, sqrt
from typing import NamedTuple

import numpy as np

from detectors import threshold
from detectors.breadth import LEAST_REASONS
from detectors.guardband import SLOT
from detectors.rows import FlagArray, FloatArray, some, summed
from detectors.standing import (
    CALM_MINUTES,
    CALM_MOST_MINUTES,
    CALM_PART,
    CLEAR_EVIDENCE,
    NEW_NORMAL_MINUTES,
)
from detectors.warmup import WARM_AFTER

SHARE = 0.05
"""Part of the knob that goes to it, on top: one false alarm in twenty weeks where one a week is asked for."""
UPLIFTS = (1.3, 1.6, 2.2, 4.0, 10.0)
_LOG_PRIOR = -log(len(UPLIFTS))
_FORGETTING = exp(-1.0 / (60.0 * 18.0))
LONG_MINUTES = 120
LEAST_TICKETS = 20.0
_LEAST_SCORE = 3.0
"""No bar is lower."""
_IN_COMMON = 0.1**2
"""Variance of what all contact reasons are off by together: the weather, a trend, a longer week."""
_LEAST_EXPECTED = 2.0
_KEPT = exp(-SLOT / 1440.0)
_MOST = 3.0
_PHI_KEPT = 0.5 ** (SLOT / (3.0 * 1440.0))
_PHI_PRIOR = 200.0


class Minute(NamedTuple):
    """A closed minute of all contact reasons.

    Attributes:
        counts: tickets per reason.
        usual: tickets expected per reason if its recent level were none, campaigns and answers included.
        firing: reasons whose alarm fired before it; the level learns nothing of them.
        explained: those of them that have fired for longer than two hours: their own incident tells of them.
        tickets: all tickets.
        expected: the sum of `usual`.
        scatter: the sum of phi times `usual`.
        spread: relative variance of `expected` by the reasons' levels, which wander independently.
        hour: relative variance of `expected` by this hour of the week, in which reasons are off together.
    """

    counts: FloatArray
    usual: FloatArray
    firing: FlagArray
    explained: FlagArray
    tickets: float
    expected: float
    scatter: float
    spread: float = 0.0
    hour: float = 0.0

    def without(self, rows: FlagArray) -> tuple[float, float]:
        """Tickets and expected ones without some reasons."""
        if not some(rows):
            return self.tickets, self.expected
        others = ~rows
        return float(self.counts[others].sum()), summed(self.usual[others])[0]


class TotalVolume:
    """One alarm for all tickets together, on the same statistic as a contact reason's.

    What is usual is the sum of what is usual of the contact reasons: their weeks, holidays, campaigns and
    answers are in it, and nothing has to be learnt anew. Their recent levels are not, since each of them follows a
    rise that is too small for its own alarm. The sum has a level of its own, and on it runs a CUSUM per tested
    uplift, on the same two stories as in `detectors.cusum`: a level that merely wanders, and a rise. Numbers
    instead of arrays, since one row of numpy costs as much as three hundred.

    An alarm is raised only if the rise is *broad* (`detectors.breadth`), so a single flood is none. Contact reasons
    whose alarm has fired for longer than two hours are left out: their own incident tells of them.

    Its bar is that of a reason of the sum's rate with a twentieth of the knob as its share, on top of the
    whole knob that the reasons share: by design a twentieth more than was asked for. It costs little
    sensitivity, since the sum gathers evidence as many times faster as there are reasons.

    Args:
        false_alarms_per_week: the knob.

    Attributes:
        since: first minute of the rise, or None while there is none.
        raised: the minute after the one that raised it.
        observed: tickets of all reasons since then.
        expected: expected ones.
        score: the evidence.
        bar: what it had to exceed.
    """

    def __init__(self, false_alarms_per_week: float) -> None:
        self._budget = SHARE * false_alarms_per_week
        self.since: int | None = None
        self.raised = 0
        self.observed = self.expected = self.doubt = self.score = self.bar = 0.0
        self.phi = 1.5
        self._stated = 0.0
        self._calm = 0.0
        self._calm_since = 0
        self._scores = [0.0] * len(UPLIFTS)
        self._onsets = [0] * len(UPLIFTS)
        self._sums = [[0.0, 0.0, 0.0] for _ in UPLIFTS]
        """All tickets, all expected ones, and the standard deviation of those since each onset."""
        self._levels = [0.0] * (1 + len(UPLIFTS))
        self._variances = [_IN_COMMON] * (1 + len(UPLIFTS))
        self._slot = [0.0, 0.0]
        self._scatter = [_PHI_PRIOR * 1.0, _PHI_PRIOR]
        self._rate = 0.0
        self._last: int | None = None

    def close(self, minute: int, now: Minute) -> None:
        """Take in a closed minute of a source that is heard."""
        if self._last is None or minute != self._last + 1:
            self._pass(minute)
        self._last = minute
        tickets, mean = now.tickets, now.expected
        phi = now.scatter / mean if mean > 0.0 else 1.5
        self.phi = phi = max(phi, self._scatter[0] / self._scatter[1], 1.02)
        self._rate += (mean - self._rate) / (1440.0 if self._rate else 1.0)
        x, m = quiet = now.without(now.firing)
        if self.since is not None:
            self._follow(minute, tickets, mean, phi)
        elif mean > 0.0 and now.counts.size >= LEAST_REASONS:
            told = np.count_nonzero(now.explained) == np.count_nonzero(now.firing)
            self._score(minute, quiet if told else now.without(now.explained), (tickets, mean), phi)
        self._slot[0] += x
        self._slot[1] += m
        if minute % SLOT == SLOT - 1:
            self._learn(minute, phi, now)

    def forget(self, minute: int) -> None:
        """Take nothing of `minute`: the source was silent or caught up."""
        self.drop(minute)
        self._last, self._slot = minute, [0.0, 0.0]

    def drop(self, minute: int) -> None:
        """Drop all evidence as of `minute`: it was told of, is over, or was only to be learnt from."""
        self._scores = [0.0] * len(UPLIFTS)
        self._onsets = [minute + 1] * len(UPLIFTS)
        self._sums = [[0.0, 0.0, 0.0] for _ in UPLIFTS]

    def evidence(self) -> float:
        """Evidence for a rise, in nats."""
        return log(sum(exp(score) for score in self._scores if score > 0.0) or 1.0) + _LOG_PRIOR

    @property
    def tense(self) -> bool:
        """Whether there is any evidence worth asking `candidate` about."""
        return self.since is None and max(self._scores) >= _LEAST_SCORE

    def candidate(self, watched: float, raised: float = 0.0) -> int | None:
        """The onset of a rise whose evidence has reached the bar; whether it is broad is to be looked at.

        Args:
            watched: for how many minutes the reasons have been watched, weighed by their tickets: while they
                warm up nothing is told, and for some weeks the bar is higher, as for a reason.
            raised: nats by which people's answers have raised the bar.
        """
        if not self.tense or watched < WARM_AFTER:
            return None
        self.bar = float(threshold.unproven(self._bar(), np.array(watched))) + raised
        if self.evidence() < self.bar:
            return None
        which = self._which()
        return self._onsets[which] if self._sums[which][0] >= LEAST_TICKETS else None

    def fire(self, minute: int) -> None:
        """Raise the alarm after `minute`."""
        which = self._which()
        self.since, self.raised, self.score = self._onsets[which], minute + 1, self.evidence()
        self.observed, self.expected, self.doubt = self._sums[which]
        # The level is again what it was at the onset.
        self._levels[0], self._variances[0] = self._levels[1 + which], self._variances[1 + which]
        self._calm, self._calm_since = 0.0, minute
        self.drop(minute)

    def grown(self) -> bool:
        """Whether it has a fifth and five tickets more than last stated."""
        more = self.observed - self._stated
        return self.since is not None and more >= max(5.0, 0.2 * self._stated)

    def stated(self) -> None:
        """It was stated as it stands."""
        self._stated = self.observed

    @property
    def last(self) -> int | None:
        """The last minute taken in."""
        return self._last

    def level(self) -> float:
        """What is expected of the sum now, against the usual."""
        return exp(self._levels[0])

    def spared(self) -> float:
        """The same where the evidence is for a rise: as it stood before."""
        return exp(self._levels[1 + self._which()] if self.since is None else self._levels[0])

    def over(self, minute: int) -> bool:
        """Whether the rise is over after `minute`; if so, the alarm is cleared when `clear` is called."""
        if self.since is None:
            return False
        if self._settled(minute):
            return True
        needed = max(CALM_MINUTES, min(CALM_PART * (minute - self.since), CALM_MOST_MINUTES))
        return self._calm >= CLEAR_EVIDENCE and minute - self._calm_since >= needed

    def clear(self, minute: int) -> None:
        """The rise is over; one that has stayed up is the new normal."""
        if self._settled(minute):
            self._levels[0] += log(max(self.observed, 1.0) / max(self.expected, 1.0))
        self.since = None
        self.drop(minute)

    def _settled(self, minute: int) -> bool:
        return self.since is not None and minute + 1 - self.raised >= NEW_NORMAL_MINUTES

    def snapshot(self) -> list[object]:
        """JSON-able."""
        return [
            [self.since, self.raised, self.observed, self.expected, self.doubt, self._stated],
            [self.score, self.bar],
            [self.phi, self._calm, self._calm_since, self._rate, self._last],
            [self._scores.copy(), self._onsets.copy(), [sums.copy() for sums in self._sums]],
            [self._levels.copy(), self._variances.copy(), self._slot.copy(), self._scatter.copy()],
        ]

    def restore(self, state: Sequence[Sequence[object]]) -> None:
        """Take a snapshot back."""
        # Lists are changed in place; whoever gave them keeps theirs.
        alarm, evidence, rest, bank, level = deepcopy(state)
        self.since, self.raised, self.observed, self.expected, self.doubt, self._stated = alarm  # type: ignore[assignment]
        self.score, self.bar = evidence  # type: ignore[assignment]
        self.phi, self._calm, self._calm_since, self._rate, self._last = rest  # type: ignore[assignment]
        self._scores, self._onsets, self._sums = bank  # type: ignore[assignment]
        self._levels, self._variances, self._slot, self._scatter = level  # type: ignore[assignment]

    def _score(self, minute: int, now: tuple[float, float], whole: tuple[float, float], phi: float) -> None:
        """Weigh one minute; every story that has no evidence begins anew with the next."""
        (x, m), scale = now, 1.0 / (phi - 1.0)
        if m <= 0.0:
            return
        none = m * exp(self._levels[0]) * scale
        base = lgamma(none) - lgamma(x + none)
        for number, uplift in enumerate(UPLIFTS):
            spared = m * exp(self._levels[1 + number])
            risen = uplift * spared * scale
            gain = lgamma(x + risen) - lgamma(risen) + base - (risen - none) * log(phi)
            score = self._scores[number] * _FORGETTING + gain
            if score <= 0.0:
                self._scores[number], self._onsets[number] = 0.0, minute + 1
                self._sums[number] = [0.0, 0.0, 0.0]
                self._levels[1 + number], self._variances[1 + number] = self._levels[0], self._variances[0]
                continue
            # Beyond this a number is of no use, and its exponential is none.
            self._scores[number] = min(score, 500.0)
            sums, expected = self._sums[number], whole[1] * exp(self._levels[1 + number])
            sums[0] += whole[0]
            sums[1] += expected
            sums[2] += expected * sqrt(self._variances[1 + number])

    def _follow(self, minute: int, tickets: float, mean: float, phi: float) -> None:
        expected = mean * exp(self._levels[0])
        self.observed += tickets
        self.expected += expected
        self.doubt += expected * sqrt(self._variances[0])
        tested = max(1.3, ((self.observed + 1.0) / (self.expected + 1.0)) ** 0.8)
        self._calm = max(0.0, self._calm + ((tested - 1.0) * expected - tickets * log(tested)) / phi)
        if self._calm == 0.0:
            self._calm_since = minute
        ratio = max(self.observed, 1e-9) / max(self.expected, 1e-9)
        if ratio > 1.0:
            self.score = max(self.score, (self.observed * log(ratio) - self.observed + self.expected) / phi)

    def _learn(self, minute: int, phi: float, now: Minute) -> None:
        """Let the level follow the slot that is full."""
        (x, m), self._slot = self._slot, [0.0, 0.0]
        if m <= 0.0 or self.since is not None:
            return
        # What is off in this hour is off anew in the next.
        news = now.hour if minute % 60 == SLOT - 1 else 0.0
        level = self._levels[0] * _KEPT
        variance = self._variances[0] * _KEPT**2 + (1.0 - _KEPT**2) * (now.spread + _IN_COMMON) + news
        expected = m * exp(level)
        if x == 0.0 and expected >= _LEAST_EXPECTED:
            # It may be the beginning of a silence, of which nothing is to be learnt.
            return
        surprise = x - expected
        weight, squared = min(expected, 1.0), min(surprise**2 / max(expected, 0.1), 9.0 * phi)
        self._scatter[0] = _PHI_KEPT * self._scatter[0] + weight * squared
        self._scatter[1] = _PHI_KEPT * self._scatter[1] + weight
        surprise = min(surprise, _MOST * sqrt(phi * expected + variance * expected**2) + 0.5)
        gain = variance / (phi + variance * expected)
        self._levels[0] = max(-2.0, min(2.0, level + max(-0.5, min(0.5, gain * surprise))))
        self._variances[0] = variance - variance * gain * expected
        for story in range(1, 1 + len(UPLIFTS)):
            # A rise's story keeps the level from before its evidence began: what it is now is not to be told from it.
            if self._scores[story - 1] == 0.0 or self._onsets[story - 1] > minute + 1 - SLOT:
                self._levels[story], self._variances[story] = self._levels[0], self._variances[0]

    def _pass(self, minute: int) -> None:
        """Nobody looked: no evidence, and a level that is hardly known."""
        self.forget(minute - 1)
        self._levels = [0.0] * (1 + len(UPLIFTS))
        self._variances = [_IN_COMMON] * (1 + len(UPLIFTS))

    def _bar(self) -> float:
        chances = threshold.excursions(np.array([self._rate]), np.array([self.phi]))
        return float(threshold.bars(np.array([self._budget]), chances)[0])

    def _which(self) -> int:
        return max(range(len(UPLIFTS)), key=self._scores.__getitem__)
