"""What counting took in, taken in again from its pages: as if the log had been read again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from ticket_logs import FACETS, LOGS, Record, records_of

from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.pages import Page

PSEUDONYM = pseudonymiser("test")
ENCODE, DECODE = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Page).decode


def counts_of(complete_from: int | None = None) -> PartitionCounts:
    return PartitionCounts(
        0, PSEUDONYM, facets=FACETS, max_reasons=2, horizon_hours=2, complete_from=complete_from
    )


def said(counts: PartitionCounts, records: Sequence[Record]) -> list[Any]:
    """Feed one by one; all that is stated and refused."""
    stated = []
    for record in records:
        refused = counts.feed([record])
        statement = counts.statement(watermark=counts.newest, drained=False, partitions=1)
        stated.append((refused, statement, counts.window(), counts.lateness))
        counts.settle()
    return stated


def each_within_its_hour(log: list[tuple[dict[str, Any], int, bool]]) -> list[Record]:
    """No ticket is heard of in two hours, so that none is changed or repeated after it was forgotten."""
    hour, own = 0, []
    for one, hours, now in log:
        hour += hours
        created = datetime.fromisoformat(one["created_at"]) + timedelta(hours=hour if now else 0)
        changed = one | {"id": f"{one['id']} {hour}", "created_at": created.isoformat()}
        own.append((changed, hours, False))
    return records_of(own)


@settings(max_examples=200, deadline=None)
@given(LOGS, st.integers(1, 30), st.floats(0.2, 0.9))
def test_counts_recalled_from_pages_go_on_as_if_there_had_been_no_crash(
    log: list[tuple[dict[str, Any], int, bool]], size: int, part: float
) -> None:
    records = each_within_its_hour(log)
    crash = int(part * len(records))
    before, pages = counts_of(), []
    for begin in range(0, crash, size):
        before.feed(records[begin : min(begin + size, crash)])
        before.settle()
        pages += before.pages()
    window, complete_from = before.window()
    after = counts_of(complete_from if window else None)
    after.position = window
    for page in pages:
        if page.begin >= window:
            assert page.begin == after.position
            after.recall(DECODE(ENCODE(page)))
    assert after.position == crash
    assert after.remembered == before.remembered
    assert said(after, records[crash:]) == said(before, records[crash:])


def test_pages_that_nobody_takes_are_let_go_and_the_next_does_not_join_the_last(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr("streams.pages.MOST", 10)
    counts = counts_of()
    body = b'{"id":"%d","created_at":"2026-06-01T10:00:00Z","contact_reason":"a"}'
    records = [Record(offset, 1780311600000, body % offset) for offset in range(30)]
    counts.feed(records[:5])
    (page,) = counts.pages()
    for begin in range(5, 30, 5):
        counts.feed(records[begin : begin + 5])
    assert all(later.begin > page.end and not later.opens for later in counts.pages())
