"""The stage *count*: from tickets to counts per contact reason and minute, stated every second.

A batch consumer inside mode's service lifecycle, since Faust's per-event stream costs a hundred times as much.
Each flush states, per partition, the cumulative counts that changed, stamped with the offset that they include;
only when Kafka has acknowledged them is the offset committed. A crash in between says the same again, which
changes nothing for a reader (`streams.events.TicketCounts`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from mode import Service

from streams import deadletters
from streams.committed import Committed
from streams.connection import aiokafka_options
from streams.counting import PartitionCounts
from streams.customers import key_mark, pseudonymiser
from streams.freshness import Freshness
from streams.halts import Halts
from streams.holdings import Holdings
from streams.metrics import Metrics
from streams.settings import Settings
from streams.statements import parted, records
from streams.ticket_consumer import ticket_consumer
from streams.validity import Refusal

STOP_SECONDS = 5.0
LOOK_SECONDS = 5.0

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
        held = (settings.ticketspike_hmac_key, settings.ticketspike_hmac_key_old)
        keys = [key.get_secret_value() for key in held if key is not None]
        self.keys = tuple(map(key_mark, keys))
        self.pseudonym = pseudonymiser(*keys)
        self.shards = settings.sharding
        self.held = Holdings(settings, self.pseudonym, self.shards, lambda: metrics.assigned("count"))
        self.topics = settings.topics("ticket-counts")
        self.stated: dict[TopicPartition, tuple[int, float | None, bool]] = {}
        self.letters: list[tuple[Any, Refusal]] = []
        self.halts = Halts(settings, metrics, self._reader)
        self.flushed = time.monotonic()
        self.began = False
        self.finished = asyncio.Event()

    async def on_start(self) -> None:
        """Connect; the reading begins in `_run`."""
        options = aiokafka_options(self.settings)
        self.producer = AIOKafkaProducer(
            **options,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_request_size=12 * 1024 * 1024,
        )
        self.consumer = ticket_consumer(self.settings, self.instance_id)
        await self.producer.start()
        await self._join()

    async def _join(self) -> None:
        """Join the group, again and again while Kafka cannot say who leads it.

        A coordinator that goes while a member joins may answer with an error that tells nothing; a worker that ended
        by it would only come to the same place again.
        """
        while True:
            self.fresh = Freshness(self.consumer, self.settings.ticketspike_clock, self.now)
            self.consumer.subscribe([self.settings.topic("tickets")], listener=self.held.listener())
            try:
                await self.consumer.start()
            except KafkaError as error:
                if not (error.retriable or type(error) is KafkaError):
                    raise
                log.warning("the group cannot be joined; trying again in a second", error=str(error))
                await self.consumer.stop()
                self.consumer = ticket_consumer(self.settings, self.instance_id)
                await asyncio.sleep(1.0)
            else:
                return

    async def on_stop(self) -> None:
        """Let the loop say its last word, then leave the group."""
        # Told to stop while it joins, it has nothing to say.
        if self.began:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.finished.wait(), STOP_SECONDS)
        await self.consumer.stop()
        await self.producer.stop()

    @property
    def ready(self) -> bool:
        """Whether the group has said which partitions are ours (perhaps none), and their state is rebuilt."""
        return self.held.ready

    @Service.task
    async def _run(self) -> None:
        self.began = True
        try:
            while not self.should_stop:
                try:
                    await self._turn()
                except KafkaError as error:
                    # A fail-over, a rebalance in between, a coordinator on its way: nothing is lost, since what
                    # is not acknowledged stays to be stated. Seek again, as what was fetched may be half used.
                    log.warning("Kafka is in trouble; going on in a second", error=type(error).__name__)
                    self.held.begin_anew()
                    await self.sleep(1.0)
            with contextlib.suppress(KafkaError):
                await self._flush()
        finally:
            self.finished.set()

    @Service.task
    async def _look(self) -> None:
        while not self.should_stop:
            await self.sleep(LOOK_SECONDS)
            try:
                await self.halts.look()
            except KafkaError as error:
                log.warning("what stands still cannot be looked at", error=type(error).__name__)

    async def _turn(self) -> None:
        """Prepare, read, count, and state what is due."""
        await self._prepare()
        if self.held.assigned and self.ready:
            self.metrics.recovered("count")
        self.halts.go_on(self.consumer)
        batches = await self.consumer.getmany(timeout_ms=max(0, min(200, int(self._due_in() * 1000))))
        self.fresh.turned()
        for tp, batch in batches.items():
            await self._feed(tp, batch)
        if self._due_in() <= 0:
            await self._flush()
            self.held.write_journals()
            self.flushed = time.monotonic()

    def _due_in(self) -> float:
        return self.flushed + self.settings.ticketspike_flush_seconds - time.monotonic()

    async def _prepare(self) -> None:
        for tp in self.held.let_go():
            self.halts.forget(tp)
        if not self.held.unprepared:
            return
        await self.held.prepare(self.consumer, self._prepared)

    def _prepared(self, tp: TopicPartition) -> None:
        """A partition is ours, and is read from where it was sought to."""
        self.halts.hold(tp, self.consumer)
        self.fresh.heard(tp)
        self.stated.pop(tp, None)

    def _reader(self, partition: int) -> PartitionCounts:
        """Reads as counting does, and states nothing."""
        return PartitionCounts(partition, self.pseudonym, facets=self.settings.ticketspike_facets)

    async def _feed(self, tp: TopicPartition, batch: Sequence[Any]) -> None:
        held = self.held
        if tp in held.unprepared or tp not in held.counts or tp in self.halts.halted:
            return  # fetched from the committed offset before we could seek to the window: read again from there
        counts = held.counts[tp]
        committed = held.committed[tp].offset
        self.fresh.heard(tp)
        if counts.position < committed:
            # What is below the committed offset was stated and dead-lettered before.
            stated, batch = _split(batch, committed)
            counts.feed(stated, restating=False)
        while batch:
            refusals = counts.feed(batch, most=self.halts.room(tp))
            fed, batch = _split(batch, counts.position) if refusals else (batch, [])
            by_offset = {record.offset: record for record in fed} if refusals else {}
            self.letters.extend((by_offset[refusal.offset], refusal) for refusal in refusals)
            if self.halts.judge(tp, fed, refusals, self.consumer):
                break
        # Others on the same loop (heartbeats, watch, notify) get their turn between batches.
        await asyncio.sleep(0)

    async def _flush(self) -> None:
        """State what changed, wait for the acknowledgement, then commit."""
        due: list[tuple[TopicPartition, PartitionCounts]] = []
        sent: list[Any] = []
        for tp, counts in self.held.due():
            statement = counts.statement(
                watermark=self.fresh.watermark(tp, counts),
                drained=self.fresh.drained(tp, counts),
                partitions=self.held.partitions,
                keys=self.keys,
            )
            said = (statement.offset, statement.watermark, statement.drained)
            if not counts.dirty and self.stated.get(tp) == said:
                continue
            due.append((tp, counts))
            self.stated[tp] = said
            for topic, one in zip(self.topics, parted(statement, self.shards), strict=True):
                sent += [await self.producer.send(topic, part) for part in records(one)]
        if not due:
            # What is held no more must not go on showing the lag that it had.
            self._observe()
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
        held, commits = self.held, {}
        for tp, counts in due:
            if tp in held.assigned and counts.position > held.committed[tp].offset:
                start, complete_from = counts.window()
                commits[tp] = Committed(
                    counts.position, start, complete_from if start else None, held.partitions
                )
        if not commits:
            return
        try:
            await self.consumer.commit({tp: (one.offset, one.metadata()) for tp, one in commits.items()})
        except (CommitFailedError, IllegalStateError) as error:
            # The partition moved on: its new owner states the same counts from its own reading of the log.
            log.info("offsets not committed, the partition moved", error=type(error).__name__)
            return
        held.committed.update(commits)

    def _observe(self) -> None:
        read = self.held.assigned & self.consumer.assignment()
        self.metrics.count(self.held.counts, {tp: self.consumer.highwater(tp) for tp in read}, self.now())


def _split(batch: Sequence[Any], offset: int) -> tuple[Sequence[Any], Sequence[Any]]:
    """The records below an offset, and the rest."""
    index = next((index for index, record in enumerate(batch) if record.offset >= offset), len(batch))
    return batch[:index], batch[index:]
