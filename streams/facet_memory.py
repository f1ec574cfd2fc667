"""What each contact reason's tickets usually look like, and what they looked like lately.

Drivers need two histograms of a facet: one of the spike's window and one of the time before. The first comes
from the closed minutes of the last day, the second from a memory that forgets by tickets, not by time: a sparse
reason keeps its few hundred tickets for months, a dense one its last thousands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import chain, islice

import msgspec

from streams.open_minutes import Counted, Facets, add_facets

RECENT_MINUTES = 24 * 60
"""A window older than this is described by its last day."""
REMEMBERED_TICKETS = 2000
CELLS_ASKED = 1000
"""Cells that are asked what goes with what."""
VALUES_KEPT = 12
"""Values of one facet that a snapshot keeps, the commonest first."""


_pack = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, tuple[str, ...], dict[str, dict[str, int]]]).decode


def _unpack(packed: bytes) -> Counted:
    return Counted(*_decode(packed))


class FacetMemory:
    """Recent cells and usual facet shares of one contact reason."""

    __slots__ = ("recent", "usual", "usual_tickets")

    def __init__(self) -> None:
        self.recent: deque[tuple[int, bytes]] = deque()
        """Minutes and their cells, packed: a day of 300 contact reasons takes 60 MB instead of half a gigabyte."""
        self.usual: Facets = {}
        self.usual_tickets = 0

    def close(self, minute: int, cell: Counted, *, teaches: bool) -> None:
        """Take a closed minute in; `teaches` says whether it may shape what is usual."""
        self.recent.append((minute, _pack((cell.count, cell.customers, cell.facets))))
        while self.recent[0][0] <= minute - RECENT_MINUTES:
            self.recent.popleft()
        if teaches:
            add_facets(self.usual, cell.facets)
            self.usual_tickets += cell.count
            if self.usual_tickets > REMEMBERED_TICKETS:
                self._halve()

    def unlearn(self, onset: int) -> None:
        """Take the minutes from `onset` on out of what is usual: they turned out to be a spike."""
        for minute, packed in self.recent:
            if minute >= onset:
                cell = _unpack(packed)
                add_facets(self.usual, cell.facets, -1)
                self.usual_tickets = max(0, self.usual_tickets - cell.count)

    def window(self, onset: int) -> tuple[Facets, list[Counted]]:
        """The facets of all closed tickets since `onset`, and the cells behind them."""
        facets: Facets = {}
        cells = [_unpack(packed) for minute, packed in self.recent if minute >= onset]
        for cell in cells:
            add_facets(facets, cell.facets)
        return facets, cells

    def between(self, first: int, last: int) -> Iterator[Counted]:
        """The cells of the minutes from `first` to before `last`, the newest first."""
        for minute, packed in reversed(self.recent):
            if minute < first:
                return
            if minute < last:
                yield _unpack(packed)

    def lately(self, onset: int, now: int) -> tuple[Facets, int]:
        """The facets of the last day's tickets before `onset`, and how many tickets that were."""
        facets: Facets = {}
        tickets = 0
        for cell in self.between(now - RECENT_MINUTES + 1, onset):
            add_facets(facets, cell.facets)
            tickets += cell.count
        return facets, tickets

    def snapshot(self) -> dict[str, object]:
        """What is usual, bounded; recent cells are read from the log again."""
        kept = {
            facet: dict(sorted(values.items(), key=lambda item: (-item[1], item[0]))[:VALUES_KEPT])
            for facet, values in self.usual.items()
        }
        return {"tickets": self.usual_tickets, "facets": kept}

    def restore(self, state: Mapping[str, object]) -> None:
        """Take a snapshot back."""
        self.usual_tickets = int(state["tickets"])  # type: ignore[call-overload]
        self.usual = {facet: dict(values) for facet, values in state["facets"].items()}  # type: ignore[attr-defined]

    def _halve(self) -> None:
        self.usual_tickets //= 2
        for facet, values in self.usual.items():
            self.usual[facet] = {value: count // 2 for value, count in values.items() if count > 1}


def before(
    memories: Mapping[str, FacetMemory], reason: str, onset: int, now: int
) -> Iterator[tuple[int, Facets]]:
    """Cells of the last day before a spike, as (tickets, facets), for what goes with what among them.

    Those of the spike's contact reason first, then the others' in the order of the alphabet, at most
    CELLS_ASKED: the same ones after a restart. Of other reasons, too, none since the onset: what breaks often
    breaks for several at once, and then goes together as it never did.
    """
    first = now - RECENT_MINUTES + 1
    # The spike's own one sorts first; lazily, since most spikes leave nothing to ask.
    ranked = sorted(memories, key=lambda one: (one != reason, one))
    cells = chain.from_iterable(memories[one].between(first, onset) for one in ranked)
    for cell in islice(cells, CELLS_ASKED):
        if cell.facets:
            yield cell.count, cell.facets
