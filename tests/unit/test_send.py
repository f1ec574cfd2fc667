"""The order in which a file's tickets go out, and what is refused before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from streams.events import Ticket
from streams.files.readers import FileTicket, Refusal
from streams.send import Outgoing, paced, prepare

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


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
    ]
    batch = prepare(rows, NOON)
    assert [one.key for one in batch.tickets] == ["2"]
    assert [(refusal.line, refusal.field) for refusal in batch.refusals] == [
        (1, "row"),
        (3, "created_at"),
        (4, "row"),
    ]


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
