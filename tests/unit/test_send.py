"""The order in which a file's tickets go out, and what is refused before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.events import Ticket
from streams.files.readers import FileTicket, Refusal
from streams.send import Outgoing, paced, prepare

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Record(NamedTuple):
    """A Kafka record as far as counting reads it."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: tuple[()] = ()


def ticket(number: int, minutes: float, **fields: object) -> FileTicket:
    values = {"id": str(number), "created_at": NOON + timedelta(minutes=minutes), "contact_reason": "x"}
    return FileTicket(**values | fields)  # type: ignore[arg-type]


def test_tickets_go_in_the_order_of_their_own_times_and_changes_after_their_ticket() -> None:
    rows = [
        ticket(1, 5),
        ticket(2, 1, kind="relabelled"),
        ticket(2, 1),
        ticket(3, 0, kind="retracted", changed_at=NOON + timedelta(minutes=9)),
        ticket(3, 0),
        # Written before it was created: the change still has to follow.
        ticket(4, 7, kind="relabelled", changed_at=NOON),
        ticket(4, 7),
    ]
    batch = prepare(enumerate(rows, 1), NOON + timedelta(days=1))
    sent = [msgspec.json.decode(one.value, type=Ticket) for one in batch.tickets]
    assert [(one.id, one.kind) for one in sent] == [
        ("3", "created"),
        ("2", "created"),
        ("2", "relabelled"),
        ("1", "created"),
        ("4", "created"),
        ("4", "relabelled"),
        ("3", "retracted"),
    ]
    assert [one.key for one in batch.tickets] == [one.id for one in sent]
    assert batch.newest == NOON + timedelta(minutes=7)


def test_only_what_a_ticket_says_is_written() -> None:
    batch = prepare([(1, ticket(1, 0, contact_reason=None))], NOON)
    assert msgspec.json.decode(batch.tickets[0].value) == {
        "id": "1",
        "created_at": "2026-06-01T12:00:00Z",
        "contact_reason": None,
    }


def test_what_the_worker_would_refuse_is_refused_before() -> None:
    rows = [
        (1, Refusal(1, "row", "is not JSON")),
        (2, ticket(2, 10)),
        (3, ticket(3, 10.1)),
        (4, ticket(4, 0, attributes={"a": "x" * 2**20})),
        (5, ticket(5, 0, created_at=datetime(1999, 12, 31, 23, 59, tzinfo=UTC))),
        (6, ticket(6, 0, contact_reason="x" * 3001)),
        (7, ticket(7, 0, kind="updated", changed_at=NOON + timedelta(minutes=11))),
    ]
    batch = prepare(rows, NOON)
    assert [one.key for one in batch.tickets] == ["2"]
    assert [(refusal.line, refusal.field) for refusal in batch.refusals] == [
        (1, "row"),
        (3, "created_at"),
        (4, "row"),
        (5, "created_at"),
        (6, "contact_reason"),
        (7, "changed_at"),
    ]
    assert [refusal.what for refusal in batch.refusals[3:]] == [
        "1999-12-31T23:59:00+00:00 lies before the year 2000",
        "is longer than 3000 characters",
        "2026-06-01T12:11:00+00:00 lies more than 10 minutes in the future",
    ]


def test_what_is_prepared_is_refused_by_no_worker() -> None:
    rows = [
        ticket(1, 0, created_at=datetime(2000, 1, 1, tzinfo=UTC)),
        ticket(2, 0, contact_reason="x" * 3000),
        ticket(3, 10, kind="updated", changed_at=NOON + timedelta(minutes=10)),
    ]
    batch = prepare(enumerate(rows, 1), NOON)
    assert not batch.refusals
    counts = PartitionCounts(0, pseudonymiser("key"))
    stamp = int(NOON.timestamp() * 1000)
    records = [Record(offset, stamp, one.value) for offset, one in enumerate(batch.tickets)]
    assert counts.feed(records) == []


def test_speed_divides_the_time_between_tickets() -> None:
    now = 0.0
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    tickets = [Outgoing(float(at), 0, str(at), b"") for at in (1000, 1000, 1060, 1120)]
    assert len(list(paced(tickets, 10, lambda: now, sleep))) == 4
    assert slept == [6.0, 6.0]
