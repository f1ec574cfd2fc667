"""HubSpot's tickets by its API: its webhooks name a ticket and nothing of it, so the contact reason is read.

Two ways: by id, for what a webhook has just named, and by the time of the last change, for what webhooks did not bring
or could not be read at that time. Each ticket is put into the form of a webhook's event, so that one mapping makes the
same ticket of it, under the same id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from streams.files.times import parse_instant
from streams.sources.hubspot_campaigns import BASE
from streams.sources.listed import nested
from streams.sources.pull_http import fetch
from streams.sources.reading import Away
from streams.sources.zendesk_export import Page

AT_ONCE = 100
"""As many ids may be read by one request."""
A_PAGE = 200
OVERLAP = timedelta(minutes=1)
"""A search knows of a change some seconds late, so each begins a little before the newest that was found."""
READ = "ticketspike.read"
"""The kind of event that a ticket is put into which was read; no webhook's."""
_PROPERTY = re.compile(r"\bticket\.([a-z]\w*)")


class HubSpotTickets:
    """Reads tickets.

    Args:
        session: of aiohttp; its owner closes it.
        base: `https://api.hubapi.com` where not given.
        token: may read tickets.
        back: how far back the first search begins, and how old a ticket may be to be passed on.
        properties: of a ticket, by HubSpot's internal names.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base: str,
        token: str,
        back: timedelta,
        properties: Sequence[str],
    ) -> None:
        self._session = session
        self._url = f"{(base or BASE).rstrip('/')}/crm/v3/objects/tickets"
        self._head = {"Authorization": f"Bearer {token}"}
        self._back = back
        self._properties = list(properties)
        self._cursor = ""

    async def page(self, now: datetime) -> Page:
        """The next tickets by their last change; the same again until they are `taken`. Raises Away."""
        since = int((now - self._back).timestamp() * 1000)
        after = ""
        if self._cursor:
            begin, _, after = self._cursor.partition(":")
            since = max(since, int(begin))
        asked = {
            "filterGroups": [
                {"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": str(since)}]}
            ],
            "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
            "properties": self._properties,
            "limit": A_PAGE,
        } | ({"after": after} if after else {})
        body = await self._ask("search", asked)
        results = body["results"]
        more = nested(body, "paging", "next").get("after")
        newest = max((at for one in results if (at := _millis(one)) is not None), default=since)
        if not more:
            cursor = f"{max(since, newest - int(OVERLAP.total_seconds() * 1000))}:"
        else:
            # By time rather than by page: a ticket that changes meanwhile moves to the end, and would push another
            # over the edge of a page. Only where a whole page changed in one moment is there nothing else.
            cursor = f"{newest}:" if newest > since else f"{since}:{more}"
        events = [event for one in results for event in events_of(one, now - self._back)]
        return Page(tuple(events), cursor, not more)

    def taken(self, page: Page) -> None:
        """A page is safe on Kafka: go on behind it."""
        self._cursor = page.cursor

    async def read(self, ids: Sequence[str], now: datetime) -> list[dict[str, Any]]:
        """Tickets by id, at most a hundred; one that is gone is left out. Raises Away."""
        asked = {"properties": self._properties, "inputs": [{"id": one} for one in ids]}
        results = (await self._ask("batch/read", asked))["results"]
        return [event for one in results for event in events_of(one, now - self._back)]

    async def _ask(self, what: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        answer = await fetch(
            self._session, f"{self._url}/{what}", method="POST", json=asked, headers=self._head,
            allowed=(200, 207),
        )  # fmt: skip
        body: dict[str, Any] = answer.json()
        if not isinstance(body.get("results"), list):
            raise Away("answers another JSON than expected")
        return body


def properties_of(expressions: Iterable[str]) -> list[str]:
    """The properties that a mapping looks at, which HubSpot gives only when they are named.

    >>> properties_of(["not_null(ticket.my_reason, ticket.hs_ticket_category)", "[ticket.subject]", "objectId"])
    ['hs_ticket_category', 'my_reason', 'subject']
    """
    return sorted({name for text in expressions for name in _PROPERTY.findall(text)})


def events_of(ticket: Any, since: datetime) -> list[dict[str, Any]]:
    """A ticket as the events that led to it: that it was created, and what it is now.

    One that was created before `since` gives none: its id may be remembered no more, and it would count twice.

    >>> at = datetime.fromisoformat("2026-11-20T09:00:00Z")
    >>> ticket = {"id": "9000", "createdAt": "2026-11-20T09:15:00Z", "updatedAt": "2026-11-20T09:15:02Z",
    ...           "properties": {"hs_ticket_category": "VOUCHER"}}
    >>> [(event["subscriptionType"], event["occurredAt"]) for event in events_of(ticket, at)]
    [('ticket.creation', '2026-11-20T09:15:00Z'), ('ticketspike.read', '2026-11-20T09:15:02Z')]
    """
    if not isinstance(ticket, dict):
        return []
    created, updated = ticket.get("createdAt"), ticket.get("updatedAt")
    try:
        if parse_instant(created, None) < since:
            return []
    except (TypeError, ValueError):
        pass  # The mapping says what is wrong with it.
    said = {"objectId": ticket.get("id"), "createdAt": created, "ticket": ticket.get("properties")}
    return [
        said | {"subscriptionType": "ticket.creation", "occurredAt": created},
        said | {"subscriptionType": READ, "occurredAt": updated or created},
    ]


def _millis(ticket: Any) -> int | None:
    try:
        return int(parse_instant(ticket["updatedAt"], None).timestamp() * 1000)
    except (KeyError, TypeError, ValueError):
        return None
