"""Zendesk's incremental export by cursor: every ticket that changed, for what its webhooks did not bring.

Each ticket is put into the form of an event webhook, so that the mapping of those makes the same ticket of it, under
the same id: what was counted already is not counted again.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from streams.files.times import parse_instant
from streams.sources.pull_http import fetch
from streams.sources.reading import Away

YOUNGEST = timedelta(minutes=2)
"""The export holds nothing of the last minute and refuses a start within it."""
_EVENT = "zen:event-type:ticket."


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the export.

    Attributes:
        events: bodies in the form of event webhooks.
        cursor: where the next page begins.
        last: whether there is nothing more at the moment.
    """

    events: tuple[dict[str, Any], ...]
    cursor: str
    last: bool


class ZendeskExport:
    """Asks for pages, one after the other.

    Args:
        session: of aiohttp; its owner closes it.
        base: `https://COMPANY.zendesk.com`.
        secret: `MAIL/token:KEY`, or an OAuth token.
        back: how far back the first page begins, and how old a ticket may be to be passed on.
    """

    def __init__(self, session: aiohttp.ClientSession, base: str, secret: str, back: timedelta) -> None:
        self._session = session
        self._url = f"{base.rstrip('/')}/api/v2/incremental/tickets/cursor.json"
        basic = "Basic " + b64encode(secret.encode()).decode()
        self._head = {"Authorization": basic if ":" in secret else f"Bearer {secret}"}
        self._back = back
        self._cursor = ""

    async def page(self, now: datetime) -> Page:
        """The next page; the same again until it is `taken`. Raises Away, with the wait that Zendesk asks for."""
        start = int((now - max(self._back, YOUNGEST)).timestamp())
        params = {"cursor": self._cursor} if self._cursor else {"start_time": str(start)}
        body = (await fetch(self._session, self._url, params=params, headers=self._head)).json()
        tickets, cursor = body.get("tickets"), body.get("after_cursor")
        if not isinstance(tickets, list) or not (
            isinstance(cursor, str) or body.get("end_of_stream") is True
        ):
            raise Away("answers another JSON than expected")
        events = [event for one in tickets for event in events_of(one, now - self._back)]
        return Page(tuple(events), cursor or self._cursor, body.get("end_of_stream") is True)

    def taken(self, page: Page) -> None:
        """A page is safe on Kafka: go on behind it."""
        self._cursor = page.cursor


def events_of(ticket: Any, since: datetime) -> list[dict[str, Any]]:
    """A ticket as the events that led to it: that it was created and, if it changed since, what it is now.

    One that was created before `since` gives none: its id may be remembered no more, and it would count twice.

    >>> at = datetime.fromisoformat("2026-11-20T09:00:00Z")
    >>> ticket = {"id": 7, "created_at": "2026-11-20T09:15:00Z", "updated_at": "2026-11-20T09:20:00Z", "tags": ["x"]}
    >>> [(event["type"].rpartition(".")[2], event["time"]) for event in events_of(ticket, at)]
    [('created', '2026-11-20T09:15:00Z'), ('tags_changed', '2026-11-20T09:20:00Z')]
    """
    if not isinstance(ticket, dict):
        return []
    created, updated = ticket.get("created_at"), ticket.get("updated_at")
    try:
        if parse_instant(created, None) < since:
            return []
    except (TypeError, ValueError):
        pass  # The mapping says what is wrong with it.
    told = [("created", created)]
    if ticket.get("status") == "deleted":
        told.append(("soft_deleted", updated))
    elif updated != created:
        told.append(("tags_changed", updated))
    return [{"type": _EVENT + kind, "time": at, "detail": ticket} for kind, at in told]
