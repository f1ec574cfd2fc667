"""Partitions of `tickets` that stand still since too much of them cannot be read, and when they go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from alerts import redact
from streams.connection import aiokafka_options
from streams.counting import PartitionCounts
from streams.dead_letter_limit import DeadLetterLimit, Halt
from streams.metrics import Metrics
from streams.settings import Settings
from streams.started import started
from streams.tally import Tally
from streams.validity import Refusal

NEWEST = 20
"""The sender is mended when so many of the newest records (or all, where fewer lie behind the halt) can be read."""

log = structlog.get_logger("count")


class Halts:
    """Stops a partition at its limit and lets it go on when its sender is mended.

    A partition that stands still is neither read nor committed: all that lies behind the halt stays on Kafka and is
    counted later, in its own minutes.

    Args:
        settings: the limit, and where Kafka is.
        metrics: where it shows.
        begin: makes counts of a partition to read with, which nobody states.
    """

    def __init__(self, settings: Settings, metrics: Metrics, begin: Callable[[int], PartitionCounts]) -> None:
        self._settings = settings
        self._metrics = metrics
        self._begin = begin
        self._limits: dict[TopicPartition, DeadLetterLimit] = {}
        self._mended: dict[TopicPartition, int] = {}
        self.halted: dict[TopicPartition, Halt] = {}

    @property
    def sentence(self) -> str | None:
        """What stands still and why; None while everything flows."""
        for tp, halt in sorted(self.halted.items()):
            more = f" (and {len(self.halted) - 1} more)" if len(self.halted) > 1 else ""
            return (
                f"stands still at {tp.topic}-{tp.partition}@{halt.position}{more}: {redact.safe(str(halt))}"
            )
        return None

    def room(self, tp: TopicPartition) -> int:
        """How many refused records may be taken in before :meth:`judge` must be asked."""
        return self._limit(tp).room

    def judge(
        self,
        tp: TopicPartition,
        fed: Sequence[Any],
        refusals: Sequence[Refusal],
        consumer: AIOKafkaConsumer,
    ) -> bool:
        """Take in what was fed; True if the partition stands still from here on."""
        halt = self._limit(tp).judge(fed, refusals)
        if halt is None:
            return False
        self.halted[tp] = halt
        consumer.pause(tp)
        self._show()
        log.error(
            "counting stands still",
            partition=tp.partition,
            position=halt.position,
            why=str(halt),
            remedy="mend the sender, and it goes on by itself; or see docs/runbook.md#ticketspikecountingstandsstill",
        )
        return True

    def hold(self, tp: TopicPartition, consumer: AIOKafkaConsumer) -> None:
        """After an assignment: what stands still goes on doing so."""
        if tp in self.halted:
            consumer.pause(tp)

    def forget(self, tp: TopicPartition) -> None:
        """The partition is another worker's now, which judges for itself."""
        for known in (self._limits, self._mended, self.halted):
            known.pop(tp, None)
        self._show()

    def go_on(self, consumer: AIOKafkaConsumer) -> None:
        """Let partitions flow whose sender was found to be mended."""
        for tp, until in self._mended.items():
            halt = self.halted.pop(tp, None)
            if halt is None or tp not in consumer.assignment():
                continue
            self._limit(tp).lift(until)
            consumer.seek(tp, halt.position)
            consumer.resume(tp)
            log.warning(
                "counting goes on: the newest records can be read", partition=tp.partition, until=until
            )
        if self._mended:
            self._mended.clear()
            self._show()

    async def look(self) -> None:
        """Look at the newest records of what stands still. Raises KafkaError."""
        if not self.halted:
            return
        consumer = AIOKafkaConsumer(**aiokafka_options(self._settings), enable_auto_commit=False)
        async with started(consumer):
            for tp, halt in list(self.halted.items()):
                until = await self._readable_until(consumer, tp, halt.position)
                if until is not None and tp in self.halted:
                    self._mended[tp] = until

    async def _readable_until(
        self, consumer: AIOKafkaConsumer, tp: TopicPartition, position: int
    ) -> int | None:
        """The end of the log, if the newest records up to it can all be read."""
        consumer.assign([tp])
        end = int((await consumer.end_offsets([tp]))[tp])
        start = max(position, end - NEWEST)
        if start >= end:
            return None
        consumer.seek(tp, start)
        counts = self._begin(tp.partition)
        while await consumer.position(tp) < end:
            batches = await consumer.getmany(tp, timeout_ms=1000, max_records=NEWEST)
            if counts.feed(batches.get(tp, []), most=1):
                return None
        # Canaries and end markers alone say nothing about the sender of tickets.
        return end if counts.tally != Tally() else None

    def _limit(self, tp: TopicPartition) -> DeadLetterLimit:
        if tp not in self._limits:
            run, ratio = (
                self._settings.ticketspike_dead_letter_run,
                self._settings.ticketspike_dead_letter_ratio,
            )
            self._limits[tp] = DeadLetterLimit(run, ratio)
        return self._limits[tp]

    def _show(self) -> None:
        self._metrics.halted.set(len(self.halted))
