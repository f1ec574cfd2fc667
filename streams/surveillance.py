"""The pure core of *watch*: cells in, spikes out; the same for a live worker, a backtest and `explain`.

Cells are cumulative statements, so feeding one twice, or an older one late, changes nothing. A minute is closed
once, for all contact reasons together; a cell of a closed minute is late and only counted as such.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from alerts import language as words
from alerts.records import Campaign, Driver, Spike
from detectors.detector import Detector, DetectorSettings
from detectors.drivers import drivers
from streams.announcements import Announcements
from streams.events import Cell
from streams.facet_memory import FacetMemory
from streams.open_minutes import Counted, OpenMinutes, add_facets, distinct

if TYPE_CHECKING:
    from alerts.language import Language
    from detectors.alarm import AlarmChange
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
        witness: shown each closed minute, after it was judged: its counts, the announced uplifts, whether
            alarms were allowed. For what a backtest keeps beside its spikes; a worker has none.
    """

    def __init__(
        self,
        settings: DetectorSettings,
        *,
        language: Language = "en",
        min_customers: int = 3,
        campaigns: Callable[[], Collection[Campaign]] = tuple,
        witness: Witness | None = None,
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
        self.said: dict[str, Spike] = {}
        """The last statement about a spike of each contact reason, open or cleared."""
        self._language = language
        self._min_customers = min_customers
        self._announcements = Announcements(campaigns)
        self._witness = witness
        self._facets: dict[str, FacetMemory] = {}
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
        changes = self.detector.running(counts, now, announced)
        return [self._spike(change, cells) for change in changes]

    def restate(self) -> list[Spike]:
        """The last statement about each contact reason's spike, open or cleared; hearing it again is harmless."""
        return [self.said[reason] for reason in sorted(self.said)]

    def resumable(self, minute: int) -> bool:
        """Whether it is enough to keep the `touched` contact reasons, all of them having been kept at `minute`."""
        return self.detector.resumable(minute)

    def firing(self, reason: str) -> bool:
        """Whether a spike of this contact reason is open."""
        spike = self.said.get(reason)
        return spike is not None and spike.state != "cleared"

    def snapshot(self, reason: str) -> dict[str, object]:
        """All that is to be kept of a contact reason; JSON-able."""
        spike = self.said.get(reason)
        memory = self._facets.get(reason)
        return {
            "detector": self.detector.snapshot(reason),
            "facets": memory.snapshot() if memory else None,
            "spike": msgspec.to_builtins(spike) if spike else None,
            "campaigns": self._announcements.snapshot(reason),
        }

    def channel(self) -> dict[str, object]:
        """What is to be kept of the channel as a whole; JSON-able."""
        return {**self.detector.channel(), "campaigns": self._announcements.common()}

    def announced(self, reason: str) -> float:
        """By how much a contact reason was expected to be raised in the minute closed last; 1.0 without campaigns."""
        closed, reasons = self.closed, self.detector.reasons
        factors = None if closed is None else self._announcements.at(closed, reasons)
        return 1.0 if factors is None else float(factors[self._index[reason]])

    def restore(self, reason: str, state: Mapping[str, object]) -> None:
        """Take a snapshot back; one without a spike may be a learnt baseline."""
        self.detector.restore(reason, state["detector"])  # type: ignore[arg-type]
        if state.get("facets"):
            memory = self._facets[reason] = FacetMemory()
            memory.restore(state["facets"])  # type: ignore[arg-type]
        if state.get("spike"):
            self.said[reason] = msgspec.convert(state["spike"], Spike)
        if state.get("campaigns"):
            self._announcements.restore(reason, state["campaigns"])  # type: ignore[arg-type]

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
        if learnt.get("facets"):
            usual = FacetMemory()
            usual.restore(learnt["facets"])  # type: ignore[arg-type]
            memory = self._facets.setdefault(reason, FacetMemory())
            memory.usual, memory.usual_tickets = usual.usual, usual.usual_tickets
        self.touched.add(reason)

    def recall(self, until: int, channel: Mapping[str, object]) -> None:
        """Minutes up to `until` were closed before a restart: keep their cells, judge nothing again.

        Args:
            until: the last of them.
            channel: what `channel` gave at that minute.
        """
        self.detector.resume(until, channel)
        self._announcements.resume(channel.get("campaigns", {}))  # type: ignore[arg-type]
        for minute in self.open.minutes():
            if minute > until:
                break
            for reason, cell in self.open.take(minute).items():
                self._facets.setdefault(reason, FacetMemory()).close(minute, cell, teaches=False)
        self.closed = until

    def _close(self, minute: int, *, alarms: bool) -> list[Spike]:
        cells = self.open.take(minute)
        self._know(cells, minute)
        for reason, cell in cells.items():
            # A bare count, as files of counts give it, leaves nothing to remember.
            if cell.customers or cell.facets:
                self._facets.setdefault(reason, FacetMemory()).close(
                    minute, cell, teaches=not self.firing(reason)
                )
        self.closed = minute
        self.touched.update(cells)
        counts, reasons = self._array(cells), self.detector.reasons
        announced = self._announcements.begin(minute, reasons)
        changes = self.detector.close(minute, counts, announced, alarms=alarms)
        self._announcements.learn(self.detector, self._index)
        self.touched |= self._announcements.touched()
        if self._witness is not None:
            self._witness(self.detector, counts, announced, alarms)
        said = [self._spike(change, {}) for change in changes]
        said.extend(self._reached(cells, {spike.contact_reason for spike in said}))
        return said

    def _reached(self, cells: Mapping[str, Counted], said: set[str]) -> Iterator[Spike]:
        """Spikes that were held back for too few customers and have reached the number."""
        if not self._min_customers:
            return
        waiting = {
            reason
            for reason in cells.keys() - said
            if self.firing(reason) and self.said[reason].customers < self._min_customers
        }
        if not waiting:
            return
        for change in self.detector.open_alarms():
            if change.contact_reason in waiting:
                before = self.said[change.contact_reason]
                spike = self._spike(change, {})
                if spike.customers >= self._min_customers:
                    yield spike
                else:
                    self.said[change.contact_reason] = before

    def _know(self, reasons: Collection[str], minute: int | None = None) -> None:
        known = self._index
        new = sorted(reason for reason in reasons if reason not in known)
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

    def _spike(self, change: AlarmChange, running: Mapping[int, Mapping[str, Counted]]) -> Spike:
        reason = change.contact_reason
        self.touched.add(reason)
        memory = self._facets.setdefault(reason, FacetMemory())
        if change.state == "raised":
            memory.unlearn(change.onset)
        facets, cells = memory.window(change.onset)
        open_cells = [found[reason] for minute, found in sorted(running.items()) if reason in found]
        for cell in open_cells:
            add_facets(facets, cell.facets)
        cells = [*cells, *open_cells]
        found = drivers(facets, memory.usual, round(change.observed), change.expected)
        spike = Spike(
            spike_id=spike_id(reason, change.onset, change.raised_minute),
            contact_reason=reason,
            state=change.state,
            onset=instant(change.onset),
            raised_at=instant(change.raised_minute),
            cleared_at=None if change.cleared_minute is None else instant(change.cleared_minute),
            window_minutes=change.window_minutes,
            observed=round(change.observed),
            expected=round(change.expected, 3),
            lower=round(change.lower, 3),
            upper=round(change.upper, 3),
            uplift=round(change.uplift, 3),
            excess=round(change.observed - change.expected, 3),
            customers=distinct(cells),
            score=round(change.score, 3),
            rule=words.rule(change, self._language),
            drivers=[
                Driver(
                    facet=one.facet,
                    value=one.value,
                    tickets=one.tickets,
                    share=round(one.share, 4),
                    usual_share=round(one.usual_share, 4),
                    excess_share=round(one.excess_share, 4),
                )
                for one in found
            ],
        )
        self.said[reason] = spike
        return spike


def instant(minute: int) -> datetime:
    """A minute as an aware UTC datetime."""
    return datetime.fromtimestamp(minute * 60, UTC)


def spike_id(reason: str, onset: int, raised_minute: int) -> str:
    """The spike's stable name: a digest of the contact reason, its onset and the minute it was raised.

    >>> spike_id("voucher", 100, 107)
    's-ab2oc76bcp'
    """
    digest = hashlib.sha256(f"{reason}\0{onset}\0{raised_minute}".encode()).digest()
    return "s-" + base64.b32encode(digest).decode().lower()[:10]
