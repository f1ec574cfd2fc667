"""What holds for the source as a whole: it is silent, or all tickets together rise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from alerts import condition_words
from alerts.records import Condition, ConditionKind
from detectors.breadth import broad, rising, window
from detectors.detector import Detector
from detectors.guardband import SLOT
from detectors.interval import interval
from detectors.past import Past
from detectors.rows import some, summed
from detectors.silence import SILENT_NATS
from detectors.standing import LOST_MINUTES
from detectors.total_volume import LONG_MINUTES, Minute, TotalVolume
from streams.chart import Chart
from streams.stating import instant

if TYPE_CHECKING:
    from alerts.language import Language
    from detectors.rows import FlagArray, FloatArray

REASONS_NAMED = 50
_SLIDING = 2**40
"""An onset that is never reached: the chart keeps its last hundred minutes."""
_DOUBT = 0.1
"""Relative standard deviation of what is expected of all reasons in a silence."""


class Conditions:
    """States the conditions of a source, as `streams.stating` states spikes.

    A function of the closed minutes, so a worker, a replay and a restarted worker say the same.

    Args:
        language: of the rules' words.
        false_alarms_per_week: the knob.
    """

    def __init__(self, language: Language, false_alarms_per_week: float) -> None:
        self.said: dict[ConditionKind, Condition] = {}
        """The last statement of each kind, of what holds or has ended."""
        self.new: list[Condition] = []
        """What was stated since the caller last cleared this list."""
        self._language = language
        self._total = TotalVolume(false_alarms_per_week)
        self._charts: dict[str, Chart] = {}
        self._lately: Chart | None = None
        self._quiet = [0.0, 0.0, 0.0, 0.0]
        """Tickets, expected ones and phi times those since the silence began, expected ones when last stated."""

    def close(
        self,
        minute: int,
        detector: Detector,
        counts: FloatArray,
        before: tuple[FlagArray, FlagArray],
        *,
        alarms: bool,
        over: bool = False,
        raised: float = 0.0,
    ) -> None:
        """Take in a minute that the detector has just closed.

        Args:
            minute: which.
            detector: that closed it.
            counts: tickets per reason.
            before: what `standing` gave before it was closed.
            alarms: False learns history: nothing is stated.
            over: whether an alarm of a reason was cleared in it.
            raised: nats by which people's answers have raised the bar of the total.
        """
        expectation = detector.expectation()
        usual, phi = expectation.usual, expectation.phi
        tickets, (expected, scatter) = float(counts.sum()), summed(usual, phi * usual)
        spread = hour = 0.0
        if minute % SLOT == SLOT - 1 and expected > 0.0:
            footing = detector.footing()
            wander, common = summed(usual**2 * footing.wander, usual * np.sqrt(footing.hour))
            spread, hour = wander / expected**2, (common / expected) ** 2
        now = Minute(counts, usual, *before, tickets, expected, scatter, spread, hour)
        self._draw(minute, tickets, expected * self._total.level())
        self._listen(minute, detector, now, alarms)
        told = over or (
            not detector.calm and some(detector.firing(minute + 1 - LONG_MINUTES) & ~now.explained)
        )
        self._weigh(minute, detector, now, alarms, raised)
        if told:
            # What has risen so far was told of, or is over.
            self._total.drop(minute)

    @staticmethod
    def standing(detector: Detector, minute: int) -> tuple[FlagArray, FlagArray]:
        """The reasons whose alarm fires before a minute is closed, and those that have told of theirs for long."""
        if detector.calm:
            nothing = np.zeros(len(detector.reasons), dtype=np.bool_)
            return nothing, nothing
        return detector.firing(), detector.firing(minute - LONG_MINUTES)

    def restate(self) -> list[Condition]:
        """The last statement of each kind; hearing it again is harmless."""
        return list(self.said.values())

    def snapshot(self) -> dict[str, object]:
        """All that is to be kept; JSON-able."""
        return {
            "said": {kind: msgspec.to_builtins(one) for kind, one in self.said.items()},
            "total": self._total.snapshot(),
            "charts": {kind: chart.snapshot() for kind, chart in self._charts.items()},
            "lately": self._lately.snapshot() if self._lately else None,
            "quiet": self._quiet.copy(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a snapshot back."""
        if not state:
            return
        self.said = {kind: msgspec.convert(one, Condition) for kind, one in state["said"].items()}
        self._total.restore(state["total"])
        self._charts = {kind: Chart.restored(chart) for kind, chart in state["charts"].items()}
        self._lately = Chart.restored(state["lately"]) if state["lately"] else None
        self._quiet = list(state["quiet"])

    def _draw(self, minute: int, tickets: float, mean: float) -> None:
        if self._lately is None:
            self._lately = Chart(Past(minute - minute % SLOT, SLOT, [], []), _SLIDING)
        for chart in (self._lately, *self._charts.values()):
            chart.add(minute, tickets, mean)

    def _listen(self, minute: int, detector: Detector, now: Minute, alarms: bool) -> None:
        """Is anybody heard?"""
        silence, quiet, level = detector.silence, self._quiet, self._total.level()
        said = self.said.get("source_silent")
        stands = said is not None and said.ended_at is None
        if not stands and now.tickets > 0.0:
            self._quiet = [0.0, 0.0, 0.0, 0.0]
            return
        quiet[0] += now.tickets
        quiet[1] += level * now.expected
        quiet[2] += level * now.scatter
        if not stands:
            if alarms and silence.since is not None:
                self._state_silence(minute, detector, silence.since, minute + 1)
        elif said is not None and silence.heard:
            self._state_silence(minute, detector, _minute(said), _raised(said), ended=True)
            self._quiet = [0.0, 0.0, 0.0, 0.0]
        elif (
            said is not None and silence.since is not None and quiet[1] >= max(1.2 * quiet[3], quiet[3] + 5.0)
        ):
            self._state_silence(minute, detector, _minute(said), _raised(said))

    def _state_silence(
        self, minute: int, detector: Detector, since: int, raised: int, *, ended: bool = False
    ) -> None:
        tickets, expected, scatter, _ = self._quiet
        self._quiet[3] = expected
        said = self.said.get("source_silent")
        rule = condition_words.source_silent(
            minute + 1 - since, expected, (detector.silence.nats, SILENT_NATS), self._language
        )
        self._state(
            "source_silent",
            (since, raised, minute + 1),
            (tickets, expected),
            interval(expected, max(scatter / max(expected, 1e-9), 1.02), _DOUBT * expected),
            # What was said of the silence stays when tickets come again.
            said.rule if ended and said is not None else rule,
            ended=ended,
        )

    def _weigh(self, minute: int, detector: Detector, now: Minute, alarms: bool, raised: float) -> None:
        """Do all tickets together rise?"""
        total, last = self._total, self._total.last
        if total.since is not None and last is not None and minute - last > LOST_MINUTES:
            # Nobody looked for long: whether it went on is unknown.
            self._state_total(last, detector, ended=True)
        if not detector.silence.heard:
            total.forget(minute)
            return
        total.close(minute, now)
        if total.since is not None:
            over = total.over(minute)
            if over or total.grown():
                self._state_total(minute, detector, ended=over)
            return
        if not alarms:
            total.drop(minute)
            return
        onset = total.candidate(detector.watched(), raised) if total.tense else None
        if onset is None:
            return
        recent = detector.recent(window(onset, minute))
        if broad(recent, total.spared(), now.explained, total.bar):
            total.fire(minute)
            self._state_total(minute, detector)

    def _state_total(self, minute: int, detector: Detector, *, ended: bool = False) -> None:
        total = self._total
        assert total.since is not None  # noqa: S101 - stated while it holds
        reasons: list[str] = []
        said = self.said.get("total_volume")
        if not ended:
            rows = rising(detector.recent(window(total.since, minute)), total.spared())[:REASONS_NAMED]
            reasons = [detector.reasons[row] for row in rows]
        elif said is not None:
            reasons = said.contact_reasons
        bounds = interval(total.expected, total.phi, total.doubt)
        rule = condition_words.total_volume(
            minute + 1 - total.since,
            (round(total.observed), total.expected, *bounds),
            (total.score, total.bar),
            len(reasons),
            self._language,
        )
        times = (total.since, total.raised, minute + 1)
        self._state(
            "total_volume", times, (total.observed, total.expected), bounds, rule, reasons, ended=ended
        )
        total.stated()
        if ended:
            total.clear(minute)

    def _state(
        self,
        kind: ConditionKind,
        times: tuple[int, int, int],
        counted: tuple[float, float],
        bounds: tuple[float, float],
        rule: str,
        reasons: list[str] | None = None,
        *,
        ended: bool,
    ) -> None:
        since, raised, stated = times
        if kind not in self._charts and self._lately is not None:
            self._charts[kind] = self._lately.copy(since)
        chart = self._charts.pop(kind, None) if ended else self._charts.get(kind)
        condition = Condition(
            kind=kind,
            since=instant(since),
            raised_at=instant(raised),
            stated_at=instant(stated),
            observed=round(counted[0]),
            expected=round(counted[1], 3),
            lower=bounds[0],
            upper=bounds[1],
            rule=rule,
            ended_at=instant(stated) if ended else None,
            contact_reasons=reasons or [],
            course=chart.course() if chart else None,
        )
        self.said[kind] = condition
        self.new.append(condition)


def _minute(said: Condition) -> int:
    return int(said.since.timestamp() // 60)


def _raised(said: Condition) -> int:
    return int(said.raised_at.timestamp() // 60)
