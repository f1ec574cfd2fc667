"""The worker: the chosen stages in one process, from the wait for Kafka to SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import structlog

from alerts.delivery import Delivery
from streams.admin import missing_topics
from streams.connection import require_kafka
from streams.errors import Failure, PassingFailure
from streams.memory import relax_collector
from streams.metrics import Metrics
from streams.ownership import owned
from streams.settings import Settings, SettingsError
from streams.slack_channel import delivery_of
from streams.stopping import ended_late, threads_late, unless
from streams.web import Handler, Ready, Web

if TYPE_CHECKING:
    from streams.notify import Notify
    from streams.watch import Watch

STAGES = ("count", "watch", "notify")
SOURCES = "sources"
"""Takes webhooks and asks calendars; no stage of the line, so that it can run where they arrive."""
WAIT_SECONDS = 5.0
STOP_SECONDS = 9.0
OUTSIDE = frozenset({"slack", "presses", "tickets"})
"""What `/readyz` shows of the world outside: a worker is at work whether Slack is there and senders are sane or not."""

log = structlog.get_logger("worker")


def run(settings: Settings, only: Sequence[str] | None = None) -> None:
    """Run the stages until SIGTERM or SIGINT.

    Args:
        settings: of this worker.
        only: the stages; None is all of the line, and the receiver where the settings name sources.

    Raises:
        SettingsError: no HMAC key, or a token without a channel.
        Failure: the data directory belongs to another worker, a topic is missing, a port is taken, or a stage
            crashed (a supervisor should start the worker again).
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
            _leave_at_once(0)  # nothing was begun
        return
    stages = _Stages(settings, only, instance_id)
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
    """Wait for Kafka, saying why.

    Also where Kafka refuses the password or a certificate has expired: whoever mends that on the cluster should
    not have to think of the workers, too.
    """
    said, missing = "", None
    while missing is None:
        try:
            await asyncio.to_thread(require_kafka, settings, 5)
        except Failure as failure:
            said = await _wait(failure, said)
            continue
        try:
            # A broker may go at any moment, also between the two questions.
            missing = await asyncio.to_thread(missing_topics, settings, only)
        except PassingFailure as failure:
            said = await _wait(failure, said)
    if missing:
        user = settings.kafka_sasl_username
        rights = f", or give the user {user} the rights that 'ticketspike acls' lists" if user else ""
        raise Failure(f"Missing topics: {', '.join(missing)}; run 'ticketspike topics create'{rights}.")
    return True


class _Stages:
    """The services of one worker and how they begin and end."""

    def __init__(self, settings: Settings, only: tuple[str, ...], instance_id: str) -> None:
        shards = settings.shards
        self.metrics = Metrics(settings.sharding.names)
        # Each shard has the knob to itself, and all of them one channel.
        self.metrics.knob.set(settings.ticketspike_false_alarms_per_week * len(shards))
        self.services: dict[str, Any] = {}
        ready = self.ready = dict[str, Ready]()
        self.delivery: Delivery | None = None
        posts: Mapping[str, Handler] = {}
        # A stage that does not run here is not loaded either: a worker that only notifies is back sooner.
        if "count" in only:
            from streams.count import Count

            count = Count(settings, self.metrics, instance_id)
            self.services["count"] = count
            ready["count"] = lambda: (count.ready, f"{len(count.held.assigned)} partitions")
            halts = count.halts
            ready["tickets"] = lambda: (not halts.halted, halts.sentence or "can be read")
        if "watch" in only:
            from streams.app import named
            from streams.watch import Watch

            watches = [Watch(one, self.metrics.of(one.shard), instance_id) for one in shards]
            self.services |= {named("watch", one.settings): one.app for one in watches}
            ready["watch"] = lambda: _faust_ready(watches)
            if settings.ticketspike_canary_seconds:
                from streams.canary import Canaries

                self.services["canary"] = Canaries(settings)
        if "notify" in only:
            from streams.app import named
            from streams.notify import Notify
            from streams.presses import presses

            self.delivery = delivery_of(settings, self.metrics.slack_call, _to_terminal)
            notifies = [Notify(one, self.metrics.of(one.shard), instance_id, self.delivery) for one in shards]
            self.services |= {named("notify", one.settings): one.app for one in notifies}
            ready["notify"] = lambda: _faust_ready(notifies)
            ready["slack"] = lambda: _slack_ready(notifies)
            ways = presses(settings, self.metrics, notifies)
            self.services |= ways.services
            ready["presses"] = ways.ready
            posts = ways.posts
        if SOURCES in only:
            posts = {**posts, **self._sources(settings, instance_id)}
        self.web = Web(
            settings.ticketspike_web_host, settings.ticketspike_web_port, self.metrics, ready, posts
        )

    def _sources(self, settings: Settings, instance_id: str) -> Mapping[str, Handler]:
        from streams.sources.campaign_pull import CampaignPull
        from streams.sources.health_statements import HealthStatements
        from streams.sources.pulled import EXPORTS
        from streams.sources.receiver import Receiver
        from streams.sources.source_files import listened_to, read_pulled_sources
        from streams.sources.ticket_pull import TicketPull

        path = settings.ticketspike_sources
        if path is None:
            raise SettingsError(
                "TICKETSPIKE_SOURCES is not set; allowed: a TOML file that names the sources (docs/sources.md)"
            )
        receiver = Receiver(settings, self.metrics, listened_to(path))
        self.services[SOURCES] = receiver
        self.ready[SOURCES] = receiver.ready
        health = dict(receiver.health)
        asked = read_pulled_sources(path)
        exports = {name: one for name, one in asked.items() if one.table.pull in EXPORTS}
        if calendars := {name: one for name, one in asked.items() if name not in exports}:
            pull = self.services["calendars"] = CampaignPull(settings, self.metrics, calendars)
            self.ready["calendars"] = pull.ready
            health |= pull.health
        if exports:
            tickets = self.services["exports"] = TicketPull(receiver, self.metrics, exports)
            self.ready["exports"] = tickets.ready
            health |= tickets.health
        self.services["source-health"] = HealthStatements(
            instance_id, health, receiver.stored, self.metrics, ready=lambda: receiver.ready()[0]
        )
        return receiver.posts()

    async def start(self) -> None:
        """Start all; the web server first, so that a probe hears "not ready" rather than nothing."""
        await self.web.start()
        await asyncio.gather(*(service.start() for service in self.services.values()))

    async def until_ready(self, stop: asyncio.Event) -> bool:
        """Wait until every stage has its part of the work; False if told to stop first. Raises Failure on a crash."""
        while not stop.is_set():
            crashed = self._crash()
            if crashed is not None:
                raise crashed
            if all(ready()[0] for name, ready in self.ready.items() if name not in OUTSIDE):
                return True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.1)
        return False

    def _crash(self) -> Failure | None:
        for name, service in self.services.items():
            reason = service.crash_reason
            if isinstance(reason, Failure):
                return reason
            if reason is not None:
                return Failure(
                    f"The stage {name} crashed ({type(reason).__name__}: {reason}); start the worker again, it goes on "
                    "where it was."
                )
        return None

    async def until(self, stop: asyncio.Event) -> None:
        """Wait for the signal. Raises Failure when a stage crashes or stops by itself."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.5)
            crashed = self._crash()
            if crashed is not None:
                raise crashed
            stopped = [name for name, service in self.services.items() if service.should_stop]
            if stopped and not stop.is_set():
                raise Failure(f"The stage {stopped[0]} stopped by itself; start the worker again.")

    async def stop(self) -> None:
        """Flush, commit, leave the groups; within ten seconds, whatever hangs."""
        log.info("stopping")
        until = time.monotonic() + STOP_SECONDS
        running = [service.stop() for service in reversed(self.services.values()) if service.started]
        if self.web.started:
            running.append(self.web.stop())
        if self.delivery is not None:
            running.append(self.delivery.close())
        late = await ended_late([asyncio.ensure_future(one) for one in running], STOP_SECONDS - 1)
        late |= await threads_late(until - time.monotonic())
        if late:
            log.error("not everything stopped in time")
            _leave_at_once(1)


def _leave_at_once(status: int) -> NoReturn:
    """Whatever hangs would keep the interpreter alive; all that matters is acknowledged."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _faust_ready(stages: Sequence[Watch | Notify]) -> tuple[bool, str]:
    """A stage that stands by is ready; one that is not yet told what to do, or recovers its table, is not.

    With several shards the stage is ready when it is for all of them.
    """
    held = []
    for stage in stages:
        app, shard = stage.app, stage.settings.shard
        waits = _waits(stage)
        if waits is not None:
            return False, waits if shard is None else f"{waits} ({shard})"
        if any(tp.topic == stage.source for tp in app.assignor.assigned_actives()):
            held.append(shard or "the shard")
    return True, f"holds {', '.join(held)}" if held else "stands by"


def _waits(stage: Watch | Notify) -> str | None:
    if stage.generation == 0:
        return "joining"
    if stage.app.rebalancing:
        return "rebalancing"
    return "recovering its table" if stage.app.tables.recovery.in_recovery else None


def _slack_ready(stages: Sequence[Notify]) -> tuple[bool, str]:
    told = [sentence for stage in stages if (sentence := stage.sender.trouble.sentence) is not None]
    return not told, told[0] if told else "nothing failed"


def _to_terminal(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
