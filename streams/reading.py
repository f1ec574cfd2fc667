"""Records of topics that others may write to, read or passed over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from streams.errors import UNREADABLE

FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Times beyond leave no room to add hours or change zones; "without end" is often written as the year 9999."""

T = TypeVar("T", bound=msgspec.Struct)


def read(value: bytes | None, kind: type[T]) -> T | None:
    """The record, or None where it cannot be read or a time of its own lies where no calendar goes on. Never raises.

    >>> from alerts.records import Answer
    >>> said = b'{"incident_id": "ts-1", "kind": "useful", "by": "U1", "at": "%b"}'
    >>> read(said % b"2026-11-20T09:15:00Z", Answer).kind
    'useful'
    >>> read(said % b"9999-12-31T23:59:59Z", Answer), read(b"[" * 100_000, Answer), read(None, Answer)
    (None, None, None)
    """
    try:
        record = msgspec.json.decode(value or b"", type=kind)
    except UNREADABLE:
        return None
    values = (getattr(record, name) for name in kind.__struct_fields__)
    times = [held for held in values if isinstance(held, datetime)]
    return record if all(FIRST <= at <= LAST for at in times) else None
