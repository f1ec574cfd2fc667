"""The stage *count*: from tickets to counts per contact reason and minute, stated every second.

A batch consumer inside mode's service lifecycle, since Faust's per-event stream costs a hundred times as much.
Each flush states, per partition, the cumulative counts that changed, stamped with the offset that they include;
only when Kafka has acknowledged them is the offset committed. A crash in between says the same again, which
changes nothing for a reader (`streams.events.TicketCounts`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from mode import Service

from streams import deadletters
from streams.connection import aiokafka_options
from streams.counting import PartitionCounts, Refusal
from streams.customers import pseudonymiser
from streams.events import TicketCounts
from streams.metrics import Metrics
from streams.settings import Settings
from streams.topics import app_id

MAX_CELLS = 5000
"""Cells in one record: some hundred bytes each, so a record stays well below the topic's limit."""
QUIET_SECONDS = 5.0
"""A partition read to its end and quiet for so long counts as drained."""
BATCH = 5000

log = structlog.get_logger("count")


class Count(Service):
    """Counts the tickets of the partitions that this worker holds.

    Args:
        settings: the settings; `ticketspike_hmac_key` must be set.
        metrics: where the tallies go.
        instance_id: static membership, so that a quick restart moves nothing.
        now: wall clock in epoch seconds.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics, instance_id: str, *, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self.settings = settings
        self.metrics = metrics
        self.instance_id = instance_id
        self.now = now
        key = settings.ticketspike_hmac_key
        self.pseudonym = pseudonymiser(key.get_secret_value() if key else "")
        self.counts: dict[TopicPartition, PartitionCounts] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.unprepared: set[TopicPartition] = set()
        self.assigned: set[TopicPartition] = set()
        self.last_read: dict[TopicPartition, float] = {}
        self.stated: dict[TopicPartition, tuple[int, float | None, bool]] = {}
        self.partitions = 0
        self.letters: list[tuple[Any, Refusal]] = []
        self.encode = msgspec.json.Encoder().encode

    async def on_start(self) -> None:
        """Connect; the reading begins in `_run`."""
        options = aiokafka_options(self.settings)
        self.producer = AIOKafkaProducer(
            **options,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_request_size=12 * 1024 * 1024,
            compression_type="gzip",
        )
        self.consumer = AIOKafkaConsumer(
            **options,
            group_id=app_id(self.settings, "count"),
            group_instance_id=f"{self.instance_id}-count",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            max_poll_records=BATCH,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            fetch_max_wait_ms=200,
            # The broker checked the sums when it wrote; again in Python they cost a tenth of the time.
            check_crcs=False,
        )
        await self.producer.start()
        topic = self.settings.topic("tickets")
        self.consumer.subscribe([topic], listener=_Listener(self))
        await self.consumer.start()

    async def on_stop(self) -> None:
        """Leave the group; the last statement went out when the loop ended."""
        await self.consumer.stop()
        await self.producer.stop()

    @property
    def ready(self) -> bool:
        """Whether partitions are assigned (or rightly none are) and rebuilt."""
        return bool(self.assigned) and not self.unprepared and not self._rebuilding()

    @Service.task
    async def _run(self) -> None:
        next_flush = self.now() + self.settings.ticketspike_flush_seconds
        while not self.should_stop:
            await self._prepare()
            wait_ms = max(0, min(200, int((next_flush - self.now()) * 1000)))
            batches = await self.consumer.getmany(timeout_ms=wait_ms)
            for tp, records in batches.items():
                await self._feed(tp, records)
            if self.now() >= next_flush:
                await self._flush()
                next_flush = max(self.now(), next_flush + self.settings.ticketspike_flush_seconds)
        await self._flush()

    def _rebuilding(self) -> list[TopicPartition]:
        return [
            tp for tp in self.assigned if tp in self.counts and self.counts[tp].position < self.committed[tp]
        ]

    async def _prepare(self) -> None:
        """Bring newly assigned partitions to their state: keep what is known, else read the window again."""
        if not self.unprepared:
            return
        committed = await self._committed()
        for tp in sorted(self.unprepared):
            offset, metadata = committed.get(tp, (0, ""))
            start, complete_from = _window(metadata)
            # A log that was deleted and made again starts at 0: what was committed for the old one means nothing.
            end = (await self.consumer.end_offsets([tp]))[tp]
            if offset > end:
                log.warning(
                    "committed offset lies beyond the log's end; counting it from its start",
                    partition=tp.partition,
                )
                offset, start, complete_from = 0, 0, None
                self.counts.pop(tp, None)
            held = self.counts.get(tp)
            if held is None or held.position < start:
                held = self.counts[tp] = PartitionCounts(
                    tp.partition,
                    self.pseudonym,
                    facets=self.settings.ticketspike_facets,
                    horizon_hours=self.settings.ticketspike_horizon_hours,
                    max_reasons=self.settings.ticketspike_max_reasons,
                    complete_from=complete_from,
                )
                held.position = start
            self.committed[tp] = offset
            self.consumer.seek(tp, held.position)
            self.last_read[tp] = self.now()
            self.stated.pop(tp, None)
            self.unprepared.discard(tp)
            log.info("partition assigned", partition=tp.partition, position=held.position, committed=offset)
        self.partitions = len(self.consumer.partitions_for_topic(self.settings.topic("tickets")) or ())

    async def _committed(self) -> dict[TopicPartition, tuple[int, str]]:
        admin = AIOKafkaAdminClient(**aiokafka_options(self.settings))
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(app_id(self.settings, "count"))
        finally:
            await admin.close()
        return {tp: (meta.offset, meta.metadata) for tp, meta in offsets.items() if meta.offset >= 0}

    async def _feed(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        if tp in self.unprepared or tp not in self.counts:
            return  # fetched from the committed offset before we could seek to the window: read again from there
        counts = self.counts[tp]
        committed = self.committed[tp]
        self.last_read[tp] = self.now()
        if counts.position < committed:
            # What is below the committed offset was stated and dead-lettered before.
            split = next(
                (index for index, record in enumerate(records) if record.offset >= committed), len(records)
            )
            counts.feed(records[:split], restating=False)
            records = records[split:]
        refusals = counts.feed(records)
        if refusals:
            by_offset = {record.offset: record for record in records}
            self.letters.extend((by_offset[refusal.offset], refusal) for refusal in refusals)
        # Others on the same loop (heartbeats, watch, notify) get their turn between batches.
        await asyncio.sleep(0)

    async def _flush(self) -> None:
        """State what changed, wait for the acknowledgement, then commit."""
        due: list[tuple[TopicPartition, PartitionCounts]] = []
        sent: list[Any] = []
        topic = self.settings.topic("ticket-counts")
        for tp in sorted(self.assigned - self.unprepared):
            counts = self.counts.get(tp)
            if counts is None or counts.position < self.committed[tp]:
                continue
            statement = counts.statement(
                watermark=self._watermark(tp, counts),
                drained=self._drained(tp, counts),
                partitions=self.partitions,
            )
            said = (statement.offset, statement.watermark, statement.drained)
            if not counts.dirty and self.stated.get(tp) == said:
                continue
            due.append((tp, counts))
            self.stated[tp] = said
            sent += [await self.producer.send(topic, self.encode(part)) for part in _parts(statement)]
        if not due:
            return
        letters = self.letters[:]
        for record, refusal in letters:
            sent.append(await deadletters.send(self.producer, self.settings, record, refusal, self.now()))
        try:
            await asyncio.gather(*sent)
        except KafkaError as error:
            log.warning("counts could not be stated; they are stated again", error=type(error).__name__)
            for tp, _ in due:
                self.stated.pop(tp, None)
            return
        del self.letters[: len(letters)]
        for _, counts in due:
            counts.settle()
        self._observe()
        await self._commit(due)

    async def _commit(self, due: list[tuple[TopicPartition, PartitionCounts]]) -> None:
        offsets = {
            tp: (counts.position, "{}:{}".format(*counts.window()))
            for tp, counts in due
            if tp in self.assigned and counts.position > self.committed[tp]
        }
        if not offsets:
            return
        try:
            await self.consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The partition moved on: its new owner states the same counts from its own reading of the log.
            log.info("offsets not committed, the partition moved", error=type(error).__name__)
            return
        except KafkaError as error:
            log.warning("offsets not committed; tried again with the next flush", error=type(error).__name__)
            return
        for tp, (offset, _) in offsets.items():
            self.committed[tp] = offset

    def _watermark(self, tp: TopicPartition, counts: PartitionCounts) -> float | None:
        if self.settings.ticketspike_clock == "event":
            return counts.newest
        if not self._at_end(tp, counts):
            return counts.newest
        now = self.now()
        if counts.newest is None:
            return float(int(now))
        # Newest ticket plus the time since it came, by the log's own stamp: a helpdesk that delivers five minutes
        # late keeps being waited for, an idle partition moves on, and a restart forgets nothing of that.
        return float(int(min(now, counts.newest + max(0.0, now - counts.newest_appended))))

    def _at_end(self, tp: TopicPartition, counts: PartitionCounts) -> bool:
        highwater = self.consumer.highwater(tp)
        return highwater is not None and counts.position >= highwater

    def _drained(self, tp: TopicPartition, counts: PartitionCounts) -> bool:
        return self._at_end(tp, counts) and self.now() - self.last_read[tp] >= QUIET_SECONDS

    def _observe(self) -> None:
        self.metrics.count(self.counts, {tp: self.consumer.highwater(tp) for tp in self.assigned})


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Only notes what changed: aiokafka swallows whatever a listener raises, so the work is the main loop's."""

    def __init__(self, count: Count) -> None:
        self.count = count

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self.count.assigned.difference_update(revoked)
        self.count.unprepared.difference_update(revoked)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self.count.assigned = set(assigned)
        self.count.unprepared = set(assigned)


def _parts(statement: TicketCounts) -> list[TicketCounts]:
    """Split a statement that is too large for a record; only the last part moves the watermark."""
    cells = statement.cells
    if len(cells) <= MAX_CELLS:
        return [statement]
    replace = msgspec.structs.replace
    chunks = [cells[at : at + MAX_CELLS] for at in range(0, len(cells), MAX_CELLS)]
    firsts = [
        replace(statement, cells=chunk, late=[], watermark=None, drained=False) for chunk in chunks[:-1]
    ]
    return [*firsts, replace(statement, cells=chunks[-1])]


def _window(metadata: str) -> tuple[int, int | None]:
    """Where the rebuilding begins, as it was committed beside the offset.

    >>> _window("120:29000000"), _window("")
    ((120, 29000000), (0, None))
    """
    start, _, complete_from = metadata.partition(":")
    if not start.isdigit():
        return 0, None
    return int(start), int(complete_from)
