"""State that says it is another version's: this version's rows of watch's table under another version number.

So a worker must put it aside and make it anew. It is not what another version really wrote: the layout is this one's,
and no row of count or notify is touched.
"""

from __future__ import annotations

from streams.connection import kafka_python_options
from streams.settings import Settings
from streams.to_end import read_to_end
from streams.topics import TABLES, app_id, table_changelog

BEFORE = 2
"""The version before this one."""


def make_other(settings: Settings, version: int = BEFORE) -> int:
    """Give every row of watch's table another version than this one's; how many there were."""
    from kafka import KafkaProducer

    stage, table = TABLES[0]
    topic = table_changelog(app_id(settings, stage), table)
    newest = {}
    for record in read_to_end(settings.model_copy(update={"ticketspike_topic_prefix": ""}), topic):
        newest[record.key] = record.value
    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    old = 0
    for key, value in newest.items():
        before = value.replace(b'"detector":{"version":3', b'"detector":{"version":%d' % version)
        old += before != value
        producer.send(topic, key=key, value=before)
    producer.flush()
    producer.close()
    return old
