"""Coming to an end in time, whatever hangs: a client that waits for a broker may wait for minutes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, NoReturn, TypeVar

import structlog

log = structlog.get_logger("worker")
Outcome = TypeVar("Outcome")


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, Outcome]) -> Outcome | None:
    """What comes of the work, or None if told to stop first.

    The work is cancelled then, but not waited for, since it may not hear of it before Kafka is back.

    >>> asyncio.run(unless(asyncio.Event(), asyncio.sleep(0, "done")))
    'done'
    """
    task, told = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
    if task.done():
        return task.result()
    task.add_done_callback(_heard)
    task.cancel()
    return None


async def ended_late(tasks: Sequence[asyncio.Future[Any]], seconds: float) -> bool:
    """Wait for tasks and say whether one is not done in time.

    `wait_for` would wait for what it cancels, however long that takes to hear it.
    """
    if not tasks:
        return False
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("not everything stopped as it should", error=type(error).__name__)
    return bool(late)


async def threads_late(seconds: float) -> bool:
    """Wait for the loop's threads and say whether one is not done in time; asyncio.run would wait without end."""
    return await ended_late(
        [asyncio.ensure_future(asyncio.get_running_loop().shutdown_default_executor())], seconds
    )


def leave_at_once(status: int) -> NoReturn:
    """Whatever hangs would keep the interpreter alive; all that matters is acknowledged."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _heard(task: asyncio.Future[Any]) -> None:
    """Look at how it ended, so that nobody is told of an error that nobody fetched."""
    if not task.cancelled():
        task.exception()
