"""End markers: records on `tickets` that say that nothing older follows.

A replay has no wall clock that could close the last minutes, and "read to the end" is a race while a topic is
being fed. So whoever feeds `tickets` from a file ends with one marker in every partition; `count` recognises
its header and takes `at` as the partition's watermark. Its value is a JSON object, since an empty value is a
dead letter, and is no ticket, so that a reader that does not know markers refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from alerts.records import Instant
from streams.errors import UNREADABLE

HEADER = "ticketspike-marker"
END = b"end"
CANARY = b"canary"
"""A canary (`streams.canary`) looks like an end marker, and says nothing about other records."""
CANARY_AT = "ticketspike-canary-at"


class _Marker(msgspec.Struct, frozen=True):
    at: Instant
    marker: str = "end"


def marker(at: datetime) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The value and headers of an end marker: no ticket created before `at` follows in this partition.

    >>> marker(datetime(2026, 6, 1, 12, tzinfo=UTC))
    (b'{"at":"2026-06-01T12:00:00Z","marker":"end"}', [('ticketspike-marker', b'end')])
    """
    return msgspec.json.encode(_Marker(at=at.astimezone(UTC))), [(HEADER, END)]


def canary(at: datetime) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The value and headers of a canary that was sent at an instant."""
    return msgspec.json.encode(_Marker(at=at.astimezone(UTC), marker="canary")), [(HEADER, CANARY)]


def read_canary(headers: Iterable[tuple[str, bytes]] | None, value: bytes | None) -> float | None:
    """The instant of a canary in epoch seconds, or None if this record is none. Never raises.

    >>> value, headers = canary(datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    >>> read_canary(headers, value), read_marker(headers, value), read_canary(marker(datetime.now(UTC))[1], value)
    (60.0, None, None)
    """
    return _read(CANARY, headers, value)


def passed_on(at: float) -> list[tuple[str, bytes]]:
    """The headers by which *watch* passes on to *notify* a canary that was sent at `at` (epoch seconds).

    Its record has no value, so that whoever reads the topic finds nothing in it.

    >>> passed_on(60.5)
    [('ticketspike-marker', b'canary'), ('ticketspike-canary-at', b'1970-01-01T00:01:00.500000+00:00')]
    """
    return [(HEADER, CANARY), (CANARY_AT, datetime.fromtimestamp(at, UTC).isoformat().encode())]


def read_passed_on(headers: Iterable[tuple[str, bytes]]) -> float | None:
    """When a canary was sent that was passed on, in epoch seconds, or None if this record is none. Never raises.

    >>> read_passed_on(passed_on(60.5)), read_passed_on([]), read_passed_on([(CANARY_AT, b"soon")])
    (60.5, None, None)
    """
    said = dict(headers)
    if said.get(HEADER) != CANARY:
        return None
    try:
        # Kafka's headers may lack a value.
        return msgspec.convert((said.get(CANARY_AT) or b"").decode(), Instant).timestamp()
    except UNREADABLE:
        return None


def read_marker(headers: Iterable[tuple[str, bytes]] | None, value: bytes | None) -> float | None:
    """The instant of an end marker in epoch seconds, or None if this record is none. Never raises.

    >>> value, headers = marker(datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    >>> read_marker(headers, value), read_marker([], value), read_marker(headers, b"{}")
    (60.0, None, None)
    """
    return _read(END, headers, value)


def _read(kind: bytes, headers: Iterable[tuple[str, bytes]] | None, value: bytes | None) -> float | None:
    if not headers or value is None or not any(key == HEADER and content == kind for key, content in headers):
        return None
    try:
        return msgspec.json.decode(value, type=_Marker).at.timestamp()
    except UNREADABLE:
        return None
