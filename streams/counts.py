"""What was counted: the fold over `ticket-counts` that `watch`, `counts` and `explain` agree on.

A statement says the whole truth about its cells, stamped with an offset of its source partition; of two
statements about a cell the greater stamp holds. What arrived too late to be part of a whole minute travels
singly and is added once, unless a statement at or after it has absorbed it. So any repetition and any order
of the same records gives the same counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from streams.customers import estimate, merge
from streams.events import Late


class CellCount(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A `streams.events.Cell` without its facets, which cost most of the decoding."""

    contact_reason: str
    minute: int
    count: int
    customers: str


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A `streams.events.TicketCounts`, read for its counts alone."""

    partition: int
    offset: int
    cells: list[CellCount] = []
    late: list[Late] = []


class Bucket(NamedTuple):
    """Tickets and distinct customers of a contact reason in the bucket that begins at `start` (epoch s)."""

    start: int
    contact_reason: str
    tickets: int
    customers: int


class _Newest(NamedTuple):
    offset: int
    tickets: int
    customers: str


class Counted:
    """The state of the fold; feed it records of `ticket-counts` in any order, any number of times.

    >>> counted = Counted()
    >>> counted.add(Statement(partition=0, offset=5, cells=[CellCount("voucher", 60, 3, "")]))
    >>> counted.add(Statement(partition=0, offset=4, cells=[CellCount("voucher", 60, 2, "")]))  # older
    >>> counted.add(Statement(partition=0, offset=9, late=[Late(8, "voucher", 60, 1)]))
    >>> counted.minutes()
    {('voucher', 60): 4}
    """

    def __init__(self) -> None:
        self._cells: dict[int, dict[tuple[str, int], _Newest]] = {}
        # A relabel within one reason says -1 and +1 at the same offset: the count belongs to what is told
        # apart.
        self._late: dict[int, set[tuple[int, str, int, int]]] = {}
        self._decode = msgspec.json.Decoder(Statement).decode

    def feed(self, values: Iterable[bytes]) -> None:
        """Decode and add records.

        Raises:
            msgspec.DecodeError: a record is no statement.
        """
        for value in values:
            self.add(self._decode(value))

    def add(self, statement: Statement) -> None:
        """Take in a statement."""
        offset = statement.offset
        cells = self._cells.setdefault(statement.partition, {})
        for cell in statement.cells:
            key = (cell.contact_reason, cell.minute)
            known = cells.get(key)
            if known is None or offset > known.offset:
                cells[key] = _Newest(offset, cell.count, cell.customers)
        if statement.late:
            late = self._late.setdefault(statement.partition, set())
            late.update((one.offset, one.contact_reason, one.minute, one.count) for one in statement.late)

    def minutes(self) -> dict[tuple[str, int], int]:
        """The count of every contact reason and minute, over all partitions."""
        return {key: sum(counts) for key, (counts, _) in self._gathered(lambda minute: minute).items()}

    def buckets(
        self, bucket: Callable[[int], int], *, since: int | None = None, until: int | None = None
    ) -> list[Bucket]:
        """Counts per bucket, sorted by start and contact reason; buckets without tickets are left out.

        Args:
            bucket: from a minute to the start of its bucket, in epoch seconds.
            since: the first minute to take in.
            until: the first minute to leave out again.
        """
        found = []
        for (reason, start), (counts, customers) in self._gathered(bucket, since, until).items():
            count = sum(counts)
            if count:
                # A sketch may overshoot; more customers than tickets there are not.
                distinct = min(count, estimate(merge(customers))) if customers else 0
                found.append(Bucket(start, reason, count, distinct))
        found.sort()
        return found

    def _gathered(
        self, bucket: Callable[[int], int], since: int | None = None, until: int | None = None
    ) -> dict[tuple[str, int], tuple[list[int], list[str]]]:
        starts: dict[int, int | None] = {}
        gathered: dict[tuple[str, int], tuple[list[int], list[str]]] = {}
        for reason, minute, count, customers in self._each():
            if minute not in starts:
                within = (since is None or minute >= since) and (until is None or minute < until)
                starts[minute] = bucket(minute) if within else None
            start = starts[minute]
            if start is None:
                continue
            counts, packed = gathered.setdefault((reason, start), ([], []))
            counts.append(count)
            if customers:
                packed.append(customers)
        return gathered

    def _each(self) -> Iterator[tuple[str, int, int, str]]:
        for cells in self._cells.values():
            for (reason, minute), newest in cells.items():
                yield reason, minute, newest.tickets, newest.customers
        for partition, late in self._late.items():
            cells = self._cells.get(partition, {})
            for offset, reason, minute, count in late:
                statement = cells.get((reason, minute))
                if statement is None or offset >= statement.offset:
                    yield reason, minute, count, ""
