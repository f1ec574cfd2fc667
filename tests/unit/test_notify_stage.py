"""The stage notify without Kafka: what it must not touch while the shard is another worker's."""

from __future__ import annotations

from pathlib import Path

from memory_slack import Clock, MemorySlack

from streams.follow import Entry
from streams.metrics import Metrics
from streams.notify import Notify
from streams.settings import load


async def test_a_record_that_comes_after_the_shard_went_is_left_to_its_owner(tmp_path: Path) -> None:
    # Nobody answers there: whatever is read or written fails the test.
    settings = load(ticketspike_data_dir=tmp_path, kafka_bootstrap_servers="127.0.0.1:1")
    stage = Notify(settings, Metrics(), "worker", MemorySlack(Clock()))
    await stage.take(settings.topic("spikes"), Entry(3, 0.0, b"{}"))
    assert (stage.board, stage.positions) == (None, {})
    # It is built from the rows and the log when the shard is ours again.
    assert not stage.mine()
    assert stage._built != stage.generation
