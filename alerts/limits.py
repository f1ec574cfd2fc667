"""Slack's limits as numbers, and a check of a whole payload against them.

The check covers what slack-sdk's own models let through (50 blocks a message, 2,000 characters a field, an
action id used twice, charts) and what must never happen with words from outside: a mention, a channel-wide
call, a raw control sequence. Source: Slack's Block Kit reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from alerts.action_limits import action_ids, actions
from alerts.chart_limits import CHARTS, chart
from alerts.text_limits import calls, length, text_object

Payload = dict[str, Any]
"""Arguments of chat.postMessage: `text`, `blocks`, `metadata` and switches; `channel` only where a message is to be
posted into another channel than the shared one."""

TEXT = 3_000
"""Slack cuts at 40,000 and refuses edits above 4,000; a notification is read at a glance anyway."""
TEXT_REFUSED = 4_000
BLOCKS = 50
HEADER = 150
SECTION = 3_000
FIELDS = 10
FIELD = 2_000
CONTEXT_ELEMENTS = 10
CONTEXT_TEXT = 2_000
RICH_TEXT = 3_000
"""Of one rich_text block; Slack publishes no number, so we stay at that of a section."""
URL = 3_000
BLOCK_ID = 255

_PERSON = re.compile(r"[UW][A-Z0-9]{5,20}")
_GROUP = re.compile(r"S[A-Z0-9]{5,20}")
_TEXT_KEYS = frozenset({"text", "fallback", "title", "name", "label", "x_label", "y_label"})
_RICH_ELEMENTS = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}


def validate(payload: Mapping[str, Any]) -> list[str]:
    """Everything in a payload that Slack would refuse or that could call people; empty when it may go out.

    >>> validate({"text": "hello", "blocks": []})
    []
    >>> long = {"type": "plain_text", "text": "x" * 151}
    >>> validate({"text": "", "blocks": [{"type": "header", "text": long}]})
    ['text: empty', 'blocks[0].header: 151 characters, at most 150']
    """
    return list(_problems(payload))


def texts(value: object) -> Iterator[str]:
    """Every text that a reader sees, in reading order."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in _TEXT_KEYS and isinstance(part, str):
                yield part
            else:
                yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)


def _problems(payload: Mapping[str, Any]) -> Iterator[str]:
    yield from length("text", payload.get("text", ""), TEXT_REFUSED)
    yield from calls("text", payload.get("text", ""))
    if payload.get("link_names"):
        yield "link_names: would turn names in texts into mentions"
    blocks = payload.get("blocks", [])
    if len(blocks) > BLOCKS:
        yield f"blocks: {len(blocks)}, at most {BLOCKS}"
    for index, block in enumerate(blocks):
        for problem in _block(block):
            yield f"blocks[{index}].{block.get('type')}{problem}"
    charts = sum(block.get("type") == "data_visualization" for block in blocks)
    if charts > CHARTS:
        yield f"blocks: {charts} charts, at most {CHARTS}"
    yield from action_ids(blocks)
    yield from _metadata(payload.get("metadata"))


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    match block.get("type"):
        case "header":
            yield from text_object(block["text"], HEADER, only="plain_text")
        case "section":
            yield from _section(block)
        case "context":
            yield from _context(block)
        case "rich_text":
            yield from _rich_text(block)
        case "actions":
            yield from actions(block)
        case "data_visualization":
            yield from chart(block)
        case "divider":
            pass
        case other:
            yield f": block type {other!r} is not one that is sent"
    if len(block.get("block_id", "")) > BLOCK_ID:
        yield f".block_id: longer than {BLOCK_ID}"


def _section(block: Mapping[str, Any]) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield ": neither text nor fields"
    if "text" in block:
        yield from text_object(block["text"], SECTION)
    fields = block.get("fields", [])
    if len(fields) > FIELDS:
        yield f".fields: {len(fields)}, at most {FIELDS}"
    for one in fields:
        yield from text_object(one, FIELD)


def _context(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block["elements"]
    if not 1 <= len(elements) <= CONTEXT_ELEMENTS:
        yield f".elements: {len(elements)}, 1 to {CONTEXT_ELEMENTS}"
    for one in elements:
        yield from text_object(one, CONTEXT_TEXT)


def _rich_text(block: Mapping[str, Any]) -> Iterator[str]:
    total = sum(map(len, texts(block)))
    if total > RICH_TEXT:
        yield f": {total} characters, at most {RICH_TEXT}"
    if not block.get("elements"):
        yield ".elements: empty"
    for element in block.get("elements", []):
        if element.get("type") not in _RICH_ELEMENTS:
            yield f": element {element.get('type')!r} is not rich text"
            continue
        lines = element["elements"] if element["type"] == "rich_text_list" else [element]
        for line in lines:
            if not line["elements"]:
                yield ": an empty line"
            for part in line["elements"]:
                yield from _rich_part(part)


def _rich_part(part: Mapping[str, Any]) -> Iterator[str]:
    match part.get("type"):
        case "text":
            if not part.get("text"):
                yield ": an empty text"
        case "user":
            if not _PERSON.fullmatch(part.get("user_id", "")):
                yield ": a mention of what is no person's id"
        case "usergroup":
            if not _GROUP.fullmatch(part.get("usergroup_id", "")):
                yield ": a mention of what is no group's id"
        case "link":
            yield from _link(part["url"])
        case "date":
            pass
        case other:
            yield f": part {other!r} is not sent"


def _link(url: str) -> Iterator[str]:
    if len(url) > URL:
        yield f": a link of {len(url)} characters, at most {URL}"
    if not url.startswith(("https://", "http://")):
        yield ": a link that is no web address"


def _metadata(metadata: object) -> Iterator[str]:
    if metadata is None:
        return
    if not isinstance(metadata, Mapping) or not metadata.get("event_type"):
        yield "metadata: no event_type"
        return
    if not isinstance(metadata.get("event_payload"), Mapping):
        yield "metadata: event_payload is not an object"
