"""Counting beside a slow and obvious reference: the same cells, customers, facets, tallies and refusals."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ticket_logs import FACETS, LOGS, Record, records_of

from streams.counting import PartitionCounts
from streams.customers import estimate, pseudonymiser

PSEUDONYM = pseudonymiser("test")
MAX_REASONS = 2


class Reference:
    """Every rule of counting in its plainest form: all tickets in a table, counted anew each time."""

    def __init__(self) -> None:
        self.tickets: dict[tuple[str, str], dict[str, Any]] = {}
        self.changes: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
        self.admitted: set[str] = set()
        self.hour = -1
        self.tally: Counter[str] = Counter()
        self.refused: list[int] = []

    def take(self, record: Record) -> None:
        """Take one record in."""
        if record.timestamp // 3_600_000 != self.hour:
            self.hour, self.admitted = record.timestamp // 3_600_000, set()
        one = json.loads(record.value)
        at = datetime.fromisoformat(one["created_at"])
        latest = datetime.fromtimestamp(record.timestamp / 1000 + 600, UTC)
        if at.tzinfo is None or at > latest or len(one["contact_reason"] or "") > 3000:
            self.refused.append(record.offset)
            return
        key, kind = (one.get("source", "default"), one["id"]), one.get("kind", "created")
        if kind == "updated":
            self.tally["updated"] += 1
        elif kind == "created":
            if key in self.tickets:
                self.tally["repeated"] += 1
            else:
                self.tally["counted"] += 1
                self.tickets[key] = one | {"at": at, "as": self.admit(one["contact_reason"])}
        else:
            self.change(key, kind, one, at)

    def change(self, key: tuple[str, str], kind: str, one: dict[str, Any], at: datetime) -> None:
        """A repeat changes nothing, an older change does not revert a newer one."""
        seen = self.changes.setdefault(key, [])
        when = one.get("changed_at")
        change = (kind, one["contact_reason"], when)
        newer = when is None or all(other is None or other < when for *_, other in seen)
        is_repeat = change in seen
        seen.append(change)
        if is_repeat or not newer:
            self.tally["repeated"] += 1
            return
        name = self.admit(one["contact_reason"]) if kind == "relabelled" else None
        if key not in self.tickets:
            self.tally["unknown"] += 1
            self.tickets[key] = one | {"at": at, "as": name}
        elif self.tickets[key]["as"] != name:
            self.tally[kind] += 1
            self.tickets[key]["as"] = name

    def admit(self, reason: str | None) -> str:
        """So many reasons an hour, further ones are `other`."""
        reason = reason or "unlabelled"
        if reason not in self.admitted and len(self.admitted) >= MAX_REASONS:
            self.tally["overflow"] += 1
            return "other"
        self.admitted.add(reason)
        return reason

    def cells(self) -> dict[tuple[str, int], tuple[int, int, dict[str, dict[str, int]]]]:
        """Tickets, distinct customers and facets of every contact reason and minute."""
        held: dict[tuple[str, int], list[tuple[tuple[str, str], dict[str, Any]]]] = {}
        for key, one in self.tickets.items():
            if one["as"] is not None:
                held.setdefault((one["as"], int(one["at"].timestamp() // 60)), []).append((key, one))
        return {
            cell: (
                len(tickets),
                len({one.get("customer") or key for key, one in tickets}),
                {name: counts for name in FACETS if (counts := facet([one for _, one in tickets], name))},
            )
            for cell, tickets in held.items()
        }


def facet(tickets: list[dict[str, Any]], name: str) -> dict[str, int]:
    values = [
        (one.get("attributes") or {}).get(name) if name == "browser" else one.get(name) for one in tickets
    ]
    return dict(Counter(value[:80] for value in values if value))


@settings(max_examples=200, deadline=None)
@given(
    LOGS,
    st.integers(1, 60),
)
def test_counting_agrees_with_the_reference_however_the_log_is_cut(
    log: list[tuple[dict[str, Any], int, bool]], size: int
) -> None:
    counts = PartitionCounts(0, PSEUDONYM, facets=FACETS, max_reasons=MAX_REASONS)
    reference = Reference()
    records = records_of(log)
    for record in records:
        reference.take(record)
    stated, refused = {}, []
    for begin in range(0, len(records), size):
        refused += counts.feed(records[begin : begin + size])
        for cell in counts.statement(watermark=None, drained=False, partitions=1).cells:
            held = (cell.count, estimate(cell.customers), cell.facets)
            stated[cell.contact_reason, cell.minute] = held
        counts.settle()
    assert {cell: held for cell, held in stated.items() if held[0]} == reference.cells()
    assert [one.offset for one in refused] == reference.refused
    outcomes = ("counted", "repeated", "relabelled", "retracted", "updated", "unknown", "overflow")
    assert [getattr(counts.tally, one) for one in outcomes] == [reference.tally[one] for one in outcomes]
