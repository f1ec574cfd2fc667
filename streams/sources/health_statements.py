"""States how each source is, again and again, on the topic `source-health`.

Whoever tells people that nothing comes runs in another process, perhaps on another machine, than what takes webhooks.
A statement that is lost does no harm, as the next one says all of it; one that stays away says that this worker is
gone.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from mode import Service

from streams.metrics import Metrics
from streams.sources.health import SourceHealth
from streams.sources.mapping import Record

TOPIC = "source-health"
STATED_SECONDS = 30.0
"""How often everything is stated again."""
LOOK_SECONDS = 2.0
"""How often it is looked whether something else than a count has changed."""

Store = Callable[[str, list[Record]], Awaitable[bool]]


class HealthStatements(Service):
    """States the health of a worker's sources.

    Args:
        worker: the name of this worker, which its data directory keeps.
        health: by source.
        store: publishes records on a topic, once it is `ready`.
        metrics: shows the same to Prometheus.
        ready: whether records can be stored.
        now: wall time, epoch seconds.
    """

    def __init__(
        self,
        worker: str,
        health: Mapping[str, SourceHealth],
        store: Store,
        metrics: Metrics,
        *,
        ready: Callable[[], bool],
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._worker = worker
        self._health = health
        self._store = store
        self._metrics = metrics
        self._ready = ready
        self._now = now
        for name in health:
            # A source that never sent must show as one that sent nothing.
            metrics.source_events.labels(name, "taken")
            metrics.source_records.labels(name)

    def records(self) -> list[Record]:
        """What stands on the topic for it now: one record for each source, under a key of this worker's own."""
        now = self._now()
        return [
            (f"{name}/{self._worker}".encode(), msgspec.json.encode(health.state(name, self._worker, now)))
            for name, health in self._health.items()
        ]

    @Service.task
    async def _state(self) -> None:
        said: list[tuple[object, ...]] = []
        stated_at = 0.0
        # The services of a worker start side by side.
        while not (self._ready() or self.should_stop):
            await self.sleep(0.1)
        while not self.should_stop:
            now = self._now()
            for name, health in self._health.items():
                self._metrics.source_held_back.labels(name).set(health.held_back or health.throttled(now))
            essence = [health.essence(now) for health in self._health.values()]
            if (essence != said or time.monotonic() - stated_at >= STATED_SECONDS) and await self._store(
                TOPIC, self.records()
            ):
                said, stated_at = essence, time.monotonic()
            await self.sleep(LOOK_SECONDS)
