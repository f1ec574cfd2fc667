"""What is not known for sure about the channel, and how it is found out.

Slack may carry out a call whose answer was lost, also seconds after the connection was. So a message in doubt
is looked up before it is said again; what was said again although an earlier call might still come is looked at
once more later: of two root messages the one in the log stays, of two replies the older one, and an edit that
might have been overtaken by an older one is made again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog

from alerts.board import Board
from alerts.context import Said
from alerts.decision import Reason
from alerts.delivery import Delivery, DeliveryError
from alerts.entry import Entry
from alerts.records import SlackPost

CLOCK_SKEW = timedelta(minutes=5)
"""How much earlier than our attempt Slack's own clock may place a message that we look for."""
SETTLE_SECONDS = 2.0
"""How long Slack's history may take to show what was just accepted."""
LATE_SECONDS = 30.0
"""How long after our last word Slack may still carry a call out."""
_SOON_SECONDS = 3.0
_BEFORE_US = timedelta(hours=1)
_LONGEST_LOOK = timedelta(days=1)
THREAD_SECONDS = 1.2
"""Between two looks into threads: Slack allows 50 a minute."""
_JUST_NOW = timedelta(minutes=10)

log = structlog.get_logger("slack")


def mark(said: Said | None, why: Reason) -> str:
    """What tells this reply from the incident's others: why it is due, and what was said before it.

    The same until the reply is logged, whatever becomes of the incident's figures meanwhile.

    >>> before = Said(incident_id="ts-1", revision=1, observed=10, status="open")
    >>> first = mark(before, Reason.GROWN)
    >>> first == mark(Said(incident_id="ts-1", revision=7, observed=10, status="open"), Reason.GROWN)
    True
    >>> first == mark(Said(incident_id="ts-1", revision=7, observed=31, status="open"), Reason.GROWN)
    False
    """
    at = said and (said.observed, said.status, said.reminders, said.called_at)
    # Letters, as the guard might take a number for something personal.
    digest = hashlib.sha256(f"{why.name} {at}".encode()).digest()
    return "m-" + base64.b32encode(digest).decode()[:12].lower()


class Doubts:
    """Knows what is in doubt since this worker holds the shard.

    Args:
        clock: seconds that never go back.
        wall: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._clock = clock
        self._wall = wall
        self._settled_at = 0.0
        self._refused: set[str] = set()
        self._threads_unknown: set[str] = set()
        self._threads_watched: set[str] = set()
        self._threads_to_see: list[str] = []
        self._edits: dict[str, float] = {}
        self._sweep_at: float | None = None
        self._over_at = 0.0
        self._seen_at = 0.0
        self._sweep_span = _JUST_NOW

    def begin(self, entries: Iterable[Entry]) -> None:
        """Take over: what another worker, or this one before a crash, had under way is in doubt."""
        now = self._clock()
        self._settled_at = now + SETTLE_SECONDS
        self._refused.clear()
        held = list(entries)
        lately = datetime.fromtimestamp(self._wall(), UTC) - _JUST_NOW
        self._threads_watched = {
            one.incident_id
            for one in held
            if one.said is not None and one.said.called_at is not None and one.said.called_at >= lately
        }
        self._threads_unknown = {one.incident_id for one in held if one.said is not None}
        self._edits = {
            one.incident_id: now + LATE_SECONDS
            for one in held
            if one.said is not None and one.said.revision != one.incident.revision
        }
        self._sweep_at, self._over_at = now + _SOON_SECONDS, now + LATE_SECONDS
        stand = [
            datetime.fromtimestamp(float(one.incident.slack.ts), UTC)
            for one in held
            if one.open and one.incident.slack
        ]
        oldest = datetime.fromtimestamp(self._wall(), UTC) - min(
            stand, default=datetime.max.replace(tzinfo=UTC)
        )
        self._sweep_span = min(max(_BEFORE_US, oldest), _LONGEST_LOOK)
        self._threads_to_see = []

    def settle_seconds(self) -> float:
        """How long to wait until the history shows what was last accepted."""
        return max(0.0, self._settled_at - self._clock())

    def root_in_doubt(self, incident_id: str) -> bool:
        """Whether a post that was attempted may stand: it was not plainly refused since it was last looked for."""
        return incident_id not in self._refused

    def root_failed(self, incident_id: str, error: DeliveryError) -> None:
        """A root post failed."""
        if error.ambiguous:
            self._refused.discard(incident_id)
            self._settled_at = self._clock() + SETTLE_SECONDS
            self.watch()
        else:
            self._refused.add(incident_id)

    def thread_in_doubt(self, incident_id: str) -> bool:
        """Whether the thread may hold a reply that is not in the log."""
        return incident_id in self._threads_unknown

    def reply_failed(self, incident_id: str, error: DeliveryError) -> None:
        """A reply failed."""
        if error.ambiguous:
            self._threads_unknown.add(incident_id)
            self._settled_at = self._clock() + SETTLE_SECONDS
            self.watch()

    def thread_known(self, incident_id: str) -> None:
        """A reply stands and is about to be logged."""
        if incident_id in self._threads_unknown:
            # A call of before may still be carried out: then there are two.
            self._threads_unknown.discard(incident_id)
            self._threads_watched.add(incident_id)
            self.watch()

    def edited(self, incident_id: str) -> None:
        """An edit is about to be made: what was to be made again is made by it."""
        if self._edits.get(incident_id, float("inf")) <= self._clock():
            del self._edits[incident_id]

    def edit_failed(self, incident_id: str, error: DeliveryError) -> None:
        """An edit failed: it may still overtake a later one."""
        if error.ambiguous:
            self._edits[incident_id] = self._clock() + LATE_SECONDS

    def edits_due(self, now: float) -> list[str]:
        """The incidents whose message is to be edited again."""
        return [incident_id for incident_id, at in self._edits.items() if at <= now]

    async def look_up(self, entry: Entry, delivery: Delivery) -> list[SlackPost]:
        """The root messages of an incident whose post is in doubt, the oldest first."""
        assert entry.attempted_at is not None  # noqa: S101 - only what was attempted is looked for
        try:
            standing = await delivery.standing(entry.attempted_at - CLOCK_SKEW)
        except DeliveryError as error:
            # Where we may not look, this message waits; the others do not.
            error.message_only = error.permanent
            raise
        return [
            one.post
            for one in standing
            if one.incident_id == entry.incident_id and one.post != entry.replaces
        ]

    def watch(self) -> None:
        """Look through the channel when nothing can come late any more."""
        now = self._clock()
        self._over_at = now + LATE_SECONDS
        if self._sweep_at is None:
            self._sweep_at = self._over_at

    def sweep_due(self, now: float) -> bool:
        """Whether the channel is to be looked through now."""
        return self._sweep_at is not None and self._sweep_at <= now

    async def sweep(self, board: Board, delivery: Delivery, still_mine: Callable[[], None]) -> None:
        """Take back what stands twice: one look at the roots, then one into each thread in doubt, a call each time.

        Raises:
            DeliveryError: Slack did not let us look; the sweep stays due.
        """
        if self._threads_to_see:
            await self._see_thread(self._threads_to_see[0], board, delivery, still_mine)
            self._threads_to_see.pop(0)
        else:
            seen_at = self._clock()
            await self._see_roots(board, delivery, still_mine)
            self._seen_at = seen_at
            self._threads_to_see = sorted(self._threads_watched)
        now = self._clock()
        if self._threads_to_see:
            self._sweep_at = now + THREAD_SECONDS
            return
        if self._seen_at < self._over_at:
            self._sweep_at = max(now, self._over_at)
            return
        self._sweep_at = None
        self._sweep_span = _JUST_NOW
        self._threads_watched.clear()

    async def _see_roots(self, board: Board, delivery: Delivery, still_mine: Callable[[], None]) -> None:
        since = datetime.fromtimestamp(self._wall(), UTC) - self._sweep_span - CLOCK_SKEW
        for one in await delivery.standing(since):
            entry = board.entries.get(one.incident_id)
            if entry is None or entry.incident.slack is None or entry.said is None:
                continue  # without a root in the log the post is in doubt, and looked up before it is made again
            if entry.incident.slack != one.post:
                await self._take_back(one.post, entry, delivery, still_mine)
            elif one.revision is not None and one.revision < entry.said.revision:
                self._edits[one.incident_id] = self._clock()

    async def _see_thread(
        self, incident_id: str, board: Board, delivery: Delivery, still_mine: Callable[[], None]
    ) -> None:
        entry = board.entries.get(incident_id)
        if entry is None or entry.incident.slack is None:
            return
        marks: set[str] = set()
        for one in await delivery.thread(entry.incident.slack):
            if one.mark in marks:
                await self._take_back(one.post, entry, delivery, still_mine)
            elif one.mark is not None:
                marks.add(one.mark)

    async def _take_back(
        self, post: SlackPost, entry: Entry, delivery: Delivery, still_mine: Callable[[], None]
    ) -> None:
        still_mine()
        log.warning("a message stands twice and the second one is taken back", incident_id=entry.incident_id)
        try:
            await delivery.delete(post)
        except DeliveryError as error:
            if not error.permanent:
                raise
            log.error("it cannot be taken back", incident_id=entry.incident_id, error=str(error))
