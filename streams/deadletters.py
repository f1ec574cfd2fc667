"""Dead letters: a refused record unchanged, with the reason in its headers."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from alerts import redact
from streams.settings import Settings
from streams.validity import Refusal

APP_VERSION = version("ticketspike")

LARGEST = 8 * 1024 * 1024
"""A value that compression squeezed through the limit of `tickets` may not fit into `dead-letters` whole."""


def headers(record: Any, refusal: Refusal, failed_at: float) -> list[tuple[str, bytes]]:
    """The original headers and what went wrong.

    The error names the field and the rule, never the value: what a customer wrote must not travel in a header.
    The guard sees to it that it stays so, whatever a decoder will quote one day.
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
    if record.value is not None and len(record.value) > LARGEST:
        said["truncated"] = f"the original has {len(record.value)} bytes"
    return [*record.headers, *((name, value.encode()) for name, value in said.items())]


async def send(producer: Any, settings: Settings, record: Any, refusal: Refusal, failed_at: float) -> Any:
    """Hand a refused record to the producer; the caller's next flush waits for the acknowledgement."""
    return await producer.send(
        settings.topic("dead-letters"),
        value=record.value and record.value[:LARGEST],
        key=record.key,
        headers=headers(record, refusal, failed_at),
    )
