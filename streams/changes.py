"""What changed about a ticket, so that a repeat changes nothing and an older change does not revert a newer."""

from __future__ import annotations

import msgspec

from streams.cells import Key, KnownTicket
from streams.events import Ticket
from streams.validity import EPOCH

Said = tuple[str, str | None, str | None, float | None]
"""A change as a record says it: its kind, the contact reason, the previous one, when (epoch seconds)."""


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A change that was made; `after` is what is remembered of the ticket from then on."""

    key: Key
    said: Said
    after: KnownTicket


class Changes:
    """The changes that a ticket has seen: a repeat changes nothing, an older one does not revert a newer."""

    __slots__ = ("latest", "lost", "seen")

    def __init__(self) -> None:
        self.latest: float | None = None
        self.lost = False
        """Nobody knows where the ticket counts: it was forgotten, and its next change did not say whence it came."""
        self.seen: set[Said] = set()

    def accepts(self, said: Said) -> bool:
        """Whether this change is to be made; remembers that it was seen."""
        if said in self.seen:
            return False
        self.seen.add(said)
        at = said[-1]
        if at is not None:
            if self.latest is not None and at <= self.latest:
                return False
            self.latest = at
        return True


def said_by(ticket: Ticket) -> Said:
    """The change that a record states."""
    at = (ticket.changed_at - EPOCH).total_seconds() if ticket.changed_at else None
    return ticket.kind, ticket.contact_reason, ticket.previous_contact_reason, at
