"""How far a stage on Faust is behind the ends of its topics, in records and in seconds.

Where a topic ends is taken from Faust, which hears it with everything that it fetches: nothing is asked of Kafka for
the sake of a metric. A stage that hangs is seen all the same, since Faust goes on fetching and the seconds go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import faust
from faust.types import TP

from streams.metrics import Metrics

OBSERVE_SECONDS = 5.0


class Lag:
    """Knows how far each topic was read, and shows what is left.

    Args:
        metrics: where it shows.
        stage: whose lag.
        end: the offset that a topic's next record gets, as far as this worker has heard; None while unknown.
        held: whether the stage holds its shard and has its state. What another worker reads is not behind here.
        now: wall clock in epoch seconds.

    >>> metrics = Metrics()
    >>> lag = Lag(metrics, "watch", {"ticket-counts": 12}.get, lambda: True, now=lambda: 100.0)
    >>> lag.begin("ticket-counts", 5)
    >>> lag.read("ticket-counts", 8, 40.0)
    >>> lag.observe()
    >>> names = ("ticketspike_lag_records", "ticketspike_lag_seconds")
    >>> [metrics.registry.get_sample_value(name, {"stage": "watch"}) for name in names]
    [4.0, 60.0]
    """

    def __init__(
        self,
        metrics: Metrics,
        stage: str,
        end: Callable[[str], int | None],
        held: Callable[[], bool],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._metrics = metrics
        self._stage = stage
        self._end = end
        self._held = held
        self._now = now
        self._topics: dict[str, tuple[int, float]] = {}

    def begin(self, topic: str, offset: int) -> None:
        """A topic is read from this offset on; until a record comes, its lag has lasted since now."""
        self._topics[topic] = (offset, self._now())

    def read(self, topic: str, offset: int, timestamp: float) -> None:
        """A topic was read up to this offset; the record before it came onto the topic then (epoch seconds)."""
        self._topics[topic] = (offset, timestamp)

    def observe(self) -> None:
        """Show what is left now."""
        unread, seconds = 0, 0.0
        for topic, (offset, since) in self._topics.items() if self._held() else ():
            left = max(0, (self._end(topic) or 0) - offset)
            if left:
                unread += left
                seconds = max(seconds, self._now() - since)
        self._metrics.behind(self._stage, unread, seconds)

    async def run(self) -> None:
        """Observe for ever, now and then."""
        while True:
            self.observe()
            await asyncio.sleep(OBSERVE_SECONDS)


def heard_ends(app: faust.App) -> Callable[[str], int | None]:
    """The end of partition 0 of a topic, as far as this app has heard of it."""

    def end(topic: str) -> int | None:
        offset: int | None = app.monitor.tp_end_offsets.get(TP(topic, 0))
        return offset

    return end
