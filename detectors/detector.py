"""All contact reasons of a shard: score each closed minute, then learn from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from detectors import backlog, learning, open_minutes, reporting
from detectors.alarm import AlarmChange, Verdict
from detectors.calendar import Calendar
from detectors.catching_up import Close, Part, Stamps, catch_up
from detectors.expectation import Expectation, Footing, Lesson
from detectors.firing import Firing
from detectors.guardband import SLOT
from detectors.near import Near, near
from detectors.outlook import Outlook
from detectors.past import Past, Recent, past, recent
from detectors.prospect import Prospect
from detectors.rows import FlagArray, FloatArray
from detectors.silence import Silence
from detectors.standing import LOST_MINUTES
from detectors.state import State

_VERSION = 3


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What a detector must be told.

    Attributes:
        false_alarms_per_week: how many the channel can stand, all reasons together: the one knob.
        timezone: IANA name of the zone that customers live by.
        holidays: local dates on which they behave as on a Sunday.

    Raises:
        ValueError: `false_alarms_per_week` is not above 0.
    """

    false_alarms_per_week: float = 1.0
    timezone: str = "Europe/Berlin"
    holidays: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if not self.false_alarms_per_week > 0:
            raise ValueError(f"false_alarms_per_week must be above 0, not {self.false_alarms_per_week}")


class Detector:
    """Baselines, evidence and alarms of all contact reasons of a shard, vectorised over reasons.

    Feed it one closed minute after the other, zeros as zeros. It scores a minute before it learns from it.
    All it does follows from what it was given: no clock, no randomness; a replay says the same.

    The expected count of a minute is (`detectors.baseline`, by local hour of the week) x (`detectors.level`)
    x (announced uplift). `detectors.cusum` accumulates how much better a spike explains the tickets than a
    level that merely wanders; an alarm is raised when that exceeds `detectors.threshold`'s bar and follows
    `detectors.standing` until it clears. Silence of everything is not "no tickets" (`detectors.silence`).
    A reason that has been watched for less than two days is WARMING_UP: only a gross spike fires
    (`detectors.warmup`).

    Args:
        settings: the knob, the zone, the holidays.

    Attributes:
        reasons: contact reasons in row order; grows, never shrinks.
        minute: the last closed minute, or None.
        silence: whether the source as a whole is heard; `silence.since` is the first minute of a silence.
        lessons: what left the guardband when the last minute was closed; to look at.

    Example:
        >>> detector = Detector(DetectorSettings(timezone="UTC"))
        >>> detector.add(["voucher"], minute=0)
        >>> for minute in range(2 * 1440):
        ...     changes = detector.close(minute, np.array([float(minute % 10 == 0)]))
        >>> detector.verdict("voucher").state
        'NORMAL'
        >>> for minute in range(2 * 1440, 2 * 1440 + 5):
        ...     for change in detector.close(minute, np.array([2.0])):
        ...         print(change.state, change.onset - 2 * 1440, change.observed, round(change.expected, 1))
        raised 0 10 0.5
    """

    def __init__(self, settings: DetectorSettings) -> None:
        self.settings = settings
        self.minute: int | None = None
        self._calendar = Calendar(settings.timezone, settings.holidays)
        self._state = State()
        self.reasons = self._state.reasons
        self._firing = Firing(self._state, self._calendar)
        self._watched = 0.0
        self._prospect = Prospect(self._state, self._calendar, settings.false_alarms_per_week)
        self._stamps = Stamps()
        self._part = False
        self._disturbed = -1
        self._expected: Expectation | None = None
        self._foresaw: Outlook | None = None
        self.lessons: list[Lesson] = []
        self.silence = Silence()

    def add(self, reasons: Sequence[str], minute: int) -> None:
        """Get to know contact reasons: watched from `minute` on, nothing assumed about the time before.

        Args:
            reasons: names; those already known are left as they are.
            minute: the first minute whose count, even 0, is an observation.
        """
        rows = self._state.grow(reasons)
        if not rows:
            return
        self._state.known.known[rows] = minute
        self._state.known.blank[rows] = self._watched
        self._state.bank.onset[:, rows] = minute
        self._forget_outlook()

    def close(
        self,
        minute: int,
        counts: FloatArray,
        announced: FloatArray | None = None,
        *,
        alarms: bool = True,
        raised: FloatArray | None = None,
        held: FloatArray | None = None,
    ) -> list[AlarmChange]:
        """Score one closed minute of all reasons, then learn from it.

        A jump of more than one minute means that nobody looked: evidence is dropped, nothing is learnt
        for the gap, uncertainty grows. After more than six hours a firing alarm is cleared as well.

        Args:
            minute: minutes since 1970 in UTC, later than any closed so far.
            counts: tickets per reason in the order of `reasons`, zeros included.
            announced: factor by which announced campaigns raise each reason's expectation; None is 1.
            alarms: False learns history: spikes are recognised, so that they do not teach the baseline,
                but nothing is said and no alarm stands.
            raised: nats by which each reason's bar is higher, for what people have answered; None is 0.
            held: by how much more than campaigns announced people expect, included in `announced`; above 1
                what comes of a reason is followed but teaches no baseline. None is 1.

        Returns:
            What changed.

        Raises:
            ValueError: the minute is not later than the last one, or `counts` has another length, or a
                count is negative or not a number.
        """
        counts = np.asarray(counts, dtype=np.float64)
        self._check(minute, counts)
        self._prospect.raised, self._prospect.held = raised, held
        self.lessons = []
        changes = self._settle()
        if self.minute is not None and minute > self.minute + 1:
            changes += self._miss(self.minute, minute)
        if self._state.level.announce(announced):
            self._prospect.forget(hour=False)
        outlook = self._prospect.look(minute)
        step = minute % SLOT
        usual, mean = outlook.usual[step], outlook.mean[step]
        if announced is not None:
            usual, mean = usual * announced, mean * announced
        doubt = mean * outlook.uncertainty
        self._expected, self._foresaw = Expectation(minute, mean, doubt, outlook.phi, usual), outlook
        phase = "heard" if self._part else self.silence.hear(minute, float(counts.sum()), mean, outlook.phi)
        if phase == "heard":
            changes += self._hear(minute, (counts, mean, doubt), usual, announced, alarms)
        else:
            changes += self._hear_nothing(minute, counts, usual, alarms)
        self.minute = minute
        if step == SLOT - 1:
            self.lessons.append(
                learning.learn(
                    self._state, self._calendar, outlook, minute, pooling=not self._part, held=held
                )
            )
            self._prospect.forget(hour=False)
            # Not as they come: restored reasons come one by one.
            self._state.tighten()
            if self._calendar.place(minute)[1] == 59:
                self._disturbed = minute
        if self._firing.moved:
            self._forget_outlook(hour=self._firing.moved == "week")
        return changes

    def resumable(self, minute: int) -> bool:
        """Whether rows saved when `minute` was closed can still be caught up by plain rules.

        Rows without tickets change by rules that `restore` applies, within a local hour and as long as
        nothing happens to all of them at once (a silence, a gap). Once this is False, save all of them.

        Args:
            minute: when all rows were last saved.
        """
        return minute >= self._disturbed

    def _hear(
        self,
        minute: int,
        seen: tuple[FloatArray, FloatArray, FloatArray],
        usual: FloatArray,
        announced: FloatArray | None,
        alarms: bool,
    ) -> list[AlarmChange]:
        """Score a minute of an ordinary channel and let the guardband hold it."""
        state, outlook, counts = self._state, self._prospect.look(minute), seen[0]
        if alarms:
            # Before the minute is taken in: an alarm that begins with it counts its tickets, too.
            self._firing.unmute(minute)
        # One reason, one statement at a time: while an alarm fires the bank collects nothing new.
        state.bank.update(minute, counts, outlook.terms(usual), still=self._firing.rows())
        changes = self._firing.follow(minute, seen, outlook, self._prospect.held)
        changes += self._firing.fire(minute, counts, self._prospect.judged(outlook), silent=not alarms)
        state.guardband.add(counts, usual, 1.0 if announced is None else announced)
        state.yesterday.add(counts)
        if outlook.warming is not None:
            state.known.add(counts, outlook.busyness)
            # Evidence against what was not believed yet is none.
            state.bank.reset(state.known.just_warm(), minute + 1)
        self._watched = min(self._watched + outlook.busyness, 1440.0)
        return changes

    def _hear_nothing(
        self, minute: int, counts: FloatArray, usual: FloatArray, alarms: bool
    ) -> list[AlarmChange]:
        """The source is silent, or what it held back comes at once: nothing is learnt, and hardly anything said."""
        self._disturbed = minute
        self._state.bank.reset(slice(None), minute + 1)
        if self.silence.since is not None:
            self._state.guardband.forget(self.silence.since, minute)
            self._state.yesterday.forget(self.silence.since, minute)
            return []
        if not alarms:
            return []
        outlook = self._prospect.judged(self._prospect.look(minute))
        return backlog.beyond(self._firing, minute, counts, usual, self.silence.held, outlook)

    def running(
        self,
        counts: Mapping[int, FloatArray],
        now: float,
        announced: FloatArray | None = None,
        *,
        raised: FloatArray | None = None,
        held: FloatArray | None = None,
    ) -> list[AlarmChange]:
        """Score the minutes that are still open, the last one by the part of it that has passed.

        Learns nothing and keeps no evidence; what it may do is raise an alarm, which then stands like one
        raised by `close`. For the wall clock only: on the event clock it would make replays differ.

        Args:
            counts: open minute -> tickets per reason so far. Minutes already closed are ignored, absent
                ones between the last closed one and `now` have no tickets.
            now: epoch seconds.
            announced: as in `close`.
            raised: as in `close`.
            held: as in `close`.

        Returns:
            The alarms raised; after a silence only those that its backlog does not explain. Their window ends
            with the open minute, `raised_minute`.
        """
        changes = self._settle()
        self._prospect.raised, self._prospect.held = raised, held
        if self.minute is not None and int(now // 60) - self.minute <= LOST_MINUTES:
            silent = None if self.silence.heard else self.silence.held
            opened = open_minutes.Open(counts, now, self.minute, announced, silent)
            prospect = self._prospect
            with prospect.aside():
                changes += open_minutes.score(
                    self._state, self._firing, lambda at: prospect.judged(prospect.look(at)), opened
                )
            if self._firing.moved:
                self._forget_outlook(hour=self._firing.moved == "week")
        return changes

    def expectation(self) -> Expectation:
        """What was expected of the minute closed last, before it was learnt from.

        Raises:
            ValueError: no minute has been closed yet.
        """
        if self._expected is None:
            raise ValueError("no minute has been closed yet, so nothing was expected")
        return self._expected

    def footing(self) -> Footing:
        """What the expectation of the minute closed last stood on, campaigns aside.

        Raises:
            ValueError: no minute has been closed yet.
        """
        outlook = self._foresaw
        if outlook is None:
            raise ValueError("no minute has been closed yet, so nothing was expected")
        return Footing(np.log(outlook.slow), outlook.spread, outlook.hour_variance, outlook.phi)

    def near(self, nats: float) -> list[Near]:
        """The reasons that the minute closed last has left within so many nats of an alarm."""
        return [] if self.minute is None else near(self._state, self._next(self.minute), nats)

    def verdict(self, reason: str) -> Verdict:
        """How a contact reason stands at the last closed minute.

        Args:
            reason: a known contact reason.

        Raises:
            KeyError: the reason is not known.
            ValueError: no minute has been closed yet.
        """
        row = self._state.row[reason]
        self._settle()
        if self.minute is None:
            raise ValueError("no minute has been closed yet, so there is no verdict")
        return reporting.verdict(self._state, self._next(self.minute), row, self.minute)

    @property
    def calm(self) -> bool:
        """Whether no alarm fires, which is what mostly holds and is cheap to ask."""
        return not self._firing.rows().size

    def firing(self, raised_by: int | None = None) -> FlagArray:
        """Of which reasons an alarm fires, in the order of `reasons`; a copy.

        Args:
            raised_by: only alarms that were raised by the end of the minute before this one.
        """
        standing = self._state.standing
        if raised_by is None:
            return standing.firing.copy()
        return np.asarray(standing.firing & (standing.raised <= raised_by))

    def watched(self) -> float:
        """For how many minutes the reasons have been watched, weighed by what is usual of them in the week."""
        weight = self._state.baseline.level()
        return float((weight * self._state.baseline.watched).sum() / max(float(weight.sum()), 1e-9))

    def past(self, alarm: AlarmChange) -> Past:
        """The last minutes of a reason whose alarm fires, in steps, so that its onset lies within.

        Args:
            alarm: as `close`, `running` or `open_alarms` gave it.
        """
        assert self.minute is not None  # noqa: S101 - an alarm is raised by a minute
        return past(self._state, self._calendar, self.minute, alarm)

    def recent(self, minutes: int) -> Recent:
        """What all reasons had in the last closed minutes, and what was expected of them; at most two hours."""
        assert self.minute is not None  # noqa: S101 - asked after a minute was closed
        return recent(self._state, self._prospect.look(self.minute + 1), self.minute, minutes)

    def return_to(self, levels: Mapping[str, float]) -> None:
        """Let the recent level of some reasons be again what it was before something that is over.

        Args:
            levels: reason -> logarithm of its level, as `footing` gave it then.
        """
        for reason, level in levels.items():
            row = self._state.row[reason]
            self._state.level.begin_again(row, level)
            self._state.bank.reset(row, (self.minute or 0) + 1)
        self._prospect.forget(hour=False)

    def open_alarms(self, reason: str | None = None) -> list[AlarmChange]:
        """The firing alarms as they stand, to be stated again: always with state `raised`.

        Args:
            reason: only that of this contact reason, if it fires.

        Raises:
            KeyError: the reason is not known.
        """
        self._settle()
        row = None if reason is None else self._state.row[reason]
        return [] if self.minute is None else self._firing.standing(self.minute, row)

    def snapshot(self, reason: str) -> dict[str, object]:
        """Everything known of a reason, ready for JSON, under 4 KB.

        Args:
            reason: a known contact reason.

        Raises:
            KeyError: the reason is not known.
        """
        self._settle()
        state = self._state.snapshot(reason)
        return {"version": _VERSION, "minute": self.minute, **self.channel(), **state}

    def restore(self, reason: str, state: Mapping[str, object]) -> None:
        """Take back what `snapshot` gave; the reason is added if unknown.

        Rows may be of different minutes: `minute` becomes the newest, and a row that stood still since an
        older one is caught up before the next use, on the understanding that it had no tickets in between.

        Args:
            reason: contact reason.
            state: a snapshot.

        Raises:
            ValueError: the snapshot is of another version or incomplete.
        """
        if state.get("version") != _VERSION:
            raise ValueError(
                f"the stored state of {reason!r} is of version {state.get('version')}, not {_VERSION}: "
                "learn it anew"
            )
        row = self._state.restore(reason, state)
        watched, minute = state.get("watched"), state.get("minute")
        if isinstance(watched, float | int):
            self._watched = max(self._watched, float(watched))
        self._forget_outlook()
        self._firing.refresh()
        if not isinstance(minute, int):
            return
        self._stamps.go_on(self.minute, minute, len(self.reasons))
        self._stamps.restored(row, minute)
        if self.minute is None or minute >= self.minute:
            self.silence.restore(state.get("silence"))
        self.minute = minute if self.minute is None else max(self.minute, minute)

    def resume(self, minute: int, channel: Mapping[str, object]) -> None:
        """Go on after `minute`, all rows being restored: none had tickets since it was saved.

        Args:
            minute: the last minute that was closed.
            channel: what `channel` gave then.

        Raises:
            ValueError: `channel` is no such state.
        """
        self._stamps.go_on(self.minute, minute, len(self.reasons))
        self.minute = minute
        self.silence.restore(channel.get("silence"))
        watched = channel.get("watched")
        self._watched = float(watched) if isinstance(watched, float | int) else self._watched

    def channel(self) -> dict[str, object]:
        """What is known of the channel as a whole, ready for JSON."""
        return {"watched": self._watched, "silence": self.silence.snapshot()}

    def _check(self, minute: int, counts: FloatArray) -> None:
        if counts.shape != (len(self.reasons),):
            raise ValueError(
                f"{len(self.reasons)} contact reasons are known but {counts.shape} counts were given"
            )
        if self.minute is not None and minute <= self.minute:
            raise ValueError(f"minute {minute} is not later than the last closed minute {self.minute}")
        if counts.size and not counts.min() >= 0.0:  # also catches what is not a number
            raise ValueError(f"minute {minute} holds a negative count or one that is no number")

    def _next(self, minute: int) -> Outlook:
        """By what the minute after `minute` is judged."""
        return self._prospect.judged(self._prospect.look(minute + 1))

    def _forget_outlook(self, *, hour: bool = True) -> None:
        """The state was changed other than by learning: what followed from it is worked out anew."""
        self._prospect.forget(hour=hour)
        self._firing.moved = None

    def _miss(self, last: int, minute: int) -> list[AlarmChange]:
        """Nobody looked between the last closed minute and `minute`."""
        self._disturbed = minute
        changes = self._firing.lose(last) if minute - last > LOST_MINUTES else []
        self.lessons += learning.pass_unseen(
            self._state, self._calendar, self._prospect.look(last), last, minute
        )
        self._state.bank.reset(slice(None), minute)
        self._forget_outlook()
        return changes

    def _settle(self) -> list[AlarmChange]:
        """Bring rows restored from an older minute up to date with minutes without tickets."""
        behind = {} if self.minute is None else self._stamps.take(self.minute)
        if self.minute is None or not behind:
            return []
        # As it was worked out at the last disturbance: nothing that it follows from has changed since.
        hour = self._prospect.hour(self.minute)
        changes = catch_up(self._state, behind, self.minute, hour, self._begin)
        self._firing.refresh()
        self._forget_outlook()
        return changes

    def _begin(self, part: Part) -> Close:
        """Let a part of the channel go on alone: it learns no shapes of the week, and its silence is nobody's."""
        own = Detector(self.settings)
        own._part = True
        own._state, own.minute, own.reasons = part.state, part.minute, part.state.reasons
        own._firing = Firing(part.state, self._calendar)
        own._prospect = Prospect(part.state, self._calendar, self.settings.false_alarms_per_week, part.hour)
        return own.close
