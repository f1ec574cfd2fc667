"""The present content of a compacted topic: the newest value of every key, without those taken back."""

from __future__ import annotations

from streams.settings import Settings
from streams.to_end import read_to_end


def read_compacted(settings: Settings, topic: str) -> dict[str, bytes]:
    """Read a compacted topic to its end.

    Args:
        settings: where Kafka is, and the topics' prefix.
        topic: the topic's name in the contract, without the prefix.

    Returns:
        Key to newest value, in the order in which the keys first came; keys with a tombstone are left out.

    Raises:
        Failure: there is no such topic, or Kafka stops answering.
    """
    newest: dict[str, bytes | None] = {}
    for record in read_to_end(settings, topic):
        if record.key is not None:
            newest[record.key.decode("utf-8", "replace")] = record.value
    return {key: value for key, value in newest.items() if value is not None}
