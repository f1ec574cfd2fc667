"""What a press means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from personal_data import SETS, in_fields, leaks
from presses import pressed, shortcut, submitted

from alerts import campaign_search
from alerts.choices import CAUSES
from alerts.context import Context
from alerts.interaction import Correct, Ignore, Offer, Outcome, Record, Refuse, interpret
from alerts.limits import SECTION
from alerts.press_words import ENGLISH, GERMAN, Refusal
from alerts.records import Answer, Campaign, CampaignLink, Incident

AT = datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
SUMMER = Campaign(
    id="summer",
    name="Summer sale",
    starts_at=AT - timedelta(hours=1),
    ends_at=AT + timedelta(hours=5),
    voucher_codes=["SOMMER25"],
)
INCIDENT = Incident(
    incident_id="ts-1",
    revision=1,
    status="open",
    contact_reasons=["voucher"],
    spikes=[],
    opened_at=AT,
    updated_at=AT,
    observed=42,
    expected=11,
    excess=31,
    campaigns=[CampaignLink(id="summer", name="Summer sale", evidence="voucher_code")],
)


def understood(payload: object, **changes: Any) -> Outcome:
    given_context: dict[str, Any] = {
        "now": AT + timedelta(seconds=1),
        "timezone": BERLIN,
        "campaigns": {"summer": SUMMER},
    }
    return interpret(payload, Context(**(given_context | changes)), {"ts-1": INCIDENT}.get)


def answer(payload: object, **changes: Any) -> Answer:
    outcome = understood(payload, **changes)
    assert isinstance(outcome, Record), outcome
    (found,) = outcome.answers
    return found


def view(payload: object, **changes: Any) -> dict[str, Any]:
    outcome = understood(payload, **changes)
    assert isinstance(outcome, Record)
    assert outcome.modal is not None
    return outcome.modal.view


ANSWERS = [
    # action, value, a menu?, kind, what else the answer holds
    ("acknowledge", "ts-1", False, "acknowledged", {}),
    ("false_alarm", "ts-1", False, "false_alarm", {}),
    ("useful_yes", "ts-1", False, "useful", {"note": "yes"}),
    ("useful_no", "ts-1", False, "useful", {"note": "no"}),
    # Expected takes the incident's first campaign, unless the press names one, or there is none.
    ("expected", "ts-1", False, "expected", {"campaign_id": "summer"}),
    ("expected", "ts-1|winter", True, "expected", {"campaign_id": "winter"}),
    ("expected", "ts-other", False, "expected", {}),
    ("snooze", "ts-1|1h", True, "snoozed", {"until": AT + timedelta(hours=1)}),
    ("snooze", "ts-1|4h", True, "snoozed", {"until": AT + timedelta(hours=4)}),
    ("snooze", "ts-1|tomorrow", True, "snoozed", {"until": datetime(2026, 11, 21, 7, tzinfo=UTC)}),
    ("mute", "ts-1|1d", True, "muted", {"until": AT + timedelta(days=1)}),
    ("mute", "ts-1|7d", True, "muted", {"until": AT + timedelta(days=7)}),
    ("mute", "ts-1|30d", True, "muted", {"until": AT + timedelta(days=30)}),
    ("link_campaign", "ts-1|summer", True, "linked", {"campaign_id": "summer"}),
    # A campaign that this worker has not heard of is the board's to judge.
    ("link_campaign", "ts-1|news|letter", True, "linked", {"campaign_id": "news|letter"}),
    *(("cause", f"ts-1|{cause}", True, "cause", {"note": cause}) for cause in CAUSES),
]


@pytest.mark.parametrize(("action_id", "value", "menu", "kind", "more"), ANSWERS)
def test_each_button_and_choice_gives_its_answer(
    action_id: str, value: str, menu: bool, kind: Any, more: dict[str, Any]
) -> None:
    found = answer(pressed(action_id, value, menu=menu))
    assert found == Answer(incident_id=value.split("|")[0], kind=kind, by="U0LEAD", at=AT, **more)


def test_a_press_delivered_twice_gives_the_same_answer_at_whatever_time() -> None:
    press = pressed("snooze", "ts-1|tomorrow", menu=True)
    assert answer(press) == answer(press, now=AT + timedelta(hours=30))


@pytest.mark.parametrize(
    ("pressed_at", "local_end"),
    [
        # The night before clocks go forward, the night before they go back, and just before midnight.
        ("2026-03-28T20:00:00+01:00", "2026-03-29T08:00:00+02:00"),
        ("2026-10-24T20:00:00+02:00", "2026-10-25T08:00:00+01:00"),
        ("2026-06-30T23:59:59+02:00", "2026-07-01T08:00:00+02:00"),
        # After midnight tomorrow is the next day of the calendar, not the coming morning.
        ("2026-07-01T00:30:00+02:00", "2026-07-02T08:00:00+02:00"),
    ],
)
def test_tomorrow_is_eight_in_the_morning_where_the_team_lives(pressed_at: str, local_end: str) -> None:
    stamp = f"{datetime.fromisoformat(pressed_at).timestamp():.6f}"
    found = answer(pressed("snooze", "ts-1|tomorrow", menu=True, action_ts=stamp))
    assert found.until == datetime.fromisoformat(local_end)


REFUSED = [
    ("incident.ack", "inc_01TEST"),  # the button of another program
    ("acknowledge", ""),
    ("acknowledge", "ts-1|more"),
    ("acknowledge", "x" * 201),
    ("acknowledge", "ts\x001"),
    ("snooze", "ts-1"),
    ("snooze", "ts-1|2h"),
    ("snooze", "ts-1|1d"),  # a choice of another menu
    ("mute", "ts-1|1h"),
    ("cause", "ts-1|weather"),
    ("link_campaign", "ts-1|"),
    ("link_campaign", "ts-1|" + "x" * 501),
    ("expected", "ts-1|\u202e"),
]


@pytest.mark.parametrize(("action_id", "value"), REFUSED)
def test_what_is_unknown_is_refused_politely_to_whoever_pressed(action_id: str, value: str) -> None:
    outcome = understood(pressed(action_id, value))
    assert isinstance(outcome, Refuse)
    assert outcome.why is Refusal.UNKNOWN
    assert outcome.sender is not None
    assert outcome.sender.user == "U0LEAD"


@pytest.mark.parametrize("stamp", ["", "nan", "1e9", "-1", "1795166102.0000001", "१७९५१६६१०२", "9" * 12])
def test_a_press_without_a_time_of_its_own_is_refused(stamp: str) -> None:
    outcome = understood(pressed("acknowledge", "ts-1", action_ts=stamp))
    assert isinstance(outcome, Refuse)
    assert outcome.why is Refusal.MALFORMED


def test_a_followed_link_and_an_unknown_kind_of_payload_are_no_reason_to_say_anything() -> None:
    press = pressed("tickets", "ts-1")
    press["actions"][0]["url"] = "https://helpdesk.example/tickets"
    assert understood(press) == Ignore()
    assert understood({"type": "view_closed"}) == Ignore()


def test_a_cause_that_is_not_in_the_list_is_recorded_at_once_and_asked_for_in_words() -> None:
    press = pressed("cause", "ts-1|other", menu=True)
    outcome = understood(press)
    assert isinstance(outcome, Record)
    assert [one.note for one in outcome.answers] == ["other"]
    words = answer(
        submitted(view(press), {"words": {"type": "plain_text_input", "value": "the till printed 25"}})
    )
    assert (words.kind, words.incident_id, words.note) == ("cause", "ts-1", "the till printed 25")
    # Later than the first word on the cause, so that it holds; and the same however often it is delivered.
    assert words.at == AT + timedelta(milliseconds=1)


def test_without_a_trigger_no_form_opens_but_what_was_said_is_recorded() -> None:
    assert answer(pressed("cause", "ts-1|other", menu=True, trigger_id=None)).note == "other"
    outcome = understood(pressed("mute", "ts-1|until", menu=True, trigger_id=None))
    assert isinstance(outcome, Refuse)
    assert outcome.why is Refusal.NOT_OPENED


def test_muting_until_a_time_of_ones_own() -> None:
    form = view(pressed("mute", "ts-1|until", menu=True))
    end = AT + timedelta(days=3)
    filled = {"when": {"selected_date_time": int(end.timestamp())}, "words": {"value": None}}
    found = answer(submitted(form, filled))
    assert (found.kind, found.until, found.note) == ("muted", end, None)
    filled["words"] = {"value": "known since Monday, jo@example.org looks after it"}
    assert answer(submitted(form, filled)).note == "known since Monday, [mail] looks after it"


@pytest.mark.parametrize(
    ("picked", "words"),
    [
        (None, ENGLISH.none_picked),
        (int(AT.timestamp()), ENGLISH.past),
        (int((AT + timedelta(days=91)).timestamp()), ENGLISH.too_far),
        (10**15, ENGLISH.none_picked),
        (-5, ENGLISH.none_picked),
    ],
)
def test_a_form_says_beside_the_field_what_is_wrong(picked: int | None, words: str) -> None:
    form = view(pressed("mute", "ts-1|until", menu=True))
    assert understood(submitted(form, {"when": {"selected_date_time": picked}})) == Correct({"when": words})


def test_a_campaign_is_found_by_what_is_typed_and_linked() -> None:
    form = view(pressed("link_campaign", "ts-1|search", menu=True))
    typing = {
        "type": "block_suggestion",
        "user": {"id": "U0LEAD"},
        "action_id": "link_campaign",
        "value": "sommer",
    }
    offer = understood(typing)
    assert isinstance(offer, Offer)
    (option,) = offer.options
    assert option["text"]["text"] == "Summer sale (20 Nov 2026)"
    found = answer(submitted(form, {"link_campaign": {"selected_option": option}}))
    assert (found.kind, found.campaign_id) == ("linked", "summer")


def test_ten_thousand_campaigns_with_names_from_outside_stay_within_slacks_menu() -> None:
    many = {
        f"c{number}": replace(
            SUMMER,
            id=f"c{number}" if number % 2 else f"order 1002334{number} of jo@example.org " + "x" * number,
            name="<!channel> order 10023344 \n" + "ä" * number,
            starts_at=AT + timedelta(minutes=number),
            ends_at=AT + timedelta(days=30),
        )
        for number in range(10_000)
    }
    many = {one.id: one for one in many.values()}
    outcome = understood(
        {"type": "block_suggestion", "user": {"id": "U1"}, "action_id": "link_campaign"}, campaigns=many
    )
    assert isinstance(outcome, Offer)
    assert len(outcome.options) == 100
    for option in outcome.options:
        assert len(option["text"]["text"]) <= 75
        assert len(option["value"]) <= 100
        assert "10023344" not in json.dumps(option)
        assert "example.org" not in json.dumps(option)
        # Whatever stands there leads back to the campaign.
        assert campaign_search.resolve(option["value"], many) in many


def test_a_missed_spike_is_reported_from_a_message() -> None:
    form = view(shortcut())
    filled = {"words": {"value": " voucher "}, "when": {"selected_date_time": 1795165000}}
    outcome = understood(submitted(form, filled))
    assert isinstance(outcome, Record)
    (found,) = outcome.answers
    when = datetime.fromtimestamp(1795165000, UTC)
    assert (found.kind, found.note, found.at, found.by) == ("missed", "voucher", when, "U0LEAD")
    assert found.incident_id.startswith("missed-")
    assert outcome.missed == ("voucher", when)
    assert understood(submitted(form, {**filled, "words": {"value": "\x00 "}})) == Correct(
        {"words": ENGLISH.empty}
    )
    later = {"selected_date_time": int(AT.timestamp()) + 3600}
    assert understood(submitted(form, {**filled, "when": later})) == Correct({"when": ENGLISH.future})


def test_the_time_picker_of_a_missed_spike_begins_with_the_messages_time() -> None:
    picker = view(shortcut())["blocks"][1]["element"]
    assert picker["initial_date_time"] == 1795165000 // 60 * 60


def test_a_shortcut_of_another_name_is_refused() -> None:
    outcome = understood(shortcut("another"))
    assert isinstance(outcome, Refuse)
    assert outcome.why is Refusal.UNKNOWN


def test_a_long_note_is_cut_and_says_so_and_nothing_personal_is_in_it() -> None:
    form = view(pressed("cause", "ts-1|other", menu=True))
    note = "write to jo@example.org, IBAN DE89 3704 0044 0532 0130 00; " * 200
    assert len(note) > 10_000
    kept = answer(submitted(form, {"words": {"value": note}}), language="de").note
    assert kept is not None
    assert len(kept) <= SECTION
    assert kept.endswith("… (gekürzt)")
    assert "example" not in kept
    assert "0130" not in kept


@pytest.mark.parametrize("seed", SETS.values(), ids=SETS.keys())
def test_nothing_personal_that_is_typed_reaches_an_answer(seed: int) -> None:
    opened = view(pressed("cause", "ts-1|other", menu=True))
    reported = view(shortcut())
    for item, text in in_fields(seed):
        cause = answer(submitted(opened, {"words": {"value": text}}))
        filled = {"words": {"value": text}, "when": {"selected_date_time": 1795165000}}
        missed = answer(submitted(reported, filled))
        for one in (cause, missed):
            assert not leaks(item, one.note or ""), item


def test_a_form_that_is_none_of_ours_changes_nothing() -> None:
    form = view(pressed("cause", "ts-1|other", menu=True))
    filled = {"words": {"value": "broken"}}
    outcome = understood(submitted({**form, "callback_id": "another"}, filled))
    assert isinstance(outcome, Refuse)
    for metadata in ("", "{}", "[" * 2000, '{"at":"never","incident_id":"ts-1"}', '{"at":1}'):
        outcome = understood(submitted({**form, "private_metadata": metadata}, filled))
        assert isinstance(outcome, Refuse), metadata


def test_every_refusal_and_every_sentence_has_words_in_both_languages() -> None:
    assert set(ENGLISH.refusals) == set(GERMAN.refusals) == set(Refusal)
    for words in (ENGLISH, GERMAN):
        titles = (
            words.cause_title,
            words.mute_title,
            words.link_title,
            words.missed_title,
            words.submit,
            words.cancel,
        )
        assert all(0 < len(title) <= 24 for title in titles)


def test_forms_stay_within_slacks_limits_and_speak_german_and_english() -> None:
    presses = [
        pressed(
            "cause", "ts-1|other", menu=True, response_url="https://hooks.slack.com/actions/" + "x" * 200
        ),
        pressed("mute", "ts-1|until", menu=True),
        pressed("link_campaign", "ts-1|search", menu=True),
        shortcut(),
    ]
    for press in presses:
        german, english = view(press, language="de"), view(press, language="en")
        assert german["title"] != english["title"]
        for one in (german, english):
            assert len(one["private_metadata"]) <= 3000
            assert len(one["title"]["text"]) <= 24
            assert len(one["blocks"]) <= 100
            for block in one["blocks"]:
                assert len(block["label"]["text"]) <= 2000
                assert len(block["element"].get("placeholder", {"text": ""})["text"]) <= 150


texts = st.text() | st.text(st.characters())  # the second with halves of characters, as \\ud800 gives them
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)
"""Any JSON value."""


def _mutations(value: Any) -> st.SearchStrategy[Any]:
    """A payload as Slack sends it, with any of its parts replaced by any JSON value."""
    if isinstance(value, dict):
        parts = {key: _mutations(part) for key, part in value.items()}
        return st.one_of(st.fixed_dictionaries(parts), st.fixed_dictionaries(parts), json_values)
    if isinstance(value, list) and value:
        return st.one_of(st.lists(_mutations(value[0]), max_size=3), json_values)
    return st.one_of(st.just(value), st.just(value), st.just(value), json_values)


SEEDS = [
    pressed("snooze", "ts-1|tomorrow", menu=True),
    pressed("expected", "ts-1"),
    pressed("mute", "ts-1|until", menu=True, response_url="https://hooks.slack.com/actions/1"),
    submitted(
        {"callback_id": "missed", "private_metadata": '{"at":"1795166102.5"}'},
        {"words": {"value": "voucher"}, "when": {"selected_date_time": 1795165000}},
    ),
    submitted(
        {"callback_id": "mute", "private_metadata": '{"at":"1795166102.5","incident_id":"ts-1"}'},
        {"words": {"value": "x"}, "when": {"selected_date_time": 1795169000}},
    ),
    shortcut(),
    {"type": "block_suggestion", "user": {"id": "U1"}, "action_id": "link_campaign", "value": "s"},
]


@settings(max_examples=400)
@given(st.one_of(json_values, *(_mutations(seed) for seed in SEEDS)))
def test_any_json_is_understood_or_refused_and_never_raises(payload: object) -> None:
    outcome = understood(payload)
    assert isinstance(outcome, Record | Correct | Offer | Refuse | Ignore)
    if isinstance(outcome, Record):
        for one in outcome.answers:
            assert one.by.isascii()
            assert len(one.note or "") <= 3000
            # What goes to Kafka and to Slack can be written down.
            assert msgspec.json.encode(one)
        if outcome.modal is not None:
            assert msgspec.json.encode(outcome.modal.view)


@pytest.mark.parametrize("half", ["\ud800", "\udfff x", "U1\n"])
def test_half_a_character_in_any_place_is_refused_or_left_out(half: str) -> None:
    for changed in ("response_url", "trigger_id"):
        assert understood({**pressed("mute", "ts-1|until"), changed: half}) == Refuse(Refusal.MALFORMED)
    assert understood({**pressed("acknowledge", "ts-1"), "user": {"id": half}}) == Refuse(Refusal.MALFORMED)
    assert isinstance(understood(pressed("acknowledge", "ts-1" + half)), Refuse)
    assert isinstance(understood(pressed("link_campaign", "ts-1|" + half)), Refuse)
    opened = view(pressed("cause", "ts-1|other", menu=True))
    assert answer(submitted(opened, {"words": {"value": f"code {half} off"}})).note is not None


def test_deep_json_is_refused_and_not_fallen_into() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"user": deep, "state": [deep]} if _ % 2 else [deep]
    for kind in ("block_actions", "view_submission", "shortcut", "block_suggestion"):
        outcome = understood({"type": kind, "user": deep, "view": deep, "actions": deep})
        assert outcome == Refuse(Refusal.MALFORMED)
