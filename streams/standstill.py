"""A process that stood still (stopped, swapped out, its machine asleep) may have lost its shard without knowing."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST_BEAT = 5.0
"""Seconds between two beats beyond which the process has stood still; Kafka takes the shard away after ten."""
TELL_SECONDS = 2.0
"""How long it takes after that until Kafka has told whether the shard is gone."""


class Standstill:
    """Knows from regular beats whether the process ran all the time.

    >>> seconds = iter([0.0, 1.0, 1.5, 9.0, 9.1, 9.2, 11.5])
    >>> still = Standstill(lambda: next(seconds))
    >>> still.beat()
    >>> still.awake(), still.awake()
    (True, False)
    >>> still.beat()
    >>> still.awake(), still.awake()
    (False, True)

    Args:
        clock: seconds that go on while the process stands still.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._not_before = 0.0

    def beat(self) -> None:
        """Call it about once a second."""
        now = self._clock()
        if now - self._last > LONGEST_BEAT:
            self._not_before = now + TELL_SECONDS
        self._last = now

    def awake(self) -> bool:
        """Whether the process has run all the time, or for long enough again."""
        now = self._clock()
        return now - self._last <= LONGEST_BEAT and now >= self._not_before
