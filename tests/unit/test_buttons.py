"""Buttons and menus: what a press sends, what makes sense when, and what asks before it acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from message_states import (
    BY_CODE,
    CONTEXT,
    LATER,
    MUTE,
    NEWSLETTER,
    ONSET,
    SNOOZE,
    TAKEN,
    answer,
    answered,
    condition,
    group,
    incident,
)
from msgspec.structs import replace as altered

from alerts import action_limits, buttons, message
from alerts.answer_words import answer_words
from alerts.blocks import Block
from alerts.campaign_search import resolve
from alerts.choices import CAUSES, SEARCH
from alerts.language import Language
from alerts.records import Campaign, Incident
from alerts.until import MUTES, SNOOZES

OPEN = replace(CONTEXT, answers_possible=True)


def elements(one: Incident, context: Any = OPEN) -> dict[str, Block]:
    """By action id."""
    rows = [row for row in message.root(one, context)["blocks"] if row["type"] == "actions"]
    assert all(len(row["elements"]) <= action_limits.VISIBLE for row in rows)
    return {element["action_id"]: element for row in rows for element in row["elements"]}


def choices(menu: Block) -> list[str]:
    return [option["value"] for option in menu["options"]]


def test_the_action_ids_and_values_are_the_contracts() -> None:
    one = incident()
    found, key = elements(one), one.incident_id
    assert set(found) == {
        "acknowledge",
        "expected",
        "false_alarm",
        "snooze",
        "cause",
        "link_campaign",
        "mute",
    }
    assert {found[name]["value"] for name in ("acknowledge", "expected", "false_alarm")} == {key}
    assert choices(found["snooze"]) == [f"{key}|1h", f"{key}|4h", f"{key}|tomorrow"]
    assert choices(found["mute"]) == [f"{key}|1d", f"{key}|7d", f"{key}|30d"]
    assert choices(found["link_campaign"]) == [f"{key}|c1", f"{key}|c2"]
    causes = "code_broken code_expired code_not_started one_browser payment delivery product website other"
    assert [value.removeprefix(f"{key}|") for value in choices(found["cause"])] == causes.split()
    over = elements(incident("cleared"))
    assert {over[name]["value"] for name in ("useful_yes", "useful_no")} == {key}


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_choice_is_one_that_a_press_is_understood_by(language: Language) -> None:
    say = answer_words(language)
    assert (tuple(say.snoozes), tuple(say.mutes), tuple(say.causes)) == (SNOOZES, MUTES, CAUSES)


def test_no_button_stands_where_nobody_answers_a_press() -> None:
    assert elements(incident(), CONTEXT) == {}
    assert elements(incident("cleared"), CONTEXT) == {}


SHOWN = [
    (
        "an incident of one reason",
        incident(),
        "acknowledge snooze expected false_alarm cause link_campaign mute",
    ),
    (
        "somebody has taken over: nobody else is asked to",
        answered(incident(), TAKEN),
        "snooze expected false_alarm cause link_campaign mute",
    ),
    (
        "what was called expected can only be called a false alarm",
        answered(incident(), answer("false_alarm"), answer("expected", minutes=25)),
        "acknowledge snooze false_alarm cause link_campaign mute",
    ),
    (
        "and the other way round",
        answered(incident(), answer("expected"), answer("false_alarm", minutes=25)),
        "acknowledge snooze expected cause link_campaign mute",
    ),
    (
        "a snooze and a mute can be changed",
        answered(incident(), SNOOZE, MUTE),
        "acknowledge snooze expected false_alarm cause link_campaign mute",
    ),
    (
        "a rise of all tickets",
        condition("total_volume"),
        "acknowledge snooze expected false_alarm cause link_campaign mute",
    ),
    (
        "a silent source is nothing to expect, to mute or to be wrong about",
        condition("source_silent"),
        "acknowledge snooze",
    ),
    (
        "over: was it useful, and what was it",
        incident("cleared"),
        "useful_yes useful_no expected false_alarm cause",
    ),
    (
        "over and judged: the judgement can still be changed",
        answered(incident("cleared"), answer("false_alarm")),
        "useful_yes useful_no expected cause",
    ),
    ("the source is back", condition("source_silent", over=True), "useful_yes useful_no"),
    (
        "several reasons at once",
        group(),
        "acknowledge snooze expected false_alarm cause link_campaign mute",
    ),
]


@pytest.mark.parametrize(("rule", "one", "shown"), SHOWN, ids=[row[0] for row in SHOWN])
def test_only_what_makes_sense_is_shown(rule: str, one: Incident, shown: str) -> None:
    assert " ".join(elements(one)) == shown, rule


def test_taking_over_is_the_one_button_that_stands_out() -> None:
    styles = {name: element.get("style") for name, element in elements(incident()).items()}
    assert {name for name, style in styles.items() if style} == {"acknowledge"}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("reason", ["Gutschein ungültig", "x" * 3_000, "<!channel>\n" * 50, "مشكلة " * 80])
def test_what_lowers_the_guard_asks_first_and_names_the_reason(reason: str, language: Language) -> None:
    found = elements(incident(reason=reason), replace(OPEN, language=language))
    assert {name for name, element in found.items() if "confirm" in element} == {"false_alarm", "mute"}
    for name in ("false_alarm", "mute"):
        text = found[name]["confirm"]["text"]["text"]
        assert len(text) <= action_limits.CONFIRM_TEXT
        assert reason[:9].strip() in text.replace("\u2060", "")
        # What the press changes is never what has to go.
        assert text.endswith((".", "weiterhin.", "ab."))


def test_several_reasons_and_all_tickets_are_asked_about_by_what_they_are() -> None:
    assert "diese 3 Kontaktgründe" in elements(group())["mute"]["confirm"]["text"]["text"]
    assert "„Alle Tickets zusammen“" in elements(condition("total_volume"))["mute"]["confirm"]["text"]["text"]


def campaign(key: str, days: float, **about: Any) -> Campaign:
    starts = ONSET + timedelta(days=days)
    return Campaign(id=key, name=f"Name {key}", starts_at=starts, ends_at=starts + timedelta(days=2), **about)


def menu_of(*campaigns: Campaign, one: Incident | None = None) -> list[str]:
    context = replace(OPEN, campaigns={found.id: found for found in campaigns})
    found = elements(one or incident(links=[]), context)
    return [value.partition("|")[2] for value in choices(found.get("link_campaign", {"options": []}))]


def test_campaigns_that_could_be_meant_are_offered_the_closest_first() -> None:
    far = [campaign("old", -30), campaign("future", 20)]
    near = [campaign("a", -1), campaign("b", 0.1), campaign("c", 3)]
    assert menu_of(*near) == ["b", "a", "c"]
    # The others are found in the form that the last choice opens.
    assert menu_of(*far, *near) == ["b", "a", "c", SEARCH]


def test_a_linked_campaign_comes_first_however_long_ago_it_began() -> None:
    linked = incident(links=[altered(BY_CODE, id="old")])
    assert menu_of(campaign("old", -100), campaign("b", 0.1), one=linked) == ["old", "b"]


def test_ten_thousand_campaigns_are_a_short_menu_and_none_are_no_menu() -> None:
    many = menu_of(*(campaign(f"k{at}", at / 10_000) for at in range(10_000)))
    assert len(many) == 51
    assert (many[0], many[-1]) == ("k0", SEARCH)
    assert menu_of() == []


@pytest.mark.parametrize("identity", ["x" * 500, "jo@example.org", "two\nlines", "plain"])
def test_whatever_a_campaigns_id_is_a_press_brings_it_back(identity: str) -> None:
    offered = menu_of(campaign(identity, 0))
    assert len(offered) == 1
    assert resolve(offered[0], {identity: campaign(identity, 0)}) == identity
    payload = message.root(incident(links=[]), replace(OPEN, campaigns={identity: campaign(identity, 0)}))
    assert message.validate(payload) == []


def test_labels_from_outside_are_cut_and_cannot_act() -> None:
    wild = [
        altered(NEWSLETTER, id="w1", name="<!channel> " + "x" * 200),
        altered(NEWSLETTER, id="w2", name="\u202eمشكلة\n:fire:"),
    ]
    payload = message.root(incident(links=[]), replace(OPEN, campaigns={one.id: one for one in wild}))
    assert message.validate(payload) == []
    labels = [
        option["text"]
        for row in payload["blocks"]
        if row["type"] == "actions"
        for menu in row["elements"]
        if menu["action_id"] == "link_campaign"
        for option in menu["options"]
    ]
    assert len(labels) == 2
    assert all(label["type"] == "plain_text" and label["emoji"] is False for label in labels)
    assert all("<!" not in label["text"] and "\n" not in label["text"] for label in labels)


def test_the_press_of_an_option_names_incident_and_choice() -> None:
    rows = buttons.rows(incident(), replace(OPEN, wall=LATER))
    values = [
        option["value"]
        for row in rows
        for element in row["elements"]
        for option in element.get("options", [])
    ]
    assert all(value.split(buttons.CHOICE)[0] == incident().incident_id for value in values)
    assert all(len(value) <= action_limits.OPTION_VALUE for value in values)
