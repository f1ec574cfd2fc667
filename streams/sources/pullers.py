"""Which puller asks which calendar or tool."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import aiohttp

from streams.sources.google_calendar import GoogleCalendar
from streams.sources.google_token import GoogleToken, credentials
from streams.sources.hubspot_campaigns import BASE, HubSpotCampaigns
from streams.sources.ical_url import IcalUrl
from streams.sources.mailchimp import Mailchimp
from streams.sources.pulled import Asked
from streams.sources.reading import Puller
from streams.sources.shopify_discounts import ShopifyDiscounts


def puller(asked: Asked, session: aiohttp.ClientSession, timezone: str) -> Puller:
    """The puller of a source; connects to nothing yet.

    Args:
        asked: the source.
        session: of aiohttp; its owner closes it.
        timezone: where the source names none.
    """
    table = asked.table
    zone = ZoneInfo(table.timezone or timezone)
    if table.pull == "google-calendar":
        token = GoogleToken(session, credentials(asked.name, asked.secret))
        return GoogleCalendar(session, table.calendar, token.get, zone, table.url)
    if table.pull == "hubspot-campaigns":
        return HubSpotCampaigns(session, asked.secret, zone, table.url or BASE)
    if table.pull == "mailchimp":
        return Mailchimp(session, asked.secret, timedelta(hours=table.lasts_hours), table.url)
    if table.pull == "shopify-discounts":
        return ShopifyDiscounts(session, table.url, asked.secret)
    return IcalUrl(session, asked.url, zone)
