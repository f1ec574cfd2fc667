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
from typing import Protocol

import structlog

from alerts.board import Board
from alerts.context import Context
from alerts.decision import Notification, Reason, Whisper
from alerts.delivery import Delivery, DeliveryError
from alerts.entry import Entry
from alerts.pacing import Kind, Pace
from streams.messenger import Messenger, NotOursError
from streams.metrics import Metrics
from streams.reconcile import Doubts
from streams.trouble import ASIDES, LOOKING, SENDING, Trouble

IDLE_SECONDS = 0.5
CHECK_SECONDS = 300.0
"""How often an idle sender asks whether it could send: an archived channel is better known before a spike."""
_LEAST_RETRY_AFTER = 1.0

log = structlog.get_logger("slack")


class Aside(Protocol):
    """What says something else than incidents: notices of campaigns, digests."""

    async def say_next(
        self, now: float, about_to_send: Callable[[Kind], None], still_mine: Callable[[], None]
    ) -> bool:
        """Say the next one that is due; False where none is. See `streams.notices`."""
        ...


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
        asides: what else may be said when no incident is due, in this order.
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
        asides: Sequence[Aside] = (),
    ) -> None:
        self.delivery = delivery
        self.metrics = metrics
        self.trouble = Trouble(metrics)
        self.wake = asyncio.Event()
        """Set it when the board changed."""
        self._context = context
        self._keep = keep
        self._mine = mine
        self._clock = clock
        self._board: Board | None = None
        self._pace = Pace()
        self._doubts = Doubts(clock, wall)
        self._asides = asides
        self.messenger = Messenger(
            delivery,
            metrics,
            self._doubts,
            context=context,
            keep=keep,
            mine=mine,
            leaves=self._leaves,
            wall=wall,
            sleep=sleep,
        )
        self._not_before = 0.0
        self._held: dict[tuple[str, str], float] = {}
        self._due_since: dict[tuple[str, str], float] = {}
        self._edited_at: dict[str, float] = {}
        self._looked_at = float("-inf")
        self._look_again_at = 0.0
        self._aside_again_at = 0.0

    def take_over(self, board: Board | None) -> None:
        """Send for this board from now on; None when the shard is gone, whose state then is another worker's to say."""
        self._board = board
        self._held, self._due_since, self._edited_at = {}, {}, {}
        if board is not None:
            self._doubts.begin(board.entries.values())
            return
        self._observe((), self._clock())
        self.trouble.forget()

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
            if (chosen is None or chosen.kind != "root") and self._look_due(now, due):
                await self._look(board, now)
            elif chosen is not None:
                await self._attempt(board, chosen)
            elif due or not await self._aside(now):
                return wait
        except NotOursError:
            return IDLE_SECONDS
        return 0.0

    def whisper(self, whispers: Sequence[Whisper]) -> None:
        """Say something to one person each; tried once, beside everything else."""
        if self._board is not None:
            self.messenger.whisper(self._board, whispers)

    def _due(self, board: Board, now: float) -> list[Notification]:
        due = board.due(self._context(None))
        known = {one.incident_id for one in due}
        for incident_id in self._doubts.edits_due(now):
            entry = board.entries.get(incident_id)
            if entry is not None and entry.incident.slack is not None and incident_id not in known:
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
            seconds = max(
                self._pace.wait(one.kind, now), self._held.get((one.kind, one.incident_id), now) - now
            )
            if seconds <= 0:
                return one, 0.0
            wait = min(wait, seconds)
        return None, wait

    async def _attempt(self, board: Board, one: Notification) -> None:
        if self.trouble.permanent(SENDING):
            # Reads the settings again where the token or the channel was refused; the message itself is the test.
            with contextlib.suppress(DeliveryError):
                await self.delivery.check()
        if one.kind == "update":
            self._edited_at[one.incident_id] = self._clock()
        try:
            await self.messenger.say(board, one)
        except DeliveryError as error:
            now = self._clock()
            self._pace.calm(now)
            if error.missing:
                # A person deleted the message; the incident goes on under a new one.
                log.warning("the message is gone", incident_id=one.incident_id, why=str(error))
                board.gone(one.incident_id)
                await self._keep()
            elif error.retry_after is not None:
                # Slack is well, and the message was not taken: only the pace was wrong.
                self._pace.hold(one.kind, max(_LEAST_RETRY_AFTER, error.retry_after), now)
            elif error.message_only:
                wait = self.trouble.failed(error, now, one.incident_id)
                self._held[one.kind, one.incident_id] = now + wait
            else:
                self._not_before = now + self.trouble.failed(error, now, SENDING)
            return
        self._held.pop((one.kind, one.incident_id), None)
        self.trouble.over(self._clock(), SENDING, one.incident_id)

    def _look_due(self, now: float, due: Sequence[Notification]) -> bool:
        """Whether to look through the channel, or to ask if a message could be sent while there is none."""
        if now < self._look_again_at:
            return False
        if self._doubts.sweep_due(now) or self.trouble.stands(LOOKING):
            return True
        return not due and (self.trouble.stands(SENDING) or now - self._looked_at >= CHECK_SECONDS)

    async def _look(self, board: Board, now: float) -> None:
        self._looked_at = now
        try:
            sweep = self._doubts.sweep_due(now)
            if sweep:
                await self._doubts.sweep(board, self.delivery, self.messenger.still_mine)
            if not sweep or self.trouble.stands(LOOKING):
                await self.delivery.check()
        except DeliveryError as error:
            now = self._clock()
            if error.retry_after is not None:
                self._look_again_at = now + max(_LEAST_RETRY_AFTER, error.retry_after)
            else:
                self._look_again_at = now + self.trouble.failed(error, now, LOOKING)
            return
        keys = (LOOKING,) if sweep or self._due_since else (LOOKING, SENDING)
        self.trouble.over(self._clock(), *keys)

    async def _aside(self, now: float) -> bool:
        """Say something else than incidents, if that is due and may leave."""
        if now < self._aside_again_at or self._pace.wait("reply", now) > 0:
            return False
        try:
            for one in self._asides:
                if await one.say_next(now, self.messenger.about_to_send, self.messenger.still_mine):
                    self.trouble.over(self._clock(), ASIDES)
                    return True
        except DeliveryError as error:
            now = self._clock()
            if error.retry_after is not None:
                # Only these wait for it: an incident finds out for itself.
                self._aside_again_at = now + max(_LEAST_RETRY_AFTER, error.retry_after)
            else:
                self._aside_again_at = now + self.trouble.failed(error, now, ASIDES)
        return False

    def _leaves(self, kind: Kind) -> None:
        now = self._clock()
        if self.trouble.stands(SENDING):
            # If this goes through, everything is due at once: nothing goes out in a burst then.
            self._pace.calm(now)
        self._pace.took(kind, now)
