"""Ports for brokers that a test starts: nobody else's tests are given the same, whoever runs them."""

from __future__ import annotations

import os
import socket
from typing import Self

FIRST, BLOCK, BLOCKS = 20_000, 25, 480
"""Below the range from which outgoing connections take their ports, or a client could be given one of ours."""
GUARD = BLOCK - 1


class ReservedPorts:
    """Takes blocks of ports and keeps them; use it as a context manager.

    That a port is free now says nothing of the seconds until Java listens there. So a block is taken by binding
    its last port, which no test uses: the system gives it to one process alone, be it another worker of the same
    pytest or the tests of another checkout, and takes it back however that process ends.

    Args:
        first: the number of the block that is tried first; by default each process has its own.

    >>> with ReservedPorts(7) as ours, ReservedPorts(7) as theirs:
    ...     ours.take() == theirs.take()
    False
    """

    def __init__(self, first: int | None = None) -> None:
        self._next = os.getpid() if first is None else first
        self._guards: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for guard in self._guards:
            guard.close()
        self._guards.clear()

    def take(self) -> int:
        """The first port of a block that was free; it and the next 23 are ours. Raises RuntimeError if none is."""
        for _ in range(BLOCKS):
            start = FIRST + self._next % BLOCKS * BLOCK
            self._next += 1
            guard = _bound(start + GUARD)
            if guard is None:
                continue
            if all(_is_free(start + offset) for offset in range(GUARD)):
                self._guards.append(guard)
                return start
            guard.close()
        raise RuntimeError("no free ports")


def _bound(port: int) -> socket.socket | None:
    """A socket that holds a port of this machine, or None where another does."""
    holder = socket.socket()
    try:
        holder.bind(("127.0.0.1", port))
    except OSError:
        holder.close()
        return None
    return holder


def _is_free(port: int) -> bool:
    holder = _bound(port)
    if holder is None:
        return False
    holder.close()
    return True
