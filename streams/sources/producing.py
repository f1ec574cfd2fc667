"""The producer of what comes from sources."""

from __future__ import annotations

from aiokafka import AIOKafkaProducer

from streams.connection import aiokafka_options
from streams.settings import Settings

KAFKA_SECONDS = 5.0
"""How long Kafka may take to acknowledge: helpdesks give up after ten to twelve seconds."""


async def started_producer(settings: Settings) -> AIOKafkaProducer:
    """Connect. Whoever asked for it stops it.

    No idempotent producer: it would hold back what follows a record that is tried again, and a ticket or a campaign
    that stands there twice is one.
    """
    producer = AIOKafkaProducer(
        **aiokafka_options(settings),
        acks="all",
        linger_ms=5,
        request_timeout_ms=int(KAFKA_SECONDS * 1000),
    )
    try:
        await producer.start()
    except BaseException:  # also when cancelled: a producer that began leaves sockets open
        await producer.stop()
        raise
    return producer
