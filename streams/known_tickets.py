"""The tickets that one partition remembers, so that none counts twice and changes find what they change.

An id is forgotten `horizon_hours` after it first came, in the log's own time, a whole hour of the log at once.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

from streams.cells import Key, KnownTicket
from streams.changes import Changes


class Hour(NamedTuple):
    """An hour of the log: its first record's offset, and the first minute that is whole from there."""

    hour: int
    offset: int
    complete_from: int
    earlier_ids: int
    """How many ids had ever come before it."""


class KnownTickets:
    """Remembered tickets in the order in which their ids first came; plain state, no clock.

    Args:
        horizon_hours: how long an id is remembered.
    """

    __slots__ = ("_forgotten", "_horizon_hours", "changes", "hours", "tickets")

    def __init__(self, horizon_hours: int) -> None:
        self._horizon_hours = horizon_hours
        self.tickets: dict[Key, KnownTicket] = {}
        self.changes: dict[Key, Changes] = {}
        self.hours: deque[Hour] = deque()
        """The hours whose ids are remembered, oldest first."""
        self._forgotten = 0

    def begin_hour(self, hour: int, offset: int, complete_from: int) -> bool:
        """Begin an hour of the log and forget what lies beyond the horizon; whether anything was forgotten."""
        self.hours.append(Hour(hour, offset, complete_from, self._forgotten + len(self.tickets)))
        before = len(self.hours)
        while self.hours[0].hour < hour - self._horizon_hours:
            self.hours.popleft()
        if len(self.hours) == before:
            return False
        # A dictionary keeps the order in which keys first came, so nobody has to write down which came when.
        ids = self.hours[0].earlier_ids - self._forgotten
        for key in list(islice(self.tickets, ids)):
            del self.tickets[key]
            self.changes.pop(key, None)
        self._forgotten += ids
        return True


def own_customer(key: Key) -> str:
    """A ticket without a customer is its own."""
    return key if isinstance(key, str) else "\0".join(key)
