"""How each source is: when it last brought something, how late that was, and whether a helpdesk holds deliveries back.

A helpdesk that throttles its webhooks (Freshdesk puts what exceeds an hour's limit off to the next hour) looks silent
and is not: what comes afterwards is old. So the age of tickets when they come tells the two apart, while arrivals
alone cannot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from statistics import median

LATE_SECONDS = 600.0
"""A new ticket older than this was held back: webhooks come within seconds, repeats within minutes."""
JUDGED, LEAST = 20, 5
"""Of so many new tickets the median age counts, from so many on: one old ticket is a repeat, half of them are not."""


class SourceHealth:
    """What is known of one source since the worker started.

    Example:
        >>> from datetime import UTC
        >>> at = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
        >>> health = SourceHealth()
        >>> health.brought([at] * 6, at.timestamp() + 2820)
        >>> health.held_back, health.sentence(at.timestamp() + 2880)
        (True, 'tickets come 47 min late, the last 60 s ago: deliveries are held back')
    """

    def __init__(self) -> None:
        self.last: float | None = None
        self.refused = 0
        self._ages: deque[float] = deque(maxlen=JUDGED)

    def brought(self, created: Iterable[datetime], now: float) -> None:
        """Records came and are stored.

        Args:
            created: when the new tickets among them were written.
            now: epoch seconds.
        """
        self.last = now
        self.refused = 0
        self._ages.extend(max(0.0, now - at.timestamp()) for at in created)

    def refuse(self) -> None:
        """A request was refused."""
        self.refused += 1

    @property
    def delay(self) -> float:
        """Median age of the last new tickets when they came, in seconds; 0 while there were too few."""
        return median(self._ages) if len(self._ages) >= LEAST else 0.0

    @property
    def held_back(self) -> bool:
        """Whether the helpdesk holds deliveries back: tickets come, but late."""
        return self.delay > LATE_SECONDS

    def sentence(self, now: float) -> str:
        """How the source is, in a few words."""
        if self.refused >= LEAST:
            return f"the last {self.refused} requests were refused, see the log"
        if self.last is None:
            return "nothing came yet"
        ago = _span(now - self.last)
        if self.held_back:
            return f"tickets come {_span(self.delay)} late, the last {ago} ago: deliveries are held back"
        return f"the last came {ago} ago"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
