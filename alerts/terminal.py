"""A payload as plain lines: what the terminal shows where there is no Slack."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from alerts.chart import in_text

_TOKEN = re.compile(r"<([^<>|]*)\|([^<>]*)>")
_STRONG = re.compile(r"(?<!\w)[*`]([^*`\n]+)[*`](?!\w)")


def plain(payload: Mapping[str, Any], *, edited: bool = False, in_thread: bool = False) -> str:
    r"""A payload as lines for a terminal: the headline, then every block, indented.

    >>> headline = {"type": "header", "text": {"type": "plain_text", "text": "voucher invalid"}}
    >>> since = {"type": "mrkdwn", "text": "*Since*\n<!date^0^{time}|10:15 CET>"}
    >>> print(plain({"text": "", "blocks": [headline, {"type": "section", "fields": [since]}]}))
    voucher invalid
      Since: 10:15 CET
    """
    lines = [line for block in payload.get("blocks", []) for line in _block(block) if line.strip()]
    head, *rest = lines or [_unmark(payload.get("text", ""))]
    if in_thread:
        return "\n".join([f"  ↳ {head}", *(f"    {line}" for line in rest)])
    if edited:
        # The whole message again would bury what is new: the headline has it.
        return f"{head} (message edited)"
    return "\n".join([head, *(f"  {line}" for line in rest)])


def _block(block: Mapping[str, Any]) -> Iterator[str]:
    match block.get("type"):
        case "header":
            yield _text(block["text"])
        case "section":
            if "text" in block:
                yield from _text(block["text"]).splitlines()
            for field in block.get("fields", []):
                label, _, value = _text(field).partition("\n")
                yield f"{label}: {value}"
        case "context":
            for element in block["elements"]:
                yield from _text(element).splitlines()
        case "data_visualization":
            yield from _text(in_text(block)["text"]).splitlines()
        case "rich_text":
            for element in block["elements"]:
                yield from _rich(element)


def _rich(element: Mapping[str, Any]) -> Iterator[str]:
    match element["type"]:
        case "rich_text_list":
            for line in element["elements"]:
                yield "• " + _parts(line)
        case "rich_text_quote":
            for line in _parts(element).splitlines():
                yield f"„{line}“"
        case _:
            yield from _parts(element).splitlines()


def _parts(element: Mapping[str, Any]) -> str:
    return "".join(map(_part, element["elements"]))


def _part(part: Mapping[str, Any]) -> str:
    match part["type"]:
        case "date":
            return str(part["fallback"])
        case "user":
            return f"@{part['user_id']}"
        case "usergroup":
            return f"@{part['usergroup_id']}"
        case "link":
            return str(part.get("text") or part["url"])
        case _:
            return str(part.get("text", ""))


def _text(text: Mapping[str, Any]) -> str:
    return str(text["text"]) if text["type"] == "plain_text" else _unmark(str(text["text"]))


def _unmark(text: str) -> str:
    text = _TOKEN.sub(lambda match: match[2] if match[1].startswith("!") else f"{match[2]}: {match[1]}", text)
    return html.unescape(_STRONG.sub(r"\1", text))
