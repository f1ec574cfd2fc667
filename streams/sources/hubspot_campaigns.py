"""Campaigns of HubSpot, listed whole at every reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from alerts.records import Campaign
from streams.files.times import parse_instant
from streams.sources.listed import ENDLESS, MOST_PAGES, WITHOUT_END, campaign_from, listed, nested, reading_of
from streams.sources.pull_http import fetch
from streams.sources.reading import Away, Reading, codes_in

BASE = "https://api.hubapi.com"


@dataclass(frozen=True, slots=True)
class HubSpotCampaigns:
    """`GET /marketing/v3/campaigns`. Its days have no zone, and the last one counts whole."""

    session: aiohttp.ClientSession
    token: str
    zone: ZoneInfo
    base: str = BASE

    async def read(self, now: datetime) -> Reading:  # noqa: ARG002 - all are listed
        """All campaigns. Raises Away."""
        found: list[Any] = []
        params = {"limit": "100", "properties": "hs_name,hs_start_date,hs_end_date,hs_notes"}
        head = {"Authorization": f"Bearer {self.token}"}
        for _ in range(MOST_PAGES):
            url = f"{self.base}/marketing/v3/campaigns"
            body = (await fetch(self.session, url, params=params, headers=head)).json()
            found += listed(body, "results")
            after = nested(body, "paging", "next").get("after")
            if not after:
                return reading_of(found, lambda one: hubspot_campaign(one, self.zone), _id)
            params["after"] = str(after)
        raise Away(ENDLESS)


def hubspot_campaign(one: Mapping[str, Any], zone: ZoneInfo) -> Campaign:
    """Raises ValueError where it has no days.

    >>> said = {"hs_name": "S", "hs_start_date": "2026-11-20", "hs_end_date": "2026-11-27", "hs_notes": "SOMMER25"}
    >>> made = hubspot_campaign({"id": "1", "properties": said}, ZoneInfo("Europe/Berlin"))
    >>> made.ends_at.isoformat(), made.voucher_codes
    ('2026-11-27T23:00:00+00:00', ['SOMMER25'])
    """
    said = one["properties"]
    notes = said.get("hs_notes") or ""
    if not said.get("hs_start_date"):
        raise ValueError("it has no start date")
    last = said.get("hs_end_date")
    ends_at = _day_after(last, zone) if last else WITHOUT_END
    return campaign_from(
        _id(one),
        said.get("hs_name"),
        parse_instant(said["hs_start_date"], zone, days=True),
        ends_at,
        notes=notes,
        codes=codes_in(f"{said.get('hs_name') or ''}\n{notes}"),
    )


def _id(one: Mapping[str, Any]) -> str:
    return f"hubspot-{one.get('id')}"


def _day_after(text: str, zone: ZoneInfo) -> datetime:
    # The next local midnight, not 24 hours later: days with a clock change are longer or shorter.
    day: date = parse_instant(text, zone, days=True).astimezone(zone).date() + timedelta(days=1)
    return parse_instant(day, zone, days=True)
