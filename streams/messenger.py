"""Makes one call to the channel for one notification, and logs it after it was made.

A root message or a reply that a crash or a lost answer left in doubt is looked up first. Right before every call
that people will see, the shard must still be ours: Slack cannot tell two workers apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from alerts import message
from alerts.board import Board
from alerts.context import Context
from alerts.decision import Notification, Reason, Whisper
from alerts.delivery import Delivery, DeliveryError, marked
from alerts.entry import Entry
from alerts.limits import Payload
from alerts.pacing import Kind
from alerts.records import SlackPost
from streams.metrics import Metrics
from streams.reconcile import Doubts, mark

log = structlog.get_logger("slack")


class NotOursError(Exception):
    """The shard went to another worker before the message was sent; that worker sends it."""


class Heard(NamedTuple):
    """When what made an incident due came to be (seconds since 1970).

    Attributes:
        recorded: its record on Kafka.
        happened: its event time, to the minute; None where events are not of the time on the wall.
    """

    recorded: float
    happened: float | None = None


class Messenger:
    """Says one thing at a time.

    Args:
        delivery: takes the messages.
        metrics: the time from a record to its message.
        doubts: what may stand in the channel without being in the log.
        context: what surrounds an incident now.
        keep: stores the rows that the board changed; returns when they are safe.
        mine: whether this worker holds the shard at this very moment.
        leaves: told right before a message of a kind leaves.
        wall: seconds since 1970.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        delivery: Delivery,
        metrics: Metrics,
        doubts: Doubts,
        *,
        context: Callable[[Entry | None], Context],
        keep: Callable[[], Awaitable[None]],
        mine: Callable[[], bool],
        leaves: Callable[[Kind], None],
        wall: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.delivery = delivery
        self.metrics = metrics
        self.doubts = doubts
        self.heard_at: dict[str, Heard] = {}
        """What made an incident due, until its root stands."""
        self._context = context
        self._keep = keep
        self._mine = mine
        self._leaves = leaves
        self._wall = wall
        self._sleep = sleep
        self._whispering: set[asyncio.Task[None]] = set()

    async def say(self, board: Board, one: Notification) -> None:
        """Send a notification and log it.

        Raises:
            DeliveryError: it did not get through, or nobody knows.
            NotOursError: the shard is gone, nothing was sent.
        """
        if one.incident_id not in board.entries:
            return  # it joined another incident a moment ago
        if one.kind == "root":
            await self._root(board, one)
        elif one.kind == "reply":
            await self._reply(board, one)
        else:
            await self._update(board, one)

    def whisper(self, board: Board, whispers: Sequence[Whisper]) -> None:
        """Say something to one person each; tried once, beside everything else."""
        for one in whispers:
            task = asyncio.get_running_loop().create_task(self._whisper(board, one))
            self._whispering.add(task)
            task.add_done_callback(self._whispering.discard)

    async def _whisper(self, board: Board, whisper: Whisper) -> None:
        entry = board.entries.get(whisper.incident_id)
        text = message.whisper(whisper, entry.incident if entry else None, self._context(entry))
        try:
            await self.delivery.whisper(whisper.channel, whisper.user, {"text": text})
        except DeliveryError as error:
            log.warning("not whispered", error=str(error))

    def still_mine(self) -> None:
        """Raises NotOursError when the shard is gone."""
        if not self._mine():
            raise NotOursError

    def about_to_send(self, kind: Kind) -> None:
        """A message of this kind leaves now; raises NotOursError when the shard is gone."""
        self.still_mine()
        self._leaves(kind)

    async def _root(self, board: Board, one: Notification) -> None:
        """Post the root message, unless an attempt that a crash or a lost answer left in doubt has done so."""
        entry = board.entries[one.incident_id]
        payload = message.root(one.incident or entry.incident, self._context(entry))
        doubted = entry.attempted_at is not None and self.doubts.root_in_doubt(one.incident_id)
        if doubted:
            await self._sleep(self.doubts.settle_seconds())
            found = await self.doubts.look_up(entry, self.delivery)
            if found:
                log.info("found the message of an earlier attempt", incident_id=one.incident_id)
                await self._edit(one.incident_id, found[0], payload)
                await self._sent(board, one, found[0])
                for twin in found[1:]:
                    await self.delivery.delete(twin)
                return
        if entry.attempted_at is None:
            board.attempt(one.incident_id, self._at())
            await self._keep()
        self.about_to_send("root")
        try:
            post = await self.delivery.post(payload)
        except DeliveryError as error:
            self.doubts.root_failed(one.incident_id, error)
            raise
        if doubted:
            # What was not there yet may still come.
            self.doubts.watch()
        await self._sent(board, one, post)
        if entry.replaces is not None:
            await self._link(entry, entry.replaces, post)
        self._measure(self.heard_at.pop(one.incident_id, None))

    def _measure(self, heard: Heard | None) -> None:
        if heard is None:
            return
        # Clocks of two machines, and a minute that is not over yet, may lie a little ahead.
        self.metrics.spike_to_slack.observe(max(0.0, self._wall() - heard.recorded))
        if heard.happened is not None:
            self.metrics.event_to_slack.observe(max(0.0, self._wall() - heard.happened))

    async def _link(self, entry: Entry, earlier: SlackPost, post: SlackPost) -> None:
        """Name the message that the new one takes the place of; tried once, as the incident itself was told."""
        try:
            address = await self.delivery.link(earlier)
            word = message.reply(entry.incident, self._context(entry), Reason.REPLACED, permalink=address)
            self.about_to_send("reply")
            await self.delivery.reply(post, marked(word, mark(None, Reason.REPLACED)))
        except DeliveryError as error:
            log.warning("the earlier message is not linked", incident_id=entry.incident_id, error=str(error))

    async def _reply(self, board: Board, one: Notification) -> None:
        entry = board.entries[one.incident_id]
        post = _post_of(entry)
        payload = message.reply(one.incident or entry.incident, self._context(entry), one.why)
        name = mark(entry.said, one.why)
        if self.doubts.thread_in_doubt(one.incident_id):
            await self._sleep(self.doubts.settle_seconds())
            if name in {reply.mark for reply in await self.delivery.thread(post)}:
                log.info("found the reply of an earlier attempt", incident_id=one.incident_id)
                self.doubts.thread_known(one.incident_id)
                await self._sent(board, one, None)
                return
        self.about_to_send("reply")
        try:
            await self.delivery.reply(post, marked(payload, name))
        except DeliveryError as error:
            self.doubts.reply_failed(one.incident_id, error)
            raise
        self.doubts.thread_known(one.incident_id)
        await self._sent(board, one, None)

    async def _update(self, board: Board, one: Notification) -> None:
        entry = board.entries[one.incident_id]
        payload = message.root(one.incident or entry.incident, self._context(entry))
        await self._edit(one.incident_id, _post_of(entry), payload)
        await self._sent(board, one, None)

    async def _edit(self, incident_id: str, post: SlackPost, payload: Payload) -> None:
        self.about_to_send("update")
        self.doubts.edited(incident_id)
        try:
            await self.delivery.update(post, payload)
        except DeliveryError as error:
            self.doubts.edit_failed(incident_id, error)
            raise

    async def _sent(self, board: Board, one: Notification, post: SlackPost | None) -> None:
        board.sent(one, post, self._at())
        await self._keep()
        log.info("sent", kind=one.kind, incident_id=one.incident_id, reason=str(one.why))

    def _at(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)


def _post_of(entry: Entry) -> SlackPost:
    assert entry.incident.slack is not None  # noqa: S101 - the board replies to and edits what was posted
    return entry.incident.slack
