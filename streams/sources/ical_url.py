"""A calendar behind an address, as any calendar program publishes it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import aiohttp

from alerts.records import Campaign
from streams.files.calendar_files import Cancelled, Doubt, calendar_events
from streams.files.readers import Refusal
from streams.files.times import rfc3339
from streams.sources.pull_http import fetch
from streams.sources.reading import Away, Reading


class IcalUrl:
    """Asks for the calendar when it has changed, and writes its series out anew at each reading.

    Args:
        session: of aiohttp; its owner closes it.
        url: where the calendar is; may be a secret.
        zone: for all-day events and times without a zone of their own.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, zone: ZoneInfo) -> None:
        self._session = session
        self._url = url
        self._zone = zone
        self._text = ""
        self._known: dict[str, str] = {}

    async def read(self, now: datetime) -> Reading:
        """All campaigns of the calendar. Raises Away."""
        answer = await fetch(
            self._session, self._url, headers=self._known, allowed=(200, 304), redirects=True
        )
        text = self._text if answer.status == 304 else _decoded(answer.body)
        try:
            # A large calendar takes seconds to read, and webhooks must be answered meanwhile.
            reading = await asyncio.to_thread(read_text, text, self._zone, now)
        except ValueError as error:
            raise Away(f"answers no calendar ({error})") from None
        if answer.status == 200:
            # Only now: what cannot be read must be asked for again.
            self._text = text
            given = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
            self._known = {ask: answer.headers[name] for ask, name in given.items() if name in answer.headers}
        return reading


def read_text(text: str, zone: ZoneInfo, now: datetime) -> Reading:
    """The campaigns of a calendar's text. Raises ValueError when it is no calendar."""
    campaigns: dict[str, Campaign] = {}
    cancelled: set[str] = set()
    refused: dict[str, str] = {}
    doubts: set[tuple[str, str]] = set()
    for line, uid, row in calendar_events(text, zone=zone, now=now):
        if isinstance(row, Refusal):
            refused[uid or f"line {line}"] = f"{row.field}: {row.what}"
        elif isinstance(row, Doubt):
            doubts.add((uid, row.what))
        elif isinstance(row, Cancelled):
            cancelled.add(row.id)
        elif row.ends_at <= row.starts_at:
            refused[uid] = f"ends_at: {rfc3339(row.ends_at)} does not lie after starts_at"
        else:
            campaigns[row.id] = row
    return Reading(campaigns, frozenset(cancelled - campaigns.keys()), refused, frozenset(doubts))


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Away("answers a calendar that is not UTF-8") from None
