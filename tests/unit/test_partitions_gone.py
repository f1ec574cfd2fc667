"""Of partitions that went to another worker *count* shows nothing more; one that comes back is gone on with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from streams.count import Count
from streams.counting import PartitionCounts
from streams.dead_letter_limit import Halt
from streams.metrics import Metrics
from streams.settings import load
from streams.ticket_consumer import ticket_consumer

T0 = 1_780_308_000.0
TICKETS = TopicPartition("tickets", 0)


def lag(metrics: Metrics) -> tuple[float | None, float | None]:
    """Records and seconds."""
    names = ("ticketspike_lag_records", "ticketspike_lag_seconds")
    records, seconds = (metrics.registry.get_sample_value(name, {"stage": "count"}) for name in names)
    return records, seconds


@pytest.fixture
async def count(tmp_path: Path) -> AsyncIterator[Count]:
    """*count* that is in the group and holds a partition that stands still, seven records behind."""
    stage = Count(load(ticketspike_hmac_key="k", ticketspike_data_dir=tmp_path), Metrics(), "a")
    stage.consumer = ticket_consumer(stage.settings, "a")
    stage.held.counts[TICKETS] = counts = PartitionCounts(0, stage.pseudonym, facets=())
    ticket = b'{"id": "1", "created_at": "2026-06-01T10:00:00Z", "contact_reason": "a"}'
    counts.feed([SimpleNamespace(offset=0, timestamp=int(T0 * 1000), value=ticket, headers=())])
    stage.metrics.count(stage.held.counts, {TICKETS: 8}, T0 + 60.0)
    stage.halts.halted[TICKETS] = Halt(1, 100, 100, "no JSON")
    stage.halts._show()
    yield stage
    await stage.consumer.stop()


async def test_a_worker_that_has_no_partition_left_shows_nothing_of_them(count: Count) -> None:
    halted, remembered = count.metrics.halted._value, count.metrics.remembered._value
    group = count.held.listener()
    assert (*lag(count.metrics), halted.get(), remembered.get()) == (7, 60.0, 1, 1)
    await group.on_partitions_revoked([TICKETS])
    await count._prepare()
    # Perhaps it comes back in a moment: it is gone on with then, and stands still as before.
    assert (TICKETS in count.held.counts, halted.get()) == (True, 1)
    await group.on_partitions_assigned([])
    await count._prepare()
    await count._flush()
    assert (*lag(count.metrics), halted.get(), remembered.get()) == (0, 0, 0, 0)


async def test_a_partition_that_comes_back_is_gone_on_with(count: Count) -> None:
    group, held = count.held.listener(), count.held.counts[TICKETS]
    await group.on_partitions_revoked([TICKETS])
    await group.on_partitions_assigned([TICKETS])
    assert count.held.let_go() == []
    assert count.held.counts == {TICKETS: held}
