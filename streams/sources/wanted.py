"""Ids of tickets that are still to be read, and how long to wait after a helpdesk that did not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import islice

MOST = 10_000
"""So many ids wait; what comes beyond is found by the next search for changes."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0


class Wanted:
    """Ids in the order in which they came, each once.

    Example:
        >>> wanted = Wanted(most=2)
        >>> wanted.add(["1", "2", "1", "3"])
        1
        >>> wanted.some(5)
        ['1', '2']
        >>> wanted.done(["1"])
        >>> wanted.some(5), len(wanted)
        (['2'], 1)
        >>> wanted.put_off(None), wanted.put_off(None), wanted.put_off(600.0)
        (1.0, 2.0, 600.0)
    """

    def __init__(self, most: int = MOST) -> None:
        self.come = asyncio.Event()
        """Set while any is wanted."""
        self._most = most
        self._ids: dict[str, None] = {}
        self._wait = FIRST_WAIT

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Iterable[str]) -> int:
        """Want them; returns how many found no room."""
        over = 0
        for one in ids:
            if one in self._ids:
                continue
            if len(self._ids) >= self._most:
                over += 1
                continue
            self._ids[one] = None
        if self._ids:
            self.come.set()
        return over

    def some(self, most: int) -> list[str]:
        """The oldest; they stay wanted until they are `done`."""
        return list(islice(self._ids, most))

    def done(self, ids: Iterable[str]) -> None:
        """They were read and are safe."""
        for one in ids:
            self._ids.pop(one, None)
        self._wait = FIRST_WAIT
        if not self._ids:
            self.come.clear()

    def put_off(self, asked: float | None) -> float:
        """How many seconds to wait after a failure: as long as was asked for, else longer each time."""
        wait = self._wait
        self._wait = min(2.0 * wait, LONGEST_WAIT)
        return asked if asked is not None else wait
