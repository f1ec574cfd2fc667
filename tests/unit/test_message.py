"""The Slack message: golden payloads, Slack's limits, and words from outside that cannot act."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_states import CASES, CONTEXT, ONSET, answer, answered, group, incident, spike
from msgspec.structs import replace as altered
from slack_sdk.models.blocks import Block as SdkBlock

from alerts import blocks, limits, message, preview, redact
from alerts.language import Language
from alerts.records import Campaign, CampaignLink, Driver, SpikeState
from alerts.redemptions import Quarters
from alerts.terminal import plain

GOLDENS = Path(__file__).parents[1] / "data" / "slack"


@pytest.mark.parametrize("name", CASES)
def test_the_payload_is_the_golden_one(name: str, update_test_data: bool) -> None:
    payload = CASES[name]()
    golden = GOLDENS / f"{name}.json"
    if update_test_data:
        golden.write_text(json.dumps(payload, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert payload == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_slack_would_take_the_payload(name: str) -> None:
    assert message.validate(CASES[name]()) == []


@pytest.mark.parametrize("name", CASES)
def test_slacks_own_library_finds_nothing_wrong(name: str) -> None:
    for block in CASES[name]()["blocks"]:
        if block["type"] != "data_visualization":  # slack-sdk 3.47 does not know it
            parsed = SdkBlock.parse(block)
            assert parsed is not None
            parsed.to_dict()  # checks what is inside, too


def test_an_incident_of_which_only_the_sums_are_known_is_told_all_the_same() -> None:
    for kind in ("total_volume", "source_silent", "spike"):
        bare = altered(incident(), kind=kind, spikes=[], condition=None)
        assert message.validate(message.root(bare, CONTEXT)) == []
        assert message.validate(message.reply(bare, CONTEXT)) == []


def said(payload: message.Payload) -> str:
    return "\n".join(limits.texts({"blocks": payload["blocks"]}))


def test_the_message_says_all_that_people_ask() -> None:
    text = said(message.root(incident(), CONTEXT))
    for part in (
        "🔴 Gutschein ungültig: 42 Tickets statt ~11 in 30 min",
        "~11, in 95 % der Fälle 4–19",
        "3,8× · +31 Tickets",
        "<!date^1795166100^",
        "38 verschiedene",
        ": 71 % der Tickets (30 von 42), sonst 24 % · 92 % der zusätzlichen Tickets",
        "Fällt zeitlich zusammen mit ",
        "Ursache nicht belegt.",
        "25 % auf alles, in Shop & App",
        "Ausgelöst durch: 42 Tickets in 30 min, erwartet ~11",
        incident().incident_id,
        "reason=Gutschein%20ung%C3%BCltig&amp;from=2026-11-20T09%3A15%3A00%2B00%3A00",
    ):
        assert part in text, part


def test_where_orders_flow_tickets_are_told_per_thousand_of_them() -> None:
    orders = Quarters(ONSET, (600, 800))
    text = said(message.root(incident(), replace(CONTEXT, orders=orders)))
    assert "*Tickets je 1.000 Bestellungen*\n30, erwartet ~8" in text
    for few in (None, Quarters(ONSET, (1, 1))):
        assert "1.000" not in said(message.root(incident(), replace(CONTEXT, orders=few)))


def test_metadata_is_the_contracts() -> None:
    one = incident()
    assert message.root(one, CONTEXT)["metadata"] == {
        "event_type": "ticketspike_incident",
        "event_payload": {"incident_id": one.incident_id, "revision": 1},
    }
    assert message.reply(one, CONTEXT)["metadata"]["event_type"] != "ticketspike_incident"


def test_no_golden_stands_that_no_state_makes() -> None:
    shown = {path.stem for name in ("root", "reply") for path in GOLDENS.glob(f"{name}_*.json")}
    assert shown == set(CASES)


def test_a_facet_value_is_shown_from_five_tickets() -> None:
    shown = said(message.root(incident(), CONTEXT))
    assert "Safari" in shown
    assert "Fairphone" not in shown


def test_an_owner_is_mentioned_only_by_slack_id() -> None:
    assert blocks.owner("U024BE7LH", "de") == {"type": "user", "user_id": "U024BE7LH"}
    assert blocks.owner("S0614TZR7", "de") == {"type": "usergroup", "usergroup_id": "S0614TZR7"}
    for name in ("SUPPORT", "@here", "<!channel>", "<@U024BE7LH>", "Team U024BE7LH"):
        assert blocks.owner(name, "de")["type"] == "text"


def test_a_withdrawn_campaign_keeps_its_name_and_loses_its_promise() -> None:
    text = said(message.root(incident(), replace(CONTEXT, campaigns={})))
    assert "Sommer-Newsletter" in text
    assert "25 %" not in text


def test_a_reason_that_no_headline_holds_stands_letter_by_letter() -> None:
    for reason in ("x" * 300, "two\nlines", "  spaces  ", "Gutschein " * 40):
        payload = message.root(incident(reason=reason), CONTEXT)
        assert reason in said(payload)
        assert payload["blocks"][0]["text"]["text"].endswith("42 Tickets statt ~11 in 30 min")


EDGES = [
    ("header", lambda text: blocks.header(text, "en"), limits.HEADER, lambda block: block["text"]["text"]),
    (
        "section",
        lambda text: blocks.paragraph(text, "en"),
        limits.SECTION,
        lambda block: block["text"]["text"],
    ),
    (
        "field",
        lambda text: blocks.fields([("", text)], "en"),
        limits.FIELD - 3,
        lambda block: block["fields"][0]["text"].removeprefix("**\n"),
    ),
    (
        "context",
        lambda text: blocks.context([("plain_text", text)], "en"),
        limits.CONTEXT_TEXT,
        lambda block: block["elements"][0]["text"],
    ),
]


@pytest.mark.parametrize(("name", "make", "limit", "read"), EDGES, ids=[edge[0] for edge in EDGES])
def test_text_is_whole_at_the_limit_and_cut_one_past_it(
    name: str, make: Callable[[str], blocks.Block], limit: int, read: Callable[[blocks.Block], str]
) -> None:
    assert read(make("x" * limit)) == "x" * limit
    cut = read(make("x" * (limit + 1)))
    assert len(cut) <= limit, name
    assert cut.endswith("… (shortened)")
    assert message.validate({"text": "t", "blocks": [make("x" * (limit + 1))]}) == []


REFUSED = [
    ("51 blocks", {"text": "t", "blocks": [{"type": "divider"}] * 51}),
    (
        "11 fields",
        {"text": "t", "blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}]},
    ),
    (
        "a field of 2,001",
        {"text": "t", "blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}]},
    ),
    ("no text", {"text": "", "blocks": []}),
    ("text of 4,001", {"text": "x" * 4001}),
    ("a raw call in text", {"text": "<!here> hello"}),
    (
        "a raw mention in mrkdwn",
        {"text": "t", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<@U1>"}}]},
    ),
    ("names that would ping", {"text": "t", "link_names": True}),
    (
        "11 context elements",
        {"text": "t", "blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}]},
    ),
]


@pytest.mark.parametrize(("rule", "payload"), REFUSED, ids=[row[0] for row in REFUSED])
def test_the_validator_refuses(rule: str, payload: message.Payload) -> None:
    assert len(message.validate(payload)) == 1, rule


WILD = st.one_of(
    st.text(max_size=3000),
    st.text(alphabet="<!@#>|&*`_~\n\u202e\u0645🔴:a ", max_size=400),
    st.sampled_from(
        ["<!channel>", "<!here|x>", "<@U024BE7LH>", "<!subteam^S1>", "x" * 3000, "🔥" * 3000, "&lt;" * 900]
    ),
)


@given(WILD, WILD, WILD, st.sampled_from(["de", "en"]), st.sampled_from(["raised", "grown", "cleared"]))
def test_no_word_from_outside_breaks_a_limit_or_calls_anyone(
    reason: str, name: str, value: str, tongue: Language, state: SpikeState
) -> None:
    campaign = Campaign(
        id="c1",
        name=name or "-",
        starts_at=ONSET,
        ends_at=ONSET + timedelta(days=1),
        promise=value,
        owner=name,
        voucher_codes=[value, name],
    )
    driver = Driver(facet=value, value=name, tickets=20, share=0.5, usual_share=0.1, excess_share=0.4)
    code = Driver(facet="voucher_code", value=value, tickets=20, share=0.5, usual_share=0.1, excess_share=0.4)
    context = replace(CONTEXT, language=tongue, campaigns={"c1": campaign}, answers_possible=True)
    link = CampaignLink(id="c1", name=name or "-", evidence="voucher_code")
    one = incident(state, reason=reason or "unlabelled", links=[link, link], drivers=[driver, code])
    one = answered(
        one,
        answer("acknowledged", name),
        answer("cause", value, note=reason),
        answer("linked", campaign_id=value),
        answer("useful", name, note="yes"),
    )
    for payload in (message.root(one, context), message.reply(one, context)):
        guarded, _ = redact.guard(payload)
        for sent in (payload, guarded):
            assert message.validate(sent) == []
            raw = json.dumps(sent, ensure_ascii=False).replace("<!date^", "")
            assert "<!" not in raw
            assert "<@" not in raw
            assert "<#" not in raw
        json.dumps(guarded, ensure_ascii=False).encode()
        assert plain(guarded)
        preview.page([{"method": "chat.postMessage", "posted_ts": "1.0", **guarded}], "t", language=tongue)


@given(st.text(max_size=200), st.integers(20, 60), st.sampled_from(["de", "en"]))
def test_a_cut_text_fits_and_a_fitting_one_is_untouched(text: str, limit: int, tongue: Language) -> None:
    cut = blocks.fit(text, limit, tongue)
    assert len(cut) <= limit
    assert (cut == text) is (len(text) <= limit)


@given(st.text(max_size=100))
def test_escaped_words_read_back_as_they_were(text: str) -> None:
    assert (
        html.unescape(blocks.escape(text)) == html.unescape(html.unescape(blocks.escape(text))) or "&" in text
    )
    assert "<" not in blocks.escape(text)


@given(st.lists(WILD, min_size=2, max_size=40, unique=True), st.sampled_from(["de", "en"]))
def test_a_group_of_any_reasons_is_one_that_slack_takes(reasons: list[str], tongue: Language) -> None:
    spikes = [spike(reason=reason or "unlabelled") for reason in reasons]
    one = altered(group(), contact_reasons=[one.contact_reason for one in spikes], spikes=spikes)
    context = replace(CONTEXT, language=tongue, answers_possible=True)
    for payload in (message.root(one, context), message.reply(one, context)):
        assert message.validate(payload) == []
        assert len(json.dumps(payload)) < 100_000


def test_every_reason_of_a_group_stands_letter_by_letter() -> None:
    reasons = [
        "Gutschein ungültig",
        "two\nlines",
        "x" * 3_000,
        "مشكلة",
        "a | b & c",
        *(f"r{at}" for at in range(20)),
    ]
    spikes = [spike(reason=reason) for reason in reasons]
    one = altered(group(), contact_reasons=reasons, spikes=spikes)
    payload = message.root(one, CONTEXT)
    assert message.validate(payload) == []
    text = said(payload)
    assert [reason for reason in reasons if reason not in text] == []


def test_a_reason_cannot_end_the_link_nor_add_to_it() -> None:
    url = blocks.tickets_link("https://h.example/?q={contact_reason}", "a&b=|>{from}", ONSET, ONSET)
    assert url == "https://h.example/?q=a%26b%3D%7C%3E%7Bfrom%7D"
    assert blocks.tickets_link("https://h.example/?q={contact_reason}", "ü" * 600, ONSET, ONSET) is None
    assert blocks.tickets_link("javascript:alert(1)", "a", ONSET, ONSET) is None


def test_the_preview_shows_the_last_state_with_its_thread_and_runs_nothing_from_outside() -> None:
    evil = incident(reason="<script>alert(1)</script>")
    lines = [
        {"method": "chat.postMessage", "posted_ts": "1795166580.0", **message.root(evil, CONTEXT)},
        {"method": "chat.update", "ts": "1795166580.0", **message.root(incident("cleared"), CONTEXT)},
        {
            "method": "chat.postMessage",
            "thread_ts": "1795166580.0",
            "posted_ts": "1795170000.0",
            **message.reply(incident("cleared", reason="<b>"), CONTEXT),
        },
    ]
    page = preview.page(
        lines, "A & B", language="de", timezone=ZoneInfo("Europe/Berlin"), people={"U024BE7LH": "Lena"}
    )
    assert "vorbei nach 1 h 35 min" in page
    assert "1 Antwort" in page
    assert "@Lena" in page
    assert "A &amp; B" in page
    assert "20.11. 10:15" in page
    assert 'href="https://help.example/tickets?reason=Gutschein%20ung%C3%BCltig&amp;from=' in page
    assert "&amp;amp;" not in page
    first = preview.page(lines[:1], "t", language="de")
    assert "<script" not in first + page
