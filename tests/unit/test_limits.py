"""Slack's limits: each taken at its edge and refused one past it, and what the SDK does not check."""

from __future__ import annotations

from typing import Any

import pytest

from alerts import action_limits, chart_limits, limits
from alerts.limits import validate


def plain(size: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * size}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain(1), "value": "v"} | changes


def menu(options: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "m", "placeholder": plain(1), "options": options} | changes


def option(value: str = "v", size: int = 1) -> dict[str, Any]:
    return {"text": plain(size), "value": value}


def options(count: int) -> list[dict[str, Any]]:
    return [option(f"v{at}") for at in range(count)]


def confirm(title: int = 1, text: int = 1, yes: int = 1, no: int = 1) -> dict[str, Any]:
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(no)}


def row(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def chart(points: int = 3, series: int = 1, label: int = 5, title: int = 5, axis: int = 5) -> dict[str, Any]:
    labels = [f"{at:0>{label}}" for at in range(points)]
    data = [{"label": one, "value": 1} for one in labels]
    lines = [{"name": f"s{at}", "data": data} for at in range(series)]
    inner = {"type": "line", "series": lines, "axis_config": {"categories": labels, "x_label": "x" * axis}}
    return {"type": "data_visualization", "title": "x" * title, "chart": inner}


def rich(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


def section(**parts: Any) -> dict[str, Any]:
    return {"type": "section", **parts}


def buttons(count: int) -> dict[str, Any]:
    return row(*(button(action_id=f"a{at}") for at in range(count)))


EDGES = [
    ("blocks a message", [{"type": "divider"}] * 50, [{"type": "divider"}] * 51),
    ("a field", [section(fields=[plain(2_000)])], [section(fields=[plain(2_001)])]),
    ("fields", [section(fields=[plain(1)] * 10)], [section(fields=[plain(1)] * 11)]),
    ("a section", [section(text=plain(3_000))], [section(text=plain(3_001))]),
    ("a header", [{"type": "header", "text": plain(150)}], [{"type": "header", "text": plain(151)}]),
    ("buttons in a row", [buttons(5)], [buttons(6)]),
    ("a button's text", [row(button(text=plain(75)))], [row(button(text=plain(76)))]),
    ("a button's value", [row(button(value="x" * 2_000))], [row(button(value="x" * 2_001))]),
    ("an action id", [row(button(action_id="x" * 255))], [row(button(action_id="x" * 256))]),
    ("options", [row(menu(options(100)))], [row(menu(options(101)))]),
    ("some option", [row(menu(options(1)))], [row(menu([]))]),
    ("an option's label", [row(menu([option(size=75)]))], [row(menu([option(size=76)]))]),
    ("an option's value", [row(menu([option("x" * 150)]))], [row(menu([option("x" * 151)]))]),
    (
        "a placeholder",
        [row(menu(options(1), placeholder=plain(150)))],
        [row(menu(options(1), placeholder=plain(151)))],
    ),
    ("a confirm title", [row(button(confirm=confirm(title=100)))], [row(button(confirm=confirm(title=101)))]),
    ("a confirm text", [row(button(confirm=confirm(text=300)))], [row(button(confirm=confirm(text=301)))]),
    ("a confirm button", [row(button(confirm=confirm(yes=30)))], [row(button(confirm=confirm(yes=31)))]),
    ("a deny button", [row(button(confirm=confirm(no=30)))], [row(button(confirm=confirm(no=31)))]),
    ("charts", [chart(), chart()], [chart()] * 3),
    ("a chart's title", [chart(title=50)], [chart(title=51)]),
    ("points", [chart(points=20)], [chart(points=21)]),
    ("series", [chart(series=6)], [chart(series=7)]),
    ("a chart's label", [chart(points=1, label=20)], [chart(points=1, label=21)]),
    ("an axis label", [chart(axis=50)], [chart(axis=51)]),
]


@pytest.mark.parametrize(("what", "taken", "refused"), EDGES, ids=[row[0] for row in EDGES])
def test_the_edge_is_taken_and_one_past_it_refused(
    what: str, taken: list[dict[str, Any]], refused: list[dict[str, Any]]
) -> None:
    assert validate({"text": "t", "blocks": taken}) == [], what
    assert validate({"text": "t", "blocks": refused}) != [], what


def of(**changes: Any) -> dict[str, Any]:
    """A chart with some of its inner part changed."""
    block = chart()
    return {**block, "chart": {**block["chart"], **changes}}


REFUSED = [
    ("an action id twice in a row", row(button(), button())),
    ("a value twice in a menu", row(menu([option("a"), option("a")]))),
    ("a label in mrkdwn", row(button(text={"type": "mrkdwn", "text": "x"}))),
    ("a style that Slack does not know", row(button(style="loud"))),
    ("an element that nothing answers", row({"type": "datepicker", "action_id": "d"})),
    ("an empty row", row()),
    ("a pie", of(type="pie")),
    ("no series", of(series=[])),
    ("two series of one name", of(series=chart(series=1)["chart"]["series"] * 2)),
    ("a point without a category", of(axis_config={"categories": ["other"]})),
    ("an endless number", of(series=[{"name": "s", "data": [{"label": "a", "value": float("inf")}]}])),
    ("a truth for a number", of(series=[{"name": "s", "data": [{"label": "a", "value": True}]}])),
    ("a mention of what is no user's id", rich({"type": "user", "user_id": "channel"})),
    ("a mention of what is no group's id", rich({"type": "usergroup", "usergroup_id": "here"})),
    ("a call of the channel in rich text", rich({"type": "broadcast", "range": "channel"})),
    ("a link that runs something", rich({"type": "link", "url": "javascript:alert(1)", "text": "x"})),
]


@pytest.mark.parametrize(("what", "block"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_slack_or_we_would_not_take_is_refused(what: str, block: dict[str, Any]) -> None:
    assert validate({"text": "t", "blocks": [block]}) != [], what


def test_an_action_id_is_looked_for_in_the_whole_message() -> None:
    problems = validate({"text": "t", "blocks": [row(button()), row(button())]})
    assert problems == ["action_id: 'a' more than once"]


def test_a_person_and_a_group_with_their_ids_may_be_mentioned() -> None:
    block = rich({"type": "user", "user_id": "U024BE7LH"}, {"type": "usergroup", "usergroup_id": "S0614TZR7"})
    assert validate({"text": "t", "blocks": [block]}) == []


def test_the_texts_of_buttons_and_charts_are_among_what_a_reader_sees() -> None:
    seen = set(limits.texts([row(menu([option("v", 3)])), chart(title=7)]))
    assert {"x" * 3, "x" * 7, "s0", "00000"} <= seen
    assert action_limits.VISIBLE == 5
    assert chart_limits.POINTS == 20
