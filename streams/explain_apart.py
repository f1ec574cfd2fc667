"""`ticketspike explain` in a process of its own, for whoever reported a missed spike in Slack.

It replays weeks of counts: inside the worker it would hold up everything else for seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import datetime

SECONDS = 120.0
_RUN = "from streams.cli import main; main()"


async def explained(reason: str, at: datetime, *, seconds: float = SECONDS) -> str | None:
    """What `ticketspike explain` prints for a contact reason at a time, or why it cannot; None without an answer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _RUN,
        "explain",
        "--at",
        at.isoformat(),
        "--",
        reason,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, failed = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    words = said if process.returncode == 0 else failed
    return words.decode("utf-8", "replace").removeprefix("Error: ").strip() or None
