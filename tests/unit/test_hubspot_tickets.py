"""HubSpot's webhooks name no reason: it is read, whatever happens to the API meanwhile, and nothing counts twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from asked_site import Site

from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.metrics import Metrics
from streams.settings import load
from streams.sources.mapping import Record
from streams.sources.pulled import Asked, Pulled
from streams.sources.receiver import Receiver
from streams.sources.source_files import listened_to
from streams.sources.ticket_pull import TicketPull
from streams.sources.wanted import LONGEST_WAIT, Wanted

PAYLOAD = Path(__file__).resolve().parents[1] / "data/payloads/hubspot_ticket_creation_batch.json"
BATCH = json.loads(PAYLOAD.read_bytes())
AT = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
TOKEN = "pat-eu1-not-real"  # noqa: S105
SOURCES = """
[hubspot]
preset = "hubspot"
secrets = ["S"]
url = "https://ingest.example.org/hooks/hubspot"
[hubspot.fields]
market = "ticket.shop_country"
[[hubspot.reasons]]
like = "VOUCHER*"
reason = "voucher not working"
"""
Start = Callable[..., tuple[TicketPull, list[Record]]]


def ticket(number: int, category: str | None = "VOUCHER_BROKEN", *, minutes: int = 1) -> dict[str, Any]:
    said = {"hs_ticket_category": category, "subject": "Gutschein geht nicht", "shop_country": "DE"}
    changed = AT + timedelta(minutes=minutes)
    return {
        "id": str(number),
        "properties": said,
        "createdAt": AT.isoformat(),
        "updatedAt": changed.isoformat(),
    }


class Api(Site):
    """HubSpot's tickets; answers with `status` while that is set."""

    def __init__(self, *tickets: dict[str, Any]) -> None:
        super().__init__(self._answered)
        self.tickets = list(tickets)
        self.status: tuple[int, dict[str, str]] | None = None

    def _answered(self, request: web.Request, body: bytes) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        if self.status is not None:
            return web.Response(status=self.status[0], headers=self.status[1])
        asked = json.loads(body)
        if request.path.endswith("/batch/read"):
            wanted = {one["id"] for one in asked["inputs"]}
            assert len(wanted) <= 100
            return web.json_response(
                {"results": [one for one in self.tickets if one["id"] in wanted]}, status=207
            )
        since = int(asked["filterGroups"][0]["filters"][0]["value"])
        found = sorted(
            (one for one in self.tickets if millis(one) >= since),
            key=lambda one: (millis(one), int(one["id"])),
        )
        begin = int(asked.get("after", "0"))
        page = {"results": found[begin : begin + asked["limit"]]}
        if len(found) > begin + asked["limit"]:
            page["paging"] = {"next": {"after": str(begin + asked["limit"])}}  # type: ignore[assignment]
        return web.json_response(page)


def millis(one: dict[str, Any]) -> int:
    return int(datetime.fromisoformat(one["updatedAt"]).timestamp() * 1000)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """A pull whose records go into a list, as far as `takes` says that Kafka takes them."""
    begun: list[TicketPull] = []

    def begin(api: Site) -> tuple[TicketPull, list[Record]]:
        (tmp_path / "sources.toml").write_text(SOURCES)
        stored: list[Record] = []

        class Kept(Receiver):
            async def stored(self, _: str, records: list[Record]) -> bool:
                stored.extend(records)
                return True

        receiver = Kept(load(), Metrics(), listened_to(tmp_path / "sources.toml", {"S": "s"}))
        table = Pulled(pull="hubspot-tickets", of="hubspot", url=api.url, secrets=["T"])
        asked = {"hubspot-tickets": Asked(name="hubspot-tickets", table=table, secret=TOKEN)}
        now = (AT + timedelta(hours=1)).timestamp()
        begun.append(TicketPull(receiver, Metrics(), asked, now=lambda: now))
        return begun[-1], stored

    yield begin
    for pull in begun:
        await pull.on_stop()


def webhook(pull: TicketPull, body: Any) -> list[Record]:
    """What the receiver does with a body that is signed."""
    records = pull.receiver.sources["hubspot"].mapping.map(body).records
    pull.receiver.told["hubspot"]([key.decode() for key, _ in records])
    return records


def counted(records: list[Record]) -> dict[str, int]:
    counts = PartitionCounts(0, pseudonymiser("test"), facets=(), horizon_hours=48)
    stamp = int((AT + timedelta(hours=1)).timestamp() * 1000)
    counts.feed(
        SimpleNamespace(offset=number, timestamp=stamp, value=value, headers=())
        for number, (_, value) in enumerate(records)
    )
    found: dict[str, int] = {}
    for cell in counts.statement(watermark=None, drained=True, partitions=1).cells:
        found[cell.contact_reason] = found.get(cell.contact_reason, 0) + cell.count
    return {reason: count for reason, count in found.items() if count}


async def test_a_ticket_counts_as_unlabelled_at_once_and_under_its_reason_once_it_is_read(
    start: Start,
) -> None:
    async with Api(ticket(9000), ticket(9001, None)) as api:
        pull, read = start(api)
        await pull.on_start()
        first = webhook(pull, BATCH)
        assert counted(first) == {"unlabelled": 2}
        assert await pull.read_some("hubspot-tickets") is None
        asked = json.loads(api.asked[0][1])
    brought = pull.metrics.registry.get_sample_value(
        "ticketspike_source_records_total", {"source": "hubspot-tickets"}
    )
    assert brought == len(read)
    assert counted(first + read) == {"voucher not working": 1, "unlabelled": 1}
    assert asked["inputs"] == [{"id": "9000"}, {"id": "9001"}]
    assert asked["properties"] == ["content", "hs_ticket_category", "shop_country", "source_type", "subject"]
    said = [json.loads(value or b"") for _, value in read]
    assert {one["market"] for one in said} == {"DE"}
    assert "Gutschein" not in repr(read)


async def test_while_the_api_is_away_tickets_wait_for_their_reason_and_none_is_lost(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async with Api(ticket(9000), ticket(9001)) as api:
        pull, read = start(api)
        await pull.on_start()
        first = webhook(pull, BATCH)
        api.status = (503, {})
        assert [await pull.read_some("hubspot-tickets") for _ in range(8)][-1] == LONGEST_WAIT
        assert pull.said["hubspot-tickets"] == "it answers 503, 2 tickets wait for their contact reason"
        api.status = (429, {"Retry-After": "40"})
        assert await pull.read_some("hubspot-tickets") == 40.0
        assert pull.health["hubspot-tickets"].throttled(pull._now() + 39)
        assert (counted(first), read) == ({"unlabelled": 2}, [])
        api.status = None
        assert await pull.read_some("hubspot-tickets") is None
    assert counted(first + read) == {"voucher not working": 2}
    assert not pull.wanted["hubspot-tickets"].come.is_set()
    assert TOKEN not in caplog.text + repr(pull.said)


async def test_what_a_kill_or_a_full_queue_forgot_is_found_by_the_search_for_changes(start: Start) -> None:
    many = [ticket(number, minutes=1 + number % 3) for number in range(1000)]
    async with Api(*many) as api:
        pull, read = start(api)
        await pull.on_start()
        pull.wanted["hubspot-tickets"] = Wanted(most=1)
        first = webhook(pull, BATCH)
        assert len(pull.wanted["hubspot-tickets"]) == 1
        assert await pull.turn("hubspot-tickets") is None
        assert counted(first + read) == {"voucher not working": 1000, "unlabelled": 2}
        before = len(api.asked)
        api.tickets.append(ticket(9001, minutes=30))
        assert await pull.turn("hubspot-tickets") is None
        assert len(api.asked) <= before + 3, "only what changed since is asked for"
    assert counted(first + read) == {"voucher not working": 1001, "unlabelled": 1}


async def test_a_ticket_that_changes_while_pages_are_read_pushes_none_out(start: Start) -> None:
    many = [ticket(number, minutes=1) | {"updatedAt": (AT + timedelta(seconds=number)).isoformat()}
            for number in range(450)]  # fmt: skip
    async with Api(*many) as api:
        pull, read = start(api)
        await pull.on_start()
        usual = api.answer

        def answer(request: web.Request, body: bytes) -> web.Response:
            found = usual(request, body)
            # Whatever was read first is changed at once: by pages, others would move up by one.
            api.tickets[0:50] = [ticket(number, minutes=40) for number in range(50)]
            return found

        api.answer = answer
        assert await pull.turn("hubspot-tickets") is None
    assert counted(read) == {"voucher not working": 450}


async def test_a_later_label_a_merge_and_a_deletion_follow_through(start: Start) -> None:
    async with Api(ticket(9000, None)) as api:
        pull, read = start(api)
        await pull.on_start()
        everything = webhook(pull, BATCH)
        await pull.read_some("hubspot-tickets")
        api.tickets = [ticket(9000, "VOUCHER_LATE", minutes=9)]
        base = {"occurredAt": int((AT + timedelta(minutes=9)).timestamp() * 1000)}
        change = {"subscriptionType": "object.propertyChange", "objectTypeId": "0-5", "objectId": 9000}
        merged = {"subscriptionType": "ticket.merge", "primaryObjectId": 9000, "mergedObjectIds": [9001]}
        everything += webhook(pull, [base | change, base | merged])
        await pull.read_some("hubspot-tickets")
        assert counted(everything + read) == {"voucher not working": 1}
        gone = {"subscriptionType": "ticket.deletion", "objectId": 9000}
        later = int((AT + timedelta(minutes=20)).timestamp() * 1000)
        everything += webhook(pull, [gone | {"occurredAt": later}])
        contact = {"subscriptionType": "object.creation", "objectTypeId": "0-1", "objectId": 5}
        assert webhook(pull, [base | contact]) == []
    # The read of before comes again, as after a restart: what is deleted stays deleted.
    assert counted([*everything, *read, everything[-1], *read]) == {}


async def test_an_item_of_another_form_is_counted_as_refused_and_holds_no_other_up(start: Start) -> None:
    odd: list[Any] = [
        None,
        7,
        {"id": "1"},
        ticket(2) | {"properties": None},
        ticket(3) | {"updatedAt": "soon"},
    ]

    def answer(_: web.Request, __: bytes) -> web.Response:
        return web.json_response({"results": [*odd, ticket(9000)], "paging": {"next": None}})

    async with Site(answer) as api:
        pull, read = start(api)
        await pull.on_start()
        assert await pull.turn("hubspot-tickets") is None
    assert counted(read)["voucher not working"] == 2, "of ticket 3 only the creation can be read"
    assert {key for key, _ in read} == {b"2", b"3", b"9000"}
