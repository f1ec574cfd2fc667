"""The consumer of `tickets` that *count* reads with."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer

from streams.connection import aiokafka_options
from streams.settings import Settings
from streams.topics import app_id

BATCH = 5000


def ticket_consumer(settings: Settings, instance_id: str) -> AIOKafkaConsumer:
    """A consumer of the group *count*, not started; subscribing is its user's.

    Args:
        settings: where Kafka is, and the topics' prefix.
        instance_id: static membership, so that a quick restart moves nothing.
    """
    return AIOKafkaConsumer(
        **aiokafka_options(settings),
        group_id=app_id(settings, "count"),
        group_instance_id=f"{instance_id}-count",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=10_000,
        heartbeat_interval_ms=1_000,
        max_poll_records=BATCH,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=200,
        # The broker checked the sums when it wrote; again in Python they cost a tenth of the time.
        check_crcs=False,
    )
