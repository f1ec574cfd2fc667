"""What surrounds the incidents of the stage *notify*: time, settings, campaigns, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.context import Context
from alerts.entry import Entry
from alerts.records import Campaign
from alerts.source_records import SourceState
from alerts.voucher_cause import codes_of
from streams.campaign_rows import decode_campaigns
from streams.reading import read
from streams.redemptions import Redemptions
from streams.settings import Settings


class Surroundings:
    """Makes contexts.

    Args:
        settings: language, time zone, clock and the like.
        campaign_rows: the topic `campaigns` as it stands.
        now: wall time, seconds since 1970.
        redemptions: the topic `orders`, as far as it is of use to messages.
        source_rows: the topic `source-health` as it stands.
    """

    def __init__(
        self,
        settings: Settings,
        campaign_rows: Mapping[bytes, bytes],
        now: Callable[[], float],
        redemptions: Redemptions,
        source_rows: Mapping[bytes, bytes],
    ) -> None:
        self._settings = settings
        self._rows = campaign_rows
        self._now = now
        self._redemptions = redemptions
        self._source_rows = source_rows
        self._sources_seen: dict[bytes, bytes] = {}
        self._sources: Sequence[SourceState] = ()
        self._zone = ZoneInfo(settings.ticketspike_timezone)
        minutes = settings.ticketspike_remind_minutes
        self._remind_after = timedelta(minutes=minutes) if minutes else None
        self._seen: dict[bytes, bytes] = {}
        self._campaigns: dict[str, Campaign] = {}

    def of(self, entry: Entry | None, event_time: datetime | None) -> Context:
        """What surrounds an incident now; None for what surrounds them all.

        Args:
            entry: the incident.
            event_time: what the log says of time, for the event clock.
        """
        settings, wall = self._settings, datetime.fromtimestamp(self._now(), UTC)
        moment = entry.incident.updated_at if entry is not None else event_time
        now = (moment or wall) if settings.ticketspike_clock == "event" else wall
        codes = codes_of([entry.incident]) if entry is not None else set()
        return Context(
            now=now,
            wall=wall,
            language=settings.ticketspike_language,
            timezone=self._zone,
            campaigns=self.campaigns(),
            min_customers=settings.ticketspike_min_customers,
            tickets_url=settings.ticketspike_tickets_url,
            roster=settings.ticketspike_roster,
            market=settings.shard,
            sources=self._of_sources(),
            said=entry.said if entry is not None else None,
            redemptions=self._redemptions.facts(codes, now) if codes else {},
            orders=self._redemptions.orders(now) if entry is not None else None,
            remind_after=self._remind_after,
            answers_possible=bool(settings.slack_signing_secret or settings.slack_app_token),
            silenced=None
            if entry is None
            else entry.silenced_until is not None and wall < entry.silenced_until,
        )

    def campaigns(self) -> dict[str, Campaign]:
        """All campaigns by id; decoded again only when the topic changed, and then another mapping."""
        rows = dict(self._rows)
        if rows != self._seen:
            self._seen = rows
            self._campaigns = decode_campaigns(rows)
        return self._campaigns

    def _of_sources(self) -> Sequence[SourceState]:
        """How each source is; decoded again only when the topic changed."""
        if self._source_rows != self._sources_seen:
            self._sources_seen = dict(self._source_rows)
            found = (read(value, SourceState) for value in self._sources_seen.values())
            self._sources = tuple(one for one in found if one is not None)
        return self._sources
