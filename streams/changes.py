"""What changed about a ticket, so that a repeat changes nothing and an older change does not revert a newer."""

from __future__ import annotations

from streams.events import Ticket
from streams.validity import EPOCH


class Changes:
    """The changes that a ticket has seen: a repeat changes nothing, an older one does not revert a newer."""

    __slots__ = ("latest", "lost", "seen")

    def __init__(self) -> None:
        self.latest: float | None = None
        self.lost = False
        """Nobody knows where the ticket counts: it was forgotten, and its next change did not say whence it came."""
        self.seen: set[tuple[str, str | None, str | None, float | None]] = set()

    def accepts(self, ticket: Ticket) -> bool:
        """Whether this change is to be made; remembers that it was seen."""
        at = (ticket.changed_at - EPOCH).total_seconds() if ticket.changed_at else None
        change = (ticket.kind, ticket.contact_reason, ticket.previous_contact_reason, at)
        if change in self.seen:
            return False
        self.seen.add(change)
        if at is not None:
            if self.latest is not None and at <= self.latest:
                return False
            self.latest = at
        return True
