"""The worker: the chosen stages in one process, from the wait for Kafka to SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog

from streams.admin import unfit_topics
from streams.connection import require_kafka
from streams.errors import Failure, PassingFailure
from streams.memory import relax_collector
from streams.ownership import owned
from streams.running_stages import SOURCES, STAGES, Stages
from streams.settings import Settings, SettingsError
from streams.stopping import leave_at_once, threads_late, unless
from streams.unfit_topics import refusal

WAIT_SECONDS = 5.0

log = structlog.get_logger("worker")


def run(settings: Settings, only: Sequence[str] | None = None) -> None:
    """Run the stages until SIGTERM or SIGINT.

    Args:
        settings: of this worker.
        only: the stages; None is all of the line, and the receiver where the settings name sources.

    Raises:
        SettingsError: no HMAC key, or a token without a channel.
        Failure: the data directory belongs to another worker, a topic is missing or would lose records, a port is
            taken, or a stage crashed (a supervisor should start the worker again).
    """
    if settings.ticketspike_hmac_key is None:
        raise SettingsError(
            "TICKETSPIKE_HMAC_KEY is not set; allowed: any secret text, the same for all workers "
            "(it turns customers into pseudonyms)"
        )
    if settings.ticketspike_canary_seconds and settings.ticketspike_clock == "event":
        raise SettingsError(
            f"TICKETSPIKE_CANARY_SECONDS={settings.ticketspike_canary_seconds:g} is not allowed with "
            "TICKETSPIKE_CLOCK=event; allowed: 0, as a replay's time is not a canary's"
        )
    if only is None:
        only = (*STAGES, SOURCES) if settings.ticketspike_sources else STAGES
    relax_collector()
    with owned(settings.ticketspike_data_dir) as instance_id:
        asyncio.run(_run(settings, tuple(only), instance_id))


async def _run(settings: Settings, only: tuple[str, ...], instance_id: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if not await unless(stop, _kafka_is_there(settings, only)):
        if await threads_late(1.0):
            leave_at_once(0)  # nothing was begun
        return
    stages = Stages(settings, only, instance_id, _to_terminal)
    try:
        # Faust waits in its start for brokers that are gone.
        await unless(stop, stages.start())
        if not await stages.until_ready(stop):
            return
        # The one line on stdout that a script may wait for.
        address = f"{settings.ticketspike_web_host}:{stages.web.port}"
        _to_terminal(f"ready: {', '.join(only)}; web on {address}")
        await stages.until(stop)
    finally:
        await stages.stop()


async def _wait(failure: Failure, said: str) -> str:
    """Wait before Kafka is tried again; says why, unless that was `said` before."""
    if str(failure) != said:
        log.warning("waiting for Kafka", why=str(failure))
    await asyncio.sleep(WAIT_SECONDS)
    return str(failure)


async def _kafka_is_there(settings: Settings, only: Sequence[str]) -> bool:
    """Wait for Kafka, saying why; then look at the topics of these stages, and raise Failure if they do not fit.

    Also where Kafka refuses the password or a certificate has expired: whoever mends that on the cluster should
    not have to think of the workers, too.
    """
    said, found = "", None
    while found is None:
        try:
            await asyncio.to_thread(require_kafka, settings, 5)
        except Failure as failure:
            said = await _wait(failure, said)
            continue
        try:
            # A broker may go at any moment, also between the two questions.
            found = await asyncio.to_thread(unfit_topics, settings, only)
        except PassingFailure as failure:
            said = await _wait(failure, said)
    if found:
        raise Failure(refusal(found, settings.kafka_sasl_username))
    return True


def _to_terminal(line: str) -> None:
    """Print a line.

    Raises:
        Failure: whoever read stdout is gone, so what is printed would be lost.
    """
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Python tries once more at its end, and would fail once more.
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
        raise Failure(
            "Nobody reads the worker's stdout any more; send it to a file or to /dev/null."
        ) from None
