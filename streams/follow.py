"""Every record of a one-partition topic in its order, whatever Faust's consumer passes over.

Around rebalances Faust commits records that it never handed over (it takes any jump for compaction). A stage
therefore knows its own position in the log and reads what is missing from the log itself. It also catches what
arrived before the stage's first record: Faust hands over from its committed offset, the stage's state may be older.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.connection import FETCH_BYTES, aiokafka_options
from streams.settings import Settings
from streams.started import started


class Entry(NamedTuple):
    """A record of the log."""

    offset: int
    timestamp: float
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


async def read(settings: Settings, topic: str, start: int, end: int) -> AsyncGenerator[Entry]:
    """The records of partition 0 with `start` <= offset < `end`; those deleted by retention are not there.

    Blocks until `end` is reached; raises KafkaError when Kafka is away for longer than its client's own patience.
    """
    if start >= end:
        return
    tp = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(
        **aiokafka_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    async with started(consumer):
        consumer.assign([tp])
        beginning = (await consumer.beginning_offsets([tp]))[tp]
        reachable = min(end, (await consumer.end_offsets([tp]))[tp])
        position = max(start, beginning)
        consumer.seek(tp, position)
        while position < reachable:
            batches: dict[TopicPartition, list[Any]] = await consumer.getmany(
                tp, timeout_ms=1000, max_records=200
            )
            for record in batches.get(tp, []):
                if record.offset >= end:
                    return
                yield Entry(record.offset, record.timestamp / 1000.0, record.value, record.headers)
            position = await consumer.position(tp)


async def rest(settings: Settings, positions: Mapping[str, int]) -> AsyncGenerator[tuple[str, Entry]]:
    """What several topics hold from a position to their present ends, in the order in which it was appended.

    Args:
        settings: where Kafka is.
        positions: full topic name to the offset to begin with.
    """
    ends = await _ends(settings, positions)
    readers = {name: read(settings, name, start, ends[name]) for name, start in positions.items()}
    async with AsyncExitStack() as stack:
        for reader in readers.values():
            await stack.enter_async_context(aclosing(reader))
        heads = {name: await anext(reader, None) for name, reader in readers.items()}
        while True:
            waiting = [(head.timestamp, name) for name, head in heads.items() if head is not None]
            if not waiting:
                return
            name = min(waiting)[1]
            head = heads[name]
            if head is not None:
                yield name, head
            heads[name] = await anext(readers[name], None)


async def _ends(settings: Settings, topics: Iterable[str]) -> dict[str, int]:
    """The offsets that the next records of partition 0 get."""
    consumer = AIOKafkaConsumer(**aiokafka_options(settings), enable_auto_commit=False)
    async with started(consumer):
        offsets = await consumer.end_offsets([TopicPartition(topic, 0) for topic in topics])
        return {tp.topic: int(offset) for tp, offset in offsets.items()}
