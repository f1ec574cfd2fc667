"""Dead letters: a refused record unchanged, with the reason in its headers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, NamedTuple

from alerts import redact
from streams.settings import Settings
from streams.validity import Refusal

APP_VERSION = version("ticketspike")

LARGEST = 8 * 1024 * 1024
"""What a record's key, headers and value may have together, in bytes: what compression squeezed through the limit of
`tickets` may not fit into `dead-letters` whole, and a letter that is never taken holds up all commits."""
BESIDE = 1024 * 1024
"""What of it the key may have, and the record's own headers."""
_FRAMING = 10
"""What the lengths of a header's name and value take at most on their way."""


class Letter(NamedTuple):
    """A refused record as it goes to `dead-letters`."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def letter(record: Any, refusal: Refusal, failed_at: float) -> Letter:
    """The record with what went wrong behind its own headers.

    The error names the field and the rule, never the value: what a customer wrote must not travel in a header.
    The guard sees to it that it stays so, whatever a decoder will quote one day.

    What does not fit is left out, or cut, and a header says so: `key_left_out`, `headers_left_out`, `truncated` for the
    value. Counting reads neither key nor headers of a ticket, so the letter can still be replayed without them.
    """
    said = {
        "error": redact.safe(f"{refusal.field}: {refusal.error}"),
        "error_field": redact.safe(refusal.field),
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "failed_at": datetime.fromtimestamp(failed_at, UTC).isoformat(),
        "app_version": APP_VERSION,
    }
    key, value, own = record.key, record.value, list(record.headers)
    key_size, own_size = len(key or b""), _size(own)
    if key_size > BESIDE:
        said["key_left_out"] = f"the original has {key_size} bytes"
        key, key_size = None, 0
    if own_size > BESIDE:
        said["headers_left_out"] = f"the original has {len(own)} of {own_size} bytes"
        own, own_size = [], 0
    room = LARGEST - key_size - own_size
    if value is not None and len(value) > room:
        said["truncated"] = f"the original has {len(value)} bytes"
        value = value[:room]
    return Letter(key, value, [*own, *((name, text.encode()) for name, text in said.items())])


async def send(producer: Any, settings: Settings, record: Any, refusal: Refusal, failed_at: float) -> Any:
    """Hand a refused record to the producer; the caller's next flush waits for the acknowledgement."""
    key, value, headers = letter(record, refusal, failed_at)
    return await producer.send(settings.topic("dead-letters"), value=value, key=key, headers=headers)


def _size(headers: Sequence[tuple[str, bytes | None]]) -> int:
    return sum(len(name.encode()) + len(value or b"") + _FRAMING for name, value in headers)
