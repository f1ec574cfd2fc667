"""Rises that people said are expected: from when, to what height, and until they are over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp, log
from typing import Any

import numpy as np

from alerts.answer_effects import Effects, Expected, lasts_until, raised, uplift_expected
from alerts.records import Campaign
from detectors.detector import Detector
from detectors.expectation import Footing
from detectors.rows import FloatArray
from detectors.standing import CALM_MINUTES, CALM_MOST_MINUTES, CALM_PART, CLEAR_EVIDENCE
from streams.campaign_run import faded
from streams.stating import instant

WAVES_MINUTES = 1440
"""A campaign that explains a rise may come in waves: it must have been calm for a day."""
_FADING_STEP = 5
"""Minutes for which a raised bar stays what it is."""
_LEAST_UPLIFT = 1.05

Seen = Callable[[str, Expected], float]


@dataclass(slots=True)
class _Run:
    """An expected rise of one contact reason while it lasts."""

    since: int
    factor: float
    """Of what is usual, announcements included."""
    level: float | None = None
    """Logarithm of the recent level when it began."""
    calm: float = 0.0
    calm_since: int = 0
    over: bool = False

    def snapshot(self) -> list[object]:
        return [self.since, self.factor, self.level, self.calm, self.calm_since, self.over]


class Expecting:
    """What answers make of the expectation and the bar of each contact reason, minute by minute.

    From the first minute after somebody said *expected*, the rise seen by then is what is expected. Its alarm
    clears by itself, as tickets are now what they should be, and a worse rise raises a new one. The recent
    level follows how the rise goes on, but nothing of it teaches what is usual. It is over when tickets are back to
    what they were without it (a reverse CUSUM as in `detectors.standing`): where a campaign explains it for a day,
    else for a quarter of an hour or a tenth of its length; or when the answer has run out. Then the level is what it
    was before.

    A function of the answers and of what was counted; what was seen when an answer came is kept with the state.

    Args:
        answered: what the answers change, as it stands; asked once a minute, the same object while nothing changed.
        campaigns: the campaigns as they stand.
    """

    def __init__(
        self, answered: Callable[[], Effects], campaigns: Callable[[], Collection[Campaign]]
    ) -> None:
        self._answered = answered
        self._campaigns = campaigns
        self._runs: dict[str, dict[str, _Run]] = {}
        self._ended: dict[str, float] = {}
        self._changed: set[str] = set()
        self._bars: tuple[Effects, int, FloatArray | None] | None = None

    def begin(
        self, minute: int, index: Mapping[str, int], announced: FloatArray | None, seen: Seen
    ) -> tuple[FloatArray | None, FloatArray | None]:
        """Let rises begin and end with a minute that is about to be closed; then as `at`.

        Args:
            minute: which.
            index: the detector's rows by contact reason.
            announced: factors that campaigns announced.
            seen: by how much a contact reason is raised now against what was expected; asked once an answer.
        """
        effects = self._answered()
        if effects.expected or self._runs:
            now = instant(minute)
            lasting, active = self._lasting(effects.expected, now), self._active()
            for one in lasting.values():
                for reason in one.uplifts:
                    if reason in index and one.incident_id not in self._runs.get(reason, {}):
                        before = 1.0 if announced is None else float(announced[index[reason]])
                        before = max(before, active.get(reason, 0.0))
                        uplift = seen(reason, one)
                        run = _Run(minute, uplift_expected(before, uplift), over=uplift < _LEAST_UPLIFT)
                        self._runs.setdefault(reason, {})[one.incident_id] = run
                        self._changed.add(reason)
            for reason, runs in list(self._runs.items()):
                for name in [
                    name for name in runs if name not in lasting or reason not in lasting[name].uplifts
                ]:
                    self._end(reason, runs.pop(name), minute)
                if not runs:
                    del self._runs[reason]
        return self.at(index, announced)

    def at(
        self, index: Mapping[str, int], announced: FloatArray | None
    ) -> tuple[FloatArray | None, FloatArray | None]:
        """The factors with what is expected, and by how much that is more than announced; None where it is nothing."""
        active = self._active()
        if not active:
            return announced, None
        factors = np.ones(len(index)) if announced is None else announced.copy()
        held = np.ones(len(index))
        for reason, factor in active.items():
            row = index[reason]
            held[row] = max(1.0, factor / factors[row])
            factors[row] *= held[row]
        return factors, held

    def raised(self, minute: int, index: Mapping[str, int]) -> FloatArray | None:
        """By how many nats each contact reason's bar is raised; None where none is."""
        effects = self._answered()
        if not effects.false_alarms:
            return None
        step = minute - minute % _FADING_STEP
        if self._bars is None or self._bars[0] is not effects or self._bars[1] != step:
            self._bars = effects, step, self._fading(effects, step, index)
        bars = self._bars[2]
        if bars is not None and bars.size < len(index):
            bars = np.append(bars, np.zeros(len(index) - bars.size))
        return bars

    def learn(
        self,
        detector: Detector,
        index: Mapping[str, int],
        counts: FloatArray,
        announced: FloatArray | None,
    ) -> None:
        """Take in the minute that `begin` was asked for, which is closed now; ends what is over."""
        if not self._runs and not self._ended:
            return
        expectation, footing = detector.expectation(), detector.footing()
        lasting = self._lasting(self._answered().expected, instant(expectation.minute))
        active = self._active()
        for reason, factor in active.items():
            row = index[reason]
            before = 1.0 if announced is None else float(announced[row])
            tested = max(1.3, (max(factor, before) / before) ** 0.8)
            for name, run in self._runs[reason].items():
                if run.level is None:
                    run.level, run.calm_since = self._level(reason, footing, row, run), expectation.minute
                if run.over or not detector.silence.heard:
                    continue
                level = faded(run.level, expectation.minute - run.since) - float(footing.level[row])
                usual = float(expectation.mean[row]) / max(factor, before) * before * exp(level)
                change = ((tested - 1.0) * usual - float(counts[row]) * log(tested)) / expectation.phi[row]
                run.calm = max(0.0, run.calm + float(change))
                if run.calm == 0.0:
                    run.calm_since = expectation.minute
                explained = name in lasting and _explained(lasting[name], self._by_id(), expectation.minute)
                if run.calm >= CLEAR_EVIDENCE and expectation.minute - run.calm_since >= _needed(
                    expectation.minute - run.since, explained=explained
                ):
                    self._end(reason, run, expectation.minute)
                    run.over = True
        still = self._active()
        detector.return_to({reason: level for reason, level in self._ended.items() if reason not in still})
        self._ended = {}

    def touched(self) -> set[str]:
        """The contact reasons whose rows have changed in the minute closed last, also without tickets."""
        touched, self._changed = self._changed | set(self._active()), set()
        return touched

    def snapshot(self, reason: str) -> dict[str, object] | None:
        """What is to be kept of a contact reason, JSON-able; None if nothing is expected of it."""
        runs = self._runs.get(reason)
        return {name: run.snapshot() for name, run in runs.items()} if runs else None

    def restore(self, reason: str, state: Mapping[str, Any]) -> None:
        """Take a contact reason back."""
        self._runs[reason] = {name: _Run(*columns) for name, columns in state.items()}

    def _active(self) -> dict[str, float]:
        found = {}
        for reason, runs in self._runs.items():
            factors = [run.factor for run in runs.values() if not run.over]
            if factors:
                found[reason] = max(factors)
        return found

    def _lasting(self, expected: Collection[Expected], now: datetime) -> dict[str, Expected]:
        campaigns = self._by_id() if expected else {}
        return {
            one.incident_id: one
            for one in expected
            if one.since <= now < one.until and now < lasts_until(one, campaigns)[0]
        }

    def _by_id(self) -> dict[str, Campaign]:
        return {campaign.id: campaign for campaign in self._campaigns()}

    def _level(self, reason: str, footing: Footing, row: int, run: _Run) -> float:
        """The level before all that is expected: the present one, unless another rise has begun before."""
        for other in self._runs[reason].values():
            if other is not run and other.level is not None and not other.over:
                return faded(other.level, run.since - other.since)
        return float(footing.level[row])

    def _end(self, reason: str, run: _Run, minute: int) -> None:
        self._changed.add(reason)
        if run.level is not None and not run.over:
            self._ended.setdefault(reason, faded(run.level, minute - run.since))

    def _fading(self, effects: Effects, minute: int, index: Mapping[str, int]) -> FloatArray | None:
        bars, at = np.zeros(len(index)), instant(minute)
        for reason in {reason for one in effects.false_alarms for reason in one.contact_reasons}:
            found = raised(effects.false_alarms, reason, at) if reason in index else None
            if found is not None:
                bars[index[reason]] = found.nats
        return bars if bars.any() else None


def _explained(one: Expected, campaigns: Mapping[str, Campaign], minute: int) -> bool:
    ends = lasts_until(one, campaigns)[1]
    return ends is not None and instant(minute) < ends


def _needed(lasted: int, *, explained: bool) -> float:
    if explained:
        return WAVES_MINUTES
    return max(CALM_MINUTES, min(CALM_PART * lasted, CALM_MOST_MINUTES))


def seen_now(detector: Detector, lately: tuple[float, float] | None, reason: str, one: Expected) -> float:
    """By how much a contact reason is raised against what was expected of it.

    While its alarm fires: since the onset or in the last half hour, whichever is more, since what comes now is what
    is to be expected. After it, by the last word about it if a campaign explains it, for the rise may come back.
    Of an incident of the source as a whole, by the last half hour.

    Args:
        detector: as of the last closed minute.
        lately: tickets and expectation of the last half hour, where an alarm fires.
        reason: which.
        one: the answer.
    """
    for alarm in detector.open_alarms():
        if alarm.contact_reason == reason:
            tickets, expected = lately or (alarm.observed, alarm.expected)
            return max(alarm.uplift, tickets / max(expected, 1e-9) if tickets >= 3 else 0.0)
    if one.campaign_id is not None and one.uplifts[reason] > 1.0:
        return one.uplifts[reason]
    if not one.is_open:
        return 1.0
    recent, row = detector.recent(30), detector.reasons.index(reason)
    return float((recent.tickets[row] + 1.0) / (recent.usual[row] * recent.level[row] + 1.0))
