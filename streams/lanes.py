"""The short way to a ticket's cell: by its minute, then by its contact reason as it is written."""

from __future__ import annotations

from streams.admission import UNLABELLED, Admission
from streams.cells import CellState
from streams.held_cells import HeldCells

Held = str | None | tuple[str, str | None]
"""A contact reason as it is written, behind the prefix of its shard where there are several."""
Lane = dict[Held, CellState]
"""The cells of one minute."""


class Lanes:
    """Cells that are to be stated anyway, under reasons that are admitted: a ticket found here just counts.

    Tickets come more or less in order, so that most lie in the minute of the one before and need one lookup. What
    stands here holds until the next statement or the next hour of the log, whichever comes first; then
    :meth:`clear` it.

    Args:
        admission: says which contact reason a ticket counts under.
        cells: where the cells are held.
    """

    __slots__ = ("_admission", "_cells", "minutes")

    def __init__(self, admission: Admission, cells: HeldCells) -> None:
        self._admission = admission
        self._cells = cells
        self.minutes: dict[int, Lane] = {}

    def open(self, reason: str | None, minute: int, offset: int, prefix: str = "") -> CellState:
        """The cell for a ticket that is not found here; the next one of its kind is.

        `prefix` is that of its shard (`streams.shards`).
        """
        asked = reason or UNLABELLED
        name = prefix + self._admission.admit(asked)
        self._cells.newest = max(self._cells.newest, minute)
        cell = self._cells.take(name, minute, offset)
        if cell is None:
            # The ticket was said singly: what is remembered of it must stand in no cell that is stated.
            return CellState(name)
        if asked in self._admission.admitted:
            # Only these: a reason beyond the limit is noted each time it comes.
            self.minutes.setdefault(minute, {})[(prefix, reason) if prefix else reason] = cell
        return cell

    def clear(self) -> None:
        """A statement was made, or an hour began."""
        self.minutes.clear()
