"""The last day's cells, read again from the log after a restart."""

from __future__ import annotations

from typing import Literal

from streams.events import TicketCounts
from streams.minutes import Minutes
from streams.surveillance import Surveillance


class Recollection:
    """Puts cells away minute by minute, where the log closed them.

    Held open until the end of the reading, a day of them takes several times the memory that it takes once it is
    put away, and a process does not give that back. What came after its minute was closed was not judged then and
    is left out again.

    Args:
        held: what the cells are read for; its rows are restored, its minutes are not.
        clock: that of the minutes.
        closed: the last minute that was closed before the restart.
        young: whether the shard was in its first day then.
    """

    def __init__(
        self, held: Surveillance, clock: Literal["wall", "event"], closed: int | None, *, young: bool = False
    ) -> None:
        self._held = held
        self._young = young
        self._minutes = Minutes(clock)
        self._closed = closed

    def hear(self, statement: TicketCounts, offset: int) -> None:
        """Take in a statement, in the order of the log."""
        self._minutes.hear(statement, offset)
        for cell in statement.cells:
            self._held.add(cell, partition=statement.partition, stamp=statement.offset)
        closable = self._minutes.closable()
        if closable is not None and self._closed is not None:
            until = min(closable, self._closed)
            self._minutes.closed(until)
            self._held.recollect(until, young=self._young)
