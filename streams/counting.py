"""One partition of `tickets`, counted exactly: a pure function of the log up to an offset.

A ticket (`source`, `id`) counts once, under its last contact reason, in the minute of its first `created_at`.
Everything here depends on the log's own contents and times, never on the clock or on how the log was cut into
batches, so a worker that reads the log again after a crash comes to the same numbers.

What is remembered is bounded by the horizon, in the log's own time: an id is forgotten `horizon_hours` after it
first came. A ticket for a minute that is no longer held whole is stated singly (:class:`streams.events.Late`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import msgspec

from streams import markers
from streams.admission import Admission
from streams.cells import KnownTicket
from streams.events import TicketCounts
from streams.facets import Facets, ReadTicket
from streams.held_cells import HeldCells
from streams.known_tickets import KnownTickets, own_customer
from streams.lanes import Lane, Lanes
from streams.pages import Page, Pages, Standing
from streams.recall import recall
from streams.relabelling import Relabelling
from streams.shards import Shards
from streams.tally import Tally
from streams.topics import TICKET_VALUE_LIMIT
from streams.validity import (
    FUTURE_SECONDS,
    REASON_LENGTH,
    REASON_TOO_LONG,
    Record,
    Refusal,
    explain,
    size_error,
    wrong_time,
)

HOUR_MS = 3_600_000
LATENESS_LIMIT = 900.0
"""A ticket that comes later than this is old, not late: nobody waits for more of its kind."""


class PartitionCounts:
    """What one partition of `tickets` holds, up to `position`.

    Args:
        partition: the partition's number.
        pseudonym: a customer key to its pseudonym, of 64 bits or of two keys (`streams.customers.pseudonymiser`).
        facets: allow-listed facets: ticket fields, or names of attributes.
        horizon_hours: how long ids and minutes are remembered, in the log's own time.
        max_reasons: distinct contact reasons taken in per hour of the log; further ones count as `other`, so that
            a bug upstream that makes up reasons cannot fill the memory.
        complete_from: the first minute that is held whole, if the reading began inside the log.
        cut: the log before the first record was deleted; what it held of the first minutes is unknown.
        shards: with several, each contact reason stated bears its shard's prefix; `streams.statements` parts them.
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
        shards: Shards | None = None,
    ) -> None:
        self.partition = partition
        self.position = 0
        self.tally = Tally()
        self.newest: float | None = None
        """Event time before which this partition is complete, as far as its own tickets say (epoch seconds)."""
        self.newest_appended = 0.0
        """When the ticket behind `newest` came into the log (epoch seconds)."""
        self.canary: float | None = None
        """When the newest canary was sent (epoch seconds)."""
        self._lateness = [0.0, 0.0]
        """The largest delay between a ticket and its record, in the hour before and in this one (seconds)."""
        self._facets = Facets(facets)
        self._pseudonym = pseudonym
        self._cut = cut
        self._hour = -1
        self._hour_ends_ms = -1
        self._admission = Admission(self.tally, max_reasons)
        shards = shards or Shards()
        self._prefix = shards.prefix if shards.names else None
        self._known = KnownTickets(horizon_hours)
        self._cells = HeldCells(self.tally, complete_from, horizon_hours)
        self._pages = Pages()
        self._relabelling = Relabelling(
            self._known,
            self._cells,
            self.tally,
            admission=self._admission,
            pseudonym=pseudonym,
            facets=self._facets,
            pages=self._pages,
            shards=shards,
        )
        self._lanes = Lanes(self._admission, self._cells)
        self._decode = msgspec.json.Decoder(ReadTicket).decode

    def feed(  # noqa: C901 - one loop, written out, since every ticket comes this way
        self, records: Iterable[Record], *, restating: bool = True, most: int = 1 << 40
    ) -> list[Refusal]:
        """Count records in the log's order; records below `position` are passed over.

        `restating=False` rebuilds: what is fed counts, but is not stated again. After the `most`th refused record it
        returns, with `position` behind that one.
        Returns the refused records; never raises for anything a record holds.
        """
        refused: list[Refusal] = []
        known, lanes, facets, decode = self._known.tickets, self._lanes.minutes, self._facets, self._decode
        by_text, by_fields, pseudonym = facets.by_text.get, facets.by_fields.get, self._pseudonym
        prefix_of_market, prefix = self._prefix, ""
        newest, lateness = (self.newest if self.newest is not None else -math.inf), self._lateness[1]
        counted = repeated = 0
        page = self._pages.tickets
        # Tickets come more or less in order, so that most belong to the minute of the one before.
        minute, begin, end = 0, 0.0, 0.0
        lane: Lane = {}
        for record in records:
            if refused and len(refused) >= most:
                break
            offset, timestamp, value = record.offset, record.timestamp, record.value
            if offset < self.position:
                continue
            self.position = offset + 1
            if timestamp >= self._hour_ends_ms:
                self._begin_hour(timestamp, offset)
                begin, end, lateness = 0.0, 0.0, 0.0
                page = self._pages.tickets
            if record.headers and self._is_marker(record):
                newest = self.newest or newest
                continue
            if not value or len(value) > TICKET_VALUE_LIMIT:
                refused.append(Refusal(offset, "value", size_error(value)))
                continue
            try:
                ticket = decode(value)
                attributes = by_text(bytes(ticket.attributes))
                if attributes is None:
                    attributes = facets.attributes(ticket)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                refused.append(Refusal(offset, *explain(error)))
                continue
            created, appended = ticket.created_at.timestamp(), timestamp / 1000.0
            delay = appended - created
            if not begin <= created < end or delay < -FUTURE_SECONDS or ticket.changed_at is not None:
                wrong = wrong_time(ticket, created, appended + FUTURE_SECONDS)
                if wrong is not None:
                    refused.append(Refusal(offset, *wrong))
                    continue
                minute = int(created) // 60
                begin, end = minute * 60.0, minute * 60.0 + 60.0
                lane = lanes.setdefault(minute, {})
            reason = ticket.contact_reason
            if prefix_of_market is None:
                cell = lane.get(reason)
            else:
                prefix = prefix_of_market(ticket.market)
                cell = lane.get((prefix, reason))
            if cell is None and reason is not None and len(reason) > REASON_LENGTH:
                refused.append(Refusal(offset, "contact_reason", REASON_TOO_LONG))
                continue
            key = ticket.id if ticket.source == "default" else (ticket.source, ticket.id)
            if ticket.kind != "created":
                self._relabelling.change(key, ticket, created, offset)
                continue
            if key in known:
                repeated += 1
                continue
            if cell is None:
                cell = self._lanes.open(reason, minute, offset, prefix)
            voucher_code, campaign_id = ticket.voucher_code, ticket.campaign_id
            fields = by_fields((voucher_code, campaign_id, ticket.channel, ticket.market, ticket.language))
            if fields is None:
                fields = facets.fields(ticket)
            customer = pseudonym(ticket.customer or own_customer(key))
            one = known[key] = KnownTicket(cell.contact_reason, minute, customer, fields, attributes)
            cell.tickets.append(one)
            page.append((key, one))
            counted += 1
            if created > newest:
                newest = self.newest = created
                self.newest_appended = appended
            if lateness < delay <= LATENESS_LIMIT:
                lateness = self._lateness[1] = delay
        self.tally.counted += counted
        self.tally.repeated += repeated
        self.tally.refused += len(refused)
        if self._pages.many:
            self._pages.drop(self.position)
        if not restating:
            self.settle()
        return refused

    def pages(self) -> list[Page]:
        """What was taken in since this was asked last; see :meth:`recall`."""
        self._turn_page(self.position)
        return self._pages.take()

    def recall(self, page: Page) -> None:
        """Take in again what a page holds, which begins at `position` or opens the first hour; states nothing."""
        if page.opens:
            self._begin_hour(page.hour * HOUR_MS, page.begin)
        recall(page, self._known.tickets, self._cells, self._relabelling, self._facets)
        self.tally.counted += len(page.tickets)
        self._admission.admitted.update(page.admitted)
        self.newest, self.newest_appended, self.canary, self._lateness[1] = page.standing
        self.position = page.end
        self._pages.go_on(page.end, self._admission.admitted)
        self.settle()

    def window(self) -> tuple[int, int]:
        """Where to begin reading to come to this state again: an offset, and the first minute complete from there."""
        if not self._known.hours:
            return self.position, self._cells.complete_from
        first = self._known.hours[0]
        return first.offset, first.complete_from

    def statement(
        self, *, watermark: float | None, drained: bool, partitions: int, keys: tuple[str, ...] = ()
    ) -> TicketCounts:
        """All cells that changed since :meth:`settle`, cumulative up to `position`.

        Call `settle` once the statement is safely on its way; until then the next one says the same again.
        """
        return TicketCounts(
            partition=self.partition,
            partitions=partitions,
            offset=self.position,
            watermark=watermark,
            drained=drained,
            cells=self._cells.stated(self._facets.names),
            late=self._cells.late,
            canary=self.canary,
            keys=keys,
        )

    @property
    def lateness(self) -> float:
        """By how many seconds tickets lately came behind their `created_at`, at most 15 minutes."""
        return max(self._lateness)

    @property
    def dirty(self) -> bool:
        """Whether anything changed since the last statement."""
        return self._cells.dirty

    @property
    def remembered(self) -> int:
        """How many ticket ids are remembered."""
        return len(self._known.tickets)

    def settle(self) -> None:
        """What was stated is safe: forget it, and let go of minutes beyond the horizon."""
        self._cells.settle()
        self._lanes.clear()

    def _is_marker(self, record: Record) -> bool:
        sent = markers.read_canary(record.headers, record.value)
        if sent is not None and sent <= record.timestamp / 1000.0 + FUTURE_SECONDS:
            self.canary = max(sent, self.canary or sent)
            return True
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
        before = self._hour
        if before >= 0:
            self._turn_page(offset)
        self._hour, self._hour_ends_ms = hour, (hour + 1) * HOUR_MS
        self._lateness[:] = self._lateness[1], 0.0
        self._admission.begin_hour()
        self._pages.open(offset)
        self._lanes.clear()
        cells, known = self._cells, self._known
        if known.hours:
            # A ticket may lie up to ten minutes after its record: so far into the hour after it may an earlier
            # hour of the log have filled minutes.
            complete_from = (before + 1) * 60 + int(FUTURE_SECONDS // 60) + 1
        else:
            if self._cut:
                cells.complete_from = timestamp_ms // 60_000 + int(FUTURE_SECONDS // 60) + 1
            complete_from = cells.complete_from
        if known.begin_hour(hour, offset, complete_from):
            # Of minutes that these ids may have filled, nobody can say any more whether a ticket is counted.
            cells.complete_from = max(cells.complete_from, known.hours[0].complete_from)

    def _turn_page(self, end: int) -> None:
        standing = Standing(self.newest, self.newest_appended, self.canary, self._lateness[1])
        self._pages.turn(end, self._hour, standing, self._admission.admitted)
