"""Minutes that are still open: the newest statement of each source partition about each cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from streams import customers
from streams.events import Cell

Facets = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Counted:
    """One contact reason in one minute, over all source partitions."""

    count: int
    customers: tuple[str, ...]
    facets: Facets


def add_facets(into: Facets, more: Facets, sign: int = 1) -> None:
    """Add the tickets of `more` to `into` (or take them out with `sign` -1), value by value."""
    for facet, values in more.items():
        held = into.setdefault(facet, {})
        for value, tickets in values.items():
            held[value] = max(0, held.get(value, 0) + sign * tickets)


def distinct(cells: Iterable[Counted]) -> int:
    """Distinct customers over several cells."""
    return customers.estimate(customers.merge(packed for cell in cells for packed in cell.customers))


class OpenMinutes:
    """Cumulative cells by minute and contact reason; the larger stamp wins, a repeat changes nothing.

    >>> held = OpenMinutes()
    >>> _ = held.add(Cell("voucher", 10, 2, "", {}), partition=0, stamp=7)
    >>> held.add(Cell("voucher", 10, 1, "", {}), partition=0, stamp=5)  # an older statement, heard late
    False
    >>> _ = held.add(Cell("voucher", 10, 3, "", {}), partition=1, stamp=2)
    >>> held.take(10)["voucher"].count
    5
    """

    __slots__ = ("_minutes",)

    def __init__(self) -> None:
        self._minutes: dict[int, dict[str, dict[int, tuple[int, Cell]]]] = {}

    def add(self, cell: Cell, *, partition: int, stamp: int) -> bool:
        """Take a statement in; whether it said anything new."""
        partitions = self._minutes.setdefault(cell.minute, {}).setdefault(cell.contact_reason, {})
        held = partitions.get(partition)
        if held is not None and held[0] >= stamp:
            return False
        partitions[partition] = (stamp, cell)
        return True

    @property
    def first(self) -> int | None:
        """The oldest open minute that holds anything."""
        return min(self._minutes, default=None)

    def minutes(self) -> list[int]:
        """All open minutes that hold anything, in order."""
        return sorted(self._minutes)

    def peek(self, minute: int) -> dict[str, Counted]:
        """A minute's cells by contact reason, merged over the source partitions; empty ones left out."""
        merged = {}
        for reason, partitions in self._minutes.get(minute, {}).items():
            cells = [cell for _, cell in partitions.values()]
            count = sum(cell.count for cell in cells)
            if count <= 0:
                continue
            if len(cells) == 1:
                facets = cells[0].facets
            else:
                facets = {}
                for cell in cells:
                    add_facets(facets, cell.facets)
            merged[reason] = Counted(count, tuple(cell.customers for cell in cells), facets)
        return merged

    def take(self, minute: int) -> dict[str, Counted]:
        """A minute's cells, which are let go."""
        merged = self.peek(minute)
        self._minutes.pop(minute, None)
        return merged
