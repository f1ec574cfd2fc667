"""What the message says of campaigns: golden sections, validity, changes, and texts from outside that cannot act."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts import campaign_section, limits
from alerts.blocks import Block
from alerts.context import Context
from alerts.incident import apply
from alerts.records import Campaign, CampaignLink, Driver, Incident, Spike
from alerts.redemptions import QUARTER, Quarters, Redeemed

GOLDENS = Path(__file__).parents[1] / "data" / "slack"
ONSET = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAMPAIGN = Campaign(
    id="c1",
    name="Sommer-Newsletter",
    kind="newsletter",
    starts_at=ONSET - HOUR / 4,
    ends_at=ONSET + timedelta(days=7),
    owner="U024BE7LH",
    promise="25 % auf alles, in Shop & App",
    voucher_codes=["SOMMER25", "SOMMER30"],
)
CONTEXT = Context(
    now=ONSET + HOUR / 2, language="de", timezone=ZoneInfo("Europe/Berlin"), campaigns={"c1": CAMPAIGN}
)
CODE = Driver(
    facet="voucher_code", value="SOMMER25", tickets=38, share=38 / 42, usual_share=0.02, excess_share=0.97
)
PAIR = Driver(
    facet="voucher_code×browser",
    value="SOMMER25 × Safari",
    tickets=27,
    share=27 / 42,
    usual_share=0.01,
    excess_share=0.87,
)
SAFARI = Driver(
    facet="browser", value="Safari", tickets=30, share=30 / 42, usual_share=0.24, excess_share=0.92
)
LINK = CampaignLink(id="c1", name="Sommer-Newsletter", evidence="voucher_code")


def incident(*drivers: Driver, links: list[CampaignLink] | None = None) -> Incident:
    spike = Spike(
        spike_id="s",
        contact_reason="Gutschein ungültig",
        state="raised",
        onset=ONSET,
        raised_at=ONSET + HOUR / 6,
        window_minutes=30,
        observed=42,
        expected=11.2,
        lower=4.7,
        upper=18.2,
        uplift=42 / 11.2,
        excess=30.8,
        customers=38,
        score=9.1,
        rule="rule",
        drivers=list(drivers or [CODE]),
    )
    return apply(None, spike, links=[LINK] if links is None else links, now=ONSET)


def section(one: Incident, context: Context) -> list[Block]:
    return campaign_section.section(one, one.spikes[-1], context)


def calendar(**changes: object) -> Context:
    return replace(CONTEXT, campaigns={"c1": msgspec.structs.replace(CAMPAIGN, **changes)})


def orders(before: int, since: int) -> dict[str, Redeemed]:
    begin = ONSET - 24 * QUARTER
    return {"sommer25": Redeemed(Quarters(begin, (before,) * 24 + (since,) * 4), Quarters(begin, (60,) * 28))}


EXPIRED = {"starts_at": ONSET - 99 * HOUR, "ends_at": ONSET - HOUR / 4}
CASES: dict[str, Callable[[Context], list[Block]]] = {
    "campaign_everyone": lambda context: section(incident(), replace(context, redemptions=orders(10, 0))),
    "campaign_one_browser": lambda context: section(incident(CODE, SAFARI, PAIR), context),
    "campaign_expired": lambda context: section(
        incident(), replace(context, campaigns=calendar(**EXPIRED).campaigns)
    ),
    "campaign_not_started": lambda context: section(
        incident(), replace(context, campaigns=calendar(starts_at=ONSET + 2 * HOUR).campaigns)
    ),
    "campaign_withdrawn": lambda context: section(incident(), replace(context, campaigns={})),
    "campaign_endless": lambda context: section(
        incident(), replace(context, campaigns=calendar(ends_at=datetime(9000, 1, 1, tzinfo=UTC)).campaigns)
    ),
}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", CASES)
def test_the_section_is_the_golden_one(name: str, language: str, update_test_data: bool) -> None:
    found = CASES[name](replace(CONTEXT, language=language))  # type: ignore[arg-type]
    golden = GOLDENS / f"{name}_{language}.json"
    if update_test_data:
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert found == json.loads(golden.read_text(encoding="utf-8"))
    assert limits.validate({"text": "x", "blocks": found}) == []


def said(blocks: list[Block]) -> str:
    return "".join(limits.texts({"blocks": blocks}))


def test_promise_window_owner_and_validity_are_shown() -> None:
    blocks = section(incident(), CONTEXT)
    text = said(blocks)
    for part in ("25 % auf alles, in Shop & App", "Läuft ", "SOMMER25, SOMMER30 gültig bis "):
        assert part in text, part
    assert {"type": "user", "user_id": "U024BE7LH"} in blocks[0]["elements"][-1]["elements"]


def test_a_campaign_that_changed_during_the_incident_is_shown_as_it_stands() -> None:
    before, after = (section(incident(), context) for context in (CONTEXT, calendar(promise="Nur 20 %")))
    assert "25 % auf alles" in said(before)
    assert "Nur 20 %" in said(after)


def test_a_campaign_that_was_withdrawn_during_the_incident_is_said_to_be() -> None:
    text = said(section(incident(), replace(CONTEXT, campaigns={})))
    assert "Sommer-Newsletter" in text
    assert "aus dem Kalender genommen" in text
    assert "25 %" not in text


def test_a_code_that_two_campaigns_have_is_valid_until_the_later_end_and_both_are_named() -> None:
    other = msgspec.structs.replace(
        CAMPAIGN, id="c2", name="Sommer-TV", starts_at=ONSET - 9 * HOUR, ends_at=ONSET + timedelta(days=30)
    )
    links = [LINK, CampaignLink(id="c2", name="Sommer-TV", evidence="voucher_code")]
    blocks = section(incident(links=links), replace(CONTEXT, campaigns={"c1": CAMPAIGN, "c2": other}))
    assert "Fällt auch zusammen mit Sommer-TV" in said(blocks)
    dates = [
        part["timestamp"]
        for element in blocks[0]["elements"]
        for part in element["elements"]
        if part["type"] == "date"
    ]
    assert int(other.ends_at.timestamp()) in dates


def test_a_code_of_no_campaign_has_its_cause_class_all_the_same() -> None:
    text = said(section(incident(links=[]), CONTEXT))
    assert "Geht vermutlich bei niemandem" in text
    assert "Mit keiner bekannten Kampagne" in text
    assert said(section(incident(SAFARI, links=[]), replace(CONTEXT, campaigns={}))) == ""


HOSTILE = [
    "<!channel>",
    "<@U024BE7LH> & <https://evil.example|here>",
    "a\nb\n\n*c*",
    "x" * 3_000,
    "קוד " * 50,
    "\x00{value}",
]


@pytest.mark.parametrize("word", HOSTILE)
def test_words_from_outside_neither_call_nor_break_the_section(word: str) -> None:
    code = msgspec.structs.replace(CODE, value=word)
    browser = msgspec.structs.replace(SAFARI, value=word)
    pair = msgspec.structs.replace(PAIR, value=f"{word} × {word}")
    hostile = msgspec.structs.replace(
        CAMPAIGN, name=word, promise=word, owner=word, voucher_codes=[word] * 40, contact_reasons=[word]
    )
    link = CampaignLink(id="c1", name=word, evidence="voucher_code")
    for language in ("de", "en"):
        context = replace(CONTEXT, language=language, campaigns={"c1": hostile})  # type: ignore[arg-type]
        for links in ([link], []):
            blocks = section(incident(code, browser, pair, links=links), context)
            assert limits.validate({"text": "x", "blocks": blocks}) == []
            assert "<!" not in said(blocks).replace("<!date^", "")
            assert '"user_id"' not in json.dumps(blocks)
