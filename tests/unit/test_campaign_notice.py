"""The notice ahead of a campaign: when it is due, what it says, and that texts from outside cannot act in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from personal_data import JUDGED, in_fields, leaking

from alerts import limits, redact
from alerts.campaign_notice import EVENT_TYPE, MOST, Due, NoticeSaid, due_notices, log, notice, notice_id
from alerts.context import Context
from alerts.expected_contacts import expected_contacts
from alerts.limits import Payload
from alerts.records import Campaign, SlackPost
from alerts.terminal import plain

GOLDENS = Path(__file__).parents[1] / "data" / "slack"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAMPAIGN = Campaign(
    id="bf",
    name="Black Friday",
    kind="sale",
    starts_at=NOW + 20 * HOUR,
    ends_at=NOW + 68 * HOUR,
    owner="S0614TZR7",
    promise="40 % auf alles, Lieferung in 24 Stunden",
    voucher_codes=["BLACK40"],
    contact_reasons=["Lieferung verspätet", "Gutschein ungültig"],
    expected_uplift=2.0,
)
CONTEXT = Context(now=NOW, language="de", timezone=ZoneInfo("Europe/Berlin"))
POST = SlackPost(channel="C1", ts="1.2")


def changed(**fields: object) -> Campaign:
    return msgspec.structs.replace(CAMPAIGN, **fields)


def due(campaigns: list[Campaign], said: dict[str, NoticeSaid] | None = None, hours: float = 24) -> list[Due]:
    return due_notices({one.id: one for one in campaigns}, said or {}, NOW, hours)


CASES: dict[str, Callable[[Context], Payload]] = {
    "notice_ahead": lambda context: notice(Due(CAMPAIGN, "ahead"), context),
    "notice_learnt": lambda context: notice(Due(CAMPAIGN, "ahead"), context, learnt=1.3, usual=210),
    "notice_changed": lambda context: notice(
        Due(changed(expected_uplift=1.0, contact_reasons=[], promise=None), "changed"), context
    ),
    "notice_withdrawn": lambda context: notice(Due(CAMPAIGN, "withdrawn", POST), context),
}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", CASES)
def test_the_notice_is_the_golden_one(name: str, language: str, update_test_data: bool) -> None:
    payload = CASES[name](replace(CONTEXT, language=language))  # type: ignore[arg-type]
    golden = GOLDENS / f"{name}_{language}.json"
    if update_test_data:
        golden.write_text(json.dumps(payload, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert payload == json.loads(golden.read_text(encoding="utf-8"))
    assert limits.validate(payload) == []


def test_a_notice_says_promise_window_code_owner_and_how_many_more_contacts_as_a_range() -> None:
    payload = notice(Due(CAMPAIGN, "ahead"), CONTEXT, usual=210)
    text = "".join(limits.texts({"blocks": payload["blocks"]}))
    for part in (
        "Black Friday",
        "40 % auf alles, Lieferung in 24 Stunden",
        "BLACK40",
        "Etwa 1,5× bis 2,7× so viele Kontakte wie üblich",
        "insgesamt etwa 104 bis 351 Kontakte mehr",
        "Lieferung verspätet, Gutschein ungültig",
    ):
        assert part in text, part
    assert '"usergroup_id": "S0614TZR7"' in json.dumps(payload)


def test_a_notice_is_no_incident() -> None:
    metadata = notice(Due(CAMPAIGN, "ahead"), CONTEXT)["metadata"]
    assert metadata == {"event_type": EVENT_TYPE, "event_payload": {"notice_id": notice_id(CAMPAIGN)}}
    assert EVENT_TYPE == "ticketspike_campaign_notice"


def test_a_notice_is_off_unless_asked_for() -> None:
    assert due([CAMPAIGN], hours=0) == []


RULES = [
    ("within the hours", {}, True),
    ("later than the hours", {"starts_at": NOW + 25 * HOUR}, False),
    ("at the last minute", {"starts_at": NOW + timedelta(minutes=1)}, True),
    ("begun already", {"starts_at": NOW}, False),
]


@pytest.mark.parametrize(("rule", "fields", "is_due"), RULES, ids=[rule for rule, *_ in RULES])
def test_a_notice_is_due_before_the_campaign_begins(
    rule: str, fields: dict[str, object], is_due: bool
) -> None:
    assert [one.why for one in due([changed(**fields)])] == (["ahead"] if is_due else []), rule


def test_what_was_said_is_not_said_again_and_a_change_edits_it() -> None:
    (first,) = due([CAMPAIGN])
    said = {"bf": log(first, POST)}
    assert due([CAMPAIGN], said) == []
    moved = changed(starts_at=NOW + 90 * HOUR)
    assert due([moved], said) == [Due(moved, "changed", POST)]
    assert due([moved], {"bf": log(Due(moved, "changed", POST), POST)}) == []


def test_a_campaign_that_is_withdrawn_before_it_begins_is_said_to_be_once_and_may_come_back() -> None:
    (gone,) = due([], {"bf": NoticeSaid(campaign=CAMPAIGN, post=POST)})
    assert gone == Due(CAMPAIGN, "withdrawn", POST)
    said = {"bf": log(gone, POST)}
    assert due([], said) == []
    assert due([CAMPAIGN], said) == [Due(CAMPAIGN, "changed", POST)]


def test_what_happens_after_the_beginning_is_no_matter_of_the_notice() -> None:
    over = changed(starts_at=NOW - HOUR)
    said = {"bf": NoticeSaid(campaign=over, post=POST)}
    assert due([], said) == []
    assert due([msgspec.structs.replace(over, promise="less")], said) == []


def test_ten_thousand_campaigns_for_tomorrow_are_not_ten_thousand_messages() -> None:
    many = [
        changed(id=f"c{index}", starts_at=NOW + timedelta(minutes=1 + index % 600)) for index in range(10_000)
    ]
    first = due(many)
    assert len(first) == MOST
    assert first[0].campaign.starts_at == NOW + timedelta(minutes=1)
    assert due(many, {one.campaign.id: log(one, POST) for one in first}) == []


def test_what_is_said_survives_being_stored() -> None:
    said = NoticeSaid(campaign=CAMPAIGN, post=POST)
    assert msgspec.json.decode(msgspec.json.encode(said), type=NoticeSaid) == said


def test_what_campaigns_of_the_kind_brought_before_narrows_the_range() -> None:
    plain, learnt = expected_contacts(CAMPAIGN), expected_contacts(CAMPAIGN, learnt=1.0)
    assert plain is not None
    assert learnt is not None
    assert plain.low < learnt.low < 2.0 < learnt.high < plain.high
    assert expected_contacts(changed(expected_uplift=1.0)) is None
    slight = expected_contacts(changed(expected_uplift=1.1))
    assert slight is not None
    assert slight.low == 1.0


HOSTILE = [
    "<!channel>",
    "<@U024BE7LH> & <https://evil.example|here>",
    "a\nb\n\n*c*",
    "x" * 3_000,
    "קוד " * 50,
    "\x00{more}",
]


@pytest.mark.parametrize("word", HOSTILE)
def test_words_from_outside_neither_call_nor_break_the_notice(word: str) -> None:
    hostile = changed(
        id=word, name=word, promise=word, owner=word, voucher_codes=[word] * 40, contact_reasons=[word] * 40
    )
    for language in ("de", "en"):
        for why in ("ahead", "changed", "withdrawn"):
            payload = notice(Due(hostile, why), replace(CONTEXT, language=language))  # type: ignore[arg-type]
            assert limits.validate(payload) == []
            assert word not in json.dumps(payload["metadata"])
            assert '"user_id"' not in json.dumps(payload)


def test_no_planted_personal_data_passes_the_guard_in_a_notice() -> None:
    leaks = []
    for item, text in in_fields(JUDGED):
        planted = changed(
            id=text,
            name=text,
            promise=text,
            owner=text,
            voucher_codes=[text],
            contact_reasons=[text],
            url=text,
        )
        for why in ("ahead", "withdrawn"):
            payload, _ = redact.guard(notice(Due(planted, why), CONTEXT))
            leaks += [(item.kind, text, found) for found in leaking(item, payload)]
            assert limits.validate(payload) == []
    assert leaks == []


def test_a_notice_can_be_read_on_a_terminal() -> None:
    text = plain(notice(Due(CAMPAIGN, "ahead"), replace(CONTEXT, language="en")))
    for part in ("Campaign ahead: Black Friday", "40 % auf alles", "About 1.5× to 2.7×", "BLACK40"):
        assert part in text, part
