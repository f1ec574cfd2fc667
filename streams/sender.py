"""Sends what the board says is due, one message at a time, at the pace that Slack takes.

What is due is computed from the incidents as they stand, so an outage leaves no queue behind: afterwards each
incident is said once, in its last state, new ones first. A post whose outcome is unknown is looked up in the
channel before it is made again, and looked for once more later: Slack may carry a call out long after it
stopped answering.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import structlog

from alerts import message
from alerts.board import Board
from alerts.context import Context
from alerts.decision import Notification, Reason, Whisper
from alerts.delivery import Delivery, DeliveryError, marked
from alerts.entry import Entry
from alerts.pacing import Pace
from alerts.records import SlackPost
from streams.metrics import Metrics
from streams.reconcile import Doubts, mark
from streams.trouble import Trouble

IDLE_SECONDS = 0.5
CHECK_SECONDS = 300.0
"""How often an idle sender asks whether it could send: an archived channel is better known before a spike."""
_LEAST_RETRY_AFTER = 1.0

log = structlog.get_logger("slack")


class NotOursError(Exception):
    """The shard went to another worker before the message was sent; that worker sends it."""


class Sender:
    """The task that writes to the channel.

    Args:
        delivery: takes the messages.
        metrics: outbox depth, age, troubles.
        context: what surrounds an incident now; None for what surrounds them all.
        keep: stores the rows that the board changed; returns when they are safe.
        mine: whether this worker holds the shard at this very moment.
        clock: seconds that never go back.
        wall: seconds since 1970.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        delivery: Delivery,
        metrics: Metrics,
        *,
        context: Callable[[Entry | None], Context],
        keep: Callable[[], Awaitable[None]],
        mine: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.delivery = delivery
        self.metrics = metrics
        self.trouble = Trouble(metrics)
        self.wake = asyncio.Event()
        """Set it when the board changed."""
        self.heard_at: dict[str, float] = {}
        """When the record came in that opened an incident, until its root stands (seconds since 1970)."""
        self._context = context
        self._keep = keep
        self._mine = mine
        self._clock = clock
        self._wall = wall
        self._sleep = sleep
        self._board: Board | None = None
        self._pace = Pace()
        self._doubts = Doubts(clock)
        self._not_before = 0.0
        self._held: dict[str, float] = {}
        self._due_since: dict[tuple[str, str], float] = {}
        self._edited_at: dict[str, float] = {}
        self._checked_at = float("-inf")
        self._whispering: set[asyncio.Task[None]] = set()

    def take_over(self, board: Board | None) -> None:
        """Send for this board from now on; None when the shard is gone."""
        self._board = board
        self._held, self._due_since, self._edited_at = {}, {}, {}
        if board is not None:
            self._doubts.begin(board.entries.values())

    async def run(self) -> None:
        """Send for ever; raises what `keep` raises."""
        while True:
            seconds = await self.step()
            if seconds > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), seconds)
            self.wake.clear()

    async def step(self) -> float:
        """Send at most one message; returns after how many seconds to come again, unless something changes."""
        board, now = self._board, self._clock()
        if board is None or not self._mine():
            return IDLE_SECONDS
        due = self._due(board, now)
        self._observe(due, now)
        if now < self._not_before:
            return self._not_before - now
        chosen, wait = self._choose(due, now)
        try:
            if (chosen is None or chosen.kind != "root") and self._doubts.sweep_due(now):
                await self._doubts.sweep(board, self.delivery, self._wall(), self._still_mine)
                return 0.0
            if chosen is not None:
                await self._attempt(board, chosen)
                return 0.0
            if not due:
                await self._check(now)
        except NotOursError:
            return IDLE_SECONDS
        except DeliveryError as error:
            self._not_before = self._clock() + self._failed(error, "")
        return min(wait, IDLE_SECONDS)

    def whisper(self, whispers: Sequence[Whisper]) -> None:
        """Say something to one person each; tried once, beside everything else."""
        for one in whispers:
            task = asyncio.get_running_loop().create_task(self._whisper(one))
            self._whispering.add(task)
            task.add_done_callback(self._whispering.discard)

    async def _whisper(self, whisper: Whisper) -> None:
        board = self._board
        entry = board.entries.get(whisper.incident_id) if board is not None else None
        text = message.whisper(whisper, entry.incident if entry else None, self._context(entry))
        try:
            await self.delivery.whisper(whisper.channel, whisper.user, {"text": text})
        except DeliveryError as error:
            log.warning("not whispered", error=str(error))

    def _due(self, board: Board, now: float) -> list[Notification]:
        due = board.due(self._context(None))
        known = {one.incident_id for one in due}
        for incident_id in self._doubts.edits_due(now):
            if incident_id in board.entries and incident_id not in known:
                due.append(Notification("update", incident_id, Reason.CHANGED))
        return due

    def _observe(self, due: Sequence[Notification], now: float) -> None:
        keys = {(one.kind, one.incident_id) for one in due}
        self._due_since = {key: self._due_since.get(key, now) for key in keys}
        self.metrics.outbox_depth.set(len(due))
        self.metrics.outbox_age.set(now - min(self._due_since.values(), default=now))

    def _choose(self, due: Sequence[Notification], now: float) -> tuple[Notification | None, float]:
        """The first message that may go out now, or how long the soonest one has to wait."""
        wait = IDLE_SECONDS
        # Edits take turns: the incident that changes each second would leave no room to the others.
        edits = [one for one in due if one.kind == "update"]
        edits.sort(key=lambda one: self._edited_at.get(one.incident_id, float("-inf")))
        for one in [*(one for one in due if one.kind != "update"), *edits]:
            seconds = max(self._pace.wait(one.kind, now), self._held.get(one.incident_id, now) - now)
            if seconds <= 0:
                return one, 0.0
            wait = min(wait, seconds)
        return None, wait

    async def _attempt(self, board: Board, one: Notification) -> None:
        if self.trouble.permanent:
            # Reads the settings again where the token or the channel was refused; the message itself is the test.
            with contextlib.suppress(DeliveryError):
                await self.delivery.check()
        self._pace.took(one.kind, self._clock())
        try:
            if one.kind == "root":
                await self._root(board, one)
            elif one.kind == "reply":
                await self._reply(board, one)
            else:
                await self._update(board, one)
        except DeliveryError as error:
            now = self._clock()
            if error.missing:
                # A person deleted the message; the incident goes on under a new one.
                log.warning("the message is gone", incident_id=one.incident_id, why=str(error))
                board.gone(one.incident_id, self._at())
                await self._keep()
            elif error.retry_after is not None:
                # Slack is well, and the message was not taken: only the pace was wrong.
                self._pace.calm(now)
                self._pace.hold(one.kind, max(_LEAST_RETRY_AFTER, error.retry_after), now)
            elif error.message_only:
                self._held[one.incident_id] = now + self._failed(error, one.incident_id)
            else:
                self._not_before = now + self._failed(error, one.incident_id)
            return
        self._held.pop(one.incident_id, None)
        self.trouble.over(self._clock(), one.incident_id)

    def _failed(self, error: DeliveryError, incident_id: str) -> float:
        now = self._clock()
        # After trouble everything is due at once, so nothing goes out in a burst.
        self._pace.calm(now)
        return self.trouble.failed(error, now, incident_id)

    async def _root(self, board: Board, one: Notification) -> None:
        """Post the root message, unless an attempt that a crash or a lost answer left in doubt has done so."""
        entry = board.entries[one.incident_id]
        payload = message.root(one.incident or entry.incident, self._context(entry))
        doubted = entry.attempted_at is not None and self._doubts.root_in_doubt(one.incident_id)
        if doubted:
            await self._sleep(self._doubts.settle_seconds())
            found = await self._doubts.look_up(entry, self.delivery)
            if found:
                log.info("found the message of an earlier attempt", incident_id=one.incident_id)
                self._still_mine()
                await self.delivery.update(found[0], payload)
                await self._sent(board, one, found[0])
                for twin in found[1:]:
                    await self.delivery.delete(twin)
                return
        if entry.attempted_at is None:
            board.attempt(one.incident_id, self._at())
            await self._keep()
        self._still_mine()
        try:
            post = await self.delivery.post(payload)
        except DeliveryError as error:
            self._doubts.root_failed(one.incident_id, error)
            raise
        if doubted:
            # What was not there yet may still come.
            self._doubts.watch()
        await self._sent(board, one, post)
        heard_at = self.heard_at.pop(one.incident_id, None)
        if heard_at is not None:
            self.metrics.event_to_slack.set(self._wall() - heard_at)

    async def _reply(self, board: Board, one: Notification) -> None:
        entry = board.entries[one.incident_id]
        post = _post_of(entry)
        payload = message.reply(one.incident or entry.incident, self._context(entry), one.why)
        name = mark(entry.said, one.why)
        if self._doubts.thread_in_doubt(one.incident_id):
            await self._sleep(self._doubts.settle_seconds())
            if name in {reply.mark for reply in await self.delivery.thread(post)}:
                log.info("found the reply of an earlier attempt", incident_id=one.incident_id)
                self._doubts.thread_known(one.incident_id)
                await self._sent(board, one, None)
                return
        self._still_mine()
        try:
            await self.delivery.reply(post, marked(payload, name))
        except DeliveryError as error:
            self._doubts.reply_failed(one.incident_id, error)
            raise
        self._doubts.thread_known(one.incident_id)
        await self._sent(board, one, None)

    async def _update(self, board: Board, one: Notification) -> None:
        entry = board.entries[one.incident_id]
        payload = message.root(one.incident or entry.incident, self._context(entry))
        self._still_mine()
        self._edited_at[one.incident_id] = self._clock()
        self._doubts.edited(one.incident_id)
        try:
            await self.delivery.update(_post_of(entry), payload)
        except DeliveryError as error:
            self._doubts.edit_failed(one.incident_id, error)
            raise
        await self._sent(board, one, None)

    async def _sent(self, board: Board, one: Notification, post: SlackPost | None) -> None:
        board.sent(one, post, self._at())
        await self._keep()
        log.info("sent", kind=one.kind, incident_id=one.incident_id, reason=str(one.why))

    async def _check(self, now: float) -> None:
        """Ask whether a message could be sent, while there is none."""
        if self.trouble.sentence is None and now - self._checked_at < CHECK_SECONDS:
            return
        self._checked_at = now
        await self.delivery.check()
        self.trouble.over(self._clock(), "")

    def _still_mine(self) -> None:
        if not self._mine():
            raise NotOursError

    def _at(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)


def _post_of(entry: Entry) -> SlackPost:
    assert entry.incident.slack is not None  # noqa: S101 - the board replies to and edits what was posted
    return entry.incident.slack


