"""Tickets that a helpdesk's webhooks did not bring, asked for on a timer, and what they did not say, asked for at once.

What is asked for anew at each start is what the last hours hold, so nothing need be remembered; what was counted
already changes nothing when it comes again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import structlog
from mode import Service

from streams.metrics import Metrics
from streams.settings import SettingsError
from streams.sources.health import SourceHealth
from streams.sources.hubspot_tickets import AT_ONCE, HubSpotTickets, properties_of
from streams.sources.mapping import Record
from streams.sources.pulled import Asked
from streams.sources.reading import Away
from streams.sources.receiver import Receiver
from streams.sources.wanted import Wanted
from streams.sources.zendesk_export import ZendeskExport

AGAIN_SECONDS = 60.0
READ_SECONDS = 0.5
"""How long ids are gathered for one request."""
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
        self.health = {name: SourceHealth("tickets", now(), asked=True) for name in sources}
        self._now = now
        self._exports: dict[str, ZendeskExport | HubSpotTickets] = {}
        self.wanted = {
            name: Wanted() for name, asked in sources.items() if asked.table.pull == "hubspot-tickets"
        }
        """Ids that webhooks named, by the source that is to read them."""
        for name in self.wanted:
            receiver.told[sources[name].table.of] = partial(self._want, name)
        self._session: aiohttp.ClientSession | None = None

    def ready(self) -> tuple[bool, str]:
        """What the last turns came to. Always ready: webhooks do not wait for an export."""
        return True, "; ".join(f"{name}: {one}" for name, one in sorted(self.said.items()))

    async def on_start(self) -> None:
        """Nothing is asked yet."""
        session = self._session = aiohttp.ClientSession()
        for name, asked in self.sources.items():
            back, url = timedelta(hours=asked.table.back_hours), asked.table.url
            if name in self.wanted:
                table = self.receiver.sources[asked.table.of].mapping.table
                looked_at = properties_of([*table.fields.values(), *table.attributes.values()])
                self._exports[name] = HubSpotTickets(session, url, asked.secret, back, looked_at)
            else:
                self._exports[name] = ZendeskExport(session, url, asked.secret, back)

    async def on_stop(self) -> None:
        """Disconnect."""
        if self._session is not None:
            await self._session.close()

    @Service.task
    async def _ask(self) -> None:
        # Codes are found in texts only once the campaigns are known.
        await self.receiver.codes_known.wait()
        turns = [self._turns(name) for name in self.sources]
        await asyncio.gather(*turns, *(self._read_wanted(name) for name in self.wanted))

    async def _turns(self, name: str) -> None:
        while not self.should_stop:
            later = await self.turn(name)
            await self.sleep(self.sources[name].table.every_minutes * 60.0 if later is None else later)

    def _want(self, name: str, ids: list[str]) -> None:
        if over := self.wanted[name].add(ids):
            log.warning(
                "more tickets are to be read than wait; the next search finds them", source=name, over=over
            )

    async def _read_wanted(self, name: str) -> None:
        while not self.should_stop:
            await self.wanted[name].come.wait()
            later = await self.read_some(name)
            await self.sleep(READ_SECONDS if later is None else later)

    async def read_some(self, name: str) -> float | None:
        """Read some of what webhooks named, and store it; in how many seconds to go on, None for at once.

        What cannot be read or stored stays wanted. Its tickets stand on Kafka already, without a contact reason.
        """
        reader, wanted = self._exports[name], self.wanted[name]
        assert isinstance(reader, HubSpotTickets)  # noqa: S101 - only those are wanted
        ids = wanted.some(AT_ONCE)
        try:
            events = await reader.read(ids, datetime.fromtimestamp(self._now(), UTC))
        except Away as away:
            self.health[name].away(self._now(), away.retry_after)
            self._say(name, "away", f"it {away}, {len(wanted)} tickets wait for their contact reason")
            return wanted.put_off(away.retry_after)
        records = self._records(name, events)
        if records and not await self.receiver.stored("tickets", records):
            self._say(name, "kafka_away", "Kafka does not take tickets")
            return wanted.put_off(None)
        self.metrics.source_records.labels(name).inc(len(records))
        wanted.done(ids)
        self.health[name].brought((), self._now())
        self._say(name, "read", f"{len(ids)} tickets read as webhooks named them")
        return None

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
            records = self._records(name, page.events)
            if records and not await self.receiver.stored("tickets", records):
                self._say(name, "kafka_away", "Kafka does not take tickets")
                return AGAIN_SECONDS
            self.metrics.source_records.labels(name).inc(len(records))
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

    def _records(self, name: str, events: Iterable[dict[str, Any]]) -> list[Record]:
        source = self.receiver.sources[self.sources[name].table.of]
        found: list[Record] = []
        refused = 0
        for event in events:
            # As a body that holds one event, where a webhook's holds several.
            body = event if source.mapping.table.each is None else [event]
            mapped = source.mapping.map(body, self.receiver.codes, self.receiver.candidates)
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
