"""Slack's limits of buttons, menus and what asks before they act, and a check of a row of them.

Source: Slack's Block Kit reference. The SDK's models know most of them; they neither see two equal action ids
nor values that two options share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alerts.text_limits import length, text_object

VISIBLE = 5
"""Buttons and menus side by side. Slack takes 25; beyond five nobody finds one, and a phone shows a wall."""
ACTION_ID = 255
BUTTON = 75
BUTTON_VALUE = 2_000
URL = 3_000
PLACEHOLDER = 150
OPTIONS = 100
OPTION = 75
OPTION_VALUE = 150
OVERFLOW_OPTIONS = 5
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30

_STYLES = (None, "primary", "danger")


def actions(block: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with an `actions` block.

    >>> button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x" * 76}}
    >>> list(actions({"elements": [button]}))
    ['.a: 76 characters, at most 75']
    """
    elements: Sequence[Mapping[str, Any]] = block.get("elements", [])
    if not 1 <= len(elements) <= VISIBLE:
        yield f".elements: {len(elements)}, 1 to {VISIBLE}"
    for element in elements:
        name = f".{element.get('action_id')}"
        for problem in _element(element):
            yield name + problem


def action_ids(blocks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Action ids that stand in a message more than once: a press would not say which one was meant."""
    seen: set[str] = set()
    for block in blocks:
        elements = block.get("elements", []) if block.get("type") == "actions" else []
        for name in (element.get("action_id") for element in elements):
            if name in seen:
                yield f"action_id: {name!r} more than once"
            seen.add(str(name))


def _element(element: Mapping[str, Any]) -> Iterator[str]:
    yield from length(".action_id", element.get("action_id"), ACTION_ID)
    if "confirm" in element:
        yield from _confirm(element["confirm"])
    match element.get("type"):
        case "button":
            yield from text_object(element["text"], BUTTON, only="plain_text")
            if "value" in element:
                yield from length(".value", element["value"], BUTTON_VALUE)
            if len(element.get("url", "")) > URL:
                yield f".url: longer than {URL}"
            if element.get("style") not in _STYLES:
                yield f".style: {element['style']!r}"
        case "static_select":
            yield from text_object(element["placeholder"], PLACEHOLDER, only="plain_text")
            yield from _options(element.get("options", []), OPTIONS)
        case "overflow":
            yield from _options(element.get("options", []), OVERFLOW_OPTIONS)
        case other:
            yield f": element {other!r} is not one that is sent"


def _options(options: Sequence[Mapping[str, Any]], most: int) -> Iterator[str]:
    if not 1 <= len(options) <= most:
        yield f".options: {len(options)}, 1 to {most}"
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        yield ".options: two with the same value"
    for option in options:
        yield from text_object(option["text"], OPTION, only="plain_text")
        yield from length(".value", option.get("value"), OPTION_VALUE)


def _confirm(confirm: Mapping[str, Any]) -> Iterator[str]:
    for part, limit in (
        ("title", CONFIRM_TITLE),
        ("text", CONFIRM_TEXT),
        ("confirm", CONFIRM_BUTTON),
        ("deny", CONFIRM_BUTTON),
    ):
        for problem in text_object(confirm.get(part, {}), limit, only="plain_text"):
            yield f".confirm.{part}{problem}"
