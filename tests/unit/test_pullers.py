"""Calendars and tools as they answer over HTTP, read into campaigns."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from asked_site import Site

from streams.files.times import rfc3339
from streams.settings import SettingsError
from streams.sources.google_calendar import GoogleCalendar
from streams.sources.google_token import GoogleToken, credentials
from streams.sources.hubspot_campaigns import HubSpotCampaigns
from streams.sources.ical_url import IcalUrl
from streams.sources.mailchimp import Mailchimp
from streams.sources.pull_http import fetch
from streams.sources.reading import Away
from streams.sources.shopify_discounts import ShopifyDiscounts

PAYLOADS = Path(__file__).resolve().parents[1] / "data/payloads"
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
ICS = (PAYLOADS / "campaigns.ics").read_text(encoding="utf-8")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as one:
        yield one


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as one:
        yield one


async def test_the_calendar_of_the_fixture_gives_its_campaigns_with_their_days(
    site: Site, session: aiohttp.ClientSession
) -> None:
    site.says(ICS)
    found = (await IcalUrl(session, site.url, BERLIN).read(NOW)).campaigns
    sale = found["sommer-26@example.org"]
    assert (rfc3339(sale.starts_at), rfc3339(sale.ends_at)) == (
        "2026-11-19T23:00:00Z",
        "2026-11-27T23:00:00Z",
    )
    assert (sale.voucher_codes, sale.kind) == (["SOMMER25"], "voucher")
    assert sorted(found) == [
        "sommer-26@example.org",
        "tv@example.org@2026-11-21",
        "tv@example.org@2026-11-23",
    ]


async def test_an_unchanged_calendar_is_not_sent_again_and_its_series_moves_on(
    site: Site, session: aiohttp.ClientSession
) -> None:
    weekly = ICS.replace("RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=WEEKLY")
    stamps = {"ETag": '"v1"', "Last-Modified": "Fri, 20 Nov 2026 08:00:00 GMT"}

    def answer(request: web.Request, _: bytes) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        return web.Response(text=weekly, headers=stamps)

    site.answer = answer
    calendar = IcalUrl(session, site.url, BERLIN)
    first = await calendar.read(NOW)
    later = await calendar.read(NOW + timedelta(days=7))
    assert [request.headers.get("If-Modified-Since") for request, _ in site.asked] == [
        None,
        stamps["Last-Modified"],
    ]
    assert len(set(later.campaigns) - set(first.campaigns)) == 1


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        ("", 404, "answers 404"),
        ("", 500, "answers 500"),
        ("<html>Sign in</html>", 200, "answers no calendar"),
        ("", 200, "answers no calendar"),
        (ICS[:300], 200, "answers no calendar"),
    ],
)
async def test_what_is_no_calendar_is_told_without_its_address_and_asked_for_anew(
    text: str, status: int, why: str, site: Site, session: aiohttp.ClientSession
) -> None:
    calendar = IcalUrl(session, f"{site.url}/private-4711/basic.ics", BERLIN)
    site.says(text, status, ETag='"bad"')
    with pytest.raises(Away, match=why) as away:
        await calendar.read(NOW)
    assert "4711" not in str(away.value)
    site.says(ICS)
    assert len((await calendar.read(NOW)).campaigns) == 3
    assert "If-None-Match" not in site.asked[-1][0].headers


async def test_what_cannot_be_reached_and_what_asks_to_wait_are_told(
    site: Site, session: aiohttp.ClientSession, free_port: Any
) -> None:
    with pytest.raises(Away, match="cannot be reached") as away:
        await fetch(session, f"http://127.0.0.1:{free_port()}/private-4711")
    assert "4711" not in str(away.value)
    site.says("", 429, Retry_After="30")
    with pytest.raises(Away) as away:
        await fetch(session, site.url)
    assert away.value.retry_after == 30


async def test_a_calendar_may_point_elsewhere_and_a_token_goes_nowhere_else(
    site: Site, session: aiohttp.ClientSession
) -> None:
    def answer(request: web.Request, _: bytes) -> web.Response:
        moved = request.path != "/elsewhere"
        return (
            web.Response(status=302, headers={"Location": "/elsewhere"}) if moved else web.Response(text=ICS)
        )

    site.answer = answer
    assert len((await IcalUrl(session, site.url, BERLIN).read(NOW)).campaigns) == 3
    asked = len(site.asked)
    with pytest.raises(Away, match="answers 302"):
        await ShopifyDiscounts(session, site.url, "key").read(NOW)
    assert len(site.asked) == asked + 1


def google(items: list[dict[str, Any]], **more: str) -> web.Response:
    return web.json_response({"timeZone": "Europe/Berlin", "items": items, **more})


EVENT: dict[str, Any] = {
    "start": {"date": "2026-11-20"},
    "end": {"date": "2026-11-21"},
    "status": "confirmed",
}


async def token() -> str:
    return "t1"


async def test_google_is_listed_whole_once_and_then_asked_by_sync_token_page_by_page(
    site: Site, session: aiohttp.ClientSession
) -> None:
    answers = [
        google([EVENT | {"id": "a", "summary": "A"}], nextPageToken="p2"),
        google([EVENT | {"id": "b", "summary": "B"}], nextSyncToken="s1"),
        google(
            [{"id": "a", "status": "cancelled"}, EVENT | {"id": "b", "summary": "B2"}], nextSyncToken="s2"
        ),
    ]
    site.answer = lambda *_: answers.pop(0)
    calendar = GoogleCalendar(session, "de.german#shop@group.calendar.google.com", token, BERLIN, site.url)
    assert sorted((await calendar.read(NOW)).campaigns) == ["a", "b"]
    reading = await calendar.read(NOW + timedelta(minutes=15))
    assert ({one.name for one in reading.campaigns.values()}, reading.cancelled) == ({"B2"}, {"a"})
    asked = [request.query for request, _ in site.asked]
    assert [one.get("syncToken") for one in asked] == [None, None, "s1"]
    assert [one.get("pageToken") for one in asked] == [None, "p2", None]
    # Google refuses a window beside a token.
    assert "timeMin" not in asked[2]
    first, _ = site.asked[0]
    assert first.raw_path.startswith("/calendars/de.german%23shop@group.calendar.google.com/events?")
    assert first.headers["Authorization"] == "Bearer t1"


async def test_a_sync_token_that_google_no_longer_knows_lists_everything_anew(
    site: Site, session: aiohttp.ClientSession
) -> None:
    answers = [
        google([EVENT | {"id": "a"}, EVENT | {"id": "b"}], nextSyncToken="s1"),
        web.Response(status=410),
        google([EVENT | {"id": "b"}], nextSyncToken="s2"),
    ]
    site.answer = lambda *_: answers.pop(0)
    calendar = GoogleCalendar(session, "c", token, BERLIN, site.url)
    await calendar.read(NOW)
    # Nothing says that "a" was deleted; it is no longer there.
    assert list((await calendar.read(NOW + timedelta(minutes=15))).campaigns) == ["b"]
    assert "timeMin" in site.asked[2][0].query


async def test_a_page_that_fails_in_the_middle_changes_nothing(
    site: Site, session: aiohttp.ClientSession
) -> None:
    answers = [
        google([EVENT | {"id": "a"}], nextSyncToken="s1"),
        google([{"id": "a", "status": "cancelled"}], nextPageToken="p2"),
        web.Response(status=503),
        google([{"id": "a", "status": "cancelled"}], nextSyncToken="s2"),
    ]
    site.answer = lambda *_: answers.pop(0)
    calendar = GoogleCalendar(session, "c", token, BERLIN, site.url)
    await calendar.read(NOW)
    with pytest.raises(Away, match="503"):
        await calendar.read(NOW + timedelta(minutes=15))
    assert list((await calendar.read(NOW + timedelta(minutes=30))).campaigns) == []
    assert site.asked[-1][0].query["syncToken"] == "s1"


async def test_the_list_of_the_fixture_gives_its_campaigns(
    site: Site, session: aiohttp.ClientSession
) -> None:
    site.says((PAYLOADS / "google_calendar_events_list.json").read_text(encoding="utf-8"))
    reading = await GoogleCalendar(session, "c", token, ZoneInfo("UTC"), site.url).read(NOW)
    sale, tv = reading.campaigns["sommer-26"], reading.campaigns["ev3"]
    assert (sale.voucher_codes, sale.expected_uplift, sale.name) == (
        ["SOMMER25"],
        1.4,
        "Sommeraktion SOMMER25",
    )
    assert (rfc3339(sale.starts_at), rfc3339(sale.ends_at)) == (
        "2026-11-19T23:00:00Z",
        "2026-11-27T23:00:00Z",
    )
    assert (rfc3339(tv.starts_at), tv.kind, reading.cancelled) == ("2026-11-21T19:10:00Z", "tv", {"ev2"})


async def test_what_google_sends_otherwise_is_refused_by_event(
    site: Site, session: aiohttp.ClientSession
) -> None:
    shared = {"extendedProperties": {"shared": {"campaign_id": "c1"}}}
    items = [
        EVENT | shared | {"id": "a"},
        EVENT | shared | {"id": "b"},
        EVENT | {"id": "c", "end": {"date": "2026-11-20"}},
        EVENT | {"id": "d", "start": {}},
        EVENT | {"id": "e", "description": "Uplift: much"},
        EVENT | {"id": "f", "summary": 7},
        EVENT | shared | {"id": "g_1", "recurringEventId": "g"},
    ]
    site.answer = lambda *_: google(items, nextSyncToken="s1")
    reading = await GoogleCalendar(session, "c", token, BERLIN, site.url).read(NOW)
    assert sorted(reading.campaigns) == ["c1", "c1@2026-11-20T00:00"]
    assert sorted(reading.refused) == ["b", "c", "d", "e", "f"]


async def test_an_access_token_is_renewed_before_it_ends(site: Site, session: aiohttp.ClientSession) -> None:
    said = {"client_id": "i", "client_secret": "s", "refresh_token": "r", "token_uri": site.url}
    site.answer = lambda *_: web.json_response({"access_token": f"t{len(site.asked)}", "expires_in": 3600})
    clock = [0.0]
    google_token = GoogleToken(session, credentials("c", json.dumps(said)), lambda: clock[0])
    assert [await google_token.get(), await google_token.get()] == ["t1", "t1"]
    clock[0] = 3599
    assert await google_token.get() == "t2"
    assert b"grant_type=refresh_token" in site.asked[0][1]


def test_credentials_that_cannot_be_read_are_refused_without_being_shown(tmp_path: Path) -> None:
    said = {"client_id": "i", "client_secret": "s", "refresh_token": "r"}
    (tmp_path / "google.json").write_text(json.dumps(said))
    assert credentials("c", str(tmp_path / "google.json")).client_id == "i"
    for wrong in ('{"client_secret": "4711"}', "/nowhere/4711"):
        with pytest.raises(SettingsError, match="allowed: JSON with client_id") as refused:
            credentials("c", wrong)
        assert "4711" not in str(refused.value)


async def test_hubspot_lists_its_campaigns_page_by_page(site: Site, session: aiohttp.ClientSession) -> None:
    one = json.loads((PAYLOADS / "hubspot_campaign.json").read_bytes())
    later = {
        "id": "2",
        "properties": {"hs_name": "B", "hs_start_date": "2026-11-20", "hs_end_date": "2026-11-19"},
    }
    answers = [{"results": [one], "paging": {"next": {"after": "5"}}}, {"results": [later, {"id": "3"}]}]
    site.answer = lambda *_: web.json_response(answers.pop(0))
    reading = await HubSpotCampaigns(session, "key", BERLIN, site.url).read(NOW)
    ((name, sale),) = reading.campaigns.items()
    assert name == "hubspot-edb9b6c3-d2e2-4ca8-8396-832262aed0d4"
    assert (rfc3339(sale.starts_at), rfc3339(sale.ends_at)) == (
        "2026-11-19T23:00:00Z",
        "2026-11-27T23:00:00Z",
    )
    assert (sale.voucher_codes, sorted(reading.refused)) == (["SOMMER25"], ["hubspot-2", "hubspot-3"])
    assert site.asked[1][0].query["after"] == "5"
    assert site.asked[0][0].headers["Authorization"] == "Bearer key"


async def test_mailchimp_gives_newsletters_that_are_scheduled_or_sent(
    site: Site, session: aiohttp.ClientSession
) -> None:
    one = json.loads((PAYLOADS / "mailchimp_campaign.json").read_bytes())
    draft = {"id": "x", "status": "save", "send_time": None}
    site.answer = lambda *_: web.json_response({"campaigns": [one, draft, {"id": "y", "status": "sent"}]})
    reading = await Mailchimp(session, "key-us6", timedelta(hours=24), site.url).read(NOW)
    ((name, sale),) = reading.campaigns.items()
    assert (name, sale.name, sale.kind) == ("mailchimp-42694e9e57", "Sommeraktion", "newsletter")
    assert (rfc3339(sale.ends_at), sale.voucher_codes) == ("2026-11-21T08:00:00Z", ["SOMMER25"])
    assert list(reading.refused) == ["mailchimp-y"]
    assert site.asked[0][0].headers["Authorization"].startswith("Basic ")


async def test_shopify_gives_its_discounts_with_their_codes_page_by_page(
    site: Site, session: aiohttp.ClientSession
) -> None:
    def discount(number: int, **more: Any) -> dict[str, Any]:
        whole = {
            "title": "Summer",
            "startsAt": "2026-11-20T08:00:00Z",
            "endsAt": None,
            "codes": {"nodes": []},
        }
        return {"id": f"gid://shopify/DiscountCodeNode/{number}", "codeDiscount": whole | more}

    def page(nodes: list[Any], cursor: str | None) -> web.Response:
        info = {"hasNextPage": cursor is not None, "endCursor": cursor}
        return web.json_response({"data": {"codeDiscountNodes": {"nodes": nodes, "pageInfo": info}}})

    codes = {"nodes": [{"code": "SOMMER25"}, {"code": "S-2"}]}
    # A discount of another kind answers no field that was asked for.
    nodes = [discount(2), {"id": "gid://shopify/DiscountCodeNode/3", "codeDiscount": {}}]
    answers = [page([discount(1, codes=codes)], "c1"), page(nodes, None)]
    site.answer = lambda *_: answers.pop(0)
    reading = await ShopifyDiscounts(session, site.url, "key").read(NOW)
    assert sorted(reading.campaigns) == ["shopify-1", "shopify-2"]
    assert reading.campaigns["shopify-1"].voucher_codes == ["SOMMER25", "S-2"]
    assert json.loads(site.asked[1][1])["variables"] == {"after": "c1"}
    site.answer = lambda *_: web.json_response({"errors": [{"message": "Throttled"}]})
    with pytest.raises(Away, match="refuses the query"):
        await ShopifyDiscounts(session, site.url, "key").read(NOW)


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"results": 1}', '{"campaigns": null}', "no JSON", '{"data": 1}']
)
async def test_a_tool_that_answers_something_else_is_away(
    text: str, site: Site, session: aiohttp.ClientSession
) -> None:
    site.says(text)
    for tool in (
        HubSpotCampaigns(session, "key", BERLIN, site.url),
        Mailchimp(session, "key", timedelta(hours=1), site.url),
        ShopifyDiscounts(session, site.url, "key"),
    ):
        with pytest.raises(Away):
            await tool.read(NOW)
