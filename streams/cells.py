"""A cell of the counts while it is open: one contact reason in one minute, of one partition."""

from __future__ import annotations

from collections import (  # type: ignore[attr-defined] # _count_elements: what Counter counts with
    Counter,
    _count_elements,
)
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from streams.customers import EXACT, Sketch, pack
from streams.facets import Values

OTHER = "other"
FACET_VALUES = 50
"""Values of one facet that a cell keeps apart; further ones are counted as `other`."""
FEW = 256
"""Tickets that a cell keeps as they are; a cell with more keeps totals."""


Key = str | tuple[str, str]
"""A ticket's id, with its source where that is not the default one."""


class KnownTicket(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A ticket as it is counted: reason None if it was taken out, or with shards its shard's prefix alone.

    A struct without cycles, since there are a million of them: a quarter of a named tuple's cost to make, and
    nothing for the garbage collector to walk through. `fields` and `attributes` are its facets
    (`streams.facets`).
    """

    contact_reason: str | None
    minute: int
    customer: int
    fields: Values
    attributes: Values

    @property
    def facets(self) -> Values:
        """The values of all facets."""
        return self.fields + self.attributes


class CellState:
    """A cell while it is open: its tickets while they are few, totals once they are many.

    Most cells hold a handful of tickets, and a list of them is the smallest and quickest state there is: what a
    statement needs is added up whole columns at a time. Beyond :data:`FEW` they are folded into totals, so that
    a flood in one minute is not added up anew every second.

    Args:
        contact_reason: the cell's, one text shared by all its tickets.
    """

    __slots__ = ("contact_reason", "tickets", "totals")

    def __init__(self, contact_reason: str) -> None:
        self.contact_reason = contact_reason
        self.tickets: list[KnownTicket] = []
        self.totals: Totals | None = None
        """Once there are totals, `tickets` only holds what came since the last folding."""

    @property
    def count(self) -> int:
        """Tickets in the cell."""
        return len(self.tickets) + (self.totals.count if self.totals else 0)

    def fold(self) -> None:
        """Fold the tickets into the totals, if they are many or there are totals already."""
        tickets = self.tickets
        if not tickets or (self.totals is None and len(tickets) <= FEW):
            return
        if self.totals is None:
            self.totals = Totals(len(tickets[0].facets))
        self.totals.add(tickets)
        tickets.clear()

    def remove(self, known: KnownTicket) -> bool:
        """Take a ticket out; a sketch of many customers keeps its customer.

        False if it is not in the cell: a change found it forgotten, so that nobody knew where it counted. (Totals
        cannot tell, and let any ticket go.)
        """
        # First, so that what is folded does not depend on when statements were made.
        self.fold()
        for at, held in enumerate(self.tickets):
            if held is known:
                del self.tickets[at]
                return True
        if self.totals is None:
            return False
        self.totals.remove(known)
        return True

    def withdraw(self, like: KnownTicket) -> bool:
        """Take out a ticket that is in the cell but no longer remembered; `like` has its customer, if anything.

        False if there is none to take out.
        """
        self.fold()
        if self.totals is not None:
            self.totals.remove(like)
            return True
        if not self.tickets:
            return False
        same = (at for at, held in enumerate(self.tickets) if held.customer == like.customer)
        del self.tickets[next(same, -1)]
        return True

    def packed_customers(self) -> str:
        """The distinct customers, packed to travel."""
        if self.totals is None:
            return pack([known.customer for known in self.tickets])
        return self.totals.packed_customers()

    def facet_counts(self, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Tickets of each value of each facet; `names` in the order of the tickets' values."""
        counts: dict[str, dict[str, int]] = {}
        values: dict[Any, int]
        if self.totals is not None:
            for name, counter in zip(names, self.totals.facets, strict=True):
                values = _bounded(counter)
                if values:
                    counts[name] = values
        else:
            for name, column in zip(names, _columns(self.tickets), strict=bool(self.tickets)):
                values = {}
                _count_elements(values, column)
                values.pop(None, 0)
                if values:
                    counts[name] = values if len(values) <= FACET_VALUES else _bounded(values)
        return counts


class Totals:
    """What is left of many tickets: how many, of which customers, how many of each value of each facet."""

    __slots__ = ("_customers", "_sketch", "count", "facets")

    def __init__(self, facets: int) -> None:
        self.count = 0
        self.facets: list[Counter[str | None]] = [Counter() for _ in range(facets)]
        self._customers: dict[int, int] = {}
        self._sketch: Sketch | None = None

    def add(self, tickets: Sequence[KnownTicket]) -> None:
        """Add tickets."""
        self.count += len(tickets)
        for counter, column in zip(self.facets, _columns(tickets), strict=True):
            counter.update(column)
        if self._sketch is None:
            customers = self._customers
            for known in tickets:
                customers[known.customer] = customers.get(known.customer, 0) + 1
            if len(customers) > EXACT:
                self._sketch = Sketch()
                self._sketch.add(customers)
                self._customers = {}
        else:
            self._sketch.add([known.customer for known in tickets])

    def remove(self, known: KnownTicket) -> None:
        """Take a ticket out that was added."""
        self.count -= 1
        for counter, value in zip(self.facets, known.facets, strict=True):
            counter[value] -= 1
        if self._sketch is None:
            left = self._customers.get(known.customer, 0) - 1
            if left > 0:
                self._customers[known.customer] = left
            else:
                self._customers.pop(known.customer, None)

    def packed_customers(self) -> str:
        """The distinct customers, packed to travel."""
        return pack(self._customers) if self._sketch is None else self._sketch.packed()


def _columns(tickets: Sequence[KnownTicket]) -> Iterator[Values]:
    """The values of each facet over the tickets."""
    yield from zip(*[known.fields for known in tickets], strict=True)
    yield from zip(*[known.attributes for known in tickets], strict=True)


def _bounded(counter: Mapping[str | None, int]) -> dict[str, int]:
    """The tickets of each value, of at most FACET_VALUES values; the rest counts as `other`."""
    counts: dict[str, int] = {}
    for value, tickets in counter.items():
        if value is None or tickets <= 0:
            continue
        if value not in counts and len(counts) >= FACET_VALUES:
            value = OTHER
        counts[value] = counts.get(value, 0) + tickets
    return counts
