"""The rows that *watch* keeps: one a contact reason, one for the shard; and how its state is made of them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from alerts.records import Condition, Spike
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
    learn_below: int = 0
    """Records below it only teach; see `Watch`."""
    unsaid: list[Spike] = []
    """Stated with this checkpoint, and what restating leaves out: see `unsaid`."""
    unsaid_conditions: list[Condition] = []


MOST_UNSAID = 1000
"""A shard's row must stay a record that Kafka takes; further ones are lost if the worker is killed at that moment."""


def unsaid(said: Iterable[Spike], last: Mapping[str, Spike]) -> list[Spike]:
    """What must be said again after a crash, of what is about to be said: restating says the `last` of each reason.

    Where hours are caught up at once a spike is over, or followed by another, in the batch that raises it. Nobody
    would hear of it by its end alone.

    >>> from datetime import datetime
    >>> at = datetime.fromisoformat("2026-11-20T10:15:00+01:00")
    >>> raised = Spike(spike_id="s", contact_reason="voucher", state="raised", onset=at, raised_at=at,
    ...     window_minutes=30, observed=9, expected=1.0, lower=0, upper=3, uplift=9.0, excess=8.0, customers=8,
    ...     score=20.0, rule="9 tickets")
    >>> over = msgspec.structs.replace(raised, state="cleared", cleared_at=at)
    >>> [one.state for one in unsaid([raised, over], {"voucher": over})], unsaid([raised], {"voucher": raised})
    (['raised'], [])
    """
    found = []
    for one in said:
        now = last[one.contact_reason]
        if now.spike_id != one.spike_id or (one.state == "raised" and now.state == "cleared"):
            found.append(one)
    return found[:MOST_UNSAID]


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

    @property
    def learn_below(self) -> int:
        """Records below it only teach."""
        return self._shard.learn_below if self._shard is not None else 0

    @property
    def unsaid(self) -> list[Condition | Spike]:
        """What was about to be said and may have been said by nobody, in order."""
        return [] if self._shard is None else [*self._shard.unsaid_conditions, *self._shard.unsaid]

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
