"""Follows the topic `orders` beside a stage, for what its messages say of redemptions and of contacts per order.

A help and no more: without orders nothing else changes. So it has a consumer of its own, outside of any group, reads
what it needs anew at each start, keeps no state, and never stops the stage.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from alerts.records import Instant, Name
from alerts.redemptions import KEPT, QUARTER, OrderTally, Quarters, Redeemed
from streams.connection import aiokafka_options
from streams.errors import UNREADABLE
from streams.settings import Settings
from streams.started import started

EMPTY_SECONDS = 30.0
"""How often an empty topic is looked at: most shops send no orders, and nothing is to be fetched for them."""
RETRY_SECONDS = 15.0
AHEAD_SECONDS = 600.0
"""An order from further ahead of its record's time is wrong, as for tickets, and would make all others old."""
_TOLD_AGAIN = 1000

log = structlog.get_logger("redemptions")


class _Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is read of an order: no customer, no address, nothing that could tell who ordered."""

    id: Name
    created_at: Instant
    market: str | None = None
    voucher_codes: list[str] = []


class Redemptions:
    """Orders and redemptions of the shard in the last 30 hours, from all partitions of `orders`.

    Args:
        settings: where Kafka is; on the event clock the topic is read from its beginning.
        now: the wall clock.
    """

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.source = settings.topic("orders")
        self.now = now
        self.caught_up = False
        """Whether everything that the topic held at the start is counted; until then nothing is said."""
        self._shard_of = settings.sharding.of
        self._tally = OrderTally()
        self._refused = 0

    def facts(self, codes: Collection[str], at: datetime) -> Mapping[str, Redeemed]:
        """Redemptions of each code up to an instant, for `Context.redemptions`; often empty."""
        return self._tally.facts(codes, at) if self.caught_up else {}

    def orders(self, at: datetime) -> Quarters | None:
        """All orders up to an instant, for `Context.orders`; None where none flow."""
        return self._tally.orders(at) if self.caught_up else None

    async def run(self) -> None:
        """Follow the topic until cancelled; when Kafka is away, begin anew. Raises nothing of Kafka's."""
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError) as error:
                log.warning("orders cannot be read; trying again", error=type(error).__name__)
            self.caught_up = False
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            self.source,
            **aiokafka_options(self.settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        async with started(consumer):
            parts = list(consumer.assignment())
            await self._until_records(consumer, parts)
            self._tally = OrderTally()
            ends = await self._seek(consumer, parts)
            while True:
                batches: dict[TopicPartition, list[Any]] = await consumer.getmany(
                    *parts, timeout_ms=1000, max_records=2000
                )
                for records in batches.values():
                    for record in records:
                        self._take(record)
                if not self.caught_up:
                    self.caught_up = all([await consumer.position(part) >= ends[part] for part in parts])
                # A long backlog must not hold the stage's own work up.
                await asyncio.sleep(0)

    async def _until_records(self, consumer: AIOKafkaConsumer, parts: list[TopicPartition]) -> None:
        """Wait, fetching nothing, until the topic holds something."""
        consumer.pause(*parts)
        while True:
            ends = await consumer.end_offsets(parts)
            begins = await consumer.beginning_offsets(parts)
            if any(ends[part] > begins[part] for part in parts):
                consumer.resume(*parts)
                return
            self.caught_up = True  # that there is nothing is known, too
            await asyncio.sleep(EMPTY_SECONDS)

    async def _seek(
        self, consumer: AIOKafkaConsumer, parts: list[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Go to the first record that may count; returns the ends as they are now."""
        self.caught_up = False
        ends: dict[TopicPartition, int] = await consumer.end_offsets(parts)
        if self.settings.ticketspike_clock == "event":
            await consumer.seek_to_beginning(*parts)
            return ends
        since = int((self.now() - KEPT * QUARTER.total_seconds()) * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(parts, since))
        for part in parts:
            consumer.seek(part, found[part].offset if found.get(part) else ends[part])
        return ends

    def _take(self, record: Any) -> None:
        if record.value is None:
            # A redacted order. Only numbers are kept of any, so there is nothing to forget.
            return
        try:
            order = msgspec.json.decode(record.value, type=_Order)
        except UNREADABLE:
            order = None
        if order is None or order.created_at.timestamp() > record.timestamp / 1000.0 + AHEAD_SECONDS:
            if self._refused % _TOLD_AGAIN == 0:
                log.warning(
                    "an order cannot be read and is passed over",
                    partition=record.partition,
                    offset=record.offset,
                    refused=self._refused + 1,
                )
            self._refused += 1
            return
        if self.settings.shard is not None and self._shard_of(order.market) != self.settings.shard:
            return
        self._tally.add(order.id, order.created_at, order.voucher_codes)
