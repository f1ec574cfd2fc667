"""Changes of tickets that came before: relabelled, retracted, updated.

A change moves a count within the ticket's original minute. Each is made once, and an older one does not revert a
newer (:class:`streams.changes.Changes`). A ticket stays in the shard that it first came in, whatever market a later
record names.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from streams.admission import UNLABELLED, Admission
from streams.cells import KnownTicket
from streams.changes import Changes
from streams.facets import Facets, ReadTicket
from streams.held_cells import HeldCells
from streams.known_tickets import Key, KnownTickets, own_customer
from streams.shards import Shards
from streams.tally import Tally


class Relabelling:
    """Makes the changes of one partition's tickets.

    Args:
        known: the tickets that are remembered.
        cells: the cells that they count in.
        tally: where is noted what became of a change.
        admission: says which contact reason a ticket counts under.
        pseudonym: a customer key to its pseudonym.
        facets: reads the allow-listed facets of a ticket.
        shards: says which shard a ticket counts in.
    """

    __slots__ = ("_admission", "_cells", "_facets", "_known", "_pseudonym", "_shards", "_tally")

    def __init__(
        self,
        known: KnownTickets,
        cells: HeldCells,
        tally: Tally,
        *,
        admission: Admission,
        pseudonym: Callable[[str], int],
        facets: Facets,
        shards: Shards,
    ) -> None:
        self._known = known
        self._cells = cells
        self._tally = tally
        self._admission = admission
        self._pseudonym = pseudonym
        self._facets = facets
        self._shards = shards

    def change(self, key: Key, ticket: ReadTicket, created: float, offset: int) -> None:
        """Make a change; `created` is the ticket's `created_at` (epoch seconds), `offset` the record's."""
        if ticket.kind == "updated":
            self._tally.updated += 1
            return
        before = self._known.tickets.get(key)
        changes = self._known.changes.get(key)
        if changes is None:
            changes = self._known.changes[key] = Changes()
        if not changes.accepts(ticket):
            self._tally.repeated += 1
            return
        relabelled = ticket.kind == "relabelled"
        shards = self._shards
        prefix = shards.prefix(ticket.market) if before is None else shards.prefix_of(before.contact_reason)
        out = prefix or None
        reason = prefix + self._admission.admit(ticket.contact_reason) if relabelled else out
        if before is None:
            self._change_unknown(key, ticket, created, offset, reason, prefix)
            return
        if before.contact_reason == reason:
            return
        if before.contact_reason != out:
            self._cells.remove(before, offset)
        after = msgspec.structs.replace(before, contact_reason=reason)
        self._known.tickets[key] = after
        if reason != out:
            self._cells.add(after, offset)
        if relabelled:
            self._tally.relabelled += 1
        else:
            self._tally.retracted += 1

    def _change_unknown(
        self, key: Key, ticket: ReadTicket, created: float, offset: int, reason: str | None, prefix: str
    ) -> None:
        """A change of a ticket that is not remembered: it overtook its creation, or the ticket is too old."""
        minute, out = int(created) // 60, prefix or None
        self._tally.unknown += 1
        after = self._known.tickets[key] = KnownTicket(
            reason,
            minute,
            self._pseudonym(ticket.customer or own_customer(key)),
            self._facets.fields(ticket),
            self._facets.attributes(ticket),
        )
        if minute >= self._cells.complete_from:
            # Held whole and never counted: the change came first. It counts now; the late creation is a repeat.
            if reason != out:
                self._cells.add(after, offset)
            return
        left = ticket.previous_contact_reason
        if left is None and reason == out:
            left = ticket.contact_reason
        if left is None:
            return
        self._cells.withdraw(prefix + (left or UNLABELLED), after, offset)
        if reason != out:
            self._cells.add(after, offset)
