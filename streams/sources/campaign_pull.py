"""Calendars and marketing tools on a timer: what they say becomes what stands on `campaigns`.

Nothing is stored beside the topic: each turn compares all that a source says with what it wrote before, as the header
`source` of the topic's records tells. So a restart, a second worker and a lost answer change nothing, and what is not
acknowledged is written at the next turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import aiohttp
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from mode import Service

from streams.metrics import Metrics
from streams.settings import Settings
from streams.sources.campaign_changes import Changes, changes
from streams.sources.health import SourceHealth
from streams.sources.producing import started_producer
from streams.sources.pulled import Asked
from streams.sources.pullers import puller
from streams.sources.reading import Away, Puller, Reading
from streams.topic_rows import ORIGIN, TopicRows

AGAIN_SECONDS = 60.0
"""When a source that was away is asked again, unless it is asked more often or named a time itself."""

log = structlog.get_logger("calendars")


class CampaignPull(Service):
    """Asks all sources in turns of their own.

    Args:
        settings: where Kafka is, the topics' prefix and the zone.
        metrics: turns by source and outcome.
        sources: by name.
        now: wall time, epoch seconds.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        sources: Mapping[str, Asked],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.metrics = metrics
        self.sources = sources
        self.said: dict[str, str] = dict.fromkeys(sources, "not asked yet")
        """By source what its last turn came to, for people."""
        self.health = {name: SourceHealth("campaigns", now(), asked=True) for name in sources}
        self._now = now
        self._rows = TopicRows(settings, "campaigns")
        self._pullers: dict[str, Puller] = {}
        self._refused: dict[str, set[tuple[str, str]]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._producer: AIOKafkaProducer | None = None

    def ready(self) -> tuple[bool, str]:
        """What the last turns came to. Always ready: a calendar that is away must not take webhooks from a worker."""
        return True, "; ".join(f"{name}: {one}" for name, one in sorted(self.said.items()))

    async def on_start(self) -> None:
        """Connect to Kafka; the sources are asked once it is known what stands on the topic."""
        session = aiohttp.ClientSession()
        try:
            zone = self.settings.ticketspike_timezone
            self._pullers = {name: puller(one, session, zone) for name, one in self.sources.items()}
            self._producer = await started_producer(self.settings)
        except BaseException:  # also when cancelled: a session that is left open complains
            await session.close()
            raise
        self._session = session

    async def on_stop(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()
        if self._session is not None:
            await self._session.close()

    @Service.task
    async def _follow_campaigns(self) -> None:
        await self._rows.follow()

    @Service.task
    async def _ask(self) -> None:
        await asyncio.gather(*(self._turns(name) for name in self.sources))

    async def _turns(self, name: str) -> None:
        every = self.sources[name].table.every_minutes * 60.0
        while not self.should_stop:
            later = await self.turn(name)
            await self.sleep(every if later is None else later)

    async def turn(self, name: str) -> float | None:
        """Ask a source and write what is different; in how many seconds to ask again, None for the usual.

        Never raises for anything that a source says; when it does not say what it holds, all stays as it is.
        """
        now = datetime.fromtimestamp(self._now(), UTC)
        try:
            reading = await self._read(name, now)
        except Away as away:
            self.health[name].away(self._now(), away.retry_after)
            self._say(name, "away", f"it {away}; its campaigns stay as they are")
            every = self.sources[name].table.every_minutes * 60.0
            return max(away.retry_after, 1.0) if away.retry_after is not None else min(AGAIN_SECONDS, every)
        # While the topic is read anew, what a person corrected may still look like the source's own.
        await self._rows.complete.wait()
        found = changes(name, reading, self._rows.rows, self._rows.origins, now)
        try:
            await self._write(name, found)
        except (KafkaError, TimeoutError) as error:
            self._say(name, "kafka_away", f"Kafka does not take campaigns ({type(error).__name__})")
            return AGAIN_SECONDS / 4
        self._tell(name, reading, found)
        self.health[name].brought((), self._now())
        self.metrics.source_last.labels(name).set(self._now())
        return None

    async def _read(self, name: str, now: datetime) -> Reading:
        try:
            return await self._pullers[name].read(now)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # Of a form that nobody thought of. It must not end the stage, and webhooks with it.
            raise Away(f"answers something unexpected ({type(error).__name__})") from None

    async def _write(self, name: str, found: Changes) -> None:
        assert self._producer is not None  # noqa: S101 - a turn comes after the start
        topic, headers = self.settings.topic("campaigns"), [(ORIGIN, name.encode())]
        values: dict[str, bytes | None] = {**found.updates, **dict.fromkeys(found.withdrawn)}
        sent = [
            await self._producer.send(topic, value, key=key.encode(), headers=headers)
            for key, value in values.items()
        ]
        await asyncio.gather(*sent)

    def _tell(self, name: str, reading: Reading, found: Changes) -> None:
        if found.kept:
            said = f"it holds nothing any more, which looks like a mistake; its {found.kept} campaigns stay"
            self._say(name, "emptied", said)
            return
        if found.updates or found.withdrawn:
            log.info("campaigns follow their source", source=name, updated=len(found.updates),
                     withdrawn=len(found.withdrawn))  # fmt: skip
        said = f"{len(reading.campaigns)} campaigns"
        if found.left_alone:
            said += f", {len(found.left_alone)} of them written by somebody else and left alone"
        if found.doubled:
            said += f", {len(found.doubled)} of them stand there twice under another id and count once"
        if not_taken := len(reading.refused) + len(found.too_large):
            said += f", {not_taken} not understood and left as they were"
        refused = set(reading.refused.items()) | {(one, "its texts are too long") for one in found.too_large}
        for event, why in sorted(refused - self._refused.get(name, set())):
            log.warning("an event is not understood and its campaign left as it was", source=name, event_id=event,
                        why=why)  # fmt: skip
        for event, why in sorted(reading.doubts - self._refused.get(name, set())):
            log.warning(
                "a line of an event's description is not understood", source=name, event_id=event, why=why
            )
        self._refused[name] = refused | reading.doubts
        self._say(name, "read", said)

    def _say(self, name: str, outcome: str, said: str) -> None:
        """Count a turn, and tell people where something is other than the time before."""
        self.metrics.source_events.labels(name, outcome).inc()
        if self.said[name] != said:
            (log.info if outcome == "read" else log.warning)(said, source=name)
        self.said[name] = said
