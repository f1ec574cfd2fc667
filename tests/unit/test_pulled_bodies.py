"""Whatever a calendar or tool answers for an item, the item alone is refused, and what is taken is a campaign."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alerts.records import Campaign
from streams.sources import hubspot_campaigns, mailchimp, shopify_discounts
from streams.sources.google_calendar import GoogleCalendar
from streams.sources.listed import reading_of
from streams.sources.reading import Reading
from streams.sources.zendesk_export import events_of

PAYLOADS = Path(__file__).resolve().parents[1] / "data/payloads"
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
GOOGLE = json.loads((PAYLOADS / "google_calendar_events_list.json").read_bytes())["items"][0]
HUBSPOT = json.loads((PAYLOADS / "hubspot_campaign.json").read_bytes())
MAILCHIMP = json.loads((PAYLOADS / "mailchimp_campaign.json").read_bytes())
SHOPIFY = {
    "id": "gid://shopify/DiscountCodeNode/1",
    "codeDiscount": {
        "title": "S", "startsAt": "2026-11-20T08:00:00Z", "endsAt": None, "codes": {"nodes": [{"code": "SOMMER25"}]},
    },
}  # fmt: skip
ODD = st.sampled_from(
    ["", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "\ud800", "Uplift: -1", "2026-02-30", "x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ODD,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "date", "nodes"]), inner)
    ),
    max_leaves=6,
)


def damaged(draw: Any, value: Any) -> Any:
    """A real item of which something is anything else."""
    if draw(st.integers(0, 7)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        return {key: damaged(draw, one) for key, one in value.items() if draw(st.integers(0, 19))}
    return [damaged(draw, one) for one in value] if isinstance(value, list) else value


def campaigns_of(reading: Reading) -> None:
    for name, campaign in reading.campaigns.items():
        read = msgspec.json.decode(msgspec.json.encode(campaign), type=Campaign)
        assert (read.id, read.ends_at > read.starts_at) == (name, True)


@given(st.data())
def test_no_item_raises_and_what_is_taken_can_be_read_by_all_others(data: st.DataObject) -> None:
    def item(whole: Any) -> Any:
        found = damaged(data.draw, whole)
        return found if isinstance(found, dict) else {}

    campaigns_of(
        reading_of(
            [item(HUBSPOT)],
            lambda one: hubspot_campaigns.hubspot_campaign(one, BERLIN),
            hubspot_campaigns._id,
        )
    )
    campaigns_of(
        reading_of(
            [item(MAILCHIMP)],
            lambda one: mailchimp.mailchimp_campaign(one, timedelta(hours=1)),
            mailchimp._id,
        )
    )
    campaigns_of(reading_of([item(SHOPIFY)], shopify_discounts.shopify_discount, shopify_discounts._id))
    events_of(damaged(data.draw, GOOGLE), SINCE)


@given(st.data())
def test_no_event_of_google_raises(data: st.DataObject) -> None:
    # It asks nobody here, so it needs neither a session nor a token.
    calendar = GoogleCalendar(None, "c", None, BERLIN)  # type: ignore[arg-type]
    found = damaged(data.draw, GOOGLE)
    calendar._items = {"e": (found if isinstance(found, dict) else {}) | {"id": "e"}}
    campaigns_of(calendar._reading())
