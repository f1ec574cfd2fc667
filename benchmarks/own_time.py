"""A past that is written at once, with the times at which it would have come onto Kafka."""

from __future__ import annotations

from streams.connection import kafka_python_options
from streams.settings import Settings


def let_tickets_bear_their_time(settings: Settings) -> None:
    """Take the records' own times instead of the broker's on `tickets`.

    What is remembered, and how late tickets come, goes by the log's time; written at once, a day would look as if all
    of it had come late.
    """
    from kafka import KafkaAdminClient
    from kafka.admin import ConfigResource, ConfigResourceType

    client = KafkaAdminClient(**kafka_python_options(settings))
    own = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
    client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topic("tickets"), configs=own)])
    client.close()
