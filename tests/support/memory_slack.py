"""Slack in memory on a clock that stands unless it is told to go on, and a sender in front of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from told_channel import ONSET, minutes

from alerts.board import Board
from alerts.context import Context
from alerts.delivery import DeliveryError, Standing, read
from alerts.entry import Entry
from alerts.limits import Payload
from alerts.message import EVENT_TYPE, REPLY_EVENT_TYPE
from alerts.records import SlackPost
from alerts.roster import Roster
from streams.metrics import Metrics
from streams.sender import Sender

CALL_SECONDS = 0.1
"""How long every call takes."""


class Clock:
    """Seconds since 1970 that pass only when somebody waits."""

    def __init__(self) -> None:
        self.now = ONSET.timestamp()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class MemorySlack:
    """Keeps messages as Slack does; `fault` is asked before every call and may raise.

    Attributes:
        messages: what stands, by timestamp: the payload and its thread.
        calls: every call that was carried out: when, method, timestamp of the message.
        tries: every call, as (when, method).
        channels: where each message was posted, by timestamp.
        late: calls that were accepted and are carried out at a time to come.
    """

    clock: Clock
    fault: Callable[[str], DeliveryError | None] = lambda _: None
    lost: Callable[[str], DeliveryError | None] = lambda _: None
    messages: dict[str, tuple[Payload, str | None]] = field(default_factory=dict)
    calls: list[tuple[float, str, str]] = field(default_factory=list)
    tries: list[tuple[float, str]] = field(default_factory=list)
    late: list[tuple[float, Callable[[], Any]]] = field(default_factory=list)
    channels: dict[str, str] = field(default_factory=dict)
    whispers: list[tuple[str, str]] = field(default_factory=list)
    checks: int = 0

    async def post(self, payload: Payload) -> SlackPost:
        return await self._call("post", lambda: self.accept(payload, None))

    async def reply(self, post: SlackPost, payload: Payload) -> SlackPost:
        if post.ts not in self.messages:
            raise DeliveryError("gone", missing=True)
        return await self._call("reply", lambda: self.accept(payload, post.ts))

    async def update(self, post: SlackPost, payload: Payload) -> None:
        if post.ts not in self.messages:
            raise DeliveryError("gone", missing=True)

        def edit() -> None:
            self.messages[post.ts] = (payload, None)
            self.calls.append((self.clock.now, "update", post.ts))

        await self._call("update", edit)

    async def delete(self, post: SlackPost) -> None:
        await self._call("delete", lambda: self.messages.pop(post.ts, None))

    async def whisper(self, channel: str, user: str, payload: Payload) -> None:  # noqa: ARG002 - the port's
        await self._call("whisper", lambda: self.whispers.append((user, payload["text"])))

    async def standing(self, since: datetime, event_type: str = EVENT_TYPE) -> list[Standing]:
        shown = [self._read(ts, event_type) for ts in self.messages if float(ts) >= since.timestamp()]
        return await self._call("standing", lambda: [one for one in shown if one is not None])

    async def thread(self, post: SlackPost) -> list[Standing]:
        inside = [ts for ts, (_, thread) in self.messages.items() if thread == post.ts]
        shown = [self._read(ts, REPLY_EVENT_TYPE) for ts in inside]
        return await self._call("thread", lambda: [one for one in shown if one is not None])

    async def link(self, post: SlackPost) -> str | None:
        return f"https://fake.slack.com/archives/{post.channel}/p{post.ts}"

    async def check(self) -> None:
        self.checks += 1
        await self._call("check", lambda: None)

    async def close(self) -> None: ...

    def accept(self, payload: Payload, thread: str | None) -> SlackPost:
        ts = f"{self.clock.now:.6f}"
        while ts in self.messages:
            ts = f"{float(ts) + 1e-5:.6f}"
        self.messages[ts] = (payload, thread)
        self.calls.append((self.clock.now, "reply" if thread else "post", ts))
        self.channels[ts] = self.channels[thread] if thread else payload.get("channel", "C1")
        return SlackPost(channel=self.channels[ts], ts=ts)

    def roots(self) -> list[Payload]:
        return [payload for payload, thread in self.messages.values() if thread is None]

    def replies(self) -> list[Payload]:
        return [payload for payload, thread in self.messages.values() if thread is not None]

    async def _call(self, method: str, carry_out: Callable[[], Any]) -> Any:
        self.tries.append((self.clock.now, method))
        self.clock.now += CALL_SECONDS
        self.catch_up()
        refused = self.fault(method)
        if refused is not None:
            raise refused
        lost = self.lost(method)
        if lost is not None and lost.code == "late":
            self.late.append((self.clock.now + 10.0, carry_out))
            self.clock.now += 5.0
            raise lost
        done = carry_out()
        if lost is not None:
            raise lost
        return done

    def catch_up(self) -> None:
        """Carry out what was accepted and is due by now."""
        due, self.late = (
            [one for one in self.late if one[0] <= self.clock.now],
            [one for one in self.late if one[0] > self.clock.now],
        )
        for _, carry_out in due:
            carry_out()

    def _read(self, ts: str, event_type: str) -> Standing | None:
        payload, _ = self.messages[ts]
        return read(payload | {"ts": ts}, event_type, self.channels[ts])


class Office:
    """A board, a sender and Slack in memory; `begin_anew` is a crash and a restart.

    Rows are "stored" by `keep`, and only what was stored survives a crash.
    """

    def __init__(self, roster: Roster = ()) -> None:
        self.roster = roster
        self.clock = Clock()
        self.slack = MemorySlack(self.clock)
        self.metrics = Metrics()
        self.rows: dict[str, Entry] = {}
        self.owner = True
        self.crash_after_calls: int | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Restart with what was stored."""
        self.board = Board(dict(self.rows))
        self.sender = Sender(
            self.slack,
            self.metrics,
            context=self.context,
            keep=self.keep,
            mine=lambda: self.owner,
            clock=self.clock,
            wall=self.clock,
            sleep=self.clock.sleep,
        )
        self.sender.take_over(self.board)

    def context(self, entry: Entry | None = None) -> Context:
        at = datetime.fromtimestamp(self.clock.now, UTC)
        said = entry.said if entry else None
        return Context(now=at, wall=at, remind_after=None, said=said, roster=self.roster)

    async def keep(self) -> None:
        for one in self.board.changed:
            if one in self.board.entries:
                self.rows[one] = self.board.entries[one]
            else:
                self.rows.pop(one, None)
        self.board.changed = set()

    async def hear(self, *statements: Any) -> None:
        for statement in statements:
            self.board.hear_spike(statement, self.context())
        await self.keep()

    async def run(self, seconds: float) -> None:
        """Send for so long."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.slack.catch_up()
            wait = await self.sender.step()
            self.clock.now += max(0.0, min(wait, 1.0, until - self.clock.now))


def at(minute: float) -> datetime:
    """A moment so many minutes after the first spike began."""
    return ONSET + minutes(minute)
