"""The stages that one worker runs: which services they are, how they begin, crash and end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from alerts.delivery import Delivery
from streams.errors import Failure
from streams.metrics import Metrics
from streams.settings import Settings, SettingsError
from streams.slack_channel import delivery_of
from streams.stage_readiness import faust_ready, slack_ready
from streams.stopping import ended_late, leave_at_once, threads_late
from streams.web import Handler, Ready, Web

STAGES = ("count", "watch", "notify")
SOURCES = "sources"
"""Takes webhooks and asks calendars; no stage of the line, so that it can run where they arrive."""
STOP_SECONDS = 9.0
OUTSIDE = frozenset({"slack", "presses", "tickets"})
"""What `/readyz` shows of the world outside: a worker is at work whether Slack is there and senders are sane or not."""

log = structlog.get_logger("worker")


class Stages:
    """The services of one worker and how they begin and end.

    Args:
        settings: of this worker.
        only: the stages it runs.
        instance_id: its lasting name, by which Kafka knows it again.
        write: takes the lines of messages where there is no Slack.

    Raises:
        SettingsError: sources are to be heard and none are named, or a token comes without a channel.
    """

    def __init__(
        self, settings: Settings, only: tuple[str, ...], instance_id: str, write: Callable[[str], None]
    ) -> None:
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
            ready["watch"] = lambda: faust_ready(watches)
            if settings.ticketspike_canary_seconds:
                from streams.canary import Canaries

                self.services["canary"] = Canaries(settings)
        if "notify" in only:
            from streams.app import named
            from streams.notify import Notify
            from streams.presses import presses

            self.delivery = delivery_of(settings, self.metrics.slack_call, write)
            notifies = [Notify(one, self.metrics.of(one.shard), instance_id, self.delivery) for one in shards]
            self.services |= {named("notify", one.settings): one.app for one in notifies}
            ready["notify"] = lambda: faust_ready(notifies)
            ready["slack"] = lambda: slack_ready(notifies)
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
            leave_at_once(1)
