"""Whether a partition of tickets is read to its end, and what that says about the time that has passed."""

from __future__ import annotations

from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.counting import PartitionCounts

QUIET_SECONDS = 5.0
"""A partition read to its end and quiet for so long counts as drained."""
FRESH_SECONDS = 3.0
"""How old the last word of the broker may be for us to believe that a partition is read to its end."""
RETURN_SECONDS = 5.0
"""How long a partition must be heard again before silence means anything: producers could not reach it either."""


class Freshness:
    """Knows when each partition was last heard of.

    Args:
        consumer: the consumer that reads them.
        clock: `event` or `wall`.
        now: wall clock in epoch seconds.
    """

    def __init__(self, consumer: AIOKafkaConsumer, clock: str, now: Callable[[], float]) -> None:
        self._consumer = consumer
        self._event = clock == "event"
        self._now = now
        self._awake = self._woke = now()
        self._last_read: dict[TopicPartition, float] = {}
        self._away: dict[TopicPartition, float] = {}
        """When the broker was last found not to answer."""

    def turned(self) -> None:
        """The loop has turned once more.

        Frozen, or a laptop's lid: answers that lay in the socket meanwhile are no news.
        """
        now = self._now()
        if now - self._awake > FRESH_SECONDS:
            self._woke = now
        self._awake = now

    def heard(self, tp: TopicPartition) -> None:
        """Records of a partition came, or its reading begins."""
        self._last_read[tp] = self._now()

    def watermark(self, tp: TopicPartition, counts: PartitionCounts) -> float | None:
        """The epoch second until which all tickets of a partition are thought to be in; None while unknown."""
        if self._event:
            return counts.newest
        polled = self._at_end(tp, counts)
        if polled is None:
            return None if counts.newest is None else min(self._now(), counts.newest)
        # Read to its end: time itself moves the watermark, as far behind as tickets lately came behind their
        # creation. A helpdesk that delivers five minutes late keeps being waited for; an idle partition moves on.
        return float(int(min(self._now(), polled) - counts.lateness))

    def drained(self, tp: TopicPartition, counts: PartitionCounts) -> bool:
        """Whether a partition is read to its end and has been quiet for a while."""
        return self._at_end(tp, counts) is not None and self._now() - self._last_read[tp] >= QUIET_SECONDS

    def _at_end(self, tp: TopicPartition, counts: PartitionCounts) -> float | None:
        """When the broker last said that there is nothing more (epoch seconds), or None."""
        if tp not in self._consumer.assignment():
            return None
        highwater, polled_ms = self._consumer.highwater(tp), self._consumer.last_poll_timestamp(tp)
        polled = 0.0 if polled_ms is None else float(polled_ms) / 1000.0
        if polled < self._now() - FRESH_SECONDS:
            self._away[tp] = self._now()
            return None
        if highwater is None or counts.position < highwater:
            return None
        # Whoever could not write while the broker was away does so in the moment in which we can read again: what
        # they held back is on its way, and minutes closed now would be closed without it.
        return polled if polled >= max(self._woke, self._away.get(tp, 0.0)) + RETURN_SECONDS else None
