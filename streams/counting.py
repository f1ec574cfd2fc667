"""One partition of `tickets`, counted exactly: a pure function of the log up to an offset.

A ticket (`source`, `id`) counts once, under its last contact reason, in the minute of its first `created_at`.
Everything here depends on the log's own contents and times, never on the clock or on how the log was cut into
batches, so a worker that reads the log again after a crash comes to the same numbers.

What is remembered is bounded by the horizon, in the log's own time: an id is forgotten `horizon_hours` after it
first came. A ticket for a minute that is no longer held whole is stated singly (:class:`streams.events.Late`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from streams import markers
from streams.cells import OTHER, CellState, KnownTicket
from streams.changes import Changes
from streams.events import Cell, Late, TicketCounts
from streams.facets import Facets, ReadTicket, Values
from streams.topics import TICKET_VALUE_LIMIT
from streams.validity import (
    EARLIEST,
    EPOCH,
    FUTURE_SECONDS,
    REASON_LENGTH,
    Record,
    Refusal,
    explain,
    size_error,
    wrong_time,
)

UNLABELLED = "unlabelled"
HOUR_MS = 3_600_000
LATENESS_LIMIT = 900.0
"""A ticket that comes later than this is old, not late: nobody waits for more of its kind."""
SWEEP_MINUTES = 60

_Key = str | tuple[str, str]
"""A ticket's id, with its source where that is not the default one."""


@dataclass(slots=True)
class Tally:
    """How many records met which fate, since the start."""

    counted: int = 0
    repeated: int = 0
    relabelled: int = 0
    retracted: int = 0
    updated: int = 0
    late: int = 0
    unknown: int = 0
    overflow: int = 0
    refused: int = 0


class _Hour(NamedTuple):
    """An hour of the log: its first record's offset, the first minute that is whole from there, new ids."""

    hour: int
    offset: int
    complete_from: int
    ids: list[_Key]


class PartitionCounts:
    """What one partition of `tickets` holds, up to `position`.

    Args:
        partition: the partition's number.
        pseudonym: a customer key to its 64-bit pseudonym (`streams.customers.pseudonymiser`).
        facets: allow-listed facets: ticket fields, or names of attributes.
        horizon_hours: how long ids and minutes are remembered, in the log's own time.
        max_reasons: distinct contact reasons taken in per hour of the log; further ones count as `other`, so that
            a bug upstream that makes up reasons cannot fill the memory.
        complete_from: the first minute that is held whole, if the reading began inside the log.
        cut: the log before the first record was deleted; what it held of the first minutes is unknown.
    """

    def __init__(
        self,
        partition: int,
        pseudonym: Callable[[str], int],
        *,
        facets: Sequence[str] = (),
        horizon_hours: int = 48,
        max_reasons: int = 2000,
        complete_from: int | None = None,
        cut: bool = False,
    ) -> None:
        self.partition = partition
        self.position = 0
        self.tally = Tally()
        self.newest: float | None = None
        """Event time before which this partition is complete, as far as its own tickets say (epoch seconds)."""
        self.newest_appended = 0.0
        """When the ticket behind `newest` came into the log (epoch seconds)."""
        self._lateness = [0.0, 0.0]
        """The largest delay between a ticket and its record, in the hour before and in this one (seconds)."""
        self._facets = Facets(facets)
        self._fields_of, self._attributes_of = self._facets.fields, self._facets.attributes
        self._pseudonym = pseudonym
        self._horizon_hours = horizon_hours
        self._max_reasons = max_reasons
        self._complete_from = complete_from if complete_from is not None else -(1 << 62)
        self._cut = cut
        self._known: dict[_Key, KnownTicket] = {}
        self._changes: dict[_Key, Changes] = {}
        self._by_hour: deque[_Hour] = deque()
        self._hour_ids: list[_Key] = []
        self._hour = -1
        self._hour_ends_ms = -1
        self._admitted: set[str] = set()
        self._cells: dict[tuple[str, int], CellState] = {}
        self._dirty: set[tuple[str, int]] = set()
        self._late: list[Late] = []
        self._swept = self._complete_from
        self._newest_minute = -(1 << 62)
        self._decode = msgspec.json.Decoder(ReadTicket).decode

    def feed(  # noqa: C901 - one loop, written out, since every ticket comes this way
        self, records: Iterable[Record], *, restating: bool = True
    ) -> list[Refusal]:
        """Count records in the log's order; records below `position` are passed over.

        `restating=False` rebuilds: what is fed counts, but is not stated again.
        Returns the refused records; never raises for anything a record holds.
        """
        refused: list[Refusal] = []
        known, tally, decode, attributes_of = self._known, self.tally, self._decode, self._attributes_of
        newest, lateness = (self.newest if self.newest is not None else -math.inf), self._lateness
        for record in records:
            offset = record.offset
            if offset < self.position:
                continue
            self.position = offset + 1
            if record.timestamp >= self._hour_ends_ms:
                self._begin_hour(record.timestamp, offset)
            value = record.value
            if record.headers and self._is_marker(record):
                newest = self.newest or newest
                continue
            if not value or len(value) > TICKET_VALUE_LIMIT:
                refused.append(Refusal(offset, "value", size_error(value)))
                continue
            try:
                ticket = decode(value)
                attributes = attributes_of(ticket)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                refused.append(Refusal(offset, *explain(error)))
                continue
            created = (ticket.created_at - EPOCH).total_seconds()
            appended = record.timestamp / 1000.0
            if not EARLIEST <= created <= appended + FUTURE_SECONDS or ticket.changed_at is not None:
                wrong = wrong_time(ticket, created, appended + FUTURE_SECONDS)
                if wrong is not None:
                    refused.append(Refusal(offset, *wrong))
                    continue
            if ticket.contact_reason is not None and len(ticket.contact_reason) > REASON_LENGTH:
                refused.append(
                    Refusal(offset, "contact_reason", f"is longer than {REASON_LENGTH} characters")
                )
                continue
            key = ticket.id if ticket.source == "default" else (ticket.source, ticket.id)
            if ticket.kind != "created":
                self._change(key, ticket, created, offset)
                continue
            if key in known:
                tally.repeated += 1
                continue
            self._count(key, ticket, attributes, created, offset)
            if created > newest:
                newest = self.newest = created
                self.newest_appended = appended
            if lateness[1] < appended - created <= LATENESS_LIMIT:
                lateness[1] = appended - created
        tally.refused += len(refused)
        if not restating:
            self.settle()
        return refused

    def window(self) -> tuple[int, int]:
        """Where to begin reading to come to this state again: an offset, and the first minute complete from there."""
        if not self._by_hour:
            return self.position, self._complete_from
        first = self._by_hour[0]
        return first.offset, first.complete_from

    def statement(self, *, watermark: float | None, drained: bool, partitions: int) -> TicketCounts:
        """All cells that changed since :meth:`settle`, cumulative up to `position`.

        Call `settle` once the statement is safely on its way; until then the next one says the same again.
        """
        cells = []
        names = self._facets.names
        for reason, minute in self._dirty:
            state = self._cells[reason, minute]
            state.fold()
            cells.append(
                Cell(reason, minute, state.count, state.packed_customers(), state.facet_counts(names))
            )
        return TicketCounts(
            partition=self.partition,
            partitions=partitions,
            offset=self.position,
            watermark=watermark,
            drained=drained,
            cells=cells,
            late=self._late,
        )

    @property
    def lateness(self) -> float:
        """By how many seconds tickets lately came behind their `created_at`, at most 15 minutes."""
        return max(self._lateness)

    @property
    def dirty(self) -> bool:
        """Whether anything changed since the last statement."""
        return bool(self._dirty or self._late)

    @property
    def remembered(self) -> int:
        """How many ticket ids are remembered."""
        return len(self._known)

    def settle(self) -> None:
        """What was stated is safe: forget it, and let go of minutes beyond the horizon."""
        for key in self._dirty:
            self._cells[key].fold()
        self._dirty = set()
        self._late = []
        oldest = self._newest_minute - self._horizon_hours * 60
        if oldest > self._complete_from:
            self._complete_from = oldest
        if self._complete_from >= self._swept + SWEEP_MINUTES:
            self._swept = self._complete_from
            for key in [key for key in self._cells if key[1] < self._complete_from]:
                del self._cells[key]

    def _is_marker(self, record: Record) -> bool:
        at = markers.read_marker(record.headers, record.value)
        if at is None or at > record.timestamp / 1000.0 + FUTURE_SECONDS:
            return False
        # The end marker closes the minute of the newest ticket, too.
        ends = (at // 60 + 1) * 60
        self.newest = ends if self.newest is None else max(self.newest, ends)
        self.newest_appended = record.timestamp / 1000.0
        return True

    def _begin_hour(self, timestamp_ms: int, offset: int) -> None:
        hour = timestamp_ms // HOUR_MS
        before, self._hour, self._hour_ends_ms = self._hour, hour, (hour + 1) * HOUR_MS
        self._admitted = set()
        self._hour_ids = []
        self._lateness[:] = self._lateness[1], 0.0
        if self._by_hour:
            # A ticket may lie up to ten minutes after its record: so far into the hour after it may an earlier
            # hour of the log have filled minutes.
            complete_from = (before + 1) * 60 + int(FUTURE_SECONDS // 60) + 1
        else:
            if self._cut:
                self._complete_from = timestamp_ms // 60_000 + int(FUTURE_SECONDS // 60) + 1
            complete_from = self._complete_from
        self._by_hour.append(_Hour(hour, offset, complete_from, self._hour_ids))
        while self._by_hour[0].hour < hour - self._horizon_hours:
            for key in self._by_hour.popleft().ids:
                self._known.pop(key, None)
                self._changes.pop(key, None)
            # Of minutes that these ids may have filled, nobody can say any more whether a ticket is counted.
            self._complete_from = max(self._complete_from, self._by_hour[0].complete_from)

    def _count(self, key: _Key, ticket: ReadTicket, attributes: Values, created: float, offset: int) -> None:
        """Count a ticket that is not known; written out, since every ticket comes this way."""
        minute = int(created) // 60
        reason = ticket.contact_reason
        if reason not in self._admitted:
            reason = self._admit(reason or UNLABELLED)
        known = self._known[key] = KnownTicket(
            reason,
            minute,
            self._pseudonym(ticket.customer or _own(key)),
            self._fields_of(ticket),
            attributes,
        )
        self._hour_ids.append(key)
        self.tally.counted += 1
        if minute > self._newest_minute:
            self._newest_minute = minute
        at = (reason, minute)
        if at in self._dirty:
            self._cells[at].tickets.append(known)
        else:
            self._add(known, offset)

    def _add(self, known: KnownTicket, offset: int) -> None:
        reason = known.contact_reason
        assert reason is not None  # noqa: S101 - callers add only counted tickets
        key = (reason, known.minute)
        cell = self._cells.get(key)
        if cell is None:
            if known.minute < self._complete_from:
                self._say_late(offset, reason, known.minute, 1)
                return
            # A cell that is still held takes in all that comes, also below the limit: its next cumulative
            # statement would otherwise swallow what was said singly before it.
            cell = self._cells[key] = CellState()
        cell.tickets.append(known)
        self._dirty.add(key)

    def _remove(self, known: KnownTicket, offset: int) -> None:
        reason = known.contact_reason
        assert reason is not None  # noqa: S101 - callers remove only counted tickets
        cell = self._cells.get((reason, known.minute))
        if cell is None:
            self._say_late(offset, reason, known.minute, -1)
            return
        cell.remove(known)
        self._dirty.add((reason, known.minute))

    def _say_late(self, offset: int, reason: str, minute: int, count: int) -> None:
        self._late.append(Late(offset, reason, minute, count))
        self.tally.late += 1

    def _change(self, key: _Key, ticket: ReadTicket, created: float, offset: int) -> None:
        if ticket.kind == "updated":
            self.tally.updated += 1
            return
        before = self._known.get(key)
        changes = self._changes.get(key)
        if changes is None:
            changes = self._changes[key] = Changes()
            if before is None:
                self._hour_ids.append(key)
        if not changes.accepts(ticket):
            self.tally.repeated += 1
            return
        relabelled = ticket.kind == "relabelled"
        reason = self._admit(ticket.contact_reason or UNLABELLED) if relabelled else None
        if before is None:
            self._change_unknown(key, ticket, created, offset, reason)
            return
        if before.contact_reason == reason:
            return
        if before.contact_reason is not None:
            self._remove(before, offset)
        after = msgspec.structs.replace(before, contact_reason=reason)
        self._known[key] = after
        if reason is not None:
            self._add(after, offset)
        if relabelled:
            self.tally.relabelled += 1
        else:
            self.tally.retracted += 1

    def _change_unknown(
        self, key: _Key, ticket: ReadTicket, created: float, offset: int, reason: str | None
    ) -> None:
        """A change of a ticket that is not remembered: it overtook its creation, or the ticket is too old."""
        minute = int(created) // 60
        self.tally.unknown += 1
        after = KnownTicket(
            reason,
            minute,
            self._pseudonym(ticket.customer or _own(key)),
            self._fields_of(ticket),
            self._attributes_of(ticket),
        )
        self._known[key] = after
        if minute >= self._complete_from:
            # Held whole and never counted: the change came first. It counts now; the late creation is a repeat.
            if reason is not None:
                self._add(after, offset)
            return
        left = ticket.previous_contact_reason
        if left is None and reason is None:
            left = ticket.contact_reason
        if left is None:
            return
        self._say_late(offset, left or UNLABELLED, minute, -1)
        if reason is not None:
            self._say_late(offset, reason, minute, 1)

    def _admit(self, reason: str) -> str:
        admitted = self._admitted
        if reason in admitted:
            return reason
        if len(admitted) >= self._max_reasons:
            self.tally.overflow += 1
            return OTHER
        admitted.add(reason)
        return reason


def _own(key: _Key) -> str:
    """A ticket without a customer is its own."""
    return key if isinstance(key, str) else "\0".join(key)
