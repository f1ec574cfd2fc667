"""Reading a topic from its beginning to the end that it had at the start; no group, nothing is changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from streams.connection import away, kafka_python_options, passes
from streams.errors import Failure, PassingFailure
from streams.progress import progress
from streams.settings import Settings

STALLED_SECONDS = 30.0
FETCH_BYTES = 16 * 1024 * 1024


def read_to_end(settings: Settings, topic: str, *, since: datetime | None = None) -> Iterator[Any]:
    """The records (kafka-python's ConsumerRecord) of all partitions, each partition in its order.

    Blocks while Kafka answers; what is appended meanwhile is not read.

    Args:
        settings: where Kafka is, and the topics' prefix.
        topic: the topic's name in the contract, without the prefix.
        since: records appended before are passed over, by the time that each record bears.

    Raises:
        Failure: there is no such topic, or Kafka stops answering.
    """
    with _consumer(settings) as consumer:
        from kafka import TopicPartition

        name = settings.topic(topic)
        assigned = [TopicPartition(name, partition) for partition in _partitions(consumer, name)]
        consumer.assign(assigned)
        consumer.seek_to_beginning(*assigned)
        ends = {part: end for part, end in consumer.end_offsets(assigned).items() if end > 0}
        begins = consumer.beginning_offsets(list(ends)) if ends else {}
        if since is not None and ends:
            found = consumer.offsets_for_times(dict.fromkeys(ends, int(since.timestamp() * 1000)))
            for part, end in ends.items():
                at = found.get(part)
                begins[part] = end if at is None else at.offset
                consumer.seek(part, begins[part])
        total, done = sum(end - begins[part] for part, end in ends.items()), 0
        heard = time.monotonic()
        with progress(f"Reading {name}", total) as advance:
            while any(consumer.position(part) < end for part, end in ends.items()):
                batches = consumer.poll(timeout_ms=1000, max_records=5000)
                if batches:
                    heard = time.monotonic()
                elif time.monotonic() - heard > STALLED_SECONDS:
                    raise Failure(
                        f"Kafka at {settings.kafka_bootstrap_servers} stopped answering; try again later."
                    )
                for part, records in batches.items():
                    end = ends.get(part, 0)
                    yield from (record for record in records if record.offset < end)
                    done += len(records)
                advance(done)


def partitions_of(settings: Settings, topic: str) -> list[int]:
    """The partitions of a topic, named as in the contract.

    Raises:
        Failure: there is no such topic.
    """
    with _consumer(settings) as consumer:
        return _partitions(consumer, settings.topic(topic))


def appended_between(settings: Settings, topic: str, begin: datetime, end: datetime) -> int:
    """How many records a topic got between two instants, told from offsets alone; nothing is read.

    Args:
        settings: where Kafka is, and the topics' prefix.
        topic: the topic's name in the contract, without the prefix.
        begin: the first instant.
        end: the first instant that no longer counts.

    Raises:
        Failure: there is no such topic, or Kafka stops answering.
    """
    with _consumer(settings) as consumer:
        from kafka import TopicPartition

        name = settings.topic(topic)
        assigned = [TopicPartition(name, partition) for partition in _partitions(consumer, name)]
        ends = consumer.end_offsets(assigned)

        def offset(part: Any, found: Any) -> int:
            # None: no record is as young as that.
            return int(ends[part] if found is None else found.offset)

        first, last = (
            consumer.offsets_for_times(dict.fromkeys(assigned, int(at.timestamp() * 1000)))
            for at in (begin, end)
        )
        return sum(offset(one, last.get(one)) - offset(one, first.get(one)) for one in assigned)


@contextmanager
def _consumer(settings: Settings) -> Iterator[Any]:
    from kafka import KafkaConsumer
    from kafka.errors import KafkaError

    try:
        consumer = KafkaConsumer(
            **kafka_python_options(settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
    except KafkaError as error:
        raise Failure(
            f"Kafka at {settings.kafka_bootstrap_servers} cannot be read "
            f"({type(error).__name__}); try again when it is well."
        ) from None
    try:
        yield consumer
    except KafkaError as error:
        if passes(error):
            raise PassingFailure(away(settings, error)) from error
        raise Failure(
            f"Kafka at {settings.kafka_bootstrap_servers} refused the request ({type(error).__name__}); "
            "check the rights of this user and the state of the cluster."
        ) from error
    finally:
        consumer.close(autocommit=False)


def _partitions(consumer: Any, name: str) -> list[int]:
    partitions = sorted(consumer.partitions_for_topic(name))
    if not partitions:
        raise Failure(f"There is no topic {name}; make the topics with `ticketspike topics create`.")
    return partitions
