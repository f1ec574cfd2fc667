"""The pure core of *watch*: cells in, spikes out; the same for a live worker, a backtest and `explain`.

Cells are cumulative statements, so feeding one twice, or an older one late, changes nothing. A minute is closed
once, for all contact reasons together; a cell of a closed minute is late and only counted as such.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from alerts.answer_effects import Effects, Expected, Raised, raised
from alerts.effect_words import bar_raised
from alerts.records import Campaign, Condition, Spike
from detectors.alarm import AlarmChange
from detectors.detector import Detector, DetectorSettings
from streams.announcements import Announcements
from streams.conditions import Conditions
from streams.events import Cell
from streams.expecting import Expecting, seen_now
from streams.open_minutes import Counted, OpenMinutes
from streams.stating import Stating, instant

if TYPE_CHECKING:
    from alerts.language import Language
    from detectors.rows import FloatArray

YOUNG_MINUTES = 1440
HOLE_MINUTES = 360
RUNNING_MINUTES = 60
"""Open minutes further back than this mean a backlog: they are judged as they close."""

Witness = Callable[[Detector, "FloatArray", "FloatArray | None", bool], None]

LONG_TERM = ("baseline", "dispersion", "known")
"""The parts of a detector's state that history teaches better than the last hours."""


class Surveillance:
    """Watches all contact reasons of a shard, minute by minute.

    Args:
        settings: the detector's settings.
        language: of the rule's words in a spike.
        min_customers: a spike is stated again when it reaches so many distinct customers.
        campaigns: the campaigns as they stand; asked once a minute.
        answered: what people's answers change, as it stands; asked once a minute, and the same object as long as
            nothing changed.
        witness: shown each closed minute, after it was judged: its counts, the announced uplifts, whether
            alarms were allowed. For what a backtest keeps beside its spikes; a worker has none.
        shard: part of the spikes' ids, where there are several.
    """

    def __init__(
        self,
        settings: DetectorSettings,
        *,
        language: Language = "en",
        min_customers: int = 3,
        campaigns: Callable[[], Collection[Campaign]] = tuple,
        answered: Callable[[], Effects] = Effects,
        witness: Witness | None = None,
        shard: str | None = None,
    ) -> None:
        self.detector = Detector(settings)
        self.open: OpenMinutes = OpenMinutes()
        self.closed: int | None = None
        """The last closed minute."""
        self._young = False
        self._first = 0
        self.late = 0
        self.touched: set[str] = set()
        """Contact reasons whose state changed in substance since the caller last cleared this set."""
        self._language = language
        self._zone = ZoneInfo(settings.timezone)
        self._stating = Stating(language, min_customers, self.detector.past, self._bar_raised, shard)
        self._conditions = Conditions(language, settings.false_alarms_per_week)
        self._announcements = Announcements(campaigns)
        self._answered = answered
        self._expecting = Expecting(answered, campaigns)
        self._witness = witness
        self._rows: dict[str, int] = {}

    def add(self, cell: Cell, *, partition: int, stamp: int) -> bool:
        """Take a cell's statement in; False if it is late or known."""
        if self.closed is not None and cell.minute <= self.closed:
            self.late += 1
            return False
        return self.open.add(cell, partition=partition, stamp=stamp)

    def close_until(self, minute: int, *, alarms: bool = True) -> Iterator[list[Spike]]:
        """Close every minute up to `minute`, in order; yields what each had to say.

        A generator, so that a caller with other things to do can look up between minutes. `alarms=False` learns
        history: nothing fires.
        """
        if self.closed is None and not self._begin(minute):
            return
        while self.closed is not None and self.closed < minute:
            if self._young and not self._look_ahead(minute):
                return
            yield self._close(self.closed + 1, alarms=alarms)

    def _begin(self, minute: int) -> bool:
        first = self.open.first
        if first is None or first > minute:
            return False
        # What was learnt from history is not judged again.
        self.closed = max(first - 1, self.detector.minute or first - 1)
        self._young = self.detector.minute is None
        self._first = self.closed + 1
        return True

    def _look_ahead(self, minute: int) -> bool:
        """In the first day, wait with empty minutes for what follows them; False while that is not known.

        A test ticket two days before the start, or one with a date of long ago, would otherwise teach that nobody
        ever writes. Hours of nothing at the very beginning are not observed rather than empty.
        """
        assert self.closed is not None  # noqa: S101 - the caller's loop
        if self.closed - self._first >= YOUNG_MINUTES:
            self._young = False
            return True
        following = self.open.first
        if following is None or following > minute:
            return False
        if following - self.closed > HOLE_MINUTES:
            self.closed = following - 1
            self._first = following
        return True

    def running(self, now: float) -> list[Spike]:
        """Score the open minutes up to `now` (epoch seconds); teaches nothing, may raise."""
        last = int(now // 60)
        if self.closed is None or last - self.closed > RUNNING_MINUTES:
            return []
        cells = {minute: self.open.peek(minute) for minute in self.open.minutes() if minute <= last}
        self._know({reason for found in cells.values() for reason in found})
        counts = {minute: self._array(cells.get(minute, {})) for minute in range(self.closed + 1, last + 1)}
        if not counts:
            return []
        announced = self._announcements.at(last, self.detector.reasons)
        factors, held = self._expecting.at(self._index, announced)
        bars = self._expecting.raised(last, self._index)
        changes = self.detector.running(counts, now, factors, raised=bars, held=held)
        said = [self._stating.state(change, cells, self.closed) for change in changes]
        self.touched.update(spike.contact_reason for spike in said)
        return said

    @property
    def said(self) -> dict[str, Spike]:
        """The last statement about a spike of each contact reason, open or cleared."""
        return self._stating.said

    def restate(self) -> list[Spike]:
        """The last statement about each contact reason's spike, open or cleared; hearing it again is harmless."""
        return [self.said[reason] for reason in sorted(self.said)]

    @property
    def news(self) -> bool:
        """Whether `stated` has anything to give."""
        return bool(self._conditions.new)

    def stated(self) -> list[Condition]:
        """What was stated of the source as a whole since this was last asked, in order."""
        said, self._conditions.new = self._conditions.new, []
        return said

    def conditions(self) -> list[Condition]:
        """The last statement about each condition of the source, of what holds or has ended."""
        return self._conditions.restate()

    def resumable(self, minute: int) -> bool:
        """Whether it is enough to keep the `touched` contact reasons, all of them having been kept at `minute`."""
        return self.detector.resumable(minute)

    def snapshot(self, reason: str) -> dict[str, object]:
        """All that is to be kept of a contact reason; JSON-able."""
        return {
            "detector": self.detector.snapshot(reason),
            **self._stating.snapshot(reason),
            "campaigns": self._announcements.snapshot(reason),
            "expected": self._expecting.snapshot(reason),
        }

    def channel(self) -> dict[str, object]:
        """What is to be kept of the channel as a whole; JSON-able."""
        return {
            **self.detector.channel(),
            "campaigns": self._announcements.common(),
            "conditions": self._conditions.snapshot(),
            "young": self._first if self._young else None,
        }

    def announced(self, reason: str) -> float:
        """By how much a contact reason was expected to be raised in the minute closed last; 1.0 without campaigns."""
        closed, reasons = self.closed, self.detector.reasons
        factors = None if closed is None else self._announcements.at(closed, reasons)
        return 1.0 if factors is None else float(factors[self._index[reason]])

    def answers(self, reason: str) -> tuple[float, Raised | None]:
        """By how much people expect a contact reason to be above what is announced, and how its bar is raised."""
        announced, row = self._announcements.at(self.closed or 0, self.detector.reasons), self._index[reason]
        _, held = self._expecting.at(self._index, announced)
        by = raised(self._answered().false_alarms, reason, instant(self.closed or 0))
        return 1.0 if held is None else float(held[row]), by

    def restore(self, reason: str, state: Mapping[str, object]) -> None:
        """Take a snapshot back; one without a spike may be a learnt baseline."""
        self.detector.restore(reason, state["detector"])  # type: ignore[arg-type]
        self._stating.restore(reason, state)
        if state.get("campaigns"):
            self._announcements.restore(reason, state["campaigns"])  # type: ignore[arg-type]
        if state.get("expected"):
            self._expecting.restore(reason, state["expected"])  # type: ignore[arg-type]

    def adopt(self, reason: str, learnt: Mapping[str, object]) -> None:
        """Take over what `learn` found for a contact reason.

        Before the first minute that is everything; later only what a long history knows better than the present:
        the recent level, the evidence and the alarm stay as they are.
        """
        if self.closed is None:
            self.restore(reason, {**learnt, "spike": None})
            return
        self._know([reason])
        known = learnt["detector"]
        assert isinstance(known, Mapping)  # noqa: S101 - snapshot writes it so
        current = self.detector.snapshot(reason)
        self.detector.restore(reason, {**current, **{part: known[part] for part in LONG_TERM}})
        self._stating.adopt(reason, learnt)
        self.touched.add(reason)

    def recall(self, until: int, channel: Mapping[str, object]) -> None:
        """Minutes up to `until` were closed before a restart: keep their cells, judge nothing again.

        Args:
            until: the last of them.
            channel: what `channel` gave at that minute.
        """
        self.detector.resume(until, channel)
        self._announcements.resume(channel.get("campaigns", {}))  # type: ignore[arg-type]
        self._conditions.restore(channel.get("conditions", {}))  # type: ignore[arg-type]
        first = channel.get("young")
        self._young, self._first = isinstance(first, int), first if isinstance(first, int) else 0
        self.recollect(until)
        self.closed, self.late = until, 0

    def recollect(self, until: int, *, young: bool = False) -> None:
        """Put away the cells of minutes up to `until`, which were closed before a restart.

        With `young` only up to the last of them that holds anything, as in the first day empty minutes wait for what
        follows them.
        """
        held = [minute for minute in self.open.minutes() if minute <= until]
        if young:
            until = held[-1] if held else -1
        if until <= (self.closed if self.closed is not None else -1):
            return
        for minute in held:
            self._stating.recall(minute, self.open.take(minute))
        self.closed = until

    def _close(self, minute: int, *, alarms: bool) -> list[Spike]:
        cells = self.open.take(minute)
        self._know(cells, minute)
        self._stating.remember(minute, cells)
        self.closed = minute
        self.touched.update(cells)
        counts, index = self._array(cells), self._index
        announced = self._announcements.begin(minute, self.detector.reasons)
        factors, held = self._expecting.begin(minute, index, announced, self._seen)
        bars = self._expecting.raised(minute, index)
        standing = self._conditions.standing(self.detector, minute)
        changes = self.detector.close(minute, counts, factors, alarms=alarms, raised=bars, held=held)
        self._announcements.learn(self.detector, index)
        self._expecting.learn(self.detector, index, counts, announced)
        self.touched |= self._announcements.touched() | self._expecting.touched()
        self.touched |= self._stating.follow(minute, index, counts, self.detector.expectation().mean)
        self._conditions.close(
            minute,
            self.detector,
            counts,
            standing,
            alarms=alarms,
            over=any(change.state == "cleared" for change in changes),
            raised=self._total_raised(minute),
        )
        if self._witness is not None:
            self._witness(self.detector, counts, factors, alarms)
        said = [self._stating.state(change, {}, minute) for change in changes]
        about = {spike.contact_reason for spike in said}
        self.touched |= about
        # A bare count, as files of counts give it, brings no customer nearer to the number.
        wrote = {reason for reason, cell in cells.items() if cell.customers} - about
        said.extend(self._stating.reached(wrote, self.detector.open_alarms, minute))
        return said

    def _seen(self, reason: str, one: Expected) -> float:
        return seen_now(self.detector, self._stating.lately(reason), reason, one)

    def _bar_raised(self, change: AlarmChange) -> str | None:
        """That an alarm had a higher bar to take, in words; None where it had not."""
        by = raised(self._answered().false_alarms, change.contact_reason, instant(change.raised_minute))
        return None if by is None else bar_raised(by, self._zone, self._language)

    def _total_raised(self, minute: int) -> float:
        by = raised(self._answered().false_alarms, None, instant(minute))
        return 0.0 if by is None else by.nats

    def _know(self, reasons: Collection[str], minute: int | None = None) -> None:
        new = sorted(set(reasons).difference(self._index))
        if new:
            # In alphabetical order, so that a backtest and a worker hold their rows alike.
            self.detector.add(new, minute if minute is not None else (self.closed or 0) + 1)

    @property
    def _index(self) -> dict[str, int]:
        reasons = self.detector.reasons
        if len(self._rows) != len(reasons):
            self._rows = {reason: row for row, reason in enumerate(reasons)}
        return self._rows

    def _array(self, cells: Mapping[str, Counted]) -> FloatArray:
        counts = np.zeros(len(self.detector.reasons))
        index = self._index
        for reason, cell in cells.items():
            counts[index[reason]] = cell.count
        return counts
