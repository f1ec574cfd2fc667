"""The receiver: a webhook becomes tickets or orders on Kafka, and its sender hears 200 only when they are safe there.

Nothing of a body is looked at before its signature is checked, and nothing of it is ever said back or logged. What
a sender repeats, as it heard no answer, is counted once: a ticket by its id, a change by what it says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from aiohttp import web
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from mode import Service

from streams.campaign_rows import decode_campaigns
from streams.metrics import Metrics
from streams.settings import Settings
from streams.sources.code_candidates import CodeCandidates
from streams.sources.code_finder import CodeFinder
from streams.sources.health import SourceHealth
from streams.sources.mapping import Mapped, Record
from streams.sources.order_mapping import MappedOrders
from streams.sources.producing import KAFKA_SECONDS, started_producer
from streams.sources.signatures import Asked, refusal
from streams.sources.source_files import Source
from streams.topic_rows import TopicRows
from streams.web import body_of

READ_SECONDS = 5.0
AT_ONCE = 200
"""Requests under way; more are asked to come again, which helpdesks do."""
RETRY_AFTER = {"Retry-After": "10"}
RECENT = timedelta(days=60)
"""How long after a campaign's end its codes are still looked for: people keep newsletters."""
CODES_SECONDS = 10.0
"""How often it is looked whether campaigns have other codes."""

log = structlog.get_logger("sources")


class Receiver(Service):
    """Takes webhooks of the sources that it knows.

    Args:
        settings: where Kafka is, and the topics' prefix.
        metrics: events by source and outcome.
        sources: by name.
        now: wall time, epoch seconds.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        sources: Mapping[str, Source],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.metrics = metrics
        self.sources = sources
        self.told: dict[str, Callable[[list[str]], None]] = {}
        """Who is told, by source, of the ids that were taken."""
        self.codes_known = asyncio.Event()
        """Set once the codes of the campaigns that stand on the topic at the start are known."""
        self.health = {name: SourceHealth(one.mapping.topic, now()) for name, one in sources.items()}
        self.codes = CodeFinder(())
        key = settings.ticketspike_hmac_key
        self.candidates = CodeCandidates(key.get_secret_value() if key else "")
        self._campaigns = TopicRows(settings, "campaigns")
        self._producer: AIOKafkaProducer | None = None
        self._under_way = 0
        self._now = now

    def posts(self) -> Mapping[str, Callable[[web.Request], Awaitable[web.Response]]]:
        """The handlers by path, all for POST."""
        return {f"/hooks/{name}": self._handler(source) for name, source in self.sources.items()}

    def ready(self) -> tuple[bool, str]:
        """Whether events can be taken, and how each source is."""
        now = self._now()
        said = (f"{name}: {health.sentence(now)}" for name, health in sorted(self.health.items()))
        return self._producer is not None, "; ".join(said)

    async def on_start(self) -> None:
        """Connect."""
        self._producer = await started_producer(self.settings)

    async def on_stop(self) -> None:
        """Disconnect; what was acknowledged to senders is on Kafka."""
        if self._producer is not None:
            await self._producer.stop()

    @Service.task
    async def _follow_campaigns(self) -> None:
        await self._campaigns.follow()

    @Service.task
    async def _renew_codes(self) -> None:
        seen: dict[bytes, bytes] = {}
        while not self.should_stop:
            if self._campaigns.rows != seen:
                seen = dict(self._campaigns.rows)
                lately = datetime.fromtimestamp(self._now(), UTC) - RECENT
                self.codes = CodeFinder(
                    code
                    for campaign in decode_campaigns(seen).values()
                    if campaign.ends_at > lately
                    for code in campaign.voucher_codes
                )
                continue
            if self._campaigns.complete.is_set():
                self.codes_known.set()
            await self.sleep(CODES_SECONDS if self.codes_known.is_set() else 0.2)

    def _handler(self, source: Source) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            if self._under_way >= AT_ONCE:
                return self._answer(source, "busy", 503, "too many requests at once; come again")
            self._under_way += 1
            try:
                return await self._take(source, request)
            finally:
                self._under_way -= 1

        return handle

    async def _take(self, source: Source, request: web.Request) -> web.Response:
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return self._answer(source, "malformed", 415, "expected a body that is not compressed")
        try:
            body = await body_of(request, READ_SECONDS)
        except web.HTTPException as error:
            return self._answer(source, "malformed", error.status, (error.text or "").strip())
        asked = Asked(body, request.headers, request.method, source.url)
        wrong = refusal(source.signed, asked, source.secrets, self._now(), source.header)
        if wrong is not None:
            log.warning("not taken", source=source.name, why=wrong)
            return self._answer(source, "forged", 401, "not signed by this source")
        if not request.content_type.endswith("json"):
            return self._answer(source, "malformed", 415, "expected JSON")
        try:
            decoded = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._answer(source, "malformed", 422, "the body is no JSON")
        arrived = datetime.fromtimestamp(self._now(), UTC)
        return await self._publish(source, source.mapping.map(decoded, self.codes, self.candidates, arrived))

    async def _publish(self, source: Source, mapped: Mapped | MappedOrders) -> web.Response:
        """Publish what there is; 200 means that all of it is acknowledged by all in-sync copies."""
        if mapped.unmapped:
            self.health[source.name].unmapped += 1
            self.metrics.source_unmapped.labels(source.name).inc()
        records = mapped.records
        if records and not await self.stored(source.mapping.topic, records):
            return self._answer(source, "kafka_away", 503, "cannot be stored now; come again")
        if records:
            self.metrics.source_records.labels(source.name).inc(len(records))
            self._brought(source.name, mapped)
            if (told := self.told.get(source.name)) is not None:
                told([key.decode() for key, _ in records])
        if mapped.refused:
            why = [f"{one.field}: {one.error}" for one in mapped.refused]
            log.warning("a body gives no record", source=source.name, why=why)
            if not records:
                return self._answer(source, "refused", 422, why[0])
        return self._answer(source, "taken" if records else "passed_over", 200, "ok")

    async def stored(self, name: str, records: list[Record]) -> bool:
        """Publish; whether all in-sync copies have acknowledged all of it. If not, some may stand there all the same.

        Args:
            name: the topic's name in the contract.
            records: keys and values.
        """
        if self._producer is None:
            # The web server listens first, so that a probe hears something; a helpdesk may be as quick.
            return False
        topic = self.settings.topic(name)
        try:
            async with asyncio.timeout(KAFKA_SECONDS):
                futures = [await self._producer.send(topic, value, key=key) for key, value in records]
                await asyncio.gather(*futures)
        except (KafkaError, TimeoutError) as error:
            # May have been stored all the same: the sender comes again, and a repeat changes nothing.
            log.warning("Kafka does not take records", topic=name, error=type(error).__name__)
            return False
        return True

    def _brought(self, name: str, mapped: Mapped | MappedOrders) -> None:
        health = self.health[name]
        health.brought(mapped.created, self._now())
        if mapped.gaps:
            health.missed(mapped.gaps, self._now())
            self.metrics.source_gaps.labels(name).inc(mapped.gaps)
        self.metrics.source_last.labels(name).set(self._now())
        self.metrics.source_delay.labels(name).set(health.delay)
        self.metrics.source_held_back.labels(name).set(health.held_back)

    def _answer(self, source: Source, outcome: str, status: int, words: str) -> web.Response:
        self.metrics.source_events.labels(source.name, outcome).inc()
        self.health[source.name].answered(outcome, self._now())
        headers = RETRY_AFTER if status == 503 else {}
        return web.Response(status=status, text=words + "\n", headers=headers)
