"""A canary: a record in every partition of `tickets` each minute that travels to *watch* like a ticket.

It is told by its header and never becomes a ticket, so it can show nowhere: not in counts, digests, the total
volume or the knob, and no detector ever sees it. How long ago one arrived is the age of the whole way, also on a
night on which nobody writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from mode import Service

from streams.connection import aiokafka_options
from streams.events import TicketCounts
from streams.markers import canary
from streams.settings import Settings

log = structlog.get_logger("canary")


class Sightings:
    """When *watch* last saw a canary of each partition in a closed minute.

    Args:
        now: wall clock in epoch seconds; a canary that never comes is as old as this watching.

    >>> seen = Sightings(lambda: 1000.0)
    >>> for partition, at in ((0, 950.0), (1, 960.0)):
    ...     seen.hear(TicketCounts(partition=partition, partitions=2, offset=1, canary=at))
    >>> seen.closed(15)  # the minute that ends at 960 s
    >>> seen.age()
    0.0
    >>> seen.closed(16)
    >>> seen.age()
    50.0
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._begun = now()
        self._partitions = 1
        self._waiting: dict[int, list[float]] = {}
        self._seen: dict[int, float] = {}

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

    def age(self) -> float:
        """Seconds since the newest canary, of the partition that is furthest behind."""
        at = min(self._seen.values()) if len(self._seen) >= self._partitions else self._begun
        return max(0.0, self._now() - at)


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
