"""A cell of the counts while it is open: one contact reason in one minute, of one partition."""

from __future__ import annotations

from collections import (  # type: ignore[attr-defined] # _count_elements: what Counter counts with
    Counter,
    _count_elements,
)
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from streams.customers import EXACT, pack, pack_sketch, sketch_of
from streams.facets import Values

OTHER = "other"
FACET_VALUES = 50
"""Values of one facet that a cell keeps apart; further ones are counted as `other`."""
FEW = 256
"""Tickets that a cell keeps as they are; a cell with more keeps totals."""


class KnownTicket(msgspec.Struct, frozen=True, gc=False):
    """A ticket as it is counted: reason None if it was taken out.

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
    """

    __slots__ = ("customers", "facets", "folded", "sketch", "tickets", "totals")

    def __init__(self) -> None:
        self.tickets: list[KnownTicket] = []
        self.totals = False
        """Whether there are totals; from then on, `tickets` only holds what came since the last folding."""
        self.folded = 0
        self.customers: dict[int, int] = {}
        self.sketch: object | None = None
        self.facets: list[Counter[str | None]] = []

    @property
    def count(self) -> int:
        """Tickets in the cell."""
        return self.folded + len(self.tickets)

    def fold(self) -> None:
        """Fold the tickets into the totals, if they are many or there are totals already."""
        tickets = self.tickets
        if not tickets or (not self.totals and len(tickets) <= FEW):
            return
        self.folded += len(tickets)
        if not self.totals:
            self.totals = True
            self.facets = [Counter() for _ in tickets[0].facets]
        for counter, column in zip(self.facets, _columns(tickets), strict=True):
            counter.update(column)
        if self.sketch is None:
            customers = self.customers
            for known in tickets:
                customers[known.customer] = customers.get(known.customer, 0) + 1
            if len(customers) > EXACT:
                self.sketch = sketch_of(customers)
                self.customers = {}
        else:
            for known in tickets:
                value = known.customer
                self.sketch.update(value - (1 << 64) if value >> 63 else value)  # type: ignore[attr-defined]
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
        if not self.totals:
            return False
        self.folded -= 1
        for counter, value in zip(self.facets, known.facets, strict=True):
            counter[value] -= 1
        if self.sketch is None:
            left = self.customers.get(known.customer, 0) - 1
            if left > 0:
                self.customers[known.customer] = left
            else:
                self.customers.pop(known.customer, None)
        return True

    def packed_customers(self) -> str:
        """The distinct customers, packed to travel."""
        if self.sketch is not None:
            return pack_sketch(self.sketch)
        return pack(self.customers if self.totals else [known.customer for known in self.tickets])

    def facet_counts(self, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Tickets of each value of each facet; `names` in the order of the tickets' values."""
        counts: dict[str, dict[str, int]] = {}
        values: dict[Any, int]
        if self.totals:
            for name, counter in zip(names, self.facets, strict=True):
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
