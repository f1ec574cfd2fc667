"""What *count* commits beside an offset: where the reading begins after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupLoadInProgressError
from aiokafka.structs import TopicPartition

from streams.connection import aiokafka_options
from streams.settings import Settings
from streams.started import started


class Committed(NamedTuple):
    """A partition's commit.

    `offset`: everything below is stated. `window_start`: reading from here brings the state back.
    `complete_from`: first minute that is whole from there (None: all). `partitions`: how many `tickets` had.
    """

    offset: int = 0
    window_start: int = 0
    complete_from: int | None = None
    partitions: int = 0

    def metadata(self) -> str:
        """The note for Kafka's commit.

        >>> Committed(7, 5, 29, 4).metadata()
        '5:29:4'
        """
        return f"{self.window_start}:{'' if self.complete_from is None else self.complete_from}:{self.partitions}"


def parse(offset: int, metadata: str) -> Committed:
    """Read a note back; without one everything is read from the beginning.

    >>> parse(7, "5:29:4")
    Committed(offset=7, window_start=5, complete_from=29, partitions=4)
    >>> parse(7, "")
    Committed(offset=7, window_start=0, complete_from=None, partitions=0)
    """
    parts = metadata.split(":")
    if len(parts) != 3 or not parts[0].isdigit() or not parts[2].isdigit():
        return Committed(offset)
    return Committed(offset, int(parts[0]), int(parts[1]) if parts[1] else None, int(parts[2]))


async def read_committed(
    settings: Settings, group: str, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, Committed]:
    """A group's commits of some partitions; without those that it never committed.

    Consumers hand out committed offsets without their notes, so the admin client asks.

    Raises:
        KafkaError: Kafka cannot say. A coordinator that is only just loading its offsets answers with no partition at
            all, which would read as if nothing had ever been committed.
    """
    async with started(AIOKafkaAdminClient(**aiokafka_options(settings))) as admin:
        offsets = await admin.list_consumer_group_offsets(group, partitions=list(partitions))
    if not offsets.keys() >= set(partitions):
        raise GroupLoadInProgressError(f"Nobody can say yet what the group {group} has committed")
    return {tp: parse(meta.offset, meta.metadata or "") for tp, meta in offsets.items() if meta.offset >= 0}
