"""The rows that *watch* keeps: one a contact reason, one for the shard; and how its state is made of them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal

import msgspec

from streams.events import TicketCounts
from streams.minutes import Minutes
from streams.recollection import Recollection
from streams.surveillance import Surveillance


class ShardRow(msgspec.Struct, frozen=True):
    """Where the log was read to, what is closed, where a rebuilding begins."""

    position: int
    closed: int | None
    rebuild_from: int
    minutes: dict[str, Any]
    channel: dict[str, Any]


class ReasonRow(msgspec.Struct, frozen=True):
    """A contact reason's state, and the version of the learnt baseline that it took over last."""

    state: dict[str, Any]
    baseline_version: int = 0


class Restored:
    """The state that a checkpoint holds; without a shard's row that of a beginning.

    Args:
        held: fresh.
        clock: that of the minutes.
        rows: the checkpoint's, by contact reason.
        shard: its row of the shard, or None.

    Raises:
        ValueError, msgspec.DecodeError: the rows are of another version, or broken.
    """

    def __init__(
        self,
        held: Surveillance,
        clock: Literal["wall", "event"],
        rows: Mapping[str, bytes] | None = None,
        shard: bytes | None = None,
    ) -> None:
        self.held = held
        self.minutes = Minutes(clock)
        self.versions: dict[str, int] = {}
        """Of the baselines taken over."""
        self._clock = clock
        self._shard = msgspec.json.decode(shard, type=ShardRow) if shard is not None else None
        for reason, value in sorted((rows or {}).items()):
            row = msgspec.json.decode(value, type=ReasonRow)
            held.restore(reason, row.state)
            self.versions[reason] = row.baseline_version
        if self._shard is not None:
            self.minutes.restore(self._shard.minutes)

    @property
    def position(self) -> int:
        """How far the log was read."""
        return self._shard.position if self._shard is not None else 0

    @property
    def closed(self) -> int | None:
        """The last minute that was closed."""
        return self._shard.closed if self._shard is not None else None

    async def recollect(
        self,
        read: Callable[[int, int], AsyncIterator[tuple[int, TicketCounts]]],
    ) -> None:
        """Take in again what the last day's statements said.

        Args:
            read: the log's statements and their offsets, from one offset to before another.
        """
        shard = self._shard
        if shard is None:
            return
        young = shard.channel.get("young") is not None
        again = Recollection(self.held, self._clock, shard.closed, young=young)
        async for offset, statement in read(shard.rebuild_from, shard.position):
            again.hear(statement, offset)
        if shard.closed is not None:
            self.held.recall(shard.closed, shard.channel)
