"""What counting took from the log, in pages, so that it can be taken in again without reading the log.

A page says of a stretch of one partition, within one hour of the log, which tickets counted as what and which changes
were made. Like all of counting it is a function of the log alone, so what was written once holds for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeVar

import msgspec

from streams.cells import Key, KnownTicket
from streams.changes import Change
from streams.facets import Values

FORMAT = 1
"""Of pages as they are written; another one cannot be read."""
MOST = 300_000
"""Tickets and changes held until somebody takes the pages; beyond it they are let go, and after a crash the log is
read instead."""


class Standing(NamedTuple):
    """Where counting stands at the end of a page, apart from its tickets: see `PartitionCounts`.

    `lateness` is the largest of the page's hour so far, in seconds.
    """

    newest: float | None
    newest_appended: float
    canary: float | None
    lateness: float


Row = tuple[Key, int, int, int, int, int]
"""A ticket that came and counted: key, minute, customer, and the places of its contact reason, fields and attributes in
the page's lists of them, since a few hundred texts make up a million tickets."""


class Page(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of one partition.

    Attributes:
        begin: the offset it begins with.
        end: the offset behind its last record.
        hour: of the log, since 1970.
        opens: whether it is the first of its hour.
        standing: at its end.
        admitted: contact reasons taken in, but for those of the hour's earlier pages.
        reasons: those of the page's tickets.
        fields: likewise, see `streams.facets`.
        attributes: likewise.
        tickets: those that came and counted, in order.
        changes: those that were made, each with the number of tickets before it.
    """

    begin: int
    end: int
    hour: int
    opens: bool
    standing: Standing
    admitted: list[str]
    reasons: list[str | None]
    fields: list[Values]
    attributes: list[Values]
    tickets: list[Row]
    changes: list[tuple[int, Change]]


_Value = TypeVar("_Value")


class _Numbering(dict[_Value, int]):
    """Values by the order in which they were first asked for."""

    def __missing__(self, value: _Value) -> int:
        number = self[value] = len(self)
        return number


class Pages:
    """The pages of one partition that nobody has taken yet; plain state.

    >>> pages = Pages()
    >>> pages.open(0)
    >>> pages.tickets.append(("7", KnownTicket("voucher", 5, 1, (), ())))
    >>> pages.turn(3, 1, Standing(300.0, 301.0, None, 1.0), {"voucher"})
    >>> [(page.begin, page.end, page.opens, len(page.tickets)) for page in pages.take()], pages.take()
    ([(0, 3, True, 1)], [])
    """

    __slots__ = ("_admitted", "_begin", "_done", "_opens", "changes", "tickets")

    def __init__(self) -> None:
        self.tickets: list[tuple[Key, KnownTicket]] = []
        """Those of the page being filled."""
        self.changes: list[tuple[int, Change]] = []
        """Likewise."""
        self._done: list[Page] = []
        self._admitted: set[str] = set()
        self._begin = 0
        self._opens = False

    def open(self, begin: int) -> None:
        """An hour begins with the record at this offset."""
        self._begin, self._opens, self._admitted = begin, True, set()

    def note(self, change: Change) -> None:
        """A change was made."""
        self.changes.append((len(self.tickets), change))

    def turn(self, end: int, hour: int, standing: Standing, admitted: AbstractSet[str]) -> None:
        """The page ends before this offset."""
        if end <= self._begin:
            return
        added = [reason for reason in admitted if reason not in self._admitted]
        reasons, fields, attributes = _Numbering[str | None](), _Numbering[Values](), _Numbering[Values]()
        rows = [
            (
                key,
                one.minute,
                one.customer,
                reasons[one.contact_reason],
                fields[one.fields],
                attributes[one.attributes],
            )
            for key, one in self.tickets
        ]
        tables = list(reasons), list(fields), list(attributes)
        page = Page(self._begin, end, hour, self._opens, standing, added, *tables, rows, self.changes)
        self._done.append(page)
        self.go_on(end, added)

    def go_on(self, begin: int, admitted: Iterable[str] = ()) -> None:
        """The next page begins with this offset, within the same hour; these reasons are known to be admitted."""
        self._begin, self._opens, self.tickets, self.changes = begin, False, [], []
        self._admitted.update(admitted)

    def drop(self, position: int) -> None:
        """Let all go and go on from here; whoever takes what follows sees by the offsets that some are missing."""
        self._done = []
        self.go_on(position)

    @property
    def many(self) -> bool:
        """Whether more is held than should be."""
        held = len(self.tickets) + len(self.changes)
        return held + sum(len(page.tickets) + len(page.changes) for page in self._done) > MOST

    def take(self) -> list[Page]:
        """The pages that are done; they are the caller's now."""
        done, self._done = self._done, []
        return done
