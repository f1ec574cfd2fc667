"""The worker's messages as they come, read from its outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

Message = Mapping[str, Any]
"""A line of `messages.jsonl`: the payload, how it would have gone to Slack, and where."""


class Mailbox:
    """The messages that a worker without a Slack token writes, each once, in their order.

    Args:
        path: `messages.jsonl` in the worker's data directory; it may not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.messages: list[Message] = []

    def new(self) -> list[Message]:
        """What has come since the last call; a line that is still being written waits for the next call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines = file.read()
        end = lines.rfind(b"\n") + 1
        self._read += end
        found: list[Message] = [msgspec.json.decode(line) for line in lines[:end].splitlines()]
        self.messages += found
        return found


def at_story_time(
    messages: Iterable[Message], revisions: Mapping[tuple[str, int], datetime]
) -> list[Message]:
    """The messages as if they had been posted at the time that they speak of, not while the demo ran.

    Args:
        messages: in their order.
        revisions: when each (incident id, revision) came about.
    """
    renamed: dict[str, str] = {}
    shown: list[Message] = []
    for number, message in enumerate(messages):
        told = message["metadata"]["event_payload"]
        at = revisions.get((told["incident_id"], told["revision"]))
        copy = dict(message)
        if at is not None and "posted_ts" in copy:
            # Slack's timestamps are unique, and these are the keys of threads.
            stamp = f"{at.timestamp() + number * 1e-6:.6f}"
            renamed[copy["posted_ts"]] = stamp
            copy["posted_ts"] = stamp
        for key in ("ts", "thread_ts"):
            if key in copy:
                copy[key] = renamed.get(copy[key], copy[key])
        shown.append(copy)
    return shown


def is_edit(message: Message) -> bool:
    """Whether it changes a message that stands in the channel already."""
    return bool(message["method"] == "chat.update")


def is_reply(message: Message) -> bool:
    """Whether it stands in a thread."""
    return "thread_ts" in message
