"""The stage *notify*: from spikes, conditions and answers to incidents to messages that stay true.

Records come in and change the board; its rows are stored in a Faust table before and after every call to Slack,
and each incident is stated on `incidents`. What is due follows from the rows, so nothing is queued: `Sender`
reads it off the board, and after a crash or a rebalance goes on with what the channel was not told yet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import structlog

from alerts.board import Board
from alerts.context import Context
from alerts.decision import Reason, Whisper
from alerts.delivery import Delivery
from alerts.entry import Entry
from alerts.incident import stated_at
from alerts.records import Answer, AnswerKind, Condition, Spike
from streams import follow, notify_rows
from streams.app import RAW, compacted, shard_table, stage_app
from streams.canary import Arrival
from streams.compacted import read_compacted
from streams.digests import Digests
from streams.incident_store import IncidentStore
from streams.lag import Lag, heard_ends
from streams.messenger import Heard
from streams.metrics import Metrics
from streams.notices import Notices
from streams.reading import read
from streams.redemptions import Redemptions
from streams.sender import Sender
from streams.settings import Settings
from streams.standstill import Standstill
from streams.surroundings import Surroundings
from streams.topic_rows import TopicRows

SOURCES: dict[str, type[Spike] | type[Condition] | type[Answer]] = {
    "spikes": Spike,
    "conditions": Condition,
    "answers": Answer,
}
"""The topics that change incidents, one partition each, and what they hold."""
TICK_SECONDS = 1.0
ANSWERED_WITHIN = timedelta(minutes=10)
"""A word to a person who pressed a button longer ago would only puzzle them."""
log = structlog.get_logger("notify")


class Notify:
    """Notifies of the shard's incidents; stands by while another worker does."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        instance_id: str,
        delivery: Delivery,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.now = now
        self.log = log if settings.shard is None else log.bind(shard=settings.shard)
        self.app = stage_app(settings, "notify", instance_id)
        self.table = shard_table(self.app, "notify")
        self.table.on_recover(self._recovered)
        self.redemptions = Redemptions(settings, now=now)
        sources = TopicRows(settings, "source-health")
        self.app.task(sources.follow)
        self.surroundings = Surroundings(
            settings, compacted(self.app, settings, "campaigns"), now, self.redemptions, sources.rows
        )
        self.store = IncidentStore(self.table, self.app.topic(settings.topic("incidents"), **RAW))
        self.source = settings.topic("spikes")
        self.names = {settings.topic(name): name for name in SOURCES}
        self.app.agent(self.app.topic(*self.names, **RAW), name="notify")(self.notify)
        self.app.on_partitions_revoked.connect(self._rebalanced)
        self.app.on_partitions_assigned.connect(self._assigned_anew)
        self.notices = Notices(
            delivery,
            settings.ticketspike_campaign_notice_hours if settings.leads else 0,
            context=self.context,
            keep=self.keep,
            sleep=asyncio.sleep,
        )
        self.digests = Digests(delivery, settings, context=self.context, keep=self.keep, sleep=asyncio.sleep)
        self.sender = Sender(
            delivery,
            metrics,
            context=self.context,
            keep=self.keep,
            mine=self.mine,
            wall=now,
            asides=(self.notices, self.digests),
        )
        self.app.task(self._guarded(self.sender.run))
        self.app.task(self._guarded(self._tick_for_ever))
        self.app.task(self._guarded(self.redemptions.run))
        self.app.task(self._guarded(self.digests.run))
        self.lag = Lag(metrics, "notify", heard_ends(self.app), self._current, now=now)
        self.app.task(self.lag.run)
        for kind in get_args(AnswerKind):
            # From 0 on, or Prometheus would not see the first of each.
            metrics.answers.labels(kind)
        self.generation = 0
        self.board: Board | None = None
        self.positions: dict[str, int] = {}
        self._recovered_generation = -1
        self._built = -1
        self._event_time: datetime | None = None
        self._taking = asyncio.Lock()
        self._standstill = Standstill()
        self.canary = Arrival(now)
        if settings.ticketspike_canary_seconds:
            metrics.canary("notify", self.canary.age)

    async def notify(self, stream: Any) -> None:
        """The agent: hand every record over, those that Faust passed over first."""
        async for event in stream.events():
            message = event.message
            try:
                entry = follow.Entry(message.offset, message.timestamp, event.value, message.headers or ())
                await self.take(message.topic, entry)
            except Exception as error:
                # Faust would go on with the next record; a stage that lost its place must start anew instead.
                await self.app.crash(error)
                raise

    async def take(self, topic: str, entry: follow.Entry) -> None:
        """Take a record in, after all records of its topic before it.

        One that was still on its way when the shard went is its owner's: whoever holds the shard next, perhaps this
        worker again, reads the topics from the stored positions on.
        """
        async with self._taking:
            if not self._current():
                if not self._assigned():
                    return
                await self._rebuild()
            position = self.positions[self.names[topic]]
            if entry.offset < position:
                return
            whispers: list[Whisper] = []
            if entry.offset > position:
                self.metrics.skipped.labels("notify").inc(entry.offset - position)
                async for missed in follow.read(self.settings, topic, position, entry.offset):
                    whispers += self._apply(topic, missed, live=True)
            whispers += self._apply(topic, entry, live=True)
            await self.keep(positions=True)
        self.sender.wake.set()
        # After the answer is safe: it comes again after a crash, and then says nothing new.
        self.sender.whisper(whispers)

    def mine(self) -> bool:
        """Whether this worker holds the shard at this very moment, as far as it can know."""
        return self._current() and self._assigned() and self._standstill.awake()

    def context(self, entry: Entry | None = None) -> Context:
        """What surrounds an incident now; None for what surrounds them all."""
        return self.surroundings.of(entry, self._event_time)

    async def keep(self, *, positions: bool = False) -> None:
        """Write the rows that changed, then the public records; all are acknowledged when this returns."""
        if self.board is not None:
            at = self.positions if positions else None
            await self.store.write(self.board, self.notices, self.digests, at)
            self._observe()

    def _observe(self) -> None:
        """Whoever holds the shard says how it is: of a write that a rebalance overtook nothing is to stay."""
        entries = self.board.entries.values() if self.board is not None and self._current() else ()
        self.metrics.open_incidents.set(sum(one.open for one in entries))

    def _current(self) -> bool:
        return self._built == self.generation

    def _apply(self, topic: str, record: follow.Entry, *, live: bool) -> list[Whisper]:
        assert self.board is not None  # noqa: S101 - rebuilt before the first record
        name = self.names[topic]
        self.positions[name] = record.offset + 1
        self.lag.read(topic, record.offset + 1, record.timestamp)
        if record.value is None:
            self.canary.hear(record.headers)
            return []
        said = read(record.value, SOURCES[name])
        if said is None:
            self.log.error("a record cannot be read and is passed over", topic=name, offset=record.offset)
            return []
        if isinstance(said, Answer):
            if not self.settings.keeps(said.incident_id):
                return []
            if live:
                self.metrics.answers.labels(said.kind).inc()
            whispers = self.board.hear_answer(said, self.context())
            fresh = datetime.fromtimestamp(self.now(), UTC) - said.at < ANSWERED_WITHIN
            return whispers if fresh else []
        before = set(self.board.changed)
        at = stated_at(said) if isinstance(said, Spike) else said.ended_at or said.stated_at
        self._event_time = max(at, self._event_time or at)
        if isinstance(said, Spike):
            decision = self.board.hear_spike(said, self.context())
        else:
            decision = self.board.hear_condition(said, self.context())
        for incident_id in self.board.changed - before:
            self.log.info("incident", incident_id=incident_id, reason=str(decision.reason))
        # Not what is held back: when it is told later, the wait was meant.
        if live and decision.incident_id is not None and decision.reason is Reason.FIRST_NOTIFICATION:
            happened = at.timestamp() if self.settings.ticketspike_clock == "wall" else None
            heard = Heard(record.timestamp, happened)
            self.sender.messenger.heard_at.setdefault(decision.incident_id, heard)
        return []

    async def _rebuild(self) -> None:
        """Come to the state of the rows, then to the present of the topics, and only then send."""
        generation = self.generation
        self.sender.take_over(None)
        stored = self.store.load()
        entries = stored.entries
        if not stored.complete:
            public = await asyncio.to_thread(read_compacted, self.settings, "incidents")
            entries = notify_rows.restored(public.values(), entries)
        self.board = board = Board(entries)
        self.notices.take_over(stored.notices, lost=not stored.complete)
        self.digests.take_over(stored.digest)
        self.positions = {name: stored.positions.get(name, 0) for name in SOURCES}
        moments = [one.incident.updated_at for one in entries.values()]
        self._event_time = max(moments, default=None)
        self.canary.begin()
        read = 0
        rest = {topic: self.positions[name] for topic, name in self.names.items()}
        for topic, position in rest.items():
            self.lag.begin(topic, position)
        async for topic, record in follow.rest(self.settings, rest):
            self._apply(topic, record, live=False)
            read += 1
        self.store.state_again(board, stored)
        await self.keep(positions=True)
        await self.table.remove(stored.obsolete)
        self.log.info("rebuilt", incidents=len(board.entries), read=read, **self.positions)
        self._built = generation
        self._observe()
        self.metrics.recovered("notify")
        self.sender.take_over(board)

    async def _tick_for_ever(self) -> None:
        """What time alone changes; also takes the shard over where no record does."""
        while not self.app.should_stop:
            await asyncio.sleep(TICK_SECONDS)
            self._standstill.beat()
            async with self._taking:
                if not self._current():
                    self.sender.take_over(None)
                    if self._recovered_generation != self.generation or not self._assigned():
                        continue
                    await self._rebuild()
                if self.board is not None and self._assigned():
                    self.board.tick(self.context())
                    await self.keep()
            self.sender.wake.set()

    def _guarded(self, run: Callable[[], Any]) -> Callable[[], Any]:
        async def guarded() -> None:
            try:
                await run()
            except Exception as error:
                await self.app.crash(error)
                raise

        return guarded

    def _assigned(self) -> bool:
        app = self.app
        return not app.rebalancing and any(tp.topic == self.source for tp in app.assignor.assigned_actives())

    async def _recovered(self) -> None:
        # Another rebalance that has begun meanwhile has a recovery of its own to come.
        if not self.app.tables.recovery.signal_recovery_start.is_set():
            self._recovered_generation = self.generation

    def _rebalanced(self, *_: Any, **__: Any) -> None:
        """The shard moved, perhaps back; only noted here, since the stage may be in the middle of a record."""
        self.generation += 1
        self._observe()

    def _assigned_anew(self, *_: Any, **__: Any) -> None:
        self.metrics.assigned("notify")
        self._rebalanced()
