"""The digest as a message: golden in both languages, within Slack's limits, and nothing from outside acts in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from digest_states import BUSY, DIGESTS, HOSTILE, context, hostile
from message_states import MUTE, POST, SNOOZE, answered, incident
from msgspec.structs import replace as altered
from personal_data import JUDGED, in_fields, leaking

from alerts import limits, redact
from alerts.digest import EVENT_TYPE, digest, shown
from alerts.digested import Change, ReasonChange
from alerts.terminal import plain

GOLDENS = Path(__file__).parents[1] / "data" / "slack"


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", DIGESTS)
def test_the_digest_is_the_golden_one(name: str, language: str, update_test_data: bool) -> None:
    payload = digest(DIGESTS[name], context(language), "digest-2026-11-20")
    golden = GOLDENS / f"{name}_{language}.json"
    if update_test_data:
        golden.write_text(json.dumps(payload, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert payload == json.loads(golden.read_text(encoding="utf-8"))
    assert limits.validate(payload) == []
    assert redact.guard(payload) == (payload, {})


def test_a_digest_is_no_incident_to_those_who_look_for_messages_by_their_metadata() -> None:
    assert EVENT_TYPE == "ticketspike_digest"
    metadata = digest(BUSY, context(), "digest-2026-11-20")["metadata"]
    assert metadata == {
        "event_type": "ticketspike_digest",
        "event_payload": {"digest_id": "digest-2026-11-20"},
    }


@pytest.mark.parametrize("language", ["de", "en"])
def test_five_hundred_incidents_and_the_worst_names_stay_within_the_limits_and_call_nobody(
    language: str,
) -> None:
    payload = digest(hostile(), context(language), "digest-2026-11-20")
    assert limits.validate(payload) == []
    assert "<!channel>" not in json.dumps(payload, ensure_ascii=False)
    shortened = {"de": "und 490 weitere", "en": "and 490 more"}[language]
    assert shortened in list(limits.texts(payload))


def test_only_who_took_an_incident_over_is_mentioned() -> None:
    said = json.dumps(digest(hostile(), context(), "d"))
    assert said.count('"user_id": "U024BE7LH"') == 10
    assert said.count('"user_id"') == 10
    assert "usergroup" not in said


def test_personal_data_in_contact_reasons_does_not_leave() -> None:
    leaks = []
    for item, text in in_fields(JUDGED):
        top = [ReasonChange(contact_reason=text, change=Change(tickets=3), customers=3)]
        open_ = [altered(BUSY.open[0], contact_reasons=[text])]
        payload, _ = redact.guard(digest(altered(BUSY, top=top, open=open_), context(), "d"))
        leaks += [(item.kind, text, found) for found in leaking(item, payload)]
    assert leaks == []


def test_the_interval_stands_beside_every_change_and_what_it_means_below() -> None:
    text = plain(digest(BUSY, context(), "d"))
    assert "Gutschein ungültig: 420 tickets · usually ~110 · more than usual: 3.8× (3.1× to 4.7×)" in text
    assert "Lieferung verspätet: 61 tickets · usually ~122 · fewer than usual: −50 % (−62 % to −34 %)" in text
    assert (
        "All contact reasons: 1,312 tickets · usually ~1,218 · no clear change: +8 % (−3 % to +19 %)" in text
    )
    assert "Altersprüfung: 12 tickets · none on the usual days" in text
    assert "95 % of cases" in text


def test_a_silenced_incident_is_shown_with_its_end_although_nobody_was_told_of_it() -> None:
    muted = answered(incident(), MUTE)
    assert muted.slack is None
    assert shown(muted, context())
    text = plain(digest(altered(BUSY, open=[muted]), context(), "d"))
    assert "🔕 Gutschein ungültig" in text
    assert "silenced until 27 Nov 2026, 10:49 CET" in text


def test_what_is_held_back_otherwise_is_not_in_the_digest_either() -> None:
    assert not shown(incident(), context())
    assert shown(altered(incident(), slack=POST), context())
    assert not shown(altered(incident("cleared"), slack=POST, status="resolved"), context())


def test_a_snooze_that_is_over_silences_nothing() -> None:
    one = altered(answered(incident(), SNOOZE), slack=POST)
    assert "silenced" not in plain(digest(altered(BUSY, open=[one]), context(), "d"))


def test_a_hostile_name_stays_one_line_in_a_notification() -> None:
    top = [ReasonChange(contact_reason=HOSTILE, change=Change(tickets=3), customers=3)]
    text = digest(altered(BUSY, top=top), context(), "d")["text"]
    assert "\n" not in text
    assert "&lt;" in text
    assert "<" not in text
