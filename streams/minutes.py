"""Which minutes may be closed: the watermarks of all source partitions, and where in the log to begin again.

On the event clock a minute closes when every partition of `tickets` has passed it, or when all of them were read
to their end and have been quiet. On the wall clock partitions move on by themselves and a grace is left for
tickets that reach the topic late; nothing waits for it, since open minutes are scored as they run.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

from streams.events import TicketCounts
from streams.facet_memory import RECENT_MINUTES

GRACE_SECONDS = 120.0


class Minutes:
    """Watermarks and log positions of one shard; plain state, no clock.

    >>> minutes = Minutes("event")
    >>> minutes.hear(TicketCounts(partition=0, partitions=2, offset=5, watermark=600.0), 0)
    >>> minutes.closable() is None  # partition 1 has not said anything
    True
    >>> minutes.hear(TicketCounts(partition=1, partitions=2, offset=9, watermark=480.0), 1)
    >>> minutes.closable()  # the minute that begins at 420 s is the last that both have passed
    7
    """

    __slots__ = ("_clock", "_drained", "_first", "_partitions", "_recent", "_watermarks")

    def __init__(self, clock: Literal["wall", "event"]) -> None:
        self._clock = clock
        self._partitions = 0
        self._watermarks: dict[int, float] = {}
        self._drained: dict[int, bool] = {}
        self._first: dict[int, int] = {}
        """Log offset of the first statement about each open minute."""
        self._recent: deque[tuple[int, int]] = deque()
        """(minute, log offset of its first statement) of closed minutes that drivers still look at, thinned."""

    def hear(self, statement: TicketCounts, offset: int) -> None:
        """Take over what a statement at this log offset says of watermarks and minutes."""
        self._partitions = max(self._partitions, statement.partitions)
        for cell in statement.cells:
            self._first.setdefault(cell.minute, offset)
        partition = statement.partition
        self._drained[partition] = statement.drained
        if statement.watermark is not None:
            self._watermarks[partition] = max(statement.watermark, self._watermarks.get(partition, 0.0))

    def closable(self) -> int | None:
        """The last minute that may be closed, or None while some partition has not spoken."""
        if self._partitions == 0 or not self._watermarks:
            return None
        if self._clock == "event" and self._all_drained():
            # Nothing more is coming: the minute of the newest ticket closes, too.
            return math.ceil(max(self._watermarks.values()) / 60) - 1
        if len(self._watermarks) < self._partitions:
            return None
        passed = min(self._watermarks.values())
        if self._clock == "wall":
            passed -= GRACE_SECONDS
        return int(passed // 60) - 1

    def closed(self, minute: int) -> None:
        """Minutes up to this one are closed."""
        for one in sorted(key for key in self._first if key <= minute):
            offset = self._first.pop(one)
            if not self._recent or one >= self._recent[-1][0] + 10:
                self._recent.append((one, offset))
            else:
                kept, earliest = self._recent[-1]
                self._recent[-1] = (kept, min(earliest, offset))
        while self._recent and self._recent[0][0] <= minute - RECENT_MINUTES:
            self._recent.popleft()

    def rebuild_from(self, position: int) -> int:
        """The log offset from which all open minutes and the last day's cells can be read again."""
        return min([position, *self._first.values(), *(offset for _, offset in self._recent)])

    def snapshot(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "partitions": self._partitions,
            "drained": {str(key): value for key, value in self._drained.items()},
            "watermarks": {str(key): value for key, value in self._watermarks.items()},
            "first": {str(key): value for key, value in self._first.items()},
            "recent": list(self._recent),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a snapshot back."""
        self._partitions = state["partitions"]
        self._drained = {int(key): value for key, value in state["drained"].items()}
        self._watermarks = {int(key): value for key, value in state["watermarks"].items()}
        self._first = {int(key): value for key, value in state["first"].items()}
        self._recent = deque((minute, offset) for minute, offset in state["recent"])

    def _all_drained(self) -> bool:
        return len(self._drained) == self._partitions and all(self._drained.values())
