"""A checkpoint of many rows that counts as a whole or not at all.

Kafka acknowledges rows one by one, and a crash between two of them would leave rows of two times. So each
contact reason has two slots; a checkpoint writes the slot that the last complete one does not need, and the
shard's row, written last, says which stamp is complete. Rows with a larger stamp are of a checkpoint that never was.
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.app import ShardTable

SHARD_ROW = b"shard"
BITS = 20
"""A stamp is a log position and, below it, the number of the checkpoint made there."""


class Slots:
    """Which slot holds each contact reason's row, and the stamp of the last complete checkpoint."""

    __slots__ = ("_slot", "_stamp")

    def __init__(self) -> None:
        self._slot: dict[str, int] = {}
        self._stamp = -1

    def hold(self, reason: str, slot: int) -> None:
        """The complete row of a contact reason stands in this slot."""
        self._slot[reason] = slot

    def complete(self, stamp: int) -> None:
        """The checkpoint with this stamp is complete."""
        self._stamp = stamp

    async def write(self, table: ShardTable, rows: Mapping[str, bytes], shard: bytes, position: int) -> None:
        """Write a checkpoint as of a log position; when this returns it is complete. Raises KafkaError."""
        stamp = max(position << BITS, self._stamp + 1)
        slots = {reason: 1 - self._slot.get(reason, 1) for reason in rows}
        await table.put({_key(reason, slots[reason]): value for reason, value in rows.items()}, stamp)
        await table.put({SHARD_ROW: shard}, stamp)
        self._slot.update(slots)
        self._stamp = stamp


def read(table: ShardTable) -> tuple[Slots, dict[str, bytes], bytes | None]:
    """The last complete checkpoint: its slots, the row of each contact reason, and the shard's row if there is one."""
    slots = Slots()
    rows = table.rows()
    shard = rows.pop(SHARD_ROW, None)
    if shard is None:
        return slots, {}, None
    complete = table.stamp(SHARD_ROW)
    slots.complete(complete)
    newest: dict[str, tuple[int, bytes]] = {}
    for key, value in rows.items():
        slot, reason, stamp = int(key[:1]), key[1:].decode(), table.stamp(key)
        if stamp <= complete and stamp >= newest.get(reason, (-1, b""))[0]:
            newest[reason] = (stamp, value)
            slots.hold(reason, slot)
    return slots, {reason: value for reason, (_, value) in newest.items()}, shard


def _key(reason: str, slot: int) -> bytes:
    return b"%d" % slot + reason.encode()
