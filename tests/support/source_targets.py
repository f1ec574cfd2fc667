"""What helpdesks, shops and calendars send or answer, as functions of bytes that raise when a promise is broken.

One for each preset of a mapping and each tool that is asked for campaigns; `fuzz_targets` has them among all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from alerts.records import Campaign
from streams.errors import UNREADABLE
from streams.events import Order, Ticket
from streams.sources import hubspot_campaigns, mailchimp, shopify_discounts
from streams.sources.code_candidates import CodeCandidates
from streams.sources.code_finder import CodeFinder
from streams.sources.google_calendar import GoogleCalendar
from streams.sources.listed import reading_of
from streams.sources.mapping import FIELDS
from streams.sources.order_mapping import FIELDS as ORDER_FIELDS
from streams.sources.reading import Reading
from streams.sources.source_files import Takes, read_sources
from streams.sources.zendesk_export import events_of

Target = tuple[Callable[[bytes], None], list[bytes]]
PAYLOADS = Path(__file__).resolve().parents[1] / "data" / "payloads"
BERLIN = ZoneInfo("Europe/Berlin")
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
CODES = CodeFinder(["SOMMER25", "WELCOME"])
TOLD = 8
"""Letters from which a text of a body is told from the words of a refusal."""
REDACT = {"customer": {"email": "ada@example.org"}, "orders_to_redact": [820982911946154508]}
EXPORTED = {
    "id": 7,
    "created_at": "2026-11-20T09:15:00Z",
    "updated_at": "2026-11-20T09:20:00Z",
    "tags": ["x"],
}
DISCOUNT = {
    "title": "S", "startsAt": "2026-11-20T08:00:00Z", "endsAt": None, "codes": {"nodes": [{"code": "SOMMER25"}]},
}  # fmt: skip


def texts(value: Any) -> Iterator[str]:
    """All texts of decoded JSON; names of fields are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def _mapped(name: str, mapping: Takes) -> Callable[[bytes], None]:
    record = Order if mapping.topic == "orders" else Ticket
    fields = {*FIELDS, *ORDER_FIELDS, "attributes", "each", "value"}

    def target(data: bytes) -> None:
        try:
            body = msgspec.json.decode(data)
        except UNREADABLE:
            return
        mapped = mapping.map(body, CODES, CodeCandidates("key"))
        for key, value in mapped.records:
            if value is not None:
                read = msgspec.json.decode(value, type=record)
                assert (read.id.encode(), getattr(read, "source", name)) == (key, name)
            assert key
        personal = [text for text in texts(body) if len(text) >= TOLD]
        for refused in mapped.refused:
            assert refused.field.partition(".")[0].partition("[")[0] in fields
            assert refused.error
            assert not any(text in refused.error for text in personal)

    return target


def _items(read: Callable[[list[Any]], Reading]) -> Callable[[bytes], None]:
    """Whatever a tool lists, each item is a campaign that others can read, or refused alone."""

    def target(data: bytes) -> None:
        try:
            body = msgspec.json.decode(data)
        except UNREADABLE:
            return
        found = read([one for one in (body if isinstance(body, list) else [body]) if isinstance(one, dict)])
        for name, campaign in found.campaigns.items():
            again = msgspec.json.decode(msgspec.json.encode(campaign), type=Campaign)
            assert (again.id, again.ends_at > again.starts_at) == (name, True)
        assert all(found.refused.values())

    return target


def _google(items: list[Any]) -> Reading:
    # It asks nobody here, so it needs neither a session nor a token.
    calendar = GoogleCalendar(None, "c", None, BERLIN)  # type: ignore[arg-type]
    calendar._items = {str(place): {**one, "id": str(place)} for place, one in enumerate(items)}
    return calendar._reading()


def _export(data: bytes) -> None:
    """A page of Zendesk's export gives events that the mapping of webhooks takes or refuses."""
    try:
        events = events_of(msgspec.json.decode(data), SINCE)
    except UNREADABLE:
        return
    for event in events:
        ZENDESK(msgspec.json.encode(event))


def _samples(*begins: str) -> list[bytes]:
    names = sorted(path for path in PAYLOADS.glob("*.json") if path.name.startswith(begins))
    return [path.read_bytes() for path in names]


def _bodies(*samples: object) -> list[bytes]:
    return [json.dumps(sample).encode() for sample in samples]


BODIES = {
    "zendesk": _samples("zendesk_ticket"),
    "zendesk-trigger": _samples("zendesk_trigger"),
    "intercom": _samples("intercom"),
    "freshdesk": _samples("freshdesk"),
    "hubspot": _samples("hubspot_ticket"),
    "salesforce": _samples("salesforce"),
    "dixa": _samples("dixa"),
    "shopify-orders": _samples("shopify_orders"),
    "shopify-redact": _bodies(REDACT),
}
"""Of each preset the bodies that begin with what it takes."""
MAPPED = {name: _mapped(name, mapping) for name, mapping in read_sources(None).items()}
ZENDESK = MAPPED["zendesk"]

SOURCE_TARGETS: dict[str, Target] = {
    **{f"source_{name}": (target, BODIES[name]) for name, target in MAPPED.items()},
    "zendesk_export": (_export, _bodies(EXPORTED, EXPORTED | {"status": "deleted"})),
    "google_calendar": (
        _items(_google),
        _bodies(json.loads((PAYLOADS / "google_calendar_events_list.json").read_bytes())["items"]),
    ),
    "hubspot_campaigns": (
        _items(
            lambda found: reading_of(
                found, lambda one: hubspot_campaigns.hubspot_campaign(one, BERLIN), hubspot_campaigns._id
            )
        ),
        _samples("hubspot_campaign"),
    ),
    "mailchimp": (
        _items(
            lambda found: reading_of(
                found, lambda one: mailchimp.mailchimp_campaign(one, timedelta(hours=48)), mailchimp._id
            )
        ),
        _samples("mailchimp_campaign"),
    ),
    "shopify_discounts": (
        _items(lambda found: reading_of(found, shopify_discounts.shopify_discount, shopify_discounts._id)),
        _bodies({"id": "gid://shopify/DiscountCodeNode/1", "codeDiscount": DISCOUNT}),
    ),
}
