"""Google Calendar by its API: all events once, then only what changed, by sync token.

The token lives as long as the process: after a start everything is listed anew, and what the topic says is compared
with it, so nothing that was withdrawn meanwhile is missed. The window of series moves, and the filter of a token does
not, so once a day everything is listed anew as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, available_timezones

import aiohttp

from alerts.records import Campaign
from streams.files.calendar_files import AFTER, BEFORE
from streams.files.campaign_words import kind_of, said_in, split
from streams.files.times import parse_instant, rfc3339
from streams.sources.pull_http import fetch
from streams.sources.reading import Away, Reading, valid

BASE = "https://www.googleapis.com/calendar/v3"
ANEW = timedelta(days=1)
_GONE = 410


class GoogleCalendar:
    """Asks for one calendar.

    Args:
        session: of aiohttp; its owner closes it.
        calendar: Google's id of the calendar.
        token: gives a valid access token.
        zone: for all-day events where the calendar names no zone.
        base: the API's address.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        calendar: str,
        token: Callable[[], Awaitable[str]],
        zone: ZoneInfo,
        base: str = BASE,
    ) -> None:
        self._session = session
        self._url = f"{base or BASE}/calendars/{quote(calendar, safe='')}/events"
        self._token = token
        self._zone = zone
        self._items: dict[str, Any] = {}
        self._sync = ""
        self._listed_at: datetime | None = None

    async def read(self, now: datetime) -> Reading:
        """All campaigns of the calendar. Raises Away."""
        if self._sync and self._listed_at is not None and now - self._listed_at < ANEW:
            changed = await self._list({"syncToken": self._sync})
            if changed is not None:
                self._items |= changed
                return self._reading()
        window = {"timeMin": rfc3339(now - BEFORE), "timeMax": rfc3339(now + AFTER)}
        listed = await self._list(window)
        if listed is None:
            raise Away(f"answers {_GONE}")
        self._items, self._listed_at = listed, now
        return self._reading()

    async def _list(self, params: Mapping[str, str]) -> dict[str, Any] | None:
        """The events by id, of all pages; None when the sync token is no longer valid."""
        found: dict[str, Any] = {}
        page = ""
        while True:
            asked = {"singleEvents": "true", "maxResults": "2500", **params}
            asked |= {"pageToken": page} if page else {}
            head = {"Authorization": f"Bearer {await self._token()}"}
            answer = await fetch(self._session, self._url, params=asked, headers=head, allowed=(200, _GONE))
            if answer.status == _GONE:
                self._sync = ""
                return None
            body = answer.json()
            zone = body.get("timeZone")
            if zone in available_timezones():
                self._zone = ZoneInfo(zone)
            items = body.get("items")
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict) and isinstance(item.get("id"), str):
                    found[item["id"]] = item
            page = body.get("nextPageToken") or ""
            if not page:
                self._sync = body.get("nextSyncToken") or ""
                return found

    def _reading(self) -> Reading:
        campaigns: dict[str, Campaign] = {}
        refused: dict[str, str] = {}
        # What is cancelled bears its id only, so it is withdrawn because it is among the campaigns no more.
        for item in self._items.values():
            if item.get("status") == "cancelled":
                continue
            try:
                campaign = valid(campaign_of(item, self._zone))
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                refused[_name(item)] = str(error) if isinstance(error, ValueError) else "has another form"
                continue
            if campaign.id in campaigns:
                refused[item["id"]] = "another event bears the same campaign_id"
            else:
                campaigns[campaign.id] = campaign
        cancelled = {one for one, item in self._items.items() if item.get("status") == "cancelled"}
        return Reading(campaigns, frozenset(cancelled - campaigns.keys()), refused)


def campaign_of(item: Mapping[str, Any], zone: ZoneInfo) -> Campaign:
    """The campaign that an event is.

    Its id is the event's, or `campaign_id` among its extended properties, which may name `voucher`, too.

    Raises:
        ValueError: it has no period, or one that ends before it begins.
        TypeError, AttributeError: it has another form than Google's.

    >>> day = {"start": {"date": "2026-11-20"}, "end": {"date": "2026-11-21"}}
    >>> one = campaign_of({"id": "e1", "summary": "Sale", **day}, ZoneInfo("Europe/Berlin"))
    >>> one.starts_at.isoformat(), one.ends_at.isoformat()
    ('2026-11-19T23:00:00+00:00', '2026-11-20T23:00:00+00:00')
    """
    properties = _properties(item)
    starts_at, ends_at = _instant(item.get("start"), zone), _instant(item.get("end"), zone)
    if ends_at <= starts_at:
        raise ValueError("its end does not lie after its start")
    said = said_in(item.get("description") or "")
    if said.uplift != said.uplift:
        raise ValueError("its uplift is not a number above 0")
    codes = list(dict.fromkeys(split(properties.get("voucher") or "") + said.voucher_codes))
    name = (item.get("summary") or "").strip() or item["id"]
    own = properties.get("campaign_id")
    if own and item.get("recurringEventId"):
        own = f"{own}@{starts_at.astimezone(zone):%Y-%m-%dT%H:%M}"
    return Campaign(
        id=own or item["id"],
        name=name,
        starts_at=starts_at,
        ends_at=ends_at,
        kind=kind_of([], name, codes),
        owner=said.owner,
        promise=said.promise,
        voucher_codes=codes,
        contact_reasons=said.contact_reasons,
        markets=said.markets,
        channels=said.channels,
        expected_uplift=said.uplift,
    )


def _properties(item: Mapping[str, Any]) -> dict[str, Any]:
    extended = item.get("extendedProperties") or {}
    return {**(extended.get("shared") or {}), **(extended.get("private") or {})}


def _name(item: Mapping[str, Any]) -> str:
    """What a refused event's campaign was called, as far as it can be told."""
    try:
        return str(_properties(item).get("campaign_id") or item["id"])
    except (TypeError, AttributeError):
        return str(item["id"])


def _instant(said: Mapping[str, Any] | None, zone: ZoneInfo) -> datetime:
    if not said or not (said.get("dateTime") or said.get("date")):
        raise ValueError("it has no start or no end")
    if said.get("timeZone") in available_timezones():
        zone = ZoneInfo(said["timeZone"])
    if said.get("dateTime"):
        return parse_instant(said["dateTime"], zone)
    return parse_instant(said["date"], zone, days=True).astimezone(UTC)
