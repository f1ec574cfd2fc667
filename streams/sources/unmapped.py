"""What helpdesks called tickets that no entry of `reasons` fits: counted by ticket, off the records on `tickets`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from alerts import redact
from streams.sources.mapping import UNMAPPED


class _Ticket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is read of a ticket."""

    id: str
    source: str = "default"
    attributes: dict[str, str] | None = None


def unmapped(records: Iterable[bytes | None]) -> Counter[tuple[str, str]]:
    """How many tickets each value of a source stands on, by (source, value).

    A ticket counts by its last record: one that was mapped later is no longer unmapped. What cannot be read, or looks
    personal, is left out.

    >>> ticket = b'{"id": "1", "source": "help", "attributes": {"unmapped": "vip, Lang_de"}}'
    >>> sorted(unmapped([ticket, ticket, b"{"]).items())
    [(('help', 'lang_de'), 1), (('help', 'vip'), 1)]
    """
    last: dict[tuple[str, str], tuple[str, ...]] = {}
    for record in records:
        try:
            ticket = msgspec.json.decode(record or b"", type=_Ticket)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        said = (ticket.attributes or {}).get(UNMAPPED, "")
        if said:
            last[ticket.source, ticket.id] = tuple(
                part.strip().casefold() for part in said.split(",") if part.strip()
            )
        else:
            last.pop((ticket.source, ticket.id), None)
    counted: Counter[tuple[str, str]] = Counter()
    for (source, _), values in last.items():
        counted.update({(source, value) for value in values if redact.safe(value) == value})
    return counted
