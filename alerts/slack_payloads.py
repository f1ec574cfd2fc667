"""What Slack sends when somebody presses, submits or picks: only the parts that are read, each with its type.

`read` takes any JSON value and either gives one of these back or None. What Slack sends beside these fields
(names, the whole message, tokens of old) is not even looked at.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

_STAMP = re.compile(r"([0-9]{9,11})(?:\.([0-9]{1,6}))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Id = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,64}\Z")]
Address = Annotated[str, Meta(pattern=r"\A[!-~]{0,1000}\Z")]
"""A URL or a trigger: what goes back to Slack as it came."""


class Ref(msgspec.Struct, frozen=True):
    """A person or a channel."""

    id: Id


class Choice(msgspec.Struct, frozen=True):
    """The option of a menu that was picked."""

    value: str


class Action(msgspec.Struct, frozen=True):
    """One press: a button's `value` or a menu's `selected_option`; `action_ts` is when, by Slack's clock."""

    action_id: str
    action_ts: str
    value: str | None = None
    selected_option: Choice | None = None
    url: str | None = None


class BlockActions(msgspec.Struct, frozen=True):
    """Presses of buttons and menus in a message."""

    user: Ref
    actions: Annotated[list[Action], Meta(min_length=1, max_length=25)]
    channel: Ref | None = None
    response_url: Address | None = None
    trigger_id: Address | None = None


class Input(msgspec.Struct, frozen=True):
    """A field of a form as it was filled in."""

    value: str | None = None
    selected_option: Choice | None = None
    selected_date_time: int | None = None


class State(msgspec.Struct, frozen=True):
    """All fields of a form: block id, action id, content."""

    values: dict[str, dict[str, Input]]


class View(msgspec.Struct, frozen=True):
    """A form (Slack's word is modal); `private_metadata` is what we wrote there when we opened it."""

    callback_id: str
    private_metadata: str = ""
    state: State | None = None


class ViewSubmission(msgspec.Struct, frozen=True):
    """A form that was sent off."""

    user: Ref
    view: View


class Stamped(msgspec.Struct, frozen=True):
    """The message that a shortcut was used on."""

    ts: str


class Shortcut(msgspec.Struct, frozen=True):
    """A shortcut, from a message's menu or from anywhere."""

    user: Ref
    callback_id: str
    action_ts: str
    trigger_id: Address | None = None
    channel: Ref | None = None
    message: Stamped | None = None
    response_url: Address | None = None


class BlockSuggestion(msgspec.Struct, frozen=True):
    """Somebody types into a menu whose options we give."""

    user: Ref
    action_id: str
    value: str = ""


Sent = BlockActions | ViewSubmission | Shortcut | BlockSuggestion

_TYPES: dict[str, Any] = {
    "block_actions": BlockActions,
    "view_submission": ViewSubmission,
    "message_action": Shortcut,
    "shortcut": Shortcut,
    "block_suggestion": BlockSuggestion,
}


def read(payload: object) -> Sent | str | None:
    """What was sent; its type alone where that is none of ours; None where it cannot be read. Never raises.

    >>> read({"type": "view_closed"}), read({"type": "block_actions"}), read([])
    ('view_closed', None, None)
    """
    if not isinstance(payload, dict) or not isinstance(payload.get("type"), str):
        return None
    kind: str = payload["type"]
    if kind not in _TYPES:
        return kind
    try:
        sent: Sent = msgspec.convert(payload, type=_TYPES[kind])
    except (msgspec.MsgspecError, RecursionError):
        return None
    return sent


def instant(stamp: str) -> datetime | None:
    """The instant of one of Slack's timestamps, exact to the microsecond; None where it is none.

    >>> instant("1795166102.000100").isoformat()
    '2026-11-20T09:15:02.000100+00:00'
    >>> instant("nan") is None
    True
    """
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return None
    return _EPOCH + timedelta(seconds=int(found[1]), microseconds=int((found[2] or "0").ljust(6, "0")))
