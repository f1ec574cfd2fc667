"""Helpdesks' own bodies become the tickets they are; what is wrong in a body or a mapping is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings import SettingsError
from streams.sources.code_finder import CodeFinder
from streams.sources.mapping import SourceMapping
from streams.sources.source_files import presets, read_sources
from streams.sources.table import Refused, Table

FOLDER = Path(__file__).resolve().parents[1] / "data/payloads"
CODES = CodeFinder(["SOMMER25"])
AT = "2026-11-20T09:15:00Z"
ZENDESK = {"id": "35436", "created_at": AT, "contact_reason": "voucher_invalid", "voucher_code": "SOMMER25"}
ZENDESK |= {"source": "zendesk", "customer": "8447388090494", "channel": "web"}
INTERCOM = {"created_at": AT, "contact_reason": "voucher_invalid", "customer": "c-1001", "source": "intercom"}
CASES: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("zendesk", "zendesk_ticket_created", [ZENDESK]),
    (
        "zendesk",
        "zendesk_ticket_tags_changed",
        [ZENDESK | {"kind": "relabelled", "changed_at": "2026-11-20T09:15:01.123456Z"}],
    ),
    (
        "zendesk-trigger",
        "zendesk_trigger_custom",
        [
            {
                "id": "35436",
                "created_at": AT,
                "contact_reason": "voucher_invalid",
                "source": "zendesk-trigger",
                "channel": "Web Form",
                "market": "Shop DE",
            }
        ],
    ),
    ("intercom", "intercom_ticket_created", [INTERCOM | {"id": "219", "voucher_code": "SOMMER25"}]),
    (
        "intercom",
        "intercom_conversation_user_created",
        [INTERCOM | {"id": "215470000000001", "voucher_code": "SOMMER25"}],
    ),
    ("intercom", "intercom_ping", []),
    (
        "freshdesk",
        "freshdesk_custom",
        [
            {
                "id": "11",
                "created_at": AT,
                "contact_reason": "voucher_invalid",
                "source": "freshdesk",
                "channel": "Email",
            }
        ],
    ),
    (
        "hubspot",
        "hubspot_ticket_creation_batch",
        [
            {"id": "9000", "created_at": AT, "contact_reason": None, "source": "hubspot"},
            {
                "id": "9001",
                "created_at": "2026-11-20T09:15:00.001000Z",
                "contact_reason": None,
                "source": "hubspot",
            },
        ],
    ),
    (
        "salesforce",
        "salesforce_case_cdc",
        [
            {
                "id": f"500TEST00000000{number}AAA",
                "created_at": AT,
                "contact_reason": "Voucher",
                "source": "salesforce",
                "channel": "Web",
            }
            for number in (1, 2)
        ],
    ),
    (
        "dixa",
        "dixa_conversation_created",
        [
            {
                "id": "1",
                "created_at": AT,
                "contact_reason": None,
                "source": "dixa",
                "channel": "EMAIL",
                "customer": "00000000-0000-4000-8000-0000000000bb",
            }
        ],
    ),
]


def payload(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_bytes())


def lean(ticket: msgspec.Struct) -> dict[str, Any]:
    said = msgspec.to_builtins(ticket)
    return {
        name: value
        for name, value in said.items()
        if name == "contact_reason" or value not in (None, "created" if name == "kind" else None)
    }


@pytest.mark.parametrize(("source", "name", "tickets"), CASES)
def test_a_helpdesks_body_becomes_its_tickets_and_nothing_else_of_it(
    source: str, name: str, tickets: list[dict[str, Any]]
) -> None:
    found = read_sources(None)[source].map(payload(name), CODES)
    assert [lean(one) for one in found.tickets] == tickets
    assert found.refused == []
    said = repr(found.tickets)
    assert not any(word in said for word in ("kunde@", "Gutschein geht", "abgelehnt", "Test Kunde"))


def test_a_body_without_a_time_is_refused_with_the_field() -> None:
    found = read_sources(None)["freshdesk"].map(payload("freshdesk_simple"))
    assert found.tickets == []
    assert found.refused == [Refused("created_at", "is not in the body")]


def table(**more: Any) -> Table:
    fields = {"id": "id", "created_at": "at", "contact_reason": "tags"}
    return msgspec.convert({"fields": fields, **more}, Table)


REASONS = [
    {"like": "voucher_*", "reason": "voucher not working"},
    {"like": "*refund*", "reason": "refund"},
]


@pytest.mark.parametrize(
    ("tags", "reason", "unmapped"),
    [
        (["vip", "Voucher_Expired"], "voucher not working", []),
        ("lang_de, my refund", "refund", []),
        (["refund", "voucher_x"], "voucher not working", []),  # the order of the entries decides
        (["vip", "lang_de"], None, ["vip", "lang_de"]),
        ([], None, []),
        (None, None, []),
        ({"a": 1}, None, []),
    ],
)
def test_tags_become_a_reason_by_the_first_entry_that_fits(
    tags: Any, reason: str | None, unmapped: list[str]
) -> None:
    found = SourceMapping("shop", table(reasons=REASONS)).map({"id": 1, "at": AT, "tags": tags})
    assert [one.contact_reason for one in found.tickets] == [reason]
    assert found.unmapped == unmapped


def test_of_many_tags_that_no_entry_fits_the_first_are_kept_and_each_whole() -> None:
    tags = [f"quite_a_long_tag_{number:03}" for number in range(40)]
    (ticket,) = SourceMapping("shop", table(reasons=REASONS)).map({"id": 1, "at": AT, "tags": tags}).tickets
    assert ticket.attributes is not None
    kept = ticket.attributes["unmapped"].split(", ")
    assert kept == tags[: len(kept)]
    assert len(kept) == 9


def test_without_entries_a_reason_is_taken_as_it_stands_commas_and_all() -> None:
    found = SourceMapping("shop", table()).map({"id": 1, "at": AT, "tags": "Payment, invoice"})
    assert found.tickets[0].contact_reason == "Payment, invoice"


@pytest.mark.parametrize(
    ("body", "field", "error"),
    [
        ({"id": 1, "tags": None}, "created_at", "is not in the body"),
        ({"at": AT, "tags": None}, "id", "is not in the body"),
        (
            {"id": 1, "at": "ada@example.com"},
            "created_at",
            "is no time with an offset; set `timezone` where it has none",
        ),
        (
            {"id": 1, "at": "2026-11-20 10:00"},
            "created_at",
            "is no time with an offset; set `timezone` where it has none",
        ),
        ({"id": [{}], "at": AT}, "id", "Expected `str`, got `null`"),
        ({"id": 1, "at": AT, "csat": 17}, "csat", "Expected `float` <= 5.0"),
        ({"id": 1, "at": AT, "csat": "good"}, "csat", "is no number"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_without_a_word_of_it(body: Any, field: str, error: str) -> None:
    fields = {"id": "id", "created_at": "at", "contact_reason": "tags", "csat": "csat"}
    found = SourceMapping("shop", table(fields=fields)).map(body)
    assert (found.tickets, found.refused) == ([], [Refused(field, error)])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"fields": {"id": "id"}}, "shop.fields lacks created_at"),
        ({"fields": {"id": "id", "name": "x"}}, "shop.fields names 'name'; allowed: id, created_at"),
        ({"kinds": {"deleted": "x"}}, "shop.kinds names 'deleted'; allowed: created"),
        ({"attributes": {"browser": "a.[b"}}, "the expression of browser, 'a.[b', is wrong"),
        ({"timezone": "Berlin"}, "shop.timezone='Berlin' is not allowed; allowed: an IANA name"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_entry_and_what_is_allowed(
    wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        SourceMapping("shop", table(**wrong))
    assert said in str(refused.value)


def test_a_file_takes_a_preset_and_changes_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(
        '[help]\npreset = "zendesk"\n[help.fields]\nmarket = "detail.brand_id"\n'
        '[[help.reasons]]\nlike = "voucher*"\nreason = "voucher not working"\n'
    )
    (ticket,) = read_sources(file)["help"].map(payload("zendesk_ticket_created")).tickets
    assert (ticket.source, ticket.contact_reason, ticket.market) == (
        "help",
        "voucher not working",
        "8447346621310",
    )
    file.write_text('[help]\npreset = "zendsk"\n')
    with pytest.raises(SettingsError, match="allowed: dixa, freshdesk"):
        read_sources(file)
    file.write_text("[help]\nfields = 1\n")
    with pytest.raises(SettingsError, match="help: Expected `object`"):
        read_sources(file)
    file.write_text("[help\n")
    with pytest.raises(SettingsError, match="is no TOML"):
        read_sources(file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def damaged(draw: Any, value: Any) -> Any:
    """A real body of which something is anything else."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    if isinstance(value, dict):
        return {key: damaged(draw, one) for key, one in value.items() if draw(st.integers(0, 19))}
    if isinstance(value, list):
        return [damaged(draw, one) for one in value]
    return value


HELPDESKS = sorted(name for name, table in presets().items() if table.get("takes") != "orders")


@given(st.data(), st.sampled_from(HELPDESKS))
def test_no_body_makes_a_mapping_raise(data: st.DataObject, source: str) -> None:
    bodies = [payload(name) for one, name, _ in CASES if one == source]
    mapping = read_sources(None)[source]
    for body in (data.draw(JSON), damaged(data.draw, data.draw(st.sampled_from(bodies)))):
        found = mapping.map(body, CODES)
        assert all(one.source == source and one.id for one in found.tickets)
