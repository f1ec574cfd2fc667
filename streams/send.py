"""Tickets from a file onto `tickets`: in the order of their own times, paced if asked, ended with markers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from operator import itemgetter
from typing import NamedTuple

import msgspec

from streams.events import Ticket
from streams.files.readers import Refusal
from streams.markers import marker
from streams.publish import Publisher
from streams.topics import TICKET_VALUE_LIMIT
from streams.validity import FUTURE_SECONDS, REASON_LENGTH, REASON_TOO_LONG, wrong_time

IN_ORDER = itemgetter(0, 1)
"""The key by which tickets are sorted: their time, and a change behind its ticket."""


class Outgoing(NamedTuple):
    """A ticket ready to go: when it happens (epoch seconds), its key and its value."""

    at: float
    rank: int
    key: str
    value: bytes


Rows = Iterator[tuple[int, Ticket | Refusal]]


class Batch(NamedTuple):
    """What a file holds: the tickets in the order to send them, the refusals, the newest `created_at`."""

    tickets: list[Outgoing]
    refusals: list[Refusal]
    newest: datetime | None


def prepare(rows: Iterable[tuple[int, Ticket | Refusal]], now: datetime) -> Batch:
    """Sort tickets by their own time; refuse what the worker would.

    The order is by `changed_at`, else `created_at`; a change never goes before its ticket, rows of the same
    time keep the file's order.

    Args:
        rows: line number with ticket or refusal.
        now: tickets created or changed more than 10 minutes after it are refused, as `count` would.
    """
    latest = now.timestamp() + FUTURE_SECONDS
    encode = msgspec.json.Encoder().encode
    tickets: list[Outgoing] = []
    refusals: list[Refusal] = []
    newest: datetime | None = None
    for line, row in rows:
        if isinstance(row, Refusal):
            refusals.append(row)
            continue
        wrong = _wrong(row, latest)
        if wrong is not None:
            refusals.append(Refusal(line, *wrong))
            continue
        value = encode(row)
        if len(value) > TICKET_VALUE_LIMIT:
            refusals.append(Refusal(line, "row", f"has {len(value)} bytes; at most {TICKET_VALUE_LIMIT}"))
            continue
        tickets.append(Outgoing(_happens(row), row.kind != "created", row.id, value))
        newest = row.created_at if newest is None else max(newest, row.created_at)
    tickets.sort(key=IN_ORDER)
    return Batch(tickets, refusals, newest)


def _wrong(ticket: Ticket, latest: float) -> tuple[str, str] | None:
    """The field for which `count` would refuse a ticket, and what is wrong with it."""
    created = ticket.created_at.timestamp()
    wrong = wrong_time(ticket, created, latest, "lies more than 10 minutes in the future")
    if wrong is not None:
        field, what = wrong
        return field, f"{getattr(ticket, field).isoformat()} {what}"
    if ticket.contact_reason is not None and len(ticket.contact_reason) > REASON_LENGTH:
        return "contact_reason", REASON_TOO_LONG
    return None


def _happens(ticket: Ticket) -> float:
    created = ticket.created_at.timestamp()
    return created if ticket.changed_at is None else max(created, ticket.changed_at.timestamp())


def paced(
    tickets: Iterable[Outgoing],
    speed: float | None,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterator[Outgoing]:
    """Let tickets through `speed` times as fast as they came; None lets them through at once.

    >>> slept = []
    >>> tickets = [Outgoing(at, 0, "", b"") for at in (100.0, 160.0)]
    >>> _ = list(paced(tickets, 60, lambda: float(sum(slept)), slept.append)); slept
    [1.0]
    """
    first: float | None = None
    started = clock()
    for ticket in tickets:
        if speed is not None:
            first = ticket.at if first is None else first
            wait = (ticket.at - first) / speed - (clock() - started)
            if wait > 0:
                sleep(wait)
        yield ticket


def end(publisher: Publisher, partitions: Iterable[int], newest: datetime) -> None:
    """Write the end marker into every partition, after all that was sent before is acknowledged."""
    publisher.flush()
    value, headers = marker(newest.astimezone(UTC))
    for partition in partitions:
        publisher.send(None, value, headers=headers, partition=partition)
    publisher.flush()
