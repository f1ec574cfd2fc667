"""How each source is: when it last brought something, how late that was, and what is known to keep it from more.

A helpdesk that throttles its webhooks (Freshdesk puts what exceeds an hour's limit off to the next hour) looks silent
and is not: what comes afterwards is old. So the age of tickets when they come tells the two apart, while arrivals
alone cannot. One that is asked says itself how long to wait.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from statistics import median
from typing import get_args

from alerts.source_records import RefusedFor, SourceState, Takes

LATE_SECONDS = 600.0
"""A new ticket older than this was held back: webhooks come within seconds, repeats within minutes."""
JUDGED, LEAST = 20, 5
"""Of so many new tickets the median age counts, from so many on: one old ticket is a repeat, half of them are not."""
BREAKS_FROM = 1000
"""Zendesk and Intercom stop sending for a while after so many requests that came to nothing."""
BREAK_SHARE, BREAK_SECONDS, BREAK_LEAST = 0.7, 300.0, 20
"""So does Zendesk when such a share of five minutes' requests came to nothing; of a few it does not judge."""
DEFERS_SECONDS = 7200.0
"""A helpdesk that has put deliveries off to the next hour does so again: its silence until then is no other's."""
_REFUSED_FOR: dict[str, RefusedFor] = {one: one for one in get_args(RefusedFor)}


class SourceHealth:
    """What is known of one source since the worker started.

    Args:
        takes: what it brings.
        since: when the worker began to listen or to ask, epoch seconds.
        asked: whether it is asked on a timer rather than sends.

    Example:
        >>> at = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
        >>> health = SourceHealth()
        >>> health.brought([at] * 6, at.timestamp() + 2820)
        >>> health.held_back, health.sentence(at.timestamp() + 2880)
        (True, 'tickets come 47 min late, the last 60 s ago: deliveries are held back')
    """

    def __init__(self, takes: Takes = "tickets", since: float = 0.0, *, asked: bool = False) -> None:
        self.takes = takes
        self.asked = asked
        self.since = since
        self.last: float | None = None
        self.refused = 0
        self.unmapped = 0
        self.gaps = 0
        self.last_gap: float | None = None
        self._refused_for: Counter[RefusedFor] = Counter()
        self._ages: deque[float] = deque(maxlen=JUDGED)
        self._lately: deque[tuple[float, bool]] = deque(maxlen=2 * BREAKS_FROM)
        self._wait_until = 0.0
        self._away = False
        self._late_at, self._late = -math.inf, 0.0

    def brought(self, created: Iterable[datetime], now: float) -> None:
        """Records came and are stored, or all that there is was read.

        Args:
            created: when the new tickets among them were written.
            now: epoch seconds.
        """
        self.last = now
        self.refused = 0
        self._refused_for.clear()
        self.reached()
        self._lately.append((now, True))
        self._ages.extend(max(0.0, now - at.timestamp()) for at in created)
        if self.held_back:
            self._late_at, self._late = now, self.delay

    def reached(self) -> None:
        """It was asked and answered, with nothing new."""
        self._wait_until, self._away = 0.0, False

    def answered(self, outcome: str, now: float) -> None:
        """A request was answered; what came to nothing counts, by what for."""
        if (why := _REFUSED_FOR.get(outcome)) is not None:
            self.refused += 1
            self._refused_for[why] += 1
            self._lately.append((now, False))

    def missed(self, gaps: int, now: float) -> None:
        """Changes were told of without their content."""
        self.gaps += gaps
        self.last_gap = now

    def away(self, now: float, retry_after: float | None = None) -> None:
        """It was asked and did not say what there is; with the seconds that it asked to wait, it throttles."""
        self._away = True
        self._wait_until = now + retry_after if retry_after else 0.0

    @property
    def delay(self) -> float:
        """Median age of the last new tickets when they came, in seconds; 0 while there were too few."""
        return median(self._ages) if len(self._ages) >= LEAST else 0.0

    @property
    def held_back(self) -> bool:
        """Whether the helpdesk holds deliveries back: tickets come, but late."""
        return self.delay > LATE_SECONDS

    def throttled(self, now: float) -> bool:
        """Whether it asked us to wait until later."""
        return self._wait_until > now

    @property
    def paused(self) -> bool:
        """Whether so much came to nothing, and nothing else since, that a helpdesk stops sending by its own rules."""
        if self.refused >= BREAKS_FROM:
            return True
        if self.refused < BREAK_LEAST or not self._lately:
            return False
        end = self._lately[-1][0]
        within = [taken for at, taken in self._lately if at > end - BREAK_SECONDS]
        return within.count(False) >= max(BREAK_LEAST, BREAK_SHARE * len(within))

    def sentence(self, now: float) -> str:
        """How the source is, in a few words."""
        if self.throttled(now):
            return f"it throttles us for {_span(self._wait_until - now)} more"
        if self.refused >= LEAST:
            return f"the last {self.refused} requests were refused, see the log"
        if self._away:
            return "it did not answer the last time it was asked"
        if self.last is None:
            return "nothing came yet"
        ago = _span(now - self.last)
        if self.held_back:
            return f"tickets come {_span(self.delay)} late, the last {ago} ago: deliveries are held back"
        missed = f", {self.gaps} changes without content, see `sources gaps`" if self.gaps else ""
        return f"the last came {ago} ago{missed}"

    def essence(self, now: float) -> tuple[object, ...]:
        """What others should hear of soon when it changes; counts alone may wait."""
        many = self.refused >= LEAST
        return (
            self.last is None,
            many,
            self.paused,
            self.held_back,
            self.throttled(now),
            self._away,
            self.gaps,
        )

    def state(self, source: str, worker: str, now: float) -> SourceState:
        """The same for others, as it stands on `source-health`."""
        why = self._refused_for.most_common(1)
        return SourceState(
            source=source,
            worker=worker,
            takes=self.takes,
            asked=self.asked,
            since=_instant(self.since),
            stated_at=_instant(now),
            last_event_at=None if self.last is None else _instant(self.last),
            refused=self.refused,
            refused_for=why[0][0] if why else None,
            paused=self.paused,
            held_back=self.held_back or now - self._late_at < DEFERS_SECONDS,
            delay_seconds=round(self.delay if self.held_back else self._late, 1),
            throttled_until=_instant(self._wait_until) if self.throttled(now) else None,
            away=self._away,
            unmapped=self.unmapped,
            gaps=self.gaps,
            last_gap_at=None if self.last_gap is None else _instant(self.last_gap),
        )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
