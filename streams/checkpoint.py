"""A checkpoint of many rows that counts as a whole or not at all.

Kafka acknowledges rows one by one, and a crash between two of them would leave rows of two times. So each
contact reason has two slots; a checkpoint writes the slot that the last complete one does not need, and the
shard's row, written last, says which stamp is complete. Stamps of checkpoints that were never completed are void.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from streams.app import ShardTable

SHARD_ROW = b"shard"
BITS = 20
"""A stamp is a log position and, below it, the number of the checkpoint made there."""


class _Whole(msgspec.Struct, frozen=True):
    """The shard's row: its own content, and the void stamps that some row still carries."""

    shard: msgspec.Raw
    void: list[int] = []


class Slots:
    """Which slot holds each contact reason's row, the last stamp given out, and the void ones."""

    __slots__ = ("slot", "stamp", "void")

    def __init__(self) -> None:
        self.slot: dict[str, int] = {}
        self.stamp = -1
        self.void: set[int] = set()

    async def write(self, table: ShardTable, rows: Mapping[str, bytes], shard: bytes, position: int) -> None:
        """Write a checkpoint as of a log position; when this returns it is complete. Raises KafkaError.

        Args:
            table: where to.
            rows: the changed contact reasons' rows.
            shard: the shard's own content, JSON.
            position: how far the source log is read.
        """
        self.stamp = max(position << BITS, self.stamp + 1)
        slots = {reason: 1 - self.slot.get(reason, 1) for reason in rows}
        await table.put({_key(reason, slots[reason]): value for reason, value in rows.items()}, self.stamp)
        whole = msgspec.json.encode(_Whole(msgspec.Raw(shard), sorted(self.void)))
        await table.put({SHARD_ROW: whole}, self.stamp)
        self.slot.update(slots)


def read(table: ShardTable) -> tuple[Slots, dict[str, bytes], bytes | None]:
    """The last complete checkpoint: where to go on, the row of each contact reason, the shard's content if any."""
    slots, rows = Slots(), table.rows()
    stamps = {key: table.stamp(key) for key in rows}
    slots.stamp = max(stamps.values(), default=-1)
    shard = rows.pop(SHARD_ROW, None)
    whole = msgspec.json.decode(shard, type=_Whole) if shard is not None else None
    complete = stamps.pop(SHARD_ROW) if whole is not None else -1
    known_void = set(whole.void) if whole is not None else set()
    slots.void = {stamp for stamp in stamps.values() if stamp > complete or stamp in known_void}
    newest: dict[str, tuple[int, bytes]] = {}
    for key, value in rows.items():
        slot, reason, stamp = int(key[:1]), key[1:].decode(), stamps[key]
        if stamp not in slots.void and stamp >= newest.get(reason, (-1, b""))[0]:
            newest[reason] = (stamp, value)
            slots.slot[reason] = slot
    content = bytes(whole.shard) if whole is not None else None
    return slots, {reason: value for reason, (_, value) in newest.items()}, content


def forsake(table: ShardTable) -> Slots:
    """Where to go on if nothing that stands in the table can be used: all of it is void from the next write on."""
    slots = Slots()
    slots.void = {table.stamp(key) for key in table.rows()}
    slots.stamp = max(slots.void, default=-1)
    return slots


def _key(reason: str, slot: int) -> bytes:
    return b"%d" % slot + reason.encode()
