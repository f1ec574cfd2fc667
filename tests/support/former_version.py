"""The state of the version before this one, as a worker finds it after an upgrade."""

from __future__ import annotations

from streams.connection import kafka_python_options
from streams.settings import Settings
from streams.to_end import read_to_end
from streams.topics import TABLES, app_id, table_changelog


def make_old(settings: Settings) -> int:
    """Give every row of watch's table the version before this one; how many there were."""
    from kafka import KafkaProducer

    stage, table = TABLES[0]
    topic = table_changelog(app_id(settings, stage), table)
    newest = {}
    for record in read_to_end(settings.model_copy(update={"ticketspike_topic_prefix": ""}), topic):
        newest[record.key] = record.value
    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    old = 0
    for key, value in newest.items():
        before = value.replace(b'"detector":{"version":3', b'"detector":{"version":2')
        old += before != value
        producer.send(topic, key=key, value=before)
    producer.flush()
    producer.close()
    return old
