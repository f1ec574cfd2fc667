"""A shop's own bodies become orders without anybody who ordered, and a customer who is to be forgotten tombstones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings import SettingsError
from streams.sources.order_mapping import OrderMapping
from streams.sources.source_files import read_sources
from streams.sources.table import Refused, Table

FOLDER = Path(__file__).resolve().parents[1] / "data/payloads"
ORDER: dict[str, Any] = json.loads((FOLDER / "shopify_orders_create.json").read_bytes())
REDACT = {
    "shop_id": 1,
    "customer": {"id": 7, "email": "erika@example.org", "phone": "0171"},
    "orders_to_redact": [4711, 4712],
}
PRESETS = read_sources(None)


def mapping(**more: Any) -> OrderMapping:
    fields = {"id": "nr", "created_at": "at"}
    return OrderMapping("shop", msgspec.convert({"takes": "orders", "fields": fields, **more}, Table))


def test_shopifys_order_becomes_id_time_channel_and_codes_and_nothing_of_its_customer() -> None:
    body = ORDER | {"email": "erika@example.org", "note": "for Erika", "shipping_address": {"name": "Erika"}}
    found = PRESETS["shopify-orders"].map(body)
    ((key, value),) = found.records
    assert key == b"820982911946154508"
    assert value is not None
    assert json.loads(value) == {
        "id": "820982911946154508",
        "created_at": "2026-11-20T09:14:00Z",
        "channel": "web",
        "voucher_codes": ["SOMMER25"],
    }


def test_a_test_order_is_passed_over_and_one_without_codes_is_an_order() -> None:
    assert PRESETS["shopify-orders"].map(ORDER | {"test": True}).passed_over == 1
    ((_, value),) = PRESETS["shopify-orders"].map(ORDER | {"discount_codes": []}).records
    assert value is not None
    assert "voucher_codes" not in json.loads(value)


def test_a_customer_to_be_forgotten_becomes_a_tombstone_for_each_order_and_without_orders_none() -> None:
    found = PRESETS["shopify-redact"].map(REDACT)
    assert found.records == [(b"4711", None), (b"4712", None)]
    assert "erika" not in repr(found)
    none = PRESETS["shopify-redact"].map(REDACT | {"orders_to_redact": []})
    assert (none.records, none.passed_over, none.refused) == ([], 1, [])


def test_a_body_at_the_wrong_address_is_never_taken_for_another() -> None:
    assert PRESETS["shopify-redact"].map(ORDER).records == []
    assert PRESETS["shopify-orders"].map(REDACT).refused == [Refused("id", "is not in the body")]


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"at": 1795166100}, ("id", "is not in the body")),
        ({"nr": 1}, ("created_at", "is not in the body")),
        (
            {"nr": 1, "at": "yesterday"},
            ("created_at", "is no time with an offset; set `timezone` where it has none"),
        ),
        ([], ("id", "is not in the body")),
    ],
)
def test_a_body_that_is_no_order_is_refused_with_the_field(body: Any, refused: tuple[str, str]) -> None:
    found = mapping().map(body)
    assert (found.records, found.refused) == ([], [Refused(*refused)])


def test_a_batch_gives_an_order_for_each_and_refuses_the_bad_one_alone() -> None:
    found = mapping(each="orders").map(
        {"orders": [{"nr": 1, "at": 1795166100}, {"nr": 2}, {"nr": 3, "at": 1795166101}]}
    )
    assert ([one.id for one in found.orders], found.refused) == (
        ["1", "3"],
        [Refused("created_at", "is not in the body")],
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"fields": {"id": "a"}}, "shop.fields lacks created_at"),
        (
            {"fields": {"id": "a", "created_at": "b", "customer": "c"}},
            "shop.fields names 'customer'; allowed: id, created",
        ),
        ({"kinds": {"retracted": "a"}}, "shop.kinds names 'retracted'; allowed: created, redacted"),
        ({"reasons": [{"like": "a", "reason": "b"}]}, "shop.reasons is not allowed where orders are taken"),
        ({"fields": {"id": "[", "created_at": "b"}}, "shop: the expression of id, '[', is wrong"),
        ({"timezone": "Berlin"}, "shop.timezone='Berlin' is not allowed"),
    ],
)
def test_a_wrong_mapping_is_refused_with_what_is_allowed(more: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        mapping(**more)
    assert str(refused.value).startswith(said)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ORDER, *REDACT]), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(JSON)
def test_whatever_a_body_holds_gives_records_or_a_reason(body: Any) -> None:
    for name in ("shopify-orders", "shopify-redact"):
        found = PRESETS[name].map(body)
        assert found.records or found.refused or found.passed_over
