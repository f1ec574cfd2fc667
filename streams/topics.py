"""Every topic of the contract as a value: partitions, retention, compaction.

Nothing creates a topic but `ticketspike topics create`: a broker that makes topics on the fly makes them with
one partition and its own retention, and a stage that reads such a topic sees nothing (or forgets early).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.settings import Settings

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MIB = 1024 * 1024

TICKET_VALUE_LIMIT = MIB
"""The largest ticket that `count` reads, in bytes; a larger one is a dead letter."""

READ_WHOLE = frozenset({"tickets", "orders", "dead-letters"})
"""Topics that are read from however many partitions they have; of all others only partition 0 is."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic must look: its full name, partitions, replication and the settings that matter.

    `read_whole`: whether more partitions than these would be read, too.
    """

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str] = field(default_factory=dict)
    read_whole: bool = False


def table_changelog(app_id: str, table: str) -> str:
    """The name that Faust gives a table's changelog topic."""
    return f"{app_id}-{table}-changelog"


def app_id(settings: Settings, stage: str) -> str:
    """The Faust app id (and consumer group) of a stage; each stage is an app of its own, for each shard."""
    shard = f".{settings.shard}" if settings.shard is not None else ""
    return f"{settings.ticketspike_topic_prefix}ticketspike-{stage}{shard}"


def specs(settings: Settings, brokers: int) -> list[TopicSpec]:
    """All topics that ticketspike needs on a cluster of that many brokers.

    `tickets` stamps records with the broker's own time (LogAppendTime): retention and the limit on
    `created_at` then do not depend on what a producer believes, also when a year of old tickets is sent.
    """
    replication = settings.ticketspike_replication or min(3, brokers)
    # Two in-sync copies where there are three: an acknowledged record outlives a broker, and one may restart.
    durable = {"min.insync.replicas": "2" if replication >= 3 else "1"}

    def events(days: float, **config: str) -> dict[str, str]:
        return {"cleanup.policy": "delete", "retention.ms": str(int(days * DAY_MS)), **durable, **config}

    def entities(**config: str) -> dict[str, str]:
        return {"cleanup.policy": "compact", **durable, **config}

    one = 1
    changelog = entities(
        **{"segment.ms": str(HOUR_MS), "min.compaction.lag.ms": "60000", "max.message.bytes": str(8 * MIB)}
    )
    wanted: list[tuple[str, int, dict[str, str]]] = [
        (
            "tickets",
            settings.ticketspike_partitions,
            events(14, **{"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(8 * MIB)}),
        ),
        (
            "ticket-counts",
            one,
            # Compressed by the broker: aiokafka knows gzip only at its slowest level, which took a quarter of the
            # time of counting a backlog.
            events(90, **{"max.message.bytes": str(8 * MIB), "compression.type": "gzip"}),
        ),
        ("spikes", one, events(90, **{"max.message.bytes": str(8 * MIB)})),
        ("conditions", one, events(90)),
        ("incidents", one, entities(**{"max.message.bytes": str(8 * MIB)})),
        ("campaigns", one, entities()),
        ("answers", one, events(365)),
        # In segments of a day, so that a redacted order is gone within the thirty days that shops allow.
        ("orders", settings.ticketspike_partitions, events(28, **{"segment.ms": str(DAY_MS)})),
        # Compacted, and without workers that are no more.
        (
            "source-health",
            one,
            events(7, **{"cleanup.policy": "compact,delete", "segment.ms": str(HOUR_MS)}),
        ),
        ("baselines", one, entities(**{"max.message.bytes": str(8 * MIB)})),
        # A little above the largest ticket: the original value and our headers must fit.
        ("dead-letters", one, events(14, **{"max.message.bytes": str(9 * MIB)})),
    ]
    topics = [
        TopicSpec(full, partitions, replication, config, read_whole=name in READ_WHOLE)
        for name, partitions, config in wanted
        for full in settings.topics(name)
    ]
    for stage, _ in TABLES:
        topics += [TopicSpec(name, one, replication, changelog) for name in changelogs(settings, stage)]
    return topics


def changelogs(settings: Settings, stage: str) -> tuple[str, ...]:
    """The changelog topics of a stage's table, one a shard; none where it has no table."""
    return tuple(
        table_changelog(app_id(view, stage), table)
        for owner, table in TABLES
        if owner == stage
        for view in settings.shards
    )


TABLES = (("watch", "baselines-and-alarms"), ("notify", "incidents"))
"""The Faust tables as (stage, table)."""
