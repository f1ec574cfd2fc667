"""Delivery without a Slack token: the terminal, and `messages.jsonl` with the payloads Slack would get."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from alerts import redact
from alerts.delivery import DeliveryError, Observe, Standing, ignore, read
from alerts.limits import Payload
from alerts.message import EVENT_TYPE, REPLY_EVENT_TYPE
from alerts.records import SlackPost
from alerts.terminal import plain

FILE = "messages.jsonl"
CHANNEL = "#ticketspike"


class Outbox:
    """Writes every call as one JSON line: the payload with `method`, `channel` and the timestamps.

    `posted_ts` is what a post was given, `ts` what an edit edits, `thread_ts` what a reply belongs to.

    Choose it for a demo, a backtest, or before Slack is set up. It survives a crash as Slack does:
    `standing` reads what is in the file. One writer at a time (a worker owns its data directory).

    Args:
        path: the file, or the data directory that gets `messages.jsonl`.
        write: takes lines for the terminal, None for silence.
        channel: what to write as the channel.
        now: seconds since 1970, for the messages' timestamps.
        observe: told of every call and its result.
    """

    def __init__(
        self,
        path: Path,
        *,
        write: Callable[[str], None] | None = None,
        channel: str | None = None,
        now: Callable[[], float] = time.time,
        observe: Observe = ignore,
    ) -> None:
        self._path = path if path.suffix == ".jsonl" else path / FILE
        self._write = write
        self._channel = channel or CHANNEL
        self._now = now
        self._observe = observe
        self._last = 0.0

    async def post(self, payload: Payload) -> SlackPost:
        """Append a root message."""
        post = SlackPost(channel=payload.get("channel") or self._channel, ts=self._ts())
        self._append("chat.postMessage", payload, post.channel, posted_ts=post.ts)
        return post

    async def update(self, post: SlackPost, payload: Payload) -> None:
        """Append an edit of a root message."""
        self._append("chat.update", payload, post.channel, ts=post.ts)

    async def reply(self, post: SlackPost, payload: Payload) -> SlackPost:
        """Append a reply in a thread."""
        answer = SlackPost(channel=post.channel, ts=self._ts())
        self._append("chat.postMessage", payload, post.channel, thread_ts=post.ts, posted_ts=answer.ts)
        return answer

    async def delete(self, post: SlackPost) -> None:
        """Append that a message was taken back."""
        self._append_line(self._line({"method": "chat.delete", "channel": post.channel, "ts": post.ts}))
        self._observe("chat.delete", "ok")

    async def whisper(self, channel: str, user: str, payload: Payload) -> None:
        """Append a message to one person."""
        self._append("chat.postEphemeral", payload, channel or self._channel, user=user)

    async def standing(
        self,
        since: datetime,  # noqa: ARG002 - all is read
        event_type: str = EVENT_TYPE,
    ) -> list[Standing]:
        """The root messages of a kind in the file, the oldest first."""
        return self._standing(event_type)

    async def thread(self, post: SlackPost) -> list[Standing]:
        """The replies in a thread, the oldest first."""
        return self._standing(REPLY_EVENT_TYPE, thread_ts=post.ts)

    async def link(self, post: SlackPost) -> str | None:  # noqa: ARG002 - lines have no address
        """None: a line of a file has no address."""
        return None

    async def check(self) -> None:
        """Return when the file can be written."""
        self._append_line("")

    async def close(self) -> None:
        """Nothing is held open between calls."""

    def _ts(self) -> str:
        # Slack's timestamps are unique in a channel; two calls within a microsecond must be, too.
        self._last = max(self._now(), self._last + 1e-5)
        return f"{self._last:.6f}"

    def _append(self, method: str, payload: Payload, channel: str, **where: str) -> None:
        guarded, removed = redact.guard({key: one for key, one in payload.items() if key != "channel"})
        for kind, number in removed.items():
            for _ in range(number):
                self._observe("redact", kind)
        self._append_line(self._line({"method": method, "channel": channel, **where, **guarded}))
        self._observe(method, "ok")
        if self._write is not None:
            self._write(plain(guarded, edited=method == "chat.update", in_thread="thread_ts" in where))

    def _standing(self, event_type: str, thread_ts: str | None = None) -> list[Standing]:
        if not self._path.exists():
            return []
        found: dict[str, Standing] = {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                message = json.loads(line)
            except json.JSONDecodeError:
                continue  # a line that a crash cut off says nothing was posted
            if message.get("method") == "chat.delete":
                found.pop(message["ts"], None)
            edited = found.get(message.get("ts", ""))
            if message.get("method") == "chat.update" and edited is not None:
                now = read(message, event_type, message["channel"])
                found[edited.post.ts] = edited if now is None else now
            if message.get("method") != "chat.postMessage" or message.get("thread_ts") != thread_ts:
                continue
            one = read(message | {"ts": message["posted_ts"]}, event_type, message["channel"])
            if one is not None:
                found[one.post.ts] = one
        return list(found.values())

    @staticmethod
    def _line(record: dict[str, Any]) -> str:
        return json.dumps(record, ensure_ascii=False) + "\n"

    def _append_line(self, line: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                if file.tell() and line:
                    file.seek(-1, 2)
                    # After a crash in the middle of a line, the next message must not be glued to it.
                    line = line if file.read(1) == b"\n" else "\n" + line
                file.write(line.encode())
        except OSError as error:
            raise DeliveryError(
                f"{self._path} cannot be written ({error.strerror}); "
                "make room or set TICKETSPIKE_DATA_DIR to another folder",
                code="not_writable",
                permanent=True,
            ) from None
