"""Checks of one text in a payload: how long it is, and that it calls nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_BROADCAST = re.compile(r"<!(?!date\^)")
_MENTION = re.compile(r"<[@#]")


def text_object(value: Mapping[str, Any], limit: int, only: str | None = None) -> Iterator[str]:
    """What Slack would refuse in a text object, and what could call people in it.

    >>> list(text_object({"type": "mrkdwn", "text": "hi"}, 300, only="plain_text"))
    [": text of type 'mrkdwn'"]
    """
    if value.get("type") not in ("plain_text", "mrkdwn") or (only and value.get("type") != only):
        yield f": text of type {value.get('type')!r}"
        return
    yield from length("", value.get("text", ""), limit)
    if value["type"] == "mrkdwn":
        yield from calls("", value.get("text", ""))


def length(name: str, text: object, limit: int) -> Iterator[str]:
    """Whether a text is there and no longer than it may be.

    >>> list(length(".title", "", 50)), list(length(".title", "x" * 51, 50))
    (['.title: empty'], ['.title: 51 characters, at most 50'])
    """
    if not text or not isinstance(text, str):
        yield f"{name}: empty"
    elif len(text) > limit:
        yield f"{name}: {len(text)} characters, at most {limit}"


def calls(name: str, text: str) -> Iterator[str]:
    """Whether a text that Slack reads for control sequences holds one that calls somebody.

    >>> list(calls("text", "<!here> <!date^0^{time}|10:15>")), list(calls("text", "<@U1>"))
    (['text: calls a channel or a group'], ['text: mentions a person or a channel'])
    """
    if _BROADCAST.search(text):
        yield f"{name}: calls a channel or a group"
    if _MENTION.search(text):
        yield f"{name}: mentions a person or a channel"
