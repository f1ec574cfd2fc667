"""The cells that one partition holds, and what of them is still to be stated.

A minute is held whole or not at all: what comes for a minute that is no longer held is said singly, with its own
offset (:class:`streams.events.Late`).
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.cells import CellState, KnownTicket
from streams.events import Cell, Late
from streams.tally import Tally

SWEEP_MINUTES = 60


class HeldCells:
    """The cells of one partition, by contact reason and minute; plain state, no clock.

    Args:
        tally: where tickets that came too late are noted.
        complete_from: the first minute that is held whole, if the reading began inside the log.
        horizon_hours: how long minutes are held, behind the newest one.
    """

    __slots__ = (
        "_cells",
        "_dirty",
        "_horizon_minutes",
        "_swept",
        "_tally",
        "complete_from",
        "late",
        "newest",
    )

    def __init__(self, tally: Tally, complete_from: int | None, horizon_hours: int) -> None:
        self.complete_from = complete_from if complete_from is not None else -(1 << 62)
        """The first minute that is held whole."""
        self.newest = -(1 << 62)
        """The newest minute that a ticket was counted in."""
        self.late: list[Late] = []
        """What came too late for its minute, and was not stated yet."""
        self._tally = tally
        self._horizon_minutes = horizon_hours * 60
        self._swept = self.complete_from
        self._cells: dict[tuple[str, int], CellState] = {}
        self._dirty: dict[tuple[str, int], CellState] = {}

    def take(self, reason: str, minute: int, offset: int) -> CellState | None:
        """The cell that takes in a ticket of this contact reason and minute, marked to be stated.

        None if the minute is no longer held whole: then the ticket is said singly.
        """
        key = (reason, minute)
        cell = self._dirty.get(key)
        if cell is not None:
            return cell
        cell = self._cells.get(key)
        if cell is None:
            if minute < self.complete_from:
                self.say_late(offset, reason, minute, 1)
                return None
            # A cell that is still held takes in all that comes, also below the limit: its next cumulative
            # statement would otherwise swallow what was said singly before it.
            cell = self._cells[key] = CellState(reason)
        self._dirty[key] = cell
        return cell

    def add(self, known: KnownTicket, offset: int) -> None:
        """Count a ticket in its cell, or say it singly."""
        reason = known.contact_reason
        assert reason is not None  # noqa: S101 - callers add only counted tickets
        cell = self.take(reason, known.minute, offset)
        if cell is not None:
            cell.tickets.append(known)

    def remove(self, known: KnownTicket, offset: int) -> None:
        """Take a ticket out of its cell, or say singly that it is out."""
        reason = known.contact_reason
        assert reason is not None  # noqa: S101 - callers remove only counted tickets
        key = (reason, known.minute)
        cell = self._cells.get(key)
        if cell is None or not cell.remove(known):
            self.say_late(offset, reason, known.minute, -1)
            return
        self._dirty[key] = cell

    def withdraw(self, reason: str, like: KnownTicket, offset: int) -> None:
        """Take out a ticket that was counted under this contact reason and is forgotten.

        From its cell, if that is still held (its statement may be due, or come again): a cumulative statement
        swallows what was said singly before it.
        """
        key = (reason, like.minute)
        cell = self._cells.get(key)
        if cell is None or not cell.withdraw(like):
            self.say_late(offset, reason, like.minute, -1)
            return
        self._dirty[key] = cell

    def say_late(self, offset: int, reason: str, minute: int, count: int) -> None:
        """Say a ticket (or with `count` -1 its withdrawal) singly."""
        self.late.append(Late(offset, reason, minute, count))
        self._tally.late += 1

    @property
    def dirty(self) -> bool:
        """Whether there is anything to state."""
        return bool(self._dirty or self.late)

    def stated(self, names: Sequence[str]) -> list[Cell]:
        """All cells that changed since :meth:`settle`; `names` are those of the facets."""
        cells = []
        for (reason, minute), state in self._dirty.items():
            state.fold()
            cells.append(
                Cell(reason, minute, state.count, state.packed_customers(), state.facet_counts(names))
            )
        return cells

    def settle(self) -> None:
        """What was stated is safe: forget that it changed, and let go of minutes beyond the horizon."""
        for cell in self._dirty.values():
            cell.fold()
        self._dirty = {}
        self.late = []
        self.complete_from = max(self.complete_from, self.newest - self._horizon_minutes)
        if self.complete_from >= self._swept + SWEEP_MINUTES:
            self._swept = self.complete_from
            for key in [key for key in self._cells if key[1] < self.complete_from]:
                del self._cells[key]
