"""Whether a client can really work with a cluster: a record to each broker and back, an offset committed.

An open port says little: a broker accepts connections before it may lead partitions, and the first consumer
group waits until the topic of the offsets exists.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import streams.connection  # noqa: F401 - keeps the client's own log lines off stderr
from streams.settings import Settings


class ProbeError(Exception):
    """Not ready yet; the message is the client's."""


def produce_and_consume(addresses: Sequence[str]) -> None:
    """Write one record to each broker, read them back, commit an offset, and leave no trace.

    Blocks for half a second on a ready cluster, for some seconds on one that is just starting.

    Raises:
        ProbeError: something did not work yet.
    """
    from kafka.errors import KafkaError

    from streams.connection import open_admin
    from streams.errors import Failure

    # Constructed, not loaded: the environment may name another cluster, and this is about ours.
    settings = Settings.model_construct(kafka_bootstrap_servers=",".join(addresses))
    name = f"ticketspike-probe-{uuid.uuid4().hex}"
    try:
        with open_admin(settings, seconds=10) as admin:
            brokers = admin.describe_cluster()["brokers"]
            if len(brokers) < len(addresses):
                raise ProbeError(f"{len(brokers)} of {len(addresses)} brokers have joined")
            wanted = {"num_partitions": len(addresses), "replication_factor": min(3, len(addresses))}
            admin.create_topics({name: wanted}, wait_for_metadata=True)
            try:
                _round_trip(addresses, name)
            finally:
                admin.delete_topics([name])
            admin.delete_groups([name])
    except (KafkaError, Failure) as error:
        raise ProbeError(str(error)) from error


def _round_trip(addresses: Sequence[str], topic: str) -> None:
    from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition

    partitions = [TopicPartition(topic, number) for number in range(len(addresses))]
    options: dict[str, Any] = {"bootstrap_servers": list(addresses), "allow_auto_create_topics": False}
    producer = KafkaProducer(
        **options, acks="all", max_block_ms=10_000, delivery_timeout_ms=10_000, request_timeout_ms=5_000
    )
    try:
        for sent in [producer.send(topic, b"probe", partition=part.partition) for part in partitions]:
            sent.get(timeout=10)
    finally:
        producer.close(timeout=5)
    consumer = KafkaConsumer(
        **options, group_id=topic, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        consumer.assign(partitions)
        seen: set[TopicPartition] = set()
        for _ in range(50):
            seen.update(consumer.poll(timeout_ms=200))
            if len(seen) == len(partitions):
                consumer.commit({part: OffsetAndMetadata(1, "", -1) for part in partitions})
                return
        raise ProbeError(f"{len(seen)} of {len(partitions)} records came back")
    finally:
        consumer.close(autocommit=False)
