"""Newsletters of Mailchimp, listed whole at every reading."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from alerts.records import Campaign
from streams.files.times import parse_instant
from streams.sources.listed import ENDLESS, MOST_PAGES, campaign_from, listed, reading_of
from streams.sources.pull_http import fetch
from streams.sources.reading import Away, Reading, codes_in

STATUSES = frozenset({"schedule", "sending", "sent"})


@dataclass(frozen=True, slots=True)
class Mailchimp:
    """`GET /3.0/campaigns`: those that are scheduled or sent. A newsletter lasts as long as the settings say."""

    session: aiohttp.ClientSession
    key: str
    lasts: timedelta
    base: str = ""

    async def read(self, now: datetime) -> Reading:  # noqa: ARG002 - all are listed
        """All campaigns. Raises Away."""
        base = self.base or f"https://{self.key.rpartition('-')[2]}.api.mailchimp.com"
        found: list[Any] = []
        for page in range(MOST_PAGES):
            params = {"count": "100", "offset": str(page * 100)}
            head = {"Authorization": "Basic " + b64encode(f"ticketspike:{self.key}".encode()).decode()}
            body = (await fetch(self.session, f"{base}/3.0/campaigns", params=params, headers=head)).json()
            page_of = listed(body, "campaigns")
            found += [one for one in page_of if one.get("status") in STATUSES]
            if len(page_of) < 100:
                return reading_of(found, lambda one: mailchimp_campaign(one, self.lasts), _id)
        raise Away(ENDLESS)


def mailchimp_campaign(one: Mapping[str, Any], lasts: timedelta) -> Campaign:
    """Raises ValueError where it has no time of sending.

    >>> words = {"subject_line": "5 EUR mit SOMMER25", "title": "Summer"}
    >>> made = mailchimp_campaign(
    ...     {"id": "1", "send_time": "2026-11-20T08:00:00+00:00", "settings": words}, timedelta(hours=48))
    >>> made.ends_at.isoformat(), made.voucher_codes, made.kind
    ('2026-11-22T08:00:00+00:00', ['SOMMER25'], 'newsletter')
    """
    if not one.get("send_time"):
        raise ValueError("it has no time of sending")
    starts_at = parse_instant(one["send_time"], None)
    settings = one.get("settings") or {}
    words = settings.get("subject_line") or ""
    title = settings.get("title") or words
    codes = codes_in(f"{title}\n{words}")
    return campaign_from(
        _id(one), title, starts_at, starts_at + lasts, codes=codes, kind="newsletter", promise=words or None
    )


def _id(one: Mapping[str, Any]) -> str:
    return f"mailchimp-{one.get('id')}"
