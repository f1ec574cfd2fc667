"""Changes of tickets that came before: relabelled, retracted, updated.

A change moves a count within the ticket's original minute. Each is made once, and an older one does not revert a
newer (:class:`streams.changes.Changes`). A ticket stays in the shard that it first came in, whatever market a later
record names.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from streams.admission import UNLABELLED, Admission
from streams.cells import Key, KnownTicket
from streams.changes import Change, Changes, said_by
from streams.facets import Facets, ReadTicket
from streams.held_cells import HeldCells
from streams.known_tickets import KnownTickets, own_customer
from streams.pages import Pages
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
        pages: where is noted what was made.
        shards: says which shard a ticket counts in.
    """

    __slots__ = ("_admission", "_cells", "_facets", "_known", "_pages", "_pseudonym", "_shards", "_tally")

    def __init__(
        self,
        known: KnownTickets,
        cells: HeldCells,
        tally: Tally,
        *,
        admission: Admission,
        pseudonym: Callable[[str], int],
        facets: Facets,
        pages: Pages,
        shards: Shards,
    ) -> None:
        self._known = known
        self._cells = cells
        self._tally = tally
        self._admission = admission
        self._pseudonym = pseudonym
        self._facets = facets
        self._pages = pages
        self._shards = shards

    def change(self, key: Key, ticket: ReadTicket, created: float, offset: int) -> None:
        """Make a change; `created` is the ticket's `created_at` (epoch seconds), `offset` the record's."""
        if ticket.kind == "updated":
            self._tally.updated += 1
            return
        said = said_by(ticket)
        if not self._changes(key).accepts(said):
            self._tally.repeated += 1
            return
        before = self._known.tickets.get(key)
        shards = self._shards
        prefix = shards.prefix(ticket.market) if before is None else shards.prefix_of(before.contact_reason)
        reason = prefix or None
        if ticket.kind == "relabelled":
            reason = prefix + self._admission.admit(ticket.contact_reason)
        if before is not None:
            after = msgspec.structs.replace(before, contact_reason=reason)
        else:
            after = KnownTicket(
                reason,
                int(created) // 60,
                self._pseudonym(ticket.customer or own_customer(key)),
                self._facets.fields(ticket),
                self._facets.attributes(ticket),
            )
        change = Change(key, said, after)
        self._pages.note(change)
        self._make(change, before, offset)

    def again(self, change: Change, offset: int) -> None:
        """Make a change that was made before, as it was noted."""
        self._changes(change.key).accepts(change.said)
        self._make(change, self._known.tickets.get(change.key), offset)

    def _changes(self, key: Key) -> Changes:
        changes = self._known.changes.get(key)
        if changes is None:
            changes = self._known.changes[key] = Changes()
        return changes

    def _make(self, change: Change, before: KnownTicket | None, offset: int) -> None:
        after, reason = change.after, change.after.contact_reason
        out = self._shards.prefix_of(reason) or None
        if before is None:
            self._known.changes[change.key].lost = not self._change_unknown(change, offset)
            return
        if self._known.changes[change.key].lost:
            # It never arrived where this change takes it from: a contact reason would have fewer than none.
            self._tally.unknown += 1
            return
        if before.contact_reason == reason:
            return
        if before.contact_reason != out:
            self._cells.remove(before, offset)
        self._known.tickets[change.key] = after
        if reason != out:
            self._cells.add(after, offset)
        if change.said[0] == "relabelled":
            self._tally.relabelled += 1
        else:
            self._tally.retracted += 1

    def _change_unknown(self, change: Change, offset: int) -> bool:
        """A change of a ticket that is not remembered: it overtook its creation, or the ticket is too old.

        Returns:
            Whether it is known where the ticket counts now.
        """
        after, reason = change.after, change.after.contact_reason
        prefix = self._shards.prefix_of(reason)
        out = prefix or None
        self._tally.unknown += 1
        self._known.tickets[change.key] = after
        if after.minute >= self._cells.complete_from:
            # Held whole and never counted: the change came first. It counts now; the late creation is a repeat.
            if reason != out:
                self._cells.add(after, offset)
            return True
        _, stated, left, _ = change.said
        if left is None and reason == out:
            left = stated
        if left is None:
            return False
        self._cells.withdraw(prefix + (left or UNLABELLED), after, offset)
        if reason != out:
            self._cells.add(after, offset)
        return True
