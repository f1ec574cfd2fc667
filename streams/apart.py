"""A `ticketspike` command in a process of its own: what takes seconds of CPU must not hold up a worker."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import NamedTuple

_RUN = "from streams.cli import main; main()"


class Ended(NamedTuple):
    """How a command ended: its exit status, what it printed and what it complained of."""

    status: int
    said: bytes
    complaint: str


async def command_apart(*arguments: str, seconds: float) -> Ended:
    """Run a command with the settings of this process; one that is not waited for is killed and gone.

    Args:
        arguments: the command and its options.
        seconds: how long it may take.

    Raises:
        OSError: no process can be started.
        TimeoutError: it took longer.
    """
    pipe = asyncio.subprocess.PIPE
    # -P: modules of ours are never looked for in the working directory, where a stray alerts.py may lie.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _RUN, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
    )
    try:
        said, complaint = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return Ended(process.returncode or 0, said, complaint.decode("utf-8", "replace").strip())
