"""Changes that a source told of without their content, off the records on `tickets`: what is to be exported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from streams.sources.mapping import GAP


class Gap(NamedTuple):
    """A ticket of which nobody said what changed: the kind of gap, and when the source told of it."""

    at: str
    source: str
    gap: str
    id: str


class _Ticket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is read of a ticket."""

    id: str
    created_at: str
    changed_at: str | None = None
    source: str = "default"
    attributes: dict[str, str] | None = None


def gaps(records: Iterable[bytes | None]) -> list[Gap]:
    """The tickets whose last record is a gap, the oldest first. What cannot be read is left out.

    >>> told = b'{"id": "%b", "created_at": "2026-11-20T09:15:00Z", "attributes": {"gap": "GAP_UPDATE"}}'
    >>> known = b'{"id": "2", "created_at": "2026-11-20T09:15:00Z", "contact_reason": "refund"}'
    >>> [(one.id, one.gap) for one in gaps([told % b"1", told % b"2", known, b"{"])]
    [('1', 'GAP_UPDATE')]
    """
    last: dict[tuple[str, str], Gap] = {}
    for record in records:
        try:
            ticket = msgspec.json.decode(record or b"", type=_Ticket)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        gap = (ticket.attributes or {}).get(GAP)
        if gap:
            found = Gap(ticket.changed_at or ticket.created_at, ticket.source, gap, ticket.id)
            last[ticket.source, ticket.id] = found
        else:
            last.pop((ticket.source, ticket.id), None)
    return sorted(last.values())
