"""`ticketspike explain` in a process of its own, for whoever reported a missed spike in Slack.

It replays weeks of counts: inside the worker it would hold up everything else for seconds.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from streams.apart import command_apart

SECONDS = 120.0

log = structlog.get_logger("presses")


async def explained(reason: str, at: datetime, *, seconds: float = SECONDS) -> str | None:
    """What `ticketspike explain` prints for a contact reason at a time, or why it cannot; None without an answer."""
    try:
        ended = await command_apart("explain", "--at", at.isoformat(), "--", reason, seconds=seconds)
    except TimeoutError:
        return None
    except OSError as error:
        log.error("a missed spike cannot be explained: no process can be started", why=error.strerror)
        return None
    words = ended.complaint if ended.status else ended.said.decode("utf-8", "replace")
    return words.removeprefix("Error: ").strip() or None
