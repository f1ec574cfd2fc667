"""Logs of tickets with everything in them that counting has a rule for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

START = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
FACETS = ("voucher_code", "language", "channel", "browser")


@dataclass
class Record:
    """A Kafka record as far as counting reads it."""

    offset: int
    timestamp: int
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


def optional(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, None, *values])


TICKETS = st.fixed_dictionaries(
    {
        "id": st.sampled_from([f"t{number}" for number in range(12)]),
        "created_at": st.sampled_from(
            [START + timedelta(seconds=seconds) for seconds in (0, 1, 59.999, 60, 61, 240, 240.5)]
        ).map(datetime.isoformat)
        | st.sampled_from(["2026-06-01T12:00:30+02:00", "2026-06-01T10:00:00", "2026-06-03T10:00:00Z"]),
        "contact_reason": st.sampled_from(["a", "a", "a", "b", "b", "c", "other", "x" * 3001, "", None]),
    },
    optional={
        "kind": st.sampled_from(["created", "created", "relabelled", "retracted", "updated"]),
        "changed_at": st.sampled_from(["2026-06-01T10:30:00Z", "2026-06-01T10:40:00Z"]),
        "source": st.sampled_from(["default", "phone"]),
        "customer": optional("", "ada", "bob"),
        "channel": optional("", "mail", "chat", "y" * 100),
        "voucher_code": optional("SUMMER"),
        "market": optional("de", "at"),
        "language": optional("nl"),
        "attributes": optional({}, {"browser": "Safari"}, {"browser": "Edge", "device": "desktop"}),
        "text": st.just("hello"),
    },
)

LOGS = st.lists(
    # Long enough for hours to run out of reasons, which short logs do not.
    st.tuples(TICKETS, st.sampled_from([0] * 9 + [1]), st.booleans()),
    min_size=20,
    max_size=80,
)
"""Each record's ticket, the hours between it and the one before, whether it has a header."""


def records_of(log: Sequence[tuple[dict[str, Any], int, bool]]) -> list[Record]:
    """The records of a log, an hour after its tickets."""
    timestamp, records = int(START.timestamp() * 1000) + 3_600_000, []
    for offset, (one, hours, traced) in enumerate(log):
        timestamp += hours * 3_600_000
        headers = [("trace", b"1")] if traced else []
        records.append(Record(offset, timestamp, json.dumps(one).encode(), headers))
    return records
