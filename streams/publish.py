"""Publishing from the command line: batched, acknowledged by all in-sync brokers, failures told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from streams.connection import kafka_python_options
from streams.errors import Failure
from streams.settings import Settings

Headers = Sequence[tuple[str, bytes]]
FLUSH_SECONDS = 180.0
"""Longer than the client itself tries (120 s): cut off for a minute, it may turn in circles for ever."""
CLOSE_SECONDS = 10.0


class Publisher:
    """Sends records to one topic; `flush` returns when all of them are acknowledged.

    Records of one partition arrive in the order of `send`, each once (idempotent producer).
    """

    def __init__(self, producer: Any, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._errors: list[BaseException] = []

    def send(
        self,
        key: str | bytes | None,
        value: bytes | None,
        *,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        """Put a record into the next batch; its partition follows from the key unless it is given.

        Raises:
            Failure: an earlier record was refused.
        """
        self._raise()
        future = self._producer.send(
            self._topic,
            value=value,
            key=key.encode() if isinstance(key, str) else key,
            headers=list(headers),
            partition=partition,
        )
        future.add_errback(self._errors.append)

    def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Block until every record is acknowledged.

        Raises:
            Failure: one was not, or not in time.
        """
        from kafka.errors import KafkaTimeoutError

        try:
            self._producer.flush(timeout=seconds)
        except KafkaTimeoutError as error:
            self._errors.append(error)
        self._raise()

    def _raise(self) -> None:
        if self._errors:
            error = self._errors[0]
            raise Failure(
                f"Kafka did not take every record for {self._topic} ({type(error).__name__}); "
                "mend the cluster and run the command again."
            ) from error


@contextmanager
def publisher(settings: Settings, topic: str) -> Iterator[Publisher]:
    """A publisher for a topic named as in the contract; closed in any case.

    Raises:
        Failure: Kafka does not take a record.
    """
    from kafka import KafkaProducer
    from kafka.errors import KafkaError

    try:
        producer = KafkaProducer(
            **kafka_python_options(settings),
            acks="all",
            linger_ms=20,
            batch_size=256 * 1024,
            max_request_size=8 * 1024 * 1024,
            allow_auto_create_topics=False,
        )
    except KafkaError as error:
        raise Failure(
            f"Kafka at {settings.kafka_bootstrap_servers} takes no records ({type(error).__name__}); "
            "try again when it is well."
        ) from None
    try:
        yield Publisher(producer, settings.topic(topic))
    except KafkaError as error:
        raise Failure(
            f"Kafka at {settings.kafka_bootstrap_servers} refused the request ({type(error).__name__}); "
            "check the rights of this user and the state of the cluster."
        ) from error
    finally:
        _close(producer)


def _close(producer: Any) -> None:
    from kafka.errors import KafkaTimeoutError

    try:
        producer.close(timeout=CLOSE_SECONDS)
    except KafkaTimeoutError:
        # It gave up before it closed anything, and would try again, and complain, when the interpreter ends.
        producer._closed = True  # noqa: SLF001 - there is no public way to leave it
