"""The stage *watch*: from counts to spikes, one minute of all contact reasons at a time.

Its state is a function of the log `ticket-counts` up to a position, kept as a checkpoint in a Faust table: one
row per contact reason (baseline, alarm, last spike and the stamp in one value) and one row for the shard. After
a restart or a rebalance it is rebuilt from the checkpoint and the log's tail, and every spike is stated again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from typing import Any

import msgspec
import structlog

from alerts.answer_effects import Effects
from alerts.records import Campaign, Condition, Spike
from streams import checkpoint, follow, left_open, markers
from streams.answered import Answered
from streams.app import RAW, compacted, shard_table, stage_app
from streams.campaign_rows import campaigns_of
from streams.canary import Sightings
from streams.detection import detector_settings
from streams.errors import UNREADABLE
from streams.events import BaselineRecord, TicketCounts
from streams.key_agreement import KeyAgreement
from streams.lag import Lag, heard_ends
from streams.metrics import Metrics
from streams.minutes import Minutes
from streams.settings import Settings
from streams.surveillance import Surveillance
from streams.topic_rows import TopicRows
from streams.watch_rows import ReasonRow, Restored, ShardRow, unsaid

CHECKPOINT_SECONDS = 2.0
RESTATE_SECONDS = 30.0
RESTATED_MINUTES = 120
DAY_MINUTES = 1440
LIVE_SECONDS = 15.0
"""A record of `ticket-counts` younger than this is the present: the running minute is scored."""
SLICE_SECONDS = 0.05
ANSWERS_SECONDS = 0.5
"""An answer counts from the minute after it, and minutes close minutes later: so seldom is often enough."""
SCORE_SECONDS = 1.0

log = structlog.get_logger("watch")


class Watch:
    """Watches the shard that this worker holds; stands by while another worker holds it."""

    def __init__(
        self, settings: Settings, metrics: Metrics, instance_id: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.now = now
        self.log = log if settings.shard is None else log.bind(shard=settings.shard)
        self.app = stage_app(settings, "watch", instance_id)
        self.table = shard_table(self.app, "watch")
        self.campaign_rows = compacted(self.app, settings, "campaigns")
        self.baseline_rows = compacted(self.app, settings, "baselines")
        self.incidents = TopicRows(settings, "incidents")
        self.app.task(self.incidents.follow)
        self.spikes = self.app.topic(settings.topic("spikes"), **RAW)
        self.conditions = self.app.topic(settings.topic("conditions"), **RAW)
        self.source = settings.topic("ticket-counts")
        self.app.agent(self.app.topic(self.source, **RAW), name="watch")(self.watch)
        self.app.on_partitions_revoked.connect(self._rebalanced)
        self.app.on_partitions_assigned.connect(self._assigned_anew)
        self.generation = 0
        self._built = -1
        self.lag = Lag(metrics, "watch", heard_ends(self.app), self._current, now=now)
        self.app.task(self.lag.run)
        self.checkpoints = checkpoint.Slots()
        self.position = 0
        self.surveillance: Surveillance | None = None
        self.minutes = Minutes(settings.ticketspike_clock)
        self._versions: dict[str, int] = {}
        self._baselines_seen: dict[bytes, bytes] = {}
        self._campaigns_seen: dict[bytes, bytes] = {}
        self._campaigns: tuple[Campaign, ...] = ()
        self._answered = Answered(settings.ticketspike_clock)
        self._effects: tuple[float, Effects] = (-ANSWERS_SECONDS, Effects())
        self._checkpointed = 0.0
        self._restated = 0.0
        self._scored = 0.0
        self._wholly_written = 0
        self._learn_below = 0
        """Records below it are judged by what an older version said of them; now they only teach."""
        self._decode = msgspec.json.Decoder(TicketCounts).decode
        self.keys = KeyAgreement()
        self.canaries = Sightings(now)
        if settings.ticketspike_canary_seconds:
            metrics.canary("watch", self.canaries.age)

    async def watch(self, stream: Any) -> None:
        """The agent: hand every record over, those that Faust passed over first."""
        async for event in stream.events():
            try:
                await self.take(follow.Entry(event.message.offset, event.message.timestamp, event.value))
            except Exception as error:
                # Faust would go on with the next record; a stage that lost its place must start anew instead.
                await self.app.crash(error)
                raise

    async def take(self, entry: follow.Entry) -> None:
        """Take a record in, after all records before it."""
        generation = self.generation
        if self.surveillance is None or not self._current():
            await self._rebuild(entry.offset)
            self._built = generation
            self.metrics.recovered("watch")
        if entry.offset < self.position:
            return
        if entry.offset > self.position:
            self.metrics.skipped.labels("watch").inc(entry.offset - self.position)
            async for missed in follow.read(self.settings, self.source, self.position, entry.offset):
                await self._apply(missed)
        await self._apply(entry)
        await self._keep_up()
        # Not only with a checkpoint: where nothing more comes, none may follow what was closed last.
        self._observe(self._held())

    async def _apply(self, entry: follow.Entry) -> None:
        held = self._held()
        self.position = entry.offset + 1
        self.lag.read(self.source, self.position, entry.timestamp)
        statement = self._decode_or_tell(entry)
        if statement is None:
            return
        self.minutes.hear(statement, entry.offset)
        self.keys.hear(statement.partition, statement.keys)
        self.canaries.hear(statement)
        for cell in statement.cells:
            held.add(cell, partition=statement.partition, stamp=statement.offset)
        said: list[Spike] = []
        closable = self.minutes.closable()
        if closable is not None:
            looked_up = begun = time.monotonic()
            for spikes in held.close_until(closable, alarms=entry.offset >= self._learn_below):
                said.extend(spikes)
                if time.monotonic() - looked_up > SLICE_SECONDS:
                    # Thousands of minutes may close at once; heartbeats and the other stages want their turn.
                    await asyncio.sleep(0)
                    looked_up = time.monotonic()
                if time.monotonic() - begun > CHECKPOINT_SECONDS:
                    await self._publish(said)
                    said, begun = [], time.monotonic()
        if held.closed is not None:
            self.canaries.closed(held.closed)
        wall = self.settings.ticketspike_clock == "wall"
        # Also without new cells: what came before the first minute was closed still waits for its judgement.
        due = bool(statement.cells) or time.monotonic() - self._scored >= SCORE_SECONDS
        if wall and due and self.now() - entry.timestamp < LIVE_SECONDS:
            self._scored = time.monotonic()
            said.extend(held.running(self.now()))
        if said or held.news:
            await self._publish(said)
        await self._pass_canary_on()

    async def _publish(self, said: list[Spike]) -> None:
        """Make the state safe that these spikes come from, then say them, and first what explains many of them."""
        held = self._held()
        conditions = held.stated()
        await self._checkpoint(unsaid(said, held.said), conditions)
        for condition in conditions:
            self.log.info("condition", kind=condition.kind, ended=condition.ended_at is not None)
            await self._say(condition)
        for spike in said:
            self._tell(spike)
            await self._say(spike)

    def _decode_or_tell(self, entry: follow.Entry) -> TicketCounts | None:
        try:
            return self._decode(entry.value or b"")
        except UNREADABLE:
            self.log.error("a record of ticket-counts cannot be read and is passed over", offset=entry.offset)
            return None

    def _held(self) -> Surveillance:
        assert self.surveillance is not None  # noqa: S101 - rebuilt before the first record
        return self.surveillance

    def _tell(self, spike: Spike) -> None:
        self.log.info(
            "spike",
            state=spike.state,
            spike_id=spike.spike_id,
            observed=spike.observed,
            expected=spike.expected,
        )

    async def _say(self, what: Spike | Condition) -> None:
        topic, key = self.conditions, ""
        if isinstance(what, Condition):
            key = what.kind
        else:
            self.metrics.spikes.labels(what.state).inc()
            topic, key = self.spikes, what.contact_reason
        sent = await topic.send(key=key.encode(), value=msgspec.json.encode(what))
        await sent

    async def _pass_canary_on(self) -> None:
        """Tell *notify* of a canary, behind all that was said of its minute."""
        sent = self.canaries.news() if self.settings.ticketspike_canary_seconds else None
        if sent is not None:
            record = await self.conditions.send(
                key=markers.CANARY, value=None, headers=markers.passed_on(sent)
            )
            await record

    async def _keep_up(self) -> None:
        """What is due by the wall: checkpoint, restate, take over new baselines."""
        now = time.monotonic()
        if now - self._checkpointed >= CHECKPOINT_SECONDS:
            self._adopt_baselines()
            self._look_at_keys()
            await self._checkpoint()
        if now - self._restated >= RESTATE_SECONDS:
            await self._restate(RESTATED_MINUTES)

    async def _restate(self, minutes: float) -> None:
        """State what is open again, and what ended no longer ago than so many minutes of event time."""
        held = self._held()
        self._restated = time.monotonic()
        present = (held.closed or 0) * 60
        for condition in held.conditions():
            if condition.ended_at is None or condition.ended_at.timestamp() >= present - minutes * 60:
                await self._say(condition)
        for spike in held.restate():
            if spike.cleared_at is None or spike.cleared_at.timestamp() >= present - minutes * 60:
                await self._say(spike)

    async def _checkpoint(self, spikes: Sequence[Spike] = (), conditions: Sequence[Condition] = ()) -> None:
        """Write the rows that changed, then the shard's: only then does the checkpoint count.

        What is said next is part of it as far as nothing else would say it after a crash.
        """
        held = self._held()
        self._checkpointed = time.monotonic()
        closed = held.closed or 0
        self.minutes.closed(closed)
        reasons: Collection[str] = held.touched
        if not held.resumable(self._wholly_written):
            # Rows without tickets change by plain rules within the hour, so most are written once in it.
            self._wholly_written = closed
            reasons = held.detector.reasons
        held.touched = set()
        rows = {}
        for number, reason in enumerate(reasons):
            rows[reason] = msgspec.json.encode(
                ReasonRow(held.snapshot(reason), self._versions.get(reason, 0))
            )
            if number % 200 == 199:
                await asyncio.sleep(0)
        shard = ShardRow(
            self.position,
            held.closed,
            self.minutes.rebuild_from(self.position),
            self.minutes.snapshot(),
            held.channel(),
            self._learn_below,
            list(spikes),
            list(conditions),
        )
        await self.checkpoints.write(self.table, rows, msgspec.json.encode(shard), self.position)

    async def _rebuild(self, until: int) -> None:
        """Come to the state of the checkpoint, then to the log's present, and state every spike again."""
        await self.incidents.complete.wait()
        self.checkpoints, rows, whole = checkpoint.read(self.table)
        clock = self.settings.ticketspike_clock
        try:
            state = Restored(self._fresh(), clock, rows, whole)
            self._learn_below = state.learn_below
        except (ValueError, *UNREADABLE) as error:
            # After an upgrade: the log and the baselines hold all that the state was made of.
            self.log.warning(
                "the stored state cannot be used; it is made anew from the log", error=str(error)
            )
            self.checkpoints = checkpoint.forsake(self.table)
            self._learn_below = until
            rows, state = {}, Restored(self._fresh(), clock)
            # Before the first checkpoint: after a crash in between it is done again, and does no harm.
            for spike in await left_open.cleared(self.settings):
                await self._say(spike)
        if whole is None:
            await self._end_restored()
        await state.recollect(self._statements)
        self.keys = KeyAgreement()
        self.minutes, self.position, self.surveillance = state.minutes, state.position, state.held
        self.canaries.begin()
        self.lag.begin(self.source, self.position)
        self._versions, self._baselines_seen = state.versions, {}
        self._wholly_written = state.closed or 0
        self._adopt_baselines()
        self.log.info("rebuilt", rows=len(rows), position=state.position, until=until)
        for said in state.unsaid:
            await self._say(said)
        await self._restate(DAY_MINUTES)
        async for entry in follow.read(self.settings, self.source, state.position, until):
            await self._apply(entry)

    async def _end_restored(self) -> None:
        """End what incidents of a restored backup speak of: no state of ours does."""
        for one in await left_open.restored(self.settings, self.incidents.rows.values()):
            await self._say(one)

    async def _statements(self, start: int, end: int) -> AsyncGenerator[tuple[int, TicketCounts]]:
        async for entry in follow.read(self.settings, self.source, start, end):
            statement = self._decode_or_tell(entry)
            if statement is not None:
                yield entry.offset, statement

    def _fresh(self) -> Surveillance:
        return Surveillance(
            detector_settings(self.settings),
            language=self.settings.ticketspike_language,
            min_customers=self.settings.ticketspike_min_customers,
            campaigns=self.campaigns,
            answered=self.answered,
            shard=self.settings.shard,
        )

    def campaigns(self) -> tuple[Campaign, ...]:
        """The shard's campaigns as they stand; decoded again only when the topic changed."""
        held = dict(self.campaign_rows)
        if held != self._campaigns_seen:
            self._campaigns_seen = held
            self._campaigns = campaigns_of(held, self.settings)
        return self._campaigns

    def answered(self) -> Effects:
        """What people's answers change, looked up now and then."""
        looked, found = self._effects
        if time.monotonic() - looked >= ANSWERS_SECONDS:
            found = self._answered.of(self.incidents.rows)
            self._effects = time.monotonic(), found
        return found

    def _adopt_baselines(self) -> None:
        """Take over what `learn` published since the last look."""
        held = self._held()
        for key, value in dict(self.baseline_rows).items():
            if self._baselines_seen.get(key) == value:
                continue
            self._baselines_seen[key] = value
            try:
                record = msgspec.json.decode(value, type=BaselineRecord)
                if record.version > self._versions.get(record.contact_reason, 0):
                    self._versions[record.contact_reason] = record.version
                    held.adopt(record.contact_reason, record.baseline)
            except (*UNREADABLE, ValueError, KeyError, TypeError) as error:
                self.log.error("a baseline cannot be read and is left out", error=type(error).__name__)

    def _look_at_keys(self) -> None:
        """Not with each statement: what the log says of a change long past is over by its end."""
        if self.keys.news():
            self.log.warning(
                "workers count customers under different TICKETSPIKE_HMAC_KEYs, so that one of two partitions counts "
                "twice; give all the same key, and a second deployment a TICKETSPIKE_TOPIC_PREFIX of its own"
            )
        # Not where a rebalance came in between: it would stand until the shard comes back.
        self.metrics.keys_differ.set(self.keys.differ and self._current())

    def _current(self) -> bool:
        return self._built == self.generation

    def _rebalanced(self, *_: Any, **__: Any) -> None:
        """The shard moved, perhaps back; only noted here, since the stage may be in the middle of a record."""
        self.generation += 1
        # Whoever holds the shard says how it is.
        self.metrics.keys_differ.set(0)

    def _assigned_anew(self, *_: Any, **__: Any) -> None:
        self.metrics.assigned("watch")
        self._rebalanced()

    def _observe(self, held: Surveillance) -> None:
        self.metrics.reasons.set(len(held.detector.reasons))
        self.metrics.late_cells.set(held.late)
        if held.closed is not None:
            self.metrics.closed_until.set((held.closed + 1) * 60)
