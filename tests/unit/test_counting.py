"""Counting one partition: each ticket once, under its last contact reason, however the log is cut or re-read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import customers
from streams.counting import PartitionCounts
from streams.counts import Counted
from streams.customers import pseudonymiser
from streams.markers import canary, marker

START = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
PSEUDONYM = pseudonymiser("test")
FACETS = ("voucher_code", "channel", "browser")


@dataclass
class Record:
    """A Kafka record as far as counting reads it."""

    offset: int
    value: bytes | None
    timestamp: int = int(START.timestamp() * 1000) + 3_600_000
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def counts_of(**options: Any) -> PartitionCounts:
    return PartitionCounts(0, PSEUDONYM, facets=FACETS, **options)


def ticket(
    number: int | str, minute: float = 0, reason: str | None = "voucher", **more: Any
) -> dict[str, Any]:
    created = START + timedelta(minutes=minute)
    return {"id": str(number), "created_at": created.isoformat(), "contact_reason": reason, **more}


def feed(counts: PartitionCounts, *tickets: object, first: int | None = None) -> list[Any]:
    start = counts.position if first is None else first
    return counts.feed(
        Record(start + index, one if isinstance(one, bytes | None) else json.dumps(one).encode())
        for index, one in enumerate(tickets)
    )


def stated(counts: PartitionCounts) -> dict[tuple[str, int], int]:
    """What a reader of the statements holds, as minutes after the start."""
    reader = Counted()
    reader.feed([encoded(counts)])
    counts.settle()
    begin = int(START.timestamp() // 60)
    return {(reason, minute - begin): count for (reason, minute), count in reader.minutes().items() if count}


def encoded(counts: PartitionCounts) -> bytes:
    return msgspec.json.encode(counts.statement(watermark=None, drained=False, partitions=1))


def test_a_ticket_counts_in_the_minute_it_was_created() -> None:
    counts = counts_of()
    feed(counts, ticket(1, 0.99), ticket(2, 1.0), ticket(3, 1.5, "delivery"))
    assert stated(counts) == {("voucher", 0): 1, ("voucher", 1): 1, ("delivery", 1): 1}


def test_a_repeat_changes_nothing() -> None:
    counts = counts_of()
    feed(counts, ticket(1), ticket(1), ticket(1, 5), ticket(1, reason="delivery"))
    assert stated(counts) == {("voucher", 0): 1}
    assert counts.tally.repeated == 3


def test_the_same_id_of_another_source_is_another_ticket() -> None:
    counts = counts_of()
    feed(counts, ticket(1), ticket(1, source="phone"))
    assert stated(counts) == {("voucher", 0): 2}


@pytest.mark.parametrize("reason", [None, ""])
def test_a_ticket_without_contact_reason_counts_as_unlabelled(reason: str | None) -> None:
    counts = counts_of()
    feed(counts, ticket(1, reason=reason))
    assert stated(counts) == {("unlabelled", 0): 1}


def test_a_relabelled_ticket_moves_within_its_original_minute() -> None:
    counts = counts_of()
    feed(counts, ticket(1, 3), ticket(2, 3), ticket(1, 42, "delivery", kind="relabelled"))
    assert stated(counts) == {("voucher", 3): 1, ("delivery", 3): 1}


def test_a_retracted_ticket_is_taken_out_of_its_original_minute() -> None:
    counts = counts_of()
    feed(counts, ticket(1, 3), ticket(2, 3), ticket(1, 3, kind="retracted"))
    assert stated(counts) == {("voucher", 3): 1}


def test_of_several_changes_the_latest_by_changed_at_wins_whatever_their_order() -> None:
    later = {"kind": "relabelled", "changed_at": "2026-06-01T10:50:00Z"}
    earlier = {"kind": "relabelled", "changed_at": "2026-06-01T10:40:00Z"}
    counts = counts_of()
    feed(counts, ticket(1), ticket(1, reason="b", **later), ticket(1, reason="c", **earlier))
    assert stated(counts) == {("b", 0): 1}


def test_a_repeated_older_relabel_does_not_revert_a_newer_one() -> None:
    to_b = ticket(1, reason="b", kind="relabelled", previous_contact_reason="voucher")
    to_c = ticket(1, reason="c", kind="relabelled", previous_contact_reason="b")
    counts = counts_of()
    feed(counts, ticket(1), to_b, to_c, to_b)
    assert stated(counts) == {("c", 0): 1}


def test_a_relabel_that_overtook_its_ticket_counts_it_once_under_the_new_reason() -> None:
    counts = counts_of()
    feed(counts, ticket(1, 2, "b", kind="relabelled"), ticket(1, 2))
    assert stated(counts) == {("b", 2): 1}


def test_a_retraction_that_overtook_its_ticket_keeps_it_out() -> None:
    counts = counts_of()
    feed(counts, ticket(1, 2, kind="retracted"), ticket(1, 2))
    assert stated(counts) == {}


def test_an_update_counts_nothing() -> None:
    counts = counts_of()
    feed(counts, ticket(1), ticket(1, kind="updated", csat=4), ticket(2, kind="updated"))
    assert stated(counts) == {("voucher", 0): 1}


def test_distinct_customers_are_counted_and_a_ticket_without_one_is_its_own() -> None:
    counts = counts_of()
    feed(counts, ticket(1, customer="a"), ticket(2, customer="a"), ticket(3, customer="b"), ticket(4))
    cell = counts.statement(watermark=None, drained=False, partitions=1).cells[0]
    assert customers.estimate(cell.customers) == 3


def test_a_retracted_ticket_takes_its_customer_along_but_not_a_shared_one() -> None:
    counts = counts_of()
    feed(counts, ticket(1, customer="a"), ticket(2, customer="b"), ticket(3, customer="b"))
    feed(counts, ticket(1, kind="retracted"), ticket(3, kind="retracted"))
    cell = counts.statement(watermark=None, drained=False, partitions=1).cells[0]
    assert (cell.count, customers.estimate(cell.customers)) == (1, 1)


def test_only_allow_listed_facets_travel() -> None:
    counts = counts_of()
    attributes = {"browser": "Safari", "shoe_size": "44"}
    feed(counts, ticket(1, voucher_code="SOMMER25", market="de", text="hello", attributes=attributes))
    cell = counts.statement(watermark=None, drained=False, partitions=1).cells[0]
    assert cell.facets == {"voucher_code": {"SOMMER25": 1}, "browser": {"Safari": 1}}


def test_nothing_a_customer_wrote_is_in_a_statement() -> None:
    counts = counts_of()
    feed(
        counts, ticket(1, customer="ada@example.com", text="my secret", subject="secret too", order_id="4711")
    )
    said = encoded(counts).decode()
    assert not any(word in said for word in ("ada", "secret", "4711"))


REFUSED = [
    # what a producer may send, the field at fault
    (b"", "value"),
    (None, "value"),
    (b"not json", "value"),
    (b"\xff\xfe{}", "value"),
    (b"[1, 2]", "value"),
    (b'"text"', "value"),
    (b"[" * 5000, "value"),
    (b"{" + b" " * 5_000_000 + b"}", "value"),
    (json.dumps({"id": "1", "contact_reason": "a"}).encode(), "created_at"),
    (json.dumps(ticket(1) | {"created_at": "2026-06-01T10:00:00"}).encode(), "created_at"),
    (json.dumps(ticket(1) | {"created_at": "yesterday"}).encode(), "created_at"),
    (json.dumps(ticket(1, 60 + 11)).encode(), "created_at"),
    (json.dumps(ticket(1) | {"created_at": "1970-01-01T00:00:00Z"}).encode(), "created_at"),
    (json.dumps(ticket(1) | {"created_at": "0001-01-01T00:00:00+23:59"}).encode(), "created_at"),
    (json.dumps(ticket(1, kind="relabelled", changed_at="9999-01-01T00:00:00Z")).encode(), "changed_at"),
    (json.dumps(ticket(1, reason="x" * 3001)).encode(), "contact_reason"),
    (json.dumps(ticket(1) | {"id": 17}).encode(), "id"),
    (json.dumps(ticket(1) | {"id": ""}).encode(), "id"),
    (json.dumps(ticket(1, kind="exploded")).encode(), "kind"),
    (json.dumps(ticket(1, reason=5)).encode(), "contact_reason"),  # type: ignore[arg-type]
    (json.dumps(ticket(1, csat=9)).encode(), "csat"),
    (json.dumps(ticket(1, attributes={"browser": 5})).encode(), "attributes[...]"),
]


@pytest.mark.parametrize(("value", "at_fault"), REFUSED, ids=[str(index) for index in range(len(REFUSED))])
def test_a_bad_record_is_refused_with_its_field_and_blocks_nothing(
    value: bytes | None, at_fault: str
) -> None:
    counts = counts_of()
    refused = feed(counts, ticket("before"), value, ticket("after"))
    assert [(one.offset, one.field) for one in refused] == [(1, at_fault)]
    assert stated(counts) == {("voucher", 0): 2}


def test_a_refusal_never_quotes_the_record() -> None:
    counts = counts_of()
    refused = feed(
        counts,
        ticket(1, kind="ada@example.com"),
        ticket(1, kind="it's ada@example.com"),
        b'{"id": "ada@example.com"',
        ticket(1, csat="ada"),
    )
    assert len(refused) == 4
    assert not any("ada" in one.error + one.field for one in refused)


def test_a_ticket_up_to_ten_minutes_ahead_of_its_record_is_taken() -> None:
    counts = counts_of()
    assert feed(counts, ticket(1, 60 + 10)) == []


def test_reasons_beyond_the_limit_count_as_other_and_are_reported() -> None:
    counts = counts_of(max_reasons=2)
    feed(counts, ticket(1, reason="a"), ticket(2, reason="b"), ticket(3, reason="c"), ticket(4, reason="a"))
    assert stated(counts) == {("a", 0): 2, ("b", 0): 1, ("other", 0): 1}
    assert counts.tally.overflow == 1


def test_a_hundred_thousand_reasons_from_one_bug_stay_bounded() -> None:
    counts = counts_of()
    feed(counts, *(ticket(number, reason=f"bug-{number}") for number in range(100_000)))
    held = stated(counts)
    assert len(held) == 2001
    assert held["other", 0] == 98_000
    assert sum(held.values()) == 100_000


def test_an_id_is_forgotten_after_the_horizon_of_the_logs_own_time() -> None:
    counts = counts_of(horizon_hours=1)
    counts.feed([Record(0, json.dumps(ticket(1)).encode())])
    later = int(START.timestamp() * 1000) + 4 * 3_600_000
    counts.feed([Record(1, json.dumps(ticket(2)).encode(), timestamp=later)])
    assert counts.remembered == 1


def test_a_ticket_for_a_minute_beyond_the_horizon_travels_singly_and_adds_up() -> None:
    counts = counts_of(horizon_hours=1)
    reader = Counted()
    for batch in [[ticket(1, 0)], [ticket(2, 65), ticket(3, 0)], [ticket(4, 0), ticket(5, 65)]]:
        feed(counts, *batch)
        statement = encoded(counts)
        reader.feed([statement, statement])
        counts.settle()
    late = msgspec.json.decode(statement)["late"]
    assert [count for *_, count in late] == [1]
    assert sorted(count for count in reader.minutes().values()) == [2, 3]


def test_a_change_after_a_quiet_weekend_moves_a_forgotten_ticket_instead_of_counting_it_twice() -> None:
    counts = counts_of(horizon_hours=48)
    reader = Counted()
    friday, monday = Record(0, None).timestamp, Record(0, None).timestamp + 64 * 3_600_000

    def say(offset: int, one: dict[str, Any], at: int) -> None:
        counts.feed([Record(offset, json.dumps(one).encode(), timestamp=at)])
        reader.feed([encoded(counts)])
        counts.settle()

    for number in range(3):
        say(number, ticket(number), friday)
    # Quiet for longer than the horizon, so that the first three hours are forgotten.
    moved = ticket(1, reason="delivery", kind="relabelled", previous_contact_reason="voucher")
    say(3, moved, monday)
    say(4, ticket(2, kind="retracted"), monday)
    held = {reason: count for (reason, _), count in reader.minutes().items() if count}
    assert held == {"voucher": 1, "delivery": 1}


@pytest.mark.parametrize("kind", ["relabelled", "retracted"])
@pytest.mark.parametrize("crowd", [1, 300])
def test_a_change_of_a_forgotten_ticket_is_not_swallowed_by_the_statement_of_its_minute_that_is_still_due(
    kind: str, crowd: int
) -> None:
    # As in a catch-up or an outage: hours of the log are read before anything can be stated.
    counts = counts_of(horizon_hours=1)
    begin, reader = Record(0, None).timestamp, Counted()
    for number in range(crowd + 1):
        counts.feed([Record(number, json.dumps(ticket(number, customer=f"c{number}")).encode())])
    reason = {"contact_reason": "delivery", "previous_contact_reason": "voucher"}
    change = ticket(0, customer="c0", kind=kind) | (reason if kind == "relabelled" else {})
    later = begin + 5 * 3_600_000
    counts.feed([Record(crowd + 1, json.dumps(change).encode(), timestamp=later)])
    reader.feed([encoded(counts)])
    held = {reason: count for (reason, _), count in reader.minutes().items() if count}
    assert held == {"voucher": crowd, **({"delivery": 1} if kind == "relabelled" else {})}
    (bucket, *_) = (
        one for one in reader.buckets(lambda minute: minute * 60) if one.contact_reason == "voucher"
    )
    assert bucket.customers == pytest.approx(crowd, rel=0.12 if crowd > 64 else 0)


@pytest.mark.parametrize("previous", [None, "a"])
def test_changes_of_a_forgotten_ticket_take_no_other_out_of_a_cell_that_is_still_held(
    previous: str | None,
) -> None:
    counts = counts_of(horizon_hours=1)
    feed(counts, ticket(1, -30, "b"), ticket(2, 0))
    counts.settle()
    # The horizon passes the first ticket's minute; its cell is let go with the next hour's.
    feed(counts, ticket(3, 59))
    counts.settle()
    change = {"previous_contact_reason": previous} if previous else {}
    feed(counts, ticket(4, -30, "b", kind="relabelled", **change), ticket(4, -30, "b", kind="retracted"))
    statement = counts.statement(watermark=None, drained=False, partitions=1)
    assert all(cell.count == 1 for cell in statement.cells)
    # Where a ticket counted that nobody remembers and nobody names, nothing is taken out.
    assert [late.count for late in statement.late] == ([-1] if previous else [])


@pytest.mark.parametrize("second", [{"reason": "c", "previous_contact_reason": "b"}, {"reason": "c"}])
def test_two_changes_of_a_forgotten_ticket_of_unknown_reason_leave_no_reason_with_fewer_than_none(
    second: dict[str, str],
) -> None:
    counts, reader = counts_of(horizon_hours=1), Counted()
    begin = Record(0, None).timestamp
    records = [
        (ticket(1, reason="a"), begin),
        (ticket(2, 300), begin + 5 * 3_600_000),
        (ticket(1, reason="b", kind="relabelled"), begin + 5 * 3_600_000),
        (ticket(1, kind="relabelled", **second), begin + 5 * 3_600_000),
    ]
    for offset, (one, at) in enumerate(records):
        counts.feed([Record(offset, json.dumps(one).encode(), timestamp=at)])
        reader.feed([encoded(counts)])
        counts.settle()
    held = {reason: count for (reason, _), count in reader.minutes().items() if count}
    assert held == {"a": 1, "voucher": 1}


def test_tickets_right_after_a_quiet_weekend_are_stated_whole_not_singly() -> None:
    counts = counts_of(horizon_hours=48)
    hour = 3_600_000
    start = int(START.timestamp() * 1000)
    counts.feed([Record(0, json.dumps(ticket(1)).encode(), timestamp=start)])
    counts.settle()
    monday = ticket(2, minute=64 * 60)
    counts.feed([Record(1, json.dumps(monday).encode(), timestamp=start + 64 * hour)])
    statement = counts.statement(watermark=None, drained=False, partitions=1)
    assert ([cell.count for cell in statement.cells], statement.late) == ([1], [])


def test_a_log_whose_beginning_was_deleted_states_no_partial_minute_as_whole() -> None:
    counts = counts_of(cut=True)
    counts.position = 500
    counts.feed([Record(500, json.dumps(ticket(1, 59)).encode())])
    statement = counts.statement(watermark=None, drained=False, partitions=1)
    assert (statement.cells, [late.count for late in statement.late]) == ([], [1])


def test_the_lateness_of_a_source_is_remembered_but_not_that_of_an_old_ticket() -> None:
    counts = counts_of()
    feed(counts, ticket(1, 55), ticket(2, 1))
    assert counts.lateness == 300.0


def test_the_end_marker_moves_the_watermark_past_the_newest_minute_and_counts_nothing() -> None:
    counts = counts_of()
    value, headers = marker(START + timedelta(minutes=7, seconds=30))
    counts.feed([Record(0, value, headers=headers)])
    assert counts.newest == (START + timedelta(minutes=8)).timestamp()
    assert stated(counts) == {}


def test_what_could_not_be_sent_is_stated_again() -> None:
    counts = counts_of()
    feed(counts, ticket(1))
    lost = encoded(counts)
    feed(counts, ticket(2))
    assert stated(counts) == {("voucher", 0): 2}
    assert lost


REASONS = st.sampled_from(["a", "b", "c", None])
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["created", "created", "created", "relabelled", "retracted", "updated"]),
        st.integers(0, 8),
        st.integers(0, 4),
        REASONS,
        st.one_of(st.none(), st.integers(0, 5)),
    ),
    max_size=40,
)


def as_tickets(events: list[tuple[str, int, int, str | None, int | None]]) -> list[dict[str, Any]]:
    tickets = []
    for kind, number, minute, reason, changed in events:
        one = ticket(number, minute, reason, kind=kind, customer=f"c{number % 3}")
        if changed is not None and kind in ("relabelled", "retracted"):
            one["changed_at"] = (START + timedelta(minutes=10 * changed)).isoformat()
        tickets.append(one)
    return tickets


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.lists(st.integers(1, 7), max_size=40), st.integers(0, 40))
def test_cutting_the_log_or_reading_it_again_makes_no_difference(
    events: list[tuple[str, int, int, str | None, int | None]], cuts: list[int], crash_at: int
) -> None:
    tickets = as_tickets(events)
    whole = counts_of()
    feed(whole, *tickets)
    truth = stated(whole)

    reader = Counted()
    counts = counts_of()
    position = 0
    for size in [*cuts, len(tickets)]:
        batch = tickets[position : position + size]
        feed(counts, *batch, first=position)
        position += len(batch)
        statement = encoded(counts)
        reader.feed([statement, statement])
        counts.settle()
        if position >= crash_at:
            # A crash: the state is gone, the log is read again, what was stated before is not stated again.
            counts = counts_of()
            feed_again = [
                Record(index, json.dumps(one).encode()) for index, one in enumerate(tickets[:position])
            ]
            counts.feed(feed_again, restating=False)
            crash_at = len(tickets) + 1
    begin = int(START.timestamp() // 60)
    held = {(reason, minute - begin): count for (reason, minute), count in reader.minutes().items() if count}
    assert held == truth


@settings(max_examples=100, deadline=None)
@given(EVENTS)
def test_no_ticket_counts_twice_and_none_counts_less_than_nothing(
    events: list[tuple[str, int, int, str | None, int | None]],
) -> None:
    counts = counts_of()
    feed(counts, *as_tickets(events))
    held = stated(counts)
    assert all(count > 0 for count in held.values())
    assert sum(held.values()) <= len({number for _, number, *_ in events})


def test_a_canary_is_told_in_the_next_statement_and_is_nothing_else() -> None:
    at = START + timedelta(hours=1)
    value, headers = canary(at)
    counts = counts_of()
    feed(counts, ticket(1))
    before = (counts.newest, counts.lateness, counts.tally.counted, stated(counts))
    assert counts.feed([Record(1, value, headers=headers)]) == []
    assert (counts.newest, counts.lateness, counts.tally.counted) == before[:3]
    statement = counts.statement(watermark=None, drained=False, partitions=1)
    assert (statement.canary, statement.offset, statement.cells) == (at.timestamp(), 2, [])


def test_a_canary_without_its_header_or_from_the_future_is_a_dead_letter() -> None:
    value, headers = canary(START + timedelta(hours=2))
    for record in (Record(0, value), Record(0, value, headers=headers)):
        [refusal] = counts_of().feed([record])
        assert refusal.error == "is missing"
