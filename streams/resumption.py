"""Where the counting of a partition goes on: from what is held, or from the committed window of the log."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from aiokafka import TopicPartition

from streams.committed import Committed
from streams.counting import PartitionCounts
from streams.errors import Failure

log = structlog.get_logger("count")

Begin = Callable[[TopicPartition, Committed, int], PartitionCounts]
"""Makes the empty counts of a partition, given its commit and where its log begins."""


def resume(
    tp: TopicPartition,
    held: PartitionCounts | None,
    commit: Committed,
    *,
    begins: int,
    ends: int,
    partitions: int,
    begin: Begin,
) -> tuple[PartitionCounts, Committed]:
    """The counts to go on with and the commit they stand on; `position` says where to read.

    Args:
        tp: the partition, newly assigned.
        held: its counts, if this worker had it before.
        commit: what the group committed.
        begins: the log's first offset.
        ends: the log's end.
        partitions: how many partitions the topic has now.
        begin: makes empty counts.

    Raises:
        Failure: the topic had another number of partitions when this was committed.
    """
    if commit.partitions and commit.partitions != partitions:
        raise Failure(
            f"The topic {tp.topic} had {commit.partitions} partitions and now has {partitions}: the same "
            "ticket id would be counted in two of them; make a new topic with the new count (and a new "
            "TICKETSPIKE_TOPIC_PREFIX), or reset the group's offsets to begin anew"
        )
    if commit.offset > ends:
        log.warning("the log was made anew; counting it from its start", partition=tp.partition)
        commit, held = Committed(), None
    if held is None or held.position < max(commit.window_start, begins):
        held = begin(tp, commit, begins)
        held.position = max(commit.window_start, begins)
    log.info("partition assigned", partition=tp.partition, position=held.position, committed=commit.offset)
    return held, commit
