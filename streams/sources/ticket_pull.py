"""Tickets that a helpdesk's webhooks did not bring, asked for on a timer.

What is asked for anew at each start is what the last hours hold, so nothing need be remembered; what was counted
already changes nothing when it comes again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog
from mode import Service

from streams.metrics import Metrics
from streams.settings import SettingsError
from streams.sources.health import SourceHealth
from streams.sources.mapping import Record
from streams.sources.pulled import Asked
from streams.sources.reading import Away
from streams.sources.receiver import Receiver
from streams.sources.zendesk_export import Page, ZendeskExport

AGAIN_SECONDS = 60.0
PAGES_A_TURN = 50
"""A turn ends after so many pages, so that a backfill of days is told of while it runs."""

log = structlog.get_logger("exports")


class TicketPull(Service):
    """Asks all exports in turns of their own.

    Args:
        receiver: knows the sources, their mappings and the codes, and stores records.
        metrics: turns by source and outcome.
        sources: by name.
        now: wall time, epoch seconds.

    Raises:
        SettingsError: an export goes further back than ids of tickets are remembered.
    """

    def __init__(
        self,
        receiver: Receiver,
        metrics: Metrics,
        sources: Mapping[str, Asked],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        remembered = receiver.settings.ticketspike_horizon_hours
        for name, asked in sources.items():
            if asked.table.back_hours >= remembered:
                raise SettingsError(
                    f"{name}.back_hours={asked.table.back_hours} is not allowed; allowed: less than "
                    f"TICKETSPIKE_HORIZON_HOURS, which is {remembered}: older tickets would count twice"
                )
        self.receiver = receiver
        self.metrics = metrics
        self.sources = sources
        self.said: dict[str, str] = dict.fromkeys(sources, "not asked yet")
        self.health = {name: SourceHealth("tickets", now()) for name in sources}
        self._now = now
        self._exports: dict[str, ZendeskExport] = {}
        self._session: aiohttp.ClientSession | None = None

    def ready(self) -> tuple[bool, str]:
        """What the last turns came to. Always ready: webhooks do not wait for an export."""
        return True, "; ".join(f"{name}: {one}" for name, one in sorted(self.said.items()))

    async def on_start(self) -> None:
        """Nothing is asked yet."""
        session = self._session = aiohttp.ClientSession()
        for name, asked in self.sources.items():
            back = timedelta(hours=asked.table.back_hours)
            self._exports[name] = ZendeskExport(session, asked.table.url, asked.secret, back)

    async def on_stop(self) -> None:
        """Disconnect."""
        if self._session is not None:
            await self._session.close()

    @Service.task
    async def _ask(self) -> None:
        # Codes are found in texts only once the campaigns are known.
        await self.receiver.codes_known.wait()
        await asyncio.gather(*(self._turns(name) for name in self.sources))

    async def _turns(self, name: str) -> None:
        while not self.should_stop:
            later = await self.turn(name)
            await self.sleep(self.sources[name].table.every_minutes * 60.0 if later is None else later)

    async def turn(self, name: str) -> float | None:
        """Ask for what is new and store it; in how many seconds to ask again, None for the usual."""
        export, sent = self._exports[name], 0
        for _ in range(PAGES_A_TURN):
            try:
                page = await export.page(datetime.fromtimestamp(self._now(), UTC))
            except Away as away:
                self.health[name].away(self._now(), away.retry_after)
                self._say(name, "away", f"it {away}")
                return away.retry_after or AGAIN_SECONDS
            records = self._records(name, page)
            if records and not await self.receiver.stored("tickets", records):
                self._say(name, "kafka_away", "Kafka does not take tickets")
                return AGAIN_SECONDS
            export.taken(page)
            sent += len(records)
            if page.last:
                break
        if sent:
            self.health[name].brought((), self._now())
        else:
            self.health[name].reached()
        self.metrics.source_last.labels(name).set(self._now())
        self._say(
            name, "read", f"{sent} records of tickets, {'all there is' if page.last else 'more to come'}"
        )
        return None if page.last else 0.0

    def _records(self, name: str, page: Page) -> list[Record]:
        source = self.receiver.sources[self.sources[name].table.of]
        found: list[Record] = []
        refused = 0
        for event in page.events:
            mapped = source.mapping.map(event, self.receiver.codes, self.receiver.candidates)
            found += mapped.records
            refused += len(mapped.refused)
        if refused:
            self.metrics.source_events.labels(name, "refused").inc(refused)
            log.warning("tickets of an export are not understood", source=name, refused=refused)
        return found

    def _say(self, name: str, outcome: str, said: str) -> None:
        self.metrics.source_events.labels(name, outcome).inc()
        if outcome != "read" and self.said[name] != said:
            log.warning(said, source=name)
        self.said[name] = said
