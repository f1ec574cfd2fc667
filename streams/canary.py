"""A canary: a record in every partition of `tickets` each minute that travels to *notify* like a ticket's alert.

It is told by its header and never becomes a ticket, so it can show nowhere: not in counts, digests, the total
volume or the knob, and no detector ever sees it. When *watch* has closed its minute it passes it on, on the topic
`conditions`, as a record without a value. How long ago one was sent that a stage has seen is the age of the way to
there, also on a night on which nobody writes. Slack lies behind it: nothing may show there, so the age of the
outbox tells of that part.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from mode import Service

from streams.connection import aiokafka_options
from streams.events import TicketCounts
from streams.markers import canary, read_passed_on
from streams.settings import Settings

PASS_ON_SECONDS = 10.0
"""Of the canaries of a backlog, which are read within moments, the newest is passed on."""

log = structlog.get_logger("canary")


class Sightings:
    """When *watch* last saw a canary of each partition in a closed minute.

    Args:
        now: wall clock in epoch seconds; a canary that never comes is as old as this holding of the shard.

    >>> seen = Sightings(lambda: 1000.0)
    >>> for partition, at in ((0, 950.0), (1, 960.0)):
    ...     seen.hear(TicketCounts(partition=partition, partitions=2, offset=1, canary=at))
    >>> seen.closed(15)  # the minute that ends at 960 s
    >>> seen.age()
    0.0
    >>> seen.closed(16)
    >>> seen.age()
    50.0
    >>> seen.news(), seen.news()
    (950.0, None)
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._begun = now()
        self._partitions = 1
        self._waiting: dict[int, list[float]] = {}
        self._seen: dict[int, float] = {}
        self._passed_on = 0.0
        """When the newest was sent that is passed on, and when that was done."""
        self._passed_on_at = 0.0

    def begin(self) -> None:
        """The shard was taken over: how long this worker stood by, or what it saw before, is no canary's age."""
        self._begun = self._now()
        self._waiting.clear()
        self._seen.clear()

    def hear(self, statement: TicketCounts) -> None:
        """Take over what a statement says of its partition."""
        self._partitions = max(self._partitions, statement.partitions)
        waiting = self._waiting.setdefault(statement.partition, [])
        if statement.canary is not None and statement.canary not in waiting[-1:]:
            waiting.append(statement.canary)

    def closed(self, minute: int) -> None:
        """Minutes up to this one are closed."""
        end = (minute + 1) * 60.0
        for partition, waiting in self._waiting.items():
            arrived = [at for at in waiting if at < end]
            if arrived:
                self._seen[partition] = max(arrived)
                self._waiting[partition] = [at for at in waiting if at >= end]

    def news(self) -> float | None:
        """When the canary was sent that is to be passed on now (epoch seconds); None where there is none.

        Each at most once, and at most one in `PASS_ON_SECONDS`. Who takes the shard over may pass the last one on
        again, which changes nothing.
        """
        at, now = self._arrived(), self._now()
        if at is None or at <= self._passed_on or 0.0 <= now - self._passed_on_at < PASS_ON_SECONDS:
            return None
        self._passed_on, self._passed_on_at = at, now
        return at

    def age(self) -> float:
        """Seconds since the newest canary, of the partition that is furthest behind."""
        at = self._arrived()
        return max(0.0, self._now() - (self._begun if at is None else at))

    def _arrived(self) -> float | None:
        """When the newest was sent that has come through every partition."""
        return min(self._seen.values()) if len(self._seen) >= self._partitions else None


class Arrival:
    """When the newest canary was sent that has come to *notify*.

    Args:
        now: wall clock in epoch seconds; a canary that never comes is as old as this holding of the shard.

    >>> from streams.markers import passed_on
    >>> arrival = Arrival(lambda: 1000.0)
    >>> for headers in (passed_on(950.0), passed_on(940.0), passed_on(4000.0), []):
    ...     arrival.hear(headers)
    >>> arrival.age()
    50.0
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._begun = now()
        self._newest: float | None = None

    def begin(self) -> None:
        """The shard was taken over: how long this worker stood by, or what it heard before, is no canary's age."""
        self._begun, self._newest = self._now(), None

    def hear(self, headers: Iterable[tuple[str, bytes]]) -> None:
        """Take over what the headers of a record without a value say; one of the future is not believed."""
        at = read_passed_on(headers)
        if at is not None and (self._newest or 0.0) < at <= self._now():
            self._newest = at

    def age(self) -> float:
        """Seconds since the newest canary."""
        return max(0.0, self._now() - (self._begun if self._newest is None else self._newest))


class Canaries(Service):
    """Sends them.

    Args:
        settings: how often, and where Kafka is.
        now: wall clock in epoch seconds.
    """

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.settings = settings
        self.now = now

    async def on_start(self) -> None:
        """Connect."""
        self.producer = AIOKafkaProducer(**aiokafka_options(self.settings), acks="all")
        await self.producer.start()

    async def on_stop(self) -> None:
        """Disconnect."""
        await self.producer.stop()

    @Service.task
    async def _send(self) -> None:
        topic = self.settings.topic("tickets")
        while not self.should_stop:
            try:
                value, headers = canary(datetime.fromtimestamp(self.now(), UTC))
                for partition in sorted(await self.producer.partitions_for(topic)):
                    await self.producer.send_and_wait(topic, value, headers=headers, partition=partition)
            except KafkaError as error:
                log.warning("a canary could not be sent", error=type(error).__name__)
            await self.sleep(self.settings.ticketspike_canary_seconds)
