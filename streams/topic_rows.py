"""The newest value of every key of a compacted topic, followed by a consumer of its own.

For a topic that changes all the time: a Faust GlobalTable is made for what hardly changes, and with records coming in
for one the app handed over no more records of its source.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import FETCH_BYTES, aiokafka_options
from streams.settings import Settings
from streams.started import started

RETRY_SECONDS = 2.0
ORIGIN = "source"
"""The header that says which source wrote a record by itself."""

log = structlog.get_logger("topics")


class TopicRows:
    """Follows partition 0 of a compacted topic from its beginning.

    Args:
        settings: where Kafka is, and the topics' prefix.
        name: the topic's name in the contract.

    Attributes:
        rows: key -> newest value; keys with a tombstone are left out.
        origins: key -> the source that wrote the value, by the header `source`; keys that a person wrote are left out.
        complete: set while all that stood in the topic when it was last begun has been read. After an outage the
            topic is read from its beginning again, and until it is set `rows` may say what was true before.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.origins: dict[bytes, str] = {}
        self.complete = asyncio.Event()
        self._settings = settings
        self._partition = TopicPartition(settings.topic(name), 0)

    async def follow(self) -> None:
        """Follow the topic until cancelled; begins again where Kafka was away for longer than its client waits."""
        while True:
            try:
                await self._follow()
            except KafkaError as error:
                log.warning("a topic cannot be followed; trying again", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        self.complete.clear()
        tp = self._partition
        consumer = AIOKafkaConsumer(
            **aiokafka_options(self._settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        async with started(consumer):
            consumer.assign([tp])
            end = (await consumer.end_offsets([tp]))[tp]
            await consumer.seek_to_beginning(tp)
            while True:
                if await consumer.position(tp) >= end:
                    self.complete.set()
                batches = await consumer.getmany(tp, timeout_ms=500, max_records=200)
                for record in batches.get(tp, []):
                    self._take(record)

    def _take(self, record: Any) -> None:
        self.origins.pop(record.key, None)
        if record.value is None:
            self.rows.pop(record.key, None)
            return
        self.rows[record.key] = record.value
        for name, value in record.headers:
            if name == ORIGIN:
                self.origins[record.key] = value.decode("utf-8", "replace")
