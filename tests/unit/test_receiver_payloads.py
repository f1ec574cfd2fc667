"""Every helpdesk's and shop's own body, byte for byte, through the receiver: taken as signed, and 401 otherwise."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.metrics import Metrics
from streams.settings import load
from streams.sources.mapping import Record
from streams.sources.receiver import Receiver
from streams.sources.signatures import WINDOW_SECONDS
from streams.sources.source_files import listened_to, read_sources

FOLDER = Path(__file__).resolve().parents[1] / "data/payloads"
SIGNED = json.loads((FOLDER / "signatures.json").read_bytes())
NOW = datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC)
TOKEN, LOGIN = "test-token-not-real", "dixa:test-password"
SOURCES = """
[zendesk]
preset = "zendesk"
secrets = ["NEW", "SIGNING"]
[zendesk-trigger]
preset = "zendesk-trigger"
secrets = ["SIGNING"]
[intercom]
preset = "intercom"
secrets = ["SIGNING"]
[freshdesk]
preset = "freshdesk"
secrets = ["TOKEN"]
[freshdesk-simple]
preset = "freshdesk"
secrets = ["TOKEN"]
arrival = true
[hubspot]
preset = "hubspot"
secrets = ["SIGNING"]
url = "https://ingest.example.org/hooks/hubspot"
[salesforce]
preset = "salesforce"
secrets = ["TOKEN"]
[dixa]
preset = "dixa"
secrets = ["OLD_LOGIN", "LOGIN"]
[shop]
preset = "shopify-orders"
secrets = ["SIGNING"]
"""
SECRETS = {
    "NEW": "of-tomorrow",
    "SIGNING": SIGNED["secret"],
    "TOKEN": TOKEN,
    "LOGIN": LOGIN,
    "OLD_LOGIN": "a:b",
}
CASES = [
    ("zendesk_ticket_created", "zendesk", ["35436"]),
    ("zendesk_ticket_tags_changed", "zendesk", ["35436"]),
    ("zendesk_trigger_custom", "zendesk-trigger", ["35436"]),
    ("intercom_conversation_user_created", "intercom", ["215470000000001"]),
    ("intercom_ticket_created", "intercom", ["219"]),
    ("intercom_ping", "intercom", []),
    ("freshdesk_custom", "freshdesk", ["11"]),
    ("freshdesk_simple", "freshdesk-simple", ["11"]),
    ("hubspot_ticket_creation_batch", "hubspot", ["9000", "9001"]),
    ("salesforce_case_cdc", "salesforce", ["500TEST000000001AAA", "500TEST000000002AAA"]),
    ("dixa_conversation_created", "dixa", ["1"]),
    ("shopify_orders_create", "shop", ["820982911946154508"]),
]  # fmt: skip
SIGNING = {"Authorization", "X-Webhook-Token", "X-Hub-Signature", "X-Shopify-Hmac-SHA256"}
SIGNING |= {"X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp"}
SIGNING |= {"X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"}
PERSONAL = ("kunde@", "Gutschein", "abgelehnt", "Test Kunde")


class Taking(NamedTuple):
    """A receiver behind a port, what it stored, and its clock."""

    client: TestClient[web.Request, web.Application]
    stored: list[Record]
    receiver: Receiver
    clock: list[float]


@pytest.fixture
async def taking(tmp_path: Path) -> AsyncIterator[Taking]:
    (tmp_path / "sources.toml").write_text(SOURCES)
    stored: list[Record] = []

    class Kept(Receiver):
        async def stored(self, _: str, records: list[Record]) -> bool:
            stored.extend(records)
            return True

    clock = [NOW.timestamp()]
    receiver = Kept(load(), Metrics(), listened_to(tmp_path / "sources.toml", SECRETS), now=lambda: clock[0])
    app = web.Application()
    for path, handler in receiver.posts().items():
        app.router.add_post(path, handler)
    async with TestClient(TestServer(app)) as client:
        yield Taking(client, stored, receiver, clock)


def headers_of(name: str, source: str) -> dict[str, str]:
    given = {key: value for key, value in SIGNED["items"][f"{name}.json"]["headers"].items() if key[0] != "_"}
    if source == "salesforce":
        given["X-Webhook-Token"] = TOKEN
    if source == "dixa":
        given["Authorization"] = "Basic " + base64.b64encode(LOGIN.encode()).decode()
    return given | {"Content-Type": "application/json"}


async def post(taking: Taking, source: str, body: bytes, headers: dict[str, str]) -> int:
    async with taking.client.post(f"/hooks/{source}", data=body, headers=headers) as answer:
        said = await answer.text()
        assert not any(word in said for word in PERSONAL)
        return answer.status


def test_every_payload_that_holds_a_ticket_or_an_order_is_among_the_cases() -> None:
    held = {path.stem for path in FOLDER.glob("*.json")} - {"signatures"}
    campaigns = {name for name in held if "campaign" in name or "calendar" in name or "discounts" in name}
    assert held - campaigns - {"mautic_email_on_send"} == {name for name, *_ in CASES}


@pytest.mark.parametrize(
    ("name", "source", "ids"), CASES, ids=lambda one: one if isinstance(one, str) else ""
)
async def test_a_payload_is_taken_byte_for_byte_as_it_was_signed(
    taking: Taking, name: str, source: str, ids: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    body, headers = (FOLDER / f"{name}.json").read_bytes(), headers_of(name, source)
    assert await post(taking, source, body, headers) == 200
    assert [key.decode() for key, _ in taking.stored] == ids
    counted = taking.receiver.metrics.registry.get_sample_value(
        "ticketspike_source_records_total", {"source": source}
    )
    assert (counted or 0) == len(ids)
    assert not any(word in repr(taking.stored) + caplog.text for word in PERSONAL)


@pytest.mark.parametrize(("name", "source"), [case[:2] for case in CASES])
async def test_a_flipped_byte_an_old_or_early_time_a_missing_header_and_another_secret_are_401(
    taking: Taking, name: str, source: str
) -> None:
    body, headers = (FOLDER / f"{name}.json").read_bytes(), headers_of(name, source)
    signs_body = source not in ("freshdesk", "freshdesk-simple", "salesforce", "dixa")
    needed = [key for key in headers if key in SIGNING]
    assert needed
    for missing in needed:
        rest = {key: value for key, value in headers.items() if key != missing}
        assert await post(taking, source, body, rest) == 401, missing
        changed = headers | {
            missing: headers[missing][:-2] + ("AA" if headers[missing][-2:] != "AA" else "BB")
        }
        assert await post(taking, source, body, changed) == 401, missing
    if signs_body:
        for place in (0, len(body) // 2, len(body) - 1):
            flipped = bytearray(body)
            flipped[place] ^= 1
            assert await post(taking, source, bytes(flipped), headers) == 401
        assert await post(taking, source, body + b"\n", headers) == 401
    if source.startswith(("zendesk", "hubspot")):
        for off in (-WINDOW_SECONDS - 3, WINDOW_SECONDS + 3):
            taking.clock[0] = NOW.timestamp() + off
            assert await post(taking, source, body, headers) == 401
    assert taking.stored == []
    state = taking.receiver.health[source].state(source, "w", NOW.timestamp())
    assert (state.last_event_at, state.refused_for) == (None, "forged")


async def test_freshdesks_simple_body_counts_at_its_arrival_only_where_somebody_asked_for_that(
    taking: Taking,
) -> None:
    body, headers = (
        (FOLDER / "freshdesk_simple.json").read_bytes(),
        headers_of("freshdesk_simple", "freshdesk"),
    )
    assert await post(taking, "freshdesk", body, headers) == 422
    assert taking.stored == []
    assert await post(taking, "freshdesk-simple", body, headers) == 200
    said = json.loads(taking.stored[0][1] or b"")
    at = datetime.fromisoformat(said["created_at"])
    assert (at, said["contact_reason"], said["channel"]) == (NOW, "voucher_invalid, lang_de", "Email")


async def test_what_freshdesk_put_off_to_the_next_hour_shows_as_held_back(taking: Taking) -> None:
    headers = headers_of("freshdesk_custom", "freshdesk")
    for number in range(6):
        written = NOW - timedelta(minutes=50 - number)
        body = json.dumps({"ticket_id": number, "created_at": written.isoformat(), "reason": "refund"})
        assert await post(taking, "freshdesk", body.encode(), headers) == 200
    state = taking.receiver.health["freshdesk"].state("freshdesk", "w", NOW.timestamp())
    assert state.held_back
    assert state.delay_seconds > 2400


def event(change: str, *ids: str, **more: Any) -> bytes:
    head = {"entityName": "Case", "recordIds": list(ids), "changeType": change, "changedFields": []}
    head["commitTimestamp"] = int(NOW.timestamp() * 1000)
    return json.dumps({"ChangeEventHeader": head | more.pop("head", {}), **more}).encode()


async def test_a_gap_event_is_counted_where_it_can_be_and_listed_and_never_passed_over(
    taking: Taking,
) -> None:
    headers = headers_of("salesforce_case_cdc", "salesforce")
    for kind in ("GAP_CREATE", "GAP_UPDATE", "GAP_UNDELETE", "GAP_DELETE"):
        assert await post(taking, "salesforce", event(kind, f"{kind}-1", f"{kind}-2"), headers) == 200
    assert await post(taking, "salesforce", event("GAP_OVERFLOW", "000000000000000AAA"), headers) == 200
    said = [json.loads(value or b"") for _, value in taking.stored]
    kinds = {(one["id"], one.get("kind", "created"), one.get("attributes", {}).get("gap")) for one in said}
    assert kinds == {
        ("GAP_CREATE-1", "created", "GAP_CREATE"), ("GAP_CREATE-2", "created", "GAP_CREATE"),
        ("GAP_UPDATE-1", "updated", "GAP_UPDATE"), ("GAP_UPDATE-2", "updated", "GAP_UPDATE"),
        ("GAP_UNDELETE-1", "updated", "GAP_UNDELETE"), ("GAP_UNDELETE-2", "updated", "GAP_UNDELETE"),
        ("GAP_DELETE-1", "retracted", None), ("GAP_DELETE-2", "retracted", None),
        ("000000000000000AAA", "updated", "GAP_OVERFLOW"),
    }  # fmt: skip
    health = taking.receiver.health["salesforce"]
    assert health.gaps == 7
    assert "7 changes without content" in health.sentence(NOW.timestamp())
    counted = taking.receiver.metrics.registry.get_sample_value(
        "ticketspike_source_gaps_total", {"source": "salesforce"}
    )
    assert counted == 7


async def test_a_case_follows_its_reason_its_deletion_and_its_return_and_other_objects_are_passed_over(
    taking: Taking,
) -> None:
    headers = headers_of("salesforce_case_cdc", "salesforce")
    bodies = [
        event("UPDATE", "1", Reason="Refund", head={"changedFields": ["Reason"]}),
        event("UPDATE", "1", Status="Closed", head={"changedFields": ["Status"]}),
        event("CREATE", "7", Name="Test Kunde", head={"entityName": "Account"}),
        event("DELETE", "1"),
        event("UNDELETE", "1", Reason="Refund"),
        json.dumps({"data": {"payload": json.loads(event("CREATE", "2", Reason="Voucher"))}}).encode(),
    ]
    for body in bodies:
        assert await post(taking, "salesforce", body, headers) == 200
    said = [json.loads(value or b"") for _, value in taking.stored]
    assert [(one["id"], one.get("kind", "created"), one["contact_reason"]) for one in said] == [
        ("1", "relabelled", "Refund"), ("1", "retracted", None), ("1", "relabelled", "Refund"),
        ("2", "created", "Voucher"),
    ]  # fmt: skip


async def test_intercoms_later_tags_attributes_and_deletions_follow_through(taking: Taking) -> None:
    conversation = json.loads((FOLDER / "intercom_conversation_user_created.json").read_bytes())
    ticket = json.loads((FOLDER / "intercom_ticket_created.json").read_bytes())
    mapping = taking.receiver.sources["intercom"].mapping

    def mapped(body: dict[str, Any], topic: str, **item: Any) -> list[tuple[str, str, str | None]]:
        held = body["data"]["item"] | item
        later = body | {"topic": topic, "data": {"item": held}, "created_at": 1795166160}
        found = mapping.map(later)
        assert found.refused == []
        return [(one["id"], one.get("kind", "created"), one["contact_reason"])
                for one in (json.loads(value or b"") for _, value in found.records)]  # fmt: skip

    tagged = mapped(conversation, "conversation_part.tag.created", custom_attributes={})
    assert tagged == [("215470000000001", "relabelled", "Gutschein")]
    added = {"custom_attributes": {}, "tags": {"tags": []}, "tags_added": {"tags": [{"name": "Retoure"}]}}
    assert mapped(conversation, "conversation_part.tag.created", **added)[0][2] == "Retoure"
    attributes = {"ticket_attributes": {"Contact reason": "refund"}}
    assert mapped(ticket, "ticket.attribute.updated", **attributes) == [("219", "relabelled", "refund")]
    assert mapped(ticket, "ticket.created", ticket_attributes={})[0][2] == "Voucher", "the ticket's type"
    assert mapped(conversation, "conversation.admin.replied") == []
    gone = {
        "topic": "conversation.deleted",
        "created_at": 1795166160,
        "data": {"item": {"id": "215470000000001"}},
    }
    (_, value) = mapping.map(gone).records[0]
    assert json.loads(value or b"")["kind"] == "retracted"


async def test_dixas_later_tags_are_another_contact_reason_and_an_event_without_tags_takes_none_away(
    taking: Taking,
) -> None:
    body = json.loads((FOLDER / "dixa_conversation_created.json").read_bytes())
    tagged = {"event_fqn": "CONVERSATION_TAG_ADDED", "event_timestamp": "2026-11-20T09:16:00.000Z"}
    conversation = body["data"]["conversation"] | {"tags": [{"id": "1", "name": "voucher"}]}
    mapping = taking.receiver.sources["dixa"].mapping
    (found,) = mapping.map(body | tagged | {"data": {"conversation": conversation}}).records
    said = json.loads(found[1] or b"")
    assert (said["id"], said["kind"], said["contact_reason"]) == ("1", "relabelled", "voucher")
    del conversation["tags"]
    assert mapping.map(body | tagged | {"data": {"conversation": conversation}}).records == []


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("created", "created"), ("tags_changed", "relabelled"), ("custom_field_changed", "relabelled"),
        ("undeleted", "relabelled"), ("merged", "retracted"), ("soft_deleted", "retracted"),
        ("permanently_deleted", "retracted"), ("marked_as_spam", "retracted"),
        ("status_changed", None), ("comment_added", None),
    ],
)  # fmt: skip
def test_zendesks_events_are_what_the_guide_says(event: str, kind: str | None) -> None:
    body = json.loads((FOLDER / "zendesk_ticket_created.json").read_bytes())
    records = read_sources(None)["zendesk"].map(body | {"type": f"zen:event-type:ticket.{event}"}).records
    assert [json.loads(value or b"").get("kind", "created") for _, value in records] == (
        [kind] if kind else []
    )


async def test_tags_that_overtake_the_creation_are_the_reason_all_the_same(taking: Taking) -> None:
    for name in ("zendesk_ticket_tags_changed", "zendesk_ticket_created", "zendesk_ticket_tags_changed"):
        body = (FOLDER / f"{name}.json").read_bytes()
        assert await post(taking, "zendesk", body, headers_of(name, "zendesk")) == 200
    counts = PartitionCounts(0, pseudonymiser("test"), facets=(), horizon_hours=48)
    counts.feed(
        SimpleNamespace(offset=number, timestamp=int(NOW.timestamp() * 1000), value=value, headers=())
        for number, (_, value) in enumerate(taking.stored)
    )
    (cell,) = counts.statement(watermark=None, drained=True, partitions=1).cells
    assert (cell.contact_reason, cell.count) == ("voucher_invalid", 1)
