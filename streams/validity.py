"""Which records are tickets: what is wrong with the others, said without a word of their contents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec

from streams.events import Ticket
from streams.topics import TICKET_VALUE_LIMIT

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_SECONDS = 600.0
"""How far `created_at` may lie after the record's own Kafka timestamp."""
EARLIEST = 946_684_800.0
"""The year 2000: an older `created_at` is a null date or a typing error, never a ticket."""
REASON_LENGTH = 3000
REASON_TOO_LONG = f"is longer than {REASON_LENGTH} characters"
AFTER_THE_RECORD = "lies more than 10 minutes after the record's Kafka timestamp"


class Record(Protocol):
    """What is read of a Kafka record; aiokafka's ConsumerRecord has it."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Refusal(NamedTuple):
    """Why a record is a dead letter: its offset, the field at fault (or "value") and what is wrong."""

    offset: int
    field: str
    error: str


def wrong_time(
    ticket: Ticket, created: float, latest: float, too_late: str = AFTER_THE_RECORD
) -> tuple[str, str] | None:
    """The time field at fault and what is wrong, or None.

    Args:
        ticket: what is judged.
        created: its `created_at` (epoch seconds).
        latest: the last allowed instant (epoch seconds).
        too_late: what is said of a time behind it.
    """
    if created < EARLIEST:
        return "created_at", "lies before the year 2000"
    if created > latest:
        return "created_at", too_late
    changed = ticket.changed_at
    if changed is not None and (changed - EPOCH).total_seconds() > latest:
        return "changed_at", too_late
    return None


def size_error(value: bytes | None) -> str:
    """What is wrong with an empty or too large value."""
    if not value:
        return "is empty; a ticket is a JSON object"
    return f"has {len(value)} bytes; at most {TICKET_VALUE_LIMIT}"


def explain(error: Exception) -> tuple[str, str]:
    """The field at fault and what is wrong, without a word of the record's contents.

    >>> explain(msgspec.ValidationError("Expected `str`, got `int` - at `$.id`"))
    ('id', 'Expected `str`, got `int`')
    """
    text, _, path = str(error).partition(" - at `")
    field = path.rstrip("`").removeprefix("$").lstrip(".") or "value"
    missing = "Object missing required field `"
    if text.startswith(missing):
        return text.removeprefix(missing).rstrip("`"), "is missing"
    if isinstance(error, msgspec.ValidationError):
        # msgspec quotes an unknown enum value; what a producer sent must not travel in a header.
        return field, "is none of the allowed values" if text.startswith("Invalid enum value") else text
    return "value", "is not JSON"
