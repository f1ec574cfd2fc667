"""What a group has committed, as its coordinator tells it."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.committed import Committed, read_committed
from streams.settings import load

FIRST, SECOND = TopicPartition("tickets", 0), TopicPartition("tickets", 1)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> dict[TopicPartition, OffsetAndMetadata]:
    """What the coordinator answers; to be filled."""
    held: dict[TopicPartition, OffsetAndMetadata] = {}

    async def nothing(_: Any) -> None:
        pass

    async def ask(
        _: Any, __: str, partitions: list[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        assert partitions == [FIRST, SECOND]
        return held

    monkeypatch.setattr(AIOKafkaAdminClient, "start", nothing)
    monkeypatch.setattr(AIOKafkaAdminClient, "close", nothing)
    monkeypatch.setattr(AIOKafkaAdminClient, "list_consumer_group_offsets", ask)
    return held


async def test_a_partition_that_was_never_committed_is_left_out(
    answer: dict[TopicPartition, OffsetAndMetadata],
) -> None:
    answer |= {FIRST: OffsetAndMetadata(7, "5:29:4"), SECOND: OffsetAndMetadata(-1, "")}
    assert await read_committed(load(), "g", [FIRST, SECOND]) == {FIRST: Committed(7, 5, 29, 4)}


async def test_a_coordinator_that_is_still_loading_is_not_taken_for_one_that_knows_of_no_commit(
    answer: dict[TopicPartition, OffsetAndMetadata],
) -> None:
    assert not answer
    with pytest.raises(KafkaError) as told:
        await read_committed(load(), "g", [FIRST, SECOND])
    assert told.value.retriable
