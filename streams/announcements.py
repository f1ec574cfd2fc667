"""What campaigns make of the expectation of each contact reason: what they announce, and what their like really did."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from alerts.campaign import UPLIFT_CAP, announced, named
from alerts.records import Campaign
from detectors.campaign_effect import Effect, correction, together, weights
from detectors.detector import Detector
from detectors.rows import FloatArray
from streams.campaign_run import DAY, Run, faded

_NOTHING = Effect()


class Announcements:
    """The campaigns as a detector wants to hear of them: a factor per contact reason.

    The factor is what was announced, corrected by what campaigns of the same kind did to this contact reason
    (or to others) against their announcements, see `detectors.campaign_effect`. The correction stands from a
    campaign's first minute to its last: what it does itself is for the recent level to follow. What it did is
    learnt when it is over, from five minutes at a time that lie within it, once they have left the guardband and
    no alarm covers them: a fault is not to be learnt as what such campaigns do. Minutes in which two campaigns
    touch a contact reason teach nothing, since neither can be told from the other.

    A function of the campaigns and of what was counted, so it is the same in a worker, a backtest and
    `explain`. Where no campaign of the kind was seen before, what was announced is taken as announced.

    Args:
        campaigns: the campaigns as they stand; asked once a minute.

    Example:
        >>> from datetime import timedelta
        >>> start = datetime(2026, 11, 20, 20, tzinfo=UTC)
        >>> sale = Campaign(id="1", name="Sale", starts_at=start, ends_at=start + timedelta(hours=2),
        ...     expected_uplift=2.0, contact_reasons=["delivery"])
        >>> held, minute = Announcements(lambda: [sale]), int(start.timestamp() // 60)
        >>> held.at(minute - 1, ["delivery", "refund"])
        >>> held.at(minute, ["delivery", "refund"])
        array([2., 1.])
    """

    def __init__(self, campaigns: Callable[[], Collection[Campaign]]) -> None:
        self._campaigns = campaigns
        self._answered: tuple[object, ...] = ()
        self._factors: FloatArray | None = None
        self._followed: tuple[object, ...] = ()
        self._learnings = 0
        self._runs: dict[str, Run] = {}
        self._kinds: dict[str, Effect] = {}
        self._effects: dict[str, dict[str, Effect]] = {}
        """What campaigns did to a contact reason, by kind."""
        self._before: dict[str, tuple[float, int, int]] = {}
        """Level before the campaigns that a contact reason was last touched by: logarithm, minute, last minute."""
        self._touched: set[str] = set()

    def at(self, minute: int, reasons: Sequence[str]) -> FloatArray | None:
        """By how much each contact reason is expected to be raised in a minute; None when nothing is announced."""
        campaigns = self._campaigns()
        if not campaigns:
            return None
        return self._ask(self._active(campaigns, minute), minute, reasons)

    def begin(self, minute: int, reasons: Sequence[str]) -> FloatArray | None:
        """As `at`, for a minute that is about to be closed: campaigns begin and end."""
        campaigns = self._campaigns()
        if not campaigns and not self._runs:
            return None
        active = self._active(campaigns, minute)
        if self._followed != (active, len(reasons)):
            self._follow(active, minute, reasons)
            self._followed = active, len(reasons)
        # In an order that does not change with a restart: later campaigns let earlier ones fade.
        for name in sorted(name for name, run in self._runs.items() if run.over(minute)):
            self._fold(name)
        return self._ask(active, minute, reasons)

    def learn(self, detector: Detector, index: Mapping[str, int]) -> None:
        """Take in what the detector has seen of the minute that `begin` was asked for, which is closed now.

        Args:
            detector: that closed it.
            index: its rows by contact reason.
        """
        if not self._runs:
            return
        for name, run in self._runs.items():
            for reason, since in run.new():
                footing = detector.footing()
                level = self._level_before(name, reason, since)
                level = float(footing.level[index[reason]]) if level is None else level
                run.stand(reason, level, index[reason], footing)
                self._before[reason] = level, since, since
        for lesson in detector.lessons:
            several = np.zeros(len(lesson.quiet), dtype=int)
            within = {name: run.within(lesson) for name, run in self._runs.items()}
            for name, run in self._runs.items():
                several[run.rows(index)] += within[name]
            taught = lesson.quiet & (several == 1)
            for name, run in self._runs.items():
                rows = run.rows(index)
                run.learn(lesson, rows, within[name] & taught[rows])

    def touched(self) -> set[str]:
        """The contact reasons whose rows have changed in the minute closed last also without tickets."""
        now = {reason for run in self._runs.values() for reason in run.reasons}
        touched, self._touched = now | self._touched, now
        return touched

    def snapshot(self, reason: str) -> dict[str, object] | None:
        """What is to be kept of a contact reason, JSON-able; None if no campaign has touched it."""
        runs = {name: run.snapshot(reason) for name, run in self._runs.items() if run.covers(reason)}
        effects, before = self._effects.get(reason), self._before.get(reason)
        if not runs and not effects and before is None:
            return None
        return {"runs": runs, "effects": _plain(effects or {}), "before": before}

    def restore(self, reason: str, state: Mapping[str, Any]) -> None:
        """Take a contact reason back."""
        for name, (kind, *columns) in state["runs"].items():
            self._runs.setdefault(name, Run(kind)).restore(reason, columns)
        if state["effects"]:
            self._effects[reason] = _effects(state["effects"])
        if state["before"] is not None:
            level, since, last = state["before"]
            self._before[reason] = float(level), int(since), int(last)
        self._learnings += 1

    def common(self) -> dict[str, list[float]]:
        """What is known of campaigns whatever the contact reason; JSON-able."""
        return _plain(self._kinds)

    def resume(self, common: Mapping[str, Any]) -> None:
        """Take back what `common` gave, all contact reasons being restored."""
        self._kinds = _effects(common)
        self._learnings += 1
        self._touched = {reason for run in self._runs.values() for reason in run.reasons}

    def _active(self, campaigns: Collection[Campaign], minute: int) -> tuple[Campaign, ...]:
        at = datetime.fromtimestamp(minute * 60, UTC)
        return tuple(
            campaign
            for campaign in campaigns
            if campaign.expected_uplift != 1.0 and campaign.starts_at <= at < campaign.ends_at
        )

    def _ask(self, active: tuple[Campaign, ...], minute: int, reasons: Sequence[str]) -> FloatArray | None:
        question = (active, len(reasons), self._learnings)
        if question != self._answered:
            at = datetime.fromtimestamp(minute * 60, UTC)
            factors = announced(active, reasons, at, self._learnt(active, reasons)) if active else None
            self._factors = None if factors is None else np.asarray(factors, dtype=float)
            self._answered = question
        return self._factors

    def _learnt(self, active: Iterable[Campaign], reasons: Sequence[str]) -> dict[str, float]:
        """How much more than announced each contact reason is expected to have, in parts of the usual."""
        more: dict[str, float] = {}
        for campaign in active:
            for reason, factor in self._corrections(campaign, named(campaign, reasons)).items():
                if factor != 1.0:
                    more[reason] = more.get(reason, 0.0) + campaign.expected_uplift * (factor - 1.0)
        return more

    def _corrections(self, campaign: Campaign, reasons: Iterable[str]) -> dict[str, float]:
        """Each contact reason's correction: the one that its run began with, or the one it would begin with."""
        run = self._runs.get(campaign.id)
        kind = self._kinds.get(campaign.kind, _NOTHING)
        found: dict[str, float] = {}
        for reason in reasons:
            factor = run.correction(reason) if run is not None else None
            if factor is None:
                own = self._effects.get(reason, {}).get(campaign.kind, _NOTHING)
                factor = _bounded(correction(kind, own), campaign.expected_uplift)
            found[reason] = factor
        return found

    def _follow(self, active: Iterable[Campaign], minute: int, reasons: Sequence[str]) -> None:
        """Let campaigns begin, change and end as they now stand."""
        touched = {campaign.id: named(campaign, reasons) for campaign in active}
        for name, run in sorted(self._runs.items()):
            running = run.running()
            self._end(name, set(running) - set(touched.get(name, ())), minute)
            if name in touched and not running:
                # Announced again within two hours of its end: another campaign.
                self._fold(name)
        for campaign in active:
            run = self._runs.setdefault(campaign.id, Run(campaign.kind))
            run.kind = campaign.kind
            new = [reason for reason in touched[campaign.id] if not run.covers(reason)]
            run.begin(minute, self._corrections(campaign, new))

    def _end(self, name: str, reasons: Collection[str], minute: int) -> None:
        self._runs[name].end(minute, sorted(reasons))
        for reason in reasons:
            if reason in self._before:
                level, since, _ = self._before[reason]
                self._before[reason] = level, since, minute

    def _fold(self, name: str) -> None:
        """A campaign is over: what it did counts for the next of its kind."""
        run = self._runs.pop(name)
        reasons, logarithm, known = run.found()
        for reason, own, weight in zip(reasons, logarithm.tolist(), weights(known).tolist(), strict=True):
            if weight:
                kinds = self._effects.setdefault(reason, {})
                kinds[run.kind] = kinds.get(run.kind, _NOTHING).learn(own, weight)
        common, weight = together(logarithm, known)
        if weight:
            self._kinds[run.kind] = self._kinds.get(run.kind, _NOTHING).learn(common, weight)
        self._learnings += 1

    def _level_before(self, name: str, reason: str, minute: int) -> float | None:
        """The level from before any campaign, where one ran within the last day; else None: it is as it stands."""
        if reason not in self._before:
            return None
        level, since, last = self._before[reason]
        beside = any(
            other != name and run.covers(reason) and not run.last(reason) for other, run in self._runs.items()
        )
        return faded(level, minute - since) if beside or minute - last <= DAY else None


def _bounded(factor: float, uplift: float) -> float:
    """A correction that neither turns an announced rise into a fall nor takes it beyond the cap.

    >>> _bounded(0.6, 1.5), _bounded(1.9, 9.0), _bounded(1.0, 3.0)
    (0.6666666666666666, 1.1111111111111112, 1.0)
    """
    if uplift < 1.0:
        return max(min(factor, 1.0 / uplift), min(1.0, 1.0 / (UPLIFT_CAP * uplift)))
    return min(max(factor, 1.0 / uplift), max(1.0, UPLIFT_CAP / uplift))


def _plain(effects: Mapping[str, Effect]) -> dict[str, list[float]]:
    return {kind: [effect.weight, effect.total] for kind, effect in effects.items()}


def _effects(plain: Mapping[str, Sequence[float]]) -> dict[str, Effect]:
    return {kind: Effect(float(weight), float(total)) for kind, (weight, total) in plain.items()}
