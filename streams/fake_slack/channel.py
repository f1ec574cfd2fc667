"""The messages of a channel as Slack keeps them, and the methods that read and change them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

CHANNEL_ID = "C0FAKESLACK"

Arguments = dict[str, Any]
Answer = dict[str, Any]


@dataclass(slots=True)
class Message:
    """A message as it stands now: its last arguments, its thread, and how often it was edited.

    `posted_at` is when it was accepted (the channel's clock); an ephemeral one has a `user` and stands nowhere.
    """

    ts: str
    channel: str
    payload: dict[str, Any]
    thread_ts: str | None = None
    edits: int = 0
    posted_at: float = 0.0
    user: str | None = None

    def listed(self) -> dict[str, Any]:
        """The message as `GET /messages` shows it."""
        about = {"ts": self.ts, "thread_ts": self.thread_ts, "edits": self.edits, "posted_at": self.posted_at}
        return about | self.payload


@dataclass(slots=True)
class Channel:
    """What stands in the channel, what was deleted, and what was whispered.

    Attributes:
        now: its clock, seconds since 1970.
        messages: every message that stands, by timestamp, oldest first.
        deleted: every message that stood once.
        whispers: ephemeral messages, oldest first.
        history_lag: seconds until a message shows in the history; Slack promises no more than that it will.
    """

    now: Callable[[], float] = time.time
    messages: dict[str, Message] = field(default_factory=dict)
    deleted: list[Message] = field(default_factory=list)
    whispers: list[Message] = field(default_factory=list)
    history_lag: float = 0.0
    _last: float = 0.0

    def roots(self) -> list[Message]:
        """The messages that are no replies, oldest first."""
        return [message for message in self.messages.values() if message.thread_ts is None]

    def replies(self, root: Message) -> list[Message]:
        """The replies in a root message's thread, oldest first."""
        return [message for message in self.messages.values() if message.thread_ts == root.ts]

    def delete(self, ts: str) -> None:
        """Delete a message, as a person may."""
        self.deleted.append(self.messages.pop(ts))

    def post(self, arguments: Arguments) -> Answer:
        """chat.postMessage."""
        thread_ts = arguments.get("thread_ts")
        if thread_ts is not None and thread_ts not in self.messages:
            return error("thread_not_found")
        message = self._message(arguments)
        message.thread_ts = thread_ts
        self.messages[message.ts] = message
        said = {"text": arguments.get("text")}
        return {"ok": True, "channel": message.channel, "ts": message.ts, "message": said}

    def whisper(self, arguments: Arguments) -> Answer:
        """chat.postEphemeral."""
        if not arguments.get("user"):
            return error("user_not_in_channel")
        message = self._message(arguments)
        message.user = str(arguments["user"])
        self.whispers.append(message)
        return {"ok": True, "message_ts": message.ts}

    def update(self, arguments: Arguments) -> Answer:
        """chat.update: what an edit does not give: metadata stays, blocks go."""
        message = self.messages.get(str(arguments.get("ts")))
        if message is None:
            return error("message_not_found")
        message.payload = {"metadata": message.payload.get("metadata")} | _payload(arguments)
        message.edits += 1
        return {"ok": True, "channel": message.channel, "ts": message.ts, "text": arguments.get("text")}

    def remove(self, arguments: Arguments) -> Answer:
        """chat.delete."""
        ts = str(arguments.get("ts"))
        if ts not in self.messages:
            return error("message_not_found")
        self.delete(ts)
        return {"ok": True, "channel": _channel(arguments), "ts": ts}

    def history(self, arguments: Arguments) -> Answer:
        """conversations.history: root messages of one channel, the newest first."""
        oldest, channel = float(arguments.get("oldest") or 0), _channel(arguments)
        inside = (one for one in reversed(self.roots()) if one.channel == channel)
        return self._page([one for one in inside if float(one.ts) > oldest], arguments)

    def thread(self, arguments: Arguments) -> Answer:
        """conversations.replies: the root message, then its replies, the oldest first."""
        root = self.messages.get(str(arguments.get("ts")))
        if root is None:
            return error("thread_not_found")
        oldest = float(arguments.get("oldest") or 0)
        return self._page([root, *(one for one in self.replies(root) if float(one.ts) > oldest)], arguments)

    def _page(self, wanted: Iterable[Message], arguments: Arguments) -> Answer:
        settled = self.now() - self.history_lag
        shown = [one for one in wanted if one.posted_at <= settled or not self.history_lag]
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        with_metadata = str(arguments.get("include_all_metadata", "")).lower() in ("1", "true")
        entries = []
        for message in shown[start : start + limit]:
            entry = {"type": "message", "ts": message.ts, **message.payload}
            if message.thread_ts is not None:
                entry["thread_ts"] = message.thread_ts
            if not with_metadata:
                entry.pop("metadata", None)
            entries.append(entry)
        more = start + limit < len(shown)
        cursor = {"next_cursor": str(start + limit) if more else ""}
        return {"ok": True, "messages": entries, "has_more": more, "response_metadata": cursor}

    def _message(self, arguments: Arguments) -> Message:
        # Slack's timestamps are the ids of messages: unique and growing in a channel.
        self._last = max(self.now(), self._last + 1e-5)
        return Message(f"{self._last:.6f}", _channel(arguments), _payload(arguments), posted_at=self.now())


def error(code: str, **more: Any) -> Answer:
    """A refusal as Slack words it."""
    return {"ok": False, "error": code, **more}


def _payload(arguments: Arguments) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key in ("text", "blocks", "metadata")}


def _channel(arguments: Arguments) -> str:
    given = str(arguments.get("channel", ""))
    return CHANNEL_ID if given.startswith("#") or not given else given
