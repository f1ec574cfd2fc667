"""One Faust app per stage: its consumer group, its table and the compacted topics it holds whole.

A stage is an app of its own so that any set of workers may run any set of stages, and a rebalance of one stage
does not disturb the other. Faust assigns the shard to one worker, recovers its table and hands over records;
that no record is skipped is made sure of by `streams.follow`.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import faust
from faust.tables.globaltable import GlobalTable
from faust.tables.table import Table

from streams.connection import FETCH_BYTES, faust_options
from streams.settings import Settings
from streams.spreading import assignor_of
from streams.topics import TABLES, app_id

STAMP = struct.Struct(">Q")
"""A row begins with the position in the source log up to which it holds."""

RAW: dict[str, Any] = {
    "key_type": bytes,
    "value_type": bytes,
    "key_serializer": "raw",
    "value_serializer": "raw",
}


class ShardTable(Table):
    """A Faust table with one partition whose rows carry a stamp; of two versions the larger stamp holds.

    A worker that froze and thawed after it lost the shard may still write rows of its past to the changelog,
    behind the new owner's. Recovery therefore merges by stamp instead of taking the last.
    """

    async def put(self, rows: Mapping[bytes, bytes], stamp: int) -> None:
        """Write rows and wait until Kafka has acknowledged them in the changelog.

        Faust's own item assignment sends in the background; here a spike may only be said after the state that
        it came from is safe. Raises KafkaError if it is not.
        """
        prefix = STAMP.pack(stamp)
        futures = []
        for key, value in rows.items():
            whole = prefix + value
            self.data[key] = whole
            futures.append(
                await self.changelog_topic.send(
                    key=key, value=whole, partition=0, key_serializer="raw", value_serializer="raw"
                )
            )
        for future in futures:
            await future

    async def remove(self, keys: Collection[bytes]) -> None:
        """Take rows out and wait until Kafka has acknowledged it in the changelog."""
        futures = []
        for key in keys:
            self.data.pop(key, None)
            futures.append(
                await self.changelog_topic.send(
                    key=key, value=None, partition=0, key_serializer="raw", value_serializer="raw"
                )
            )
        for future in futures:
            await future

    def rows(self) -> dict[bytes, bytes]:
        """All rows without their stamps."""
        return {key: value[STAMP.size :] for key, value in self.data.items()}

    def row(self, key: bytes) -> bytes | None:
        """A row without its stamp; None where there is none."""
        whole = self.data.get(key)
        return whole[STAMP.size :] if whole else None

    def largest_stamp(self) -> int:
        """The largest stamp of any row; 0 without rows."""
        return max((int(STAMP.unpack_from(value)[0]) for value in self.data.values()), default=0)

    def stamp(self, key: bytes) -> int:
        """The stamp of a row; 0 without one."""
        whole = self.data.get(key)
        return int(STAMP.unpack_from(whole)[0]) if whole else 0

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Take recovered rows in, unless a newer version is held."""
        newest: dict[bytes, Any] = {}
        for event in batch:
            key = event.message.key
            if event.message.value is None:
                newest[key] = event  # taken out; a version that comes after it is as good as a first one
                continue
            held = newest[key].message.value if key in newest else self.data.get(key)
            if held is None or STAMP.unpack_from(event.message.value) >= STAMP.unpack_from(held):
                newest[key] = event
        super().apply_changelog_batch(newest.values())


class CompactedTopic(GlobalTable):
    """A compacted topic of ours (campaigns, baselines), held whole by every worker.

    Faust's assignor looks a global table up under the changelog name that Faust would have chosen, and fails
    where the topic is given by the user.
    """

    def _changelog_topic_name(self) -> str:
        return str(self.changelog_topic.get_topic_name())


def stage_app(settings: Settings, stage: str, instance_id: str) -> faust.App:
    """The Faust app of a stage, not started."""
    return faust.App(
        app_id(settings, stage),
        **faust_options(settings),
        **assignor_of(settings.sharding.names, settings.shard),
        store="memory://",
        # Nothing is kept there, but Faust makes folders, and by default where the worker was started.
        datadir=str(settings.ticketspike_data_dir / f"faust-{named(stage, settings)}"),
        Table=ShardTable,
        GlobalTable=CompactedTopic,
        web_enabled=False,
        topic_disable_leader=True,
        # Topics are made by `ticketspike topics create` alone; declaring them also fails while a broker is down.
        topic_allow_declare=False,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=1.0,
        broker_commit_interval=1.0,
        broker_max_poll_interval=600.0,
        consumer_group_instance_id=f"{instance_id}-{stage}",
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        producer_max_request_size=12 * 1024 * 1024,
        consumer_max_fetch_size=FETCH_BYTES,
        stream_wait_empty=False,
        worker_redirect_stdouts=False,
    )


def named(stage: str, settings: Settings) -> str:
    """What a stage is called where its shards stand side by side."""
    return stage if settings.shard is None else f"{stage}.{settings.shard}"


def shard_table(app: faust.App, stage: str) -> ShardTable:
    """The stage's one table."""
    name = dict(TABLES)[stage]
    table: ShardTable = app.Table(name, partitions=1, **_types())
    return table


def compacted(
    app: faust.App, settings: Settings, name: str, *, table_name: str | None = None
) -> CompactedTopic:
    """A compacted topic of the contract as a table that every worker holds whole and that follows the topic.

    `table_name` is for an app whose own table already has the topic's name.
    """
    topic = app.topic(settings.topic(name), **RAW)
    table: CompactedTopic = app.GlobalTable(
        table_name or name, partitions=1, recovery_buffer_size=1, changelog_topic=topic, **_types()
    )
    return table


def _types() -> dict[str, Any]:
    return {"key_type": bytes, "value_type": bytes}
