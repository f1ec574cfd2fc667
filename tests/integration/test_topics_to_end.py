"""Reading topics to their end, and publishing, on real Kafka."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from streams import send
from streams.compacted import read_compacted
from streams.errors import Failure
from streams.events import Ticket
from streams.files.readers import FileTicket
from streams.markers import read_marker
from streams.publish import publisher
from streams.settings import Settings
from streams.to_end import partitions_of, read_to_end

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_every_partition_holds_its_tickets_in_their_order_and_then_one_end_marker(settings: Settings) -> None:
    rows = [
        FileTicket(
            id=str(number), created_at=NOON + timedelta(seconds=number * 7919 % 3600), contact_reason="x"
        )
        for number in range(2000)
    ]
    batch = send.prepare(enumerate(rows), NOON + timedelta(days=1))
    with publisher(settings, "tickets") as outlet:
        for ticket in batch.tickets:
            outlet.send(ticket.key, ticket.value)
        assert batch.newest is not None
        send.end(outlet, partitions_of(settings, "tickets"), batch.newest)
    found: dict[int, list[datetime]] = {}
    marked: dict[int, float | None] = {}
    keys = set()
    for record in read_to_end(settings, "tickets"):
        assert record.partition not in marked
        at = read_marker(record.headers, record.value)
        if at is not None:
            marked[record.partition] = at
            continue
        ticket = msgspec.json.decode(record.value, type=Ticket)
        assert record.key.decode() == ticket.id
        keys.add(ticket.id)
        found.setdefault(record.partition, []).append(ticket.created_at)
    assert keys == {ticket.id for ticket in rows}
    assert marked == dict.fromkeys(range(settings.ticketspike_partitions), batch.newest.timestamp())
    assert len(found) == settings.ticketspike_partitions
    assert all(times == sorted(times) for times in found.values())


def test_a_compacted_topic_reads_as_its_newest_values_without_those_taken_back(settings: Settings) -> None:
    assert read_compacted(settings, "campaigns") == {}
    with publisher(settings, "campaigns") as outlet:
        for key, value in (("a", b"1"), ("b", b"1"), ("a", b"2"), ("c", b"1"), ("b", None)):
            outlet.send(key, value)
        outlet.flush()
    assert read_compacted(settings, "campaigns") == {"a": b"2", "c": b"1"}


def test_a_missing_topic_is_named_with_the_remedy(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(topics=False)
    with pytest.raises(
        Failure, match=r"no topic t.*tickets; make the topics with `ticketspike topics create`"
    ):
        list(read_to_end(settings, "tickets"))
