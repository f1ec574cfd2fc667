"""Where *notify* keeps what it knows: its rows in a Faust table, and the public record on `incidents`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from alerts.board import Board
from streams import notify_rows
from streams.app import ShardTable
from streams.digests import Digests
from streams.notices import Notices

TAKE_OVER = 1 << 20
"""How far stamps jump with a new owner: more than the old one can still write."""
STATED_AGAIN = timedelta(hours=1)


class IncidentStore:
    """Writes what changed; one writer at a time.

    Args:
        table: the stage's table.
        incidents: the topic of the public record.
    """

    def __init__(self, table: ShardTable, incidents: Any) -> None:
        self._table = table
        self._incidents = incidents
        self._stamp = 0
        self._writing = asyncio.Lock()

    def load(self) -> notify_rows.Stored:
        """Read the rows; from now on what this worker writes is newer than what any worker wrote before."""
        self._stamp = self._table.largest_stamp() + TAKE_OVER
        return notify_rows.read(self._table.rows(), self._table.stamp(notify_rows.POSITIONS))

    async def write(
        self, board: Board, notices: Notices, digests: Digests, positions: Mapping[str, int] | None
    ) -> None:
        """Write the rows that changed, then the public records; all are acknowledged when this returns.

        Args:
            board: its `changed` is taken and cleared.
            notices: likewise.
            digests: likewise.
            positions: how far each topic was read, where that belongs to it.
        """
        async with self._writing:
            changed, board.changed = sorted(board.changed), set()
            told, notices.changed = sorted(notices.changed), set()
            held = [board.entries[one] for one in changed if one in board.entries]
            forgotten = {one: notify_rows.key_of(one) for one in changed if one not in board.entries}
            rows = {notify_rows.key_of(one.incident_id): msgspec.json.encode(one) for one in held}
            for one in told:
                if one in notices.said:
                    rows[notify_rows.notice_key(one)] = msgspec.json.encode(notices.said[one])
            digest, digests.changed = digests.said if digests.changed else None, False
            if digest is not None:
                rows[notify_rows.DIGEST] = msgspec.json.encode(digest)
            if positions is not None:
                rows |= notify_rows.positions_row(positions)
            public: dict[str, bytes | None] = {
                one.incident_id: msgspec.json.encode(one.incident) for one in held
            }
            # One that joined another vanishes from the public record; one that is over and forgotten stays there.
            public |= {
                one: None for one, key in forgotten.items() if notify_rows.was_open(self._table.row(key))
            }
            gone = [notify_rows.notice_key(one) for one in told if one not in notices.said]
            self._stamp += 1
            await self._table.put(rows, self._stamp)
            await self._table.remove([*forgotten.values(), *gone])
            await self._state(public)

    def state_again(self, board: Board, stored: notify_rows.Stored) -> None:
        """Let the next `write` finish what the owner before may have left half done.

        That are rows of the version before, and public records of what changed lately.
        """
        latest = max((one.incident.updated_at for one in board.entries.values()), default=None)
        for key, entry in board.entries.items():
            lately = latest is not None and entry.incident.updated_at > latest - STATED_AGAIN
            if stored.obsolete or entry.open or lately:
                board.changed.add(key)

    async def _state(self, public: Mapping[str, bytes | None]) -> None:
        futures = [await self._incidents.send(key=key.encode(), value=value) for key, value in public.items()]
        for future in futures:
            await future
