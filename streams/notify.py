"""The stage *notify*: from spikes to incidents to messages that stay true.

The incident and what was said of it stand in one row of a Faust table, written before and after every call to
Slack. What a crash leaves in doubt is looked up in the channel before anything is posted again, and since watch
states its spikes again and again, a message that failed is tried again with the next statement.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog
from msgspec.structs import replace

from alerts import message
from alerts import one_spike as pipeline
from alerts.context import Context, Said
from alerts.delivery import Delivery, DeliveryError
from alerts.incident import fingerprint, stated_at
from alerts.records import Campaign, Incident, SlackPost, Spike
from streams import follow
from streams.app import RAW, compacted, shard_table, stage_app
from streams.campaign_rows import decode_campaigns
from streams.metrics import Metrics
from streams.settings import Settings

POSITION_ROW = b"\0position"
CLOCK_SKEW = timedelta(minutes=5)
"""How much earlier than our attempt Slack's own clock may place a message that we look for."""

log = structlog.get_logger("notify")


class Entry(msgspec.Struct, frozen=True):
    """A fingerprint's row: its incident, the notification log, and since when a root post has been under way."""

    incident: Incident
    said: Said | None = None
    attempted_at: datetime | None = None


class Notify:
    """Notifies of the shard's incidents; stands by while another worker does."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        instance_id: str,
        delivery: Delivery,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.delivery = delivery
        self.now = now
        self.zone = ZoneInfo(settings.ticketspike_timezone)
        self.app = stage_app(settings, "notify", instance_id)
        self.table = shard_table(self.app, "notify")
        self.campaign_rows = compacted(self.app, settings, "campaigns")
        self.incidents = self.app.topic(settings.topic("incidents"), **RAW)
        self.source = settings.topic("spikes")
        self.app.agent(self.app.topic(self.source, **RAW), name="notify")(self.notify)
        self.app.on_partitions_revoked.connect(self._rebalanced)
        self.app.on_partitions_assigned.connect(self._rebalanced)
        self.generation = 0
        self._built = -1
        self.entries: dict[str, Entry] | None = None
        self.position = 0
        self.trouble: str | None = None
        """Why the last call to Slack failed, until one succeeds."""
        self._campaigns_seen: dict[bytes, bytes] = {}
        self._campaigns: dict[str, Campaign] = {}

    async def notify(self, stream: Any) -> None:
        """The agent: hand every spike over, those that Faust passed over first."""
        async for event in stream.events():
            try:
                await self.take(follow.Entry(event.message.offset, event.message.timestamp, event.value))
            except Exception as error:
                # Faust would go on with the next record; a stage that lost its place must start anew instead.
                await self.app.crash(error)
                raise

    async def take(self, entry: follow.Entry) -> None:
        """Take a spike in, after all spikes before it."""
        generation = self.generation
        if self.entries is None or self._built != generation:
            self._rebuild()
            self._built = generation
        if entry.offset < self.position:
            return
        if entry.offset > self.position:
            self.metrics.skipped.labels("notify").inc(entry.offset - self.position)
            async for missed in follow.read(self.settings, self.source, self.position, entry.offset):
                await self._apply(missed)
        await self._apply(entry)

    async def _apply(self, entry: follow.Entry) -> None:
        self.position = entry.offset + 1
        if entry.value is None:
            return
        try:
            spike = msgspec.json.decode(entry.value, type=Spike)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            log.error("a record of spikes cannot be read and is passed over", offset=entry.offset)
            return
        await self._process(spike, entry.timestamp)
        await self.table.put({POSITION_ROW: b""}, self.position)

    async def _process(self, spike: Spike, appended: float) -> None:
        assert self.entries is not None  # noqa: S101 - rebuilt before the first record
        key = fingerprint(spike)
        held = self.entries.get(key)
        if held is None and spike.state == "cleared":
            return  # over before anybody was told: nobody wants to hear of it now
        outcome = pipeline.process(spike, held.incident if held else None, self._context(spike, held))
        incident = outcome.incident
        if held is None or incident is not held.incident:
            same = held is not None and held.incident.incident_id == incident.incident_id
            await self._keep(key, replace(held, incident=incident) if held and same else Entry(incident))
            log.info(
                "incident",
                incident_id=incident.incident_id,
                status=incident.status,
                revision=incident.revision,
                reason=str(outcome.reason),
            )
        for notification in outcome.notifications:
            try:
                await self._send(key, notification, self._context(spike, self.entries[key]))
            except DeliveryError as error:
                # Said again with the next statement of the spike; the order root, edit, reply stays.
                self.trouble = str(error)
                log.error("not delivered", incident_id=incident.incident_id, error=str(error))
                return
            self.trouble = None
            if notification.kind == "root":
                self.metrics.event_to_slack.set(self.now() - appended)

    async def _send(self, key: str, notification: pipeline.Notification, context: Context) -> None:
        assert self.entries is not None  # noqa: S101 - rebuilt before the first record
        held = self.entries[key]
        post = held.incident.slack
        if notification.kind == "root" or post is None:
            post = await self._post(key, context)
        else:
            try:
                if notification.kind == "update":
                    await self.delivery.update(post, message.root(held.incident, context))
                else:
                    await self.delivery.reply(post, message.reply(held.incident, context))
            except DeliveryError as error:
                if not error.missing:
                    raise
                # A person deleted the message; the incident goes on under a new one.
                post = await self._post(key, context)
        held = self.entries[key]
        incident = replace(held.incident, slack=post)
        said = pipeline.log(pipeline.Notification(notification.kind, incident), held.said)
        await self._keep(key, Entry(incident, said))

    async def _post(self, key: str, context: Context) -> SlackPost:
        """Post the root message, unless an attempt that a crash or a time-out left in doubt has done so."""
        assert self.entries is not None  # noqa: S101 - rebuilt before the first record
        held = self.entries[key]
        incident = held.incident
        if held.attempted_at is not None:
            found = await self.delivery.find(incident.incident_id, held.attempted_at - CLOCK_SKEW)
            if found is not None:
                log.info("found the message of an earlier attempt", incident_id=incident.incident_id)
                await self.delivery.update(found, message.root(incident, context))
                return found
        else:
            await self._keep(key, replace(held, attempted_at=datetime.fromtimestamp(self.now(), UTC)))
        return await self.delivery.post(message.root(incident, context))

    async def _keep(self, key: str, entry: Entry) -> None:
        """Write the row, then the public record; both are acknowledged when this returns."""
        assert self.entries is not None  # noqa: S101 - rebuilt before the first record
        self.entries[key] = entry
        await self.table.put({_row_key(key): msgspec.json.encode(entry)}, self.position)
        incident = entry.incident
        sent = await self.incidents.send(
            key=incident.incident_id.encode(), value=msgspec.json.encode(incident)
        )
        await sent
        self.metrics.open_incidents.set(sum(one.incident.status == "open" for one in self.entries.values()))

    def _context(self, spike: Spike, held: Entry | None) -> Context:
        event = self.settings.ticketspike_clock == "event"
        return Context(
            now=stated_at(spike) if event else datetime.fromtimestamp(self.now(), UTC),
            language=self.settings.ticketspike_language,
            timezone=self.zone,
            campaigns=self.campaigns(),
            min_customers=self.settings.ticketspike_min_customers,
            tickets_url=self.settings.ticketspike_tickets_url,
            said=held.said if held else None,
        )

    def campaigns(self) -> dict[str, Campaign]:
        """All campaigns by id as they stand; decoded again only when the topic changed."""
        rows = dict(self.campaign_rows)
        if rows != self._campaigns_seen:
            self._campaigns_seen = rows
            self._campaigns = decode_campaigns(rows)
        return self._campaigns

    def _rebuild(self) -> None:
        rows = self.table.rows()
        self.position = self.table.stamp(POSITION_ROW)
        rows.pop(POSITION_ROW, None)
        self.entries = {
            key[1:].decode(): msgspec.json.decode(value, type=Entry) for key, value in rows.items()
        }
        log.info("rebuilt", incidents=len(self.entries), position=self.position)

    def _rebalanced(self, *_: Any, **__: Any) -> None:
        """The shard moved, perhaps back; only noted here, since the stage may be in the middle of a record."""
        self.generation += 1


def _row_key(key: str) -> bytes:
    return b"=" + key.encode()
