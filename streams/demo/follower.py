"""What the demo sees of the stages: it reads their topics, as any other consumer would."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType

import msgspec

from alerts.records import Incident, Spike
from streams.connection import kafka_python_options
from streams.demo.webshop_tickets import MAIL_DOMAIN, TEXT_MARK
from streams.events import TicketCounts
from streams.settings import Settings

_PERSONAL = (MAIL_DOMAIN.encode(), TEXT_MARK.encode())


@dataclass(slots=True)
class Sight:
    """What has been seen so far.

    `cells` holds, per source partition, contact reason and minute, the newest statement as (offset, tickets).
    `watermarks` holds each source partition's event time; `revisions` when each (incident id, revision) came
    about. `leaks` counts records with personal data.
    """

    cells: dict[tuple[int, str, int], tuple[int, int]] = field(default_factory=dict)
    watermarks: dict[int, float] = field(default_factory=dict)
    spikes: dict[str, Spike] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    revisions: dict[tuple[str, int], datetime] = field(default_factory=dict)
    leaks: int = 0

    def counts(self) -> dict[tuple[str, int], int]:
        """Tickets per contact reason and minute (since 1970, UTC)."""
        counts: dict[tuple[str, int], int] = defaultdict(int)
        for (_, reason, minute), (_, tickets) in list(self.cells.items()):
            if tickets:
                counts[reason, minute] += tickets
        return dict(counts)

    def learn(self, topic: str, value: bytes) -> None:
        """Take in a record of `ticket-counts`, `spikes` or `incidents` (names without prefix)."""
        self.leaks += any(mark in value for mark in _PERSONAL)
        if topic == "spikes":
            spike = msgspec.json.decode(value, type=Spike)
            self.spikes[spike.spike_id] = spike
        elif topic == "incidents":
            incident = msgspec.json.decode(value, type=Incident)
            self.incidents[incident.incident_id] = incident
            self.revisions[incident.incident_id, incident.revision] = incident.updated_at
        else:
            self._count(msgspec.json.decode(value, type=TicketCounts))

    def _count(self, counts: TicketCounts) -> None:
        for cell in counts.cells:
            key = (counts.partition, cell.contact_reason, cell.minute)
            if counts.offset >= self.cells.get(key, (-1, 0))[0]:
                self.cells[key] = (counts.offset, cell.count)
        if counts.watermark is not None:
            known = self.watermarks.get(counts.partition, counts.watermark)
            self.watermarks[counts.partition] = max(known, counts.watermark)


class Follower:
    """Reads `ticket-counts`, `spikes` and `incidents` in a thread of its own until the block is left.

    `sight` is written by the reading thread only; others take copies (`Sight.counts`) or single values.
    """

    def __init__(self, settings: Settings, partitions: int) -> None:
        self.sight = Sight()
        self._settings = settings
        self._partitions = partitions
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="demo-follower", daemon=True)
        self.failed: Exception | None = None

    @property
    def clock(self) -> float | None:
        """The event time up to which every source partition has been counted, in epoch seconds."""
        watermarks = list(self.sight.watermarks.values())
        return min(watermarks) if len(watermarks) == self._partitions else None

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(10)

    def _follow(self) -> None:
        from kafka import KafkaConsumer, TopicPartition

        topics = {self._settings.topic(name): name for name in ("ticket-counts", "spikes", "incidents")}
        consumer = KafkaConsumer(**kafka_python_options(self._settings), enable_auto_commit=False)
        try:
            assignment = [TopicPartition(topic, 0) for topic in topics]
            consumer.assign(assignment)
            consumer.seek_to_beginning(*assignment)
            while not self._stop.is_set():
                for partition, records in consumer.poll(timeout_ms=100).items():
                    for record in records:
                        if record.value is not None:
                            self.sight.learn(topics[partition.topic], record.value)
        except Exception as error:  # the story's own thread raises it, where a person sees it
            self.failed = error
        finally:
            consumer.close()
