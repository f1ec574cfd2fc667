"""What Zendesk's export holds fills up what webhooks brought, and nothing counts twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from asked_site import Site
from signed_zendesk import CREATED

from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.sources.mapping import Record, SourceMapping
from streams.sources.reading import Away
from streams.sources.source_files import presets
from streams.sources.table import Table
from streams.sources.zendesk_export import ZendeskExport, events_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=24)
DAY = timedelta(hours=24)
REASONS = {"voucher*": {"reason": "voucher not working"}, "late": {"reason": "delivery late"}}
MAPPING = SourceMapping(
    "help",
    msgspec.convert(
        presets()["zendesk"]
        | {
            "reasons": [
                {"like": "voucher*", "reason": "voucher not working"},
                {"like": "late", "reason": "delivery late"},
            ]
        },
        Table,
    ),
)


def ticket(number: int, *tags: str, **more: Any) -> dict[str, Any]:
    """As the export has it: ids are numbers."""
    at = "2026-11-20T09:15:00Z"
    return {
        "id": number, "created_at": at, "updated_at": at, "tags": list(tags), "subject": "Gutschein", "status": "open",
        "description": "Gutschein SOMMER25 geht nicht", "requester_id": 8447388090494, "via": {"channel": "web"},
    } | more  # fmt: skip


def records(*bodies: dict[str, Any]) -> list[Record]:
    return [record for body in bodies for record in MAPPING.map(body).records]


def counted(found: list[Record]) -> dict[str, int]:
    counts = PartitionCounts(0, pseudonymiser("test"), facets=(), horizon_hours=48)
    stamp = int(NOW.timestamp() * 1000)
    counts.feed(
        SimpleNamespace(offset=offset, timestamp=stamp, value=value, headers=())
        for offset, (_, value) in enumerate(found)
    )
    cells = counts.statement(watermark=None, drained=False, partitions=1).cells
    return {cell.contact_reason: cell.count for cell in cells if cell.count}


def webhook(number: int, *tags: str) -> dict[str, Any]:
    return CREATED | {"detail": CREATED["detail"] | {"id": str(number), "tags": list(tags)}}


def test_a_ticket_that_a_webhook_brought_counts_once_and_a_missed_one_is_filled_in() -> None:
    exported = [event for number in (1, 2) for event in events_of(ticket(number, "voucher_bad"), SINCE)]
    assert counted(records(webhook(1, "voucher_bad"))) == {"voucher not working": 1}
    assert counted(records(webhook(1, "voucher_bad"), *exported, *exported)) == {"voucher not working": 2}
    assert counted(records(*exported, webhook(1, "voucher_bad"))) == {"voucher not working": 2}


def test_a_relabelling_and_a_deletion_that_no_webhook_told_are_made_up_for() -> None:
    later = {"updated_at": "2026-11-20T10:00:00Z"}
    relabelled = events_of(ticket(1, "late", **later), SINCE)
    assert counted(records(webhook(1, "voucher_bad"), *relabelled)) == {"delivery late": 1}
    deleted = events_of(ticket(1, "voucher_bad", status="deleted", **later), SINCE)
    assert counted(records(webhook(1, "voucher_bad"), *deleted)) == {}


def test_an_old_ticket_that_changed_lately_is_not_passed_on_as_its_id_is_forgotten() -> None:
    assert events_of(ticket(1, created_at="2026-11-01T09:15:00Z"), SINCE) == []


@pytest.mark.parametrize(
    "wrong", [None, 7, [], {}, {"id": 1}, {"id": 1, "created_at": "soon"}, {"created_at": 5}]
)
def test_what_is_no_ticket_is_refused_by_the_mapping_and_raises_nothing(wrong: Any) -> None:
    assert records(*events_of(wrong, SINCE)) == []


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as one:
        yield one


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as one:
        yield one


async def test_pages_follow_the_cursor_and_only_what_was_taken_is_left_behind(
    site: Site, session: aiohttp.ClientSession
) -> None:
    def answer(request: web.Request, _: bytes) -> web.Response:
        cursor = request.query.get("cursor", "")
        ends = cursor == "c1"
        found = {
            "tickets": [ticket(len(cursor))],
            "after_cursor": "c2" if ends else "c1",
            "end_of_stream": ends,
        }
        return web.json_response(found)

    site.answer = answer
    export = ZendeskExport(session, site.url, "mail/token:KEY", DAY)
    first, again = await export.page(NOW), await export.page(NOW)
    assert first == again
    export.taken(first)
    last = await export.page(NOW)
    assert (first.last, last.last) == (False, True)
    export.taken(last)
    await export.page(NOW)
    asked = [dict(request.query) for request, _ in site.asked]
    start = {"start_time": str(int((NOW - DAY).timestamp()))}
    assert asked == [start, start, {"cursor": "c1"}, {"cursor": "c2"}]
    assert site.asked[0][0].path == "/api/v2/incremental/tickets/cursor.json"
    assert site.asked[0][0].headers["Authorization"].startswith("Basic ")


async def test_a_limit_is_told_with_the_wait_and_an_oauth_token_is_a_bearer(
    site: Site, session: aiohttp.ClientSession
) -> None:
    export = ZendeskExport(session, site.url, "oauth", DAY)
    site.says("", 429, Retry_After="37")
    with pytest.raises(Away) as away:
        await export.page(NOW)
    assert away.value.retry_after == 37
    assert site.asked[0][0].headers["Authorization"] == "Bearer oauth"
    for wrong in ("[]", "{}", json.dumps({"tickets": [], "end_of_stream": False}), "no JSON"):
        site.says(wrong)
        with pytest.raises(Away):
            await export.page(NOW)
