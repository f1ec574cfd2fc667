"""The buttons and menus of a message: what each one says, and which of their choices open a form instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from alerts import campaign_search
from alerts.context import Context
from alerts.until import MUTES, SNOOZES, until

CAUSES = (
    "code_broken",
    "code_expired",
    "code_not_started",
    "one_browser",
    "payment",
    "delivery",
    "product",
    "website",
    "other",
)
"""The choices of the menu `cause`; `other` is recorded at once and opens a form for words, too."""
UNTIL = "until"
"""The choice of the menu `mute` that opens a form for a time of one's own."""
SEARCH = "search"
"""The choice of the menu `link_campaign` that opens a form for finding a campaign."""

Says = Mapping[str, Any]
"""Fields of an answer: its `kind` and what belongs to it."""
Form = Literal["cause", "mute", "link_campaign"]

_CAMPAIGN = 500


def says(action_id: str, choice: str, at: datetime, context: Context) -> Says | None:
    """The answer's fields for a button or a menu's choice; None where it is none of ours, or only opens a form.

    *expected* without a campaign leaves `campaign_id` out: the caller knows the incident.

    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 20, tzinfo=UTC)
    >>> says("cause", "payment", now, Context(now=now)), says("cause", "weather", now, Context(now=now))
    ({'kind': 'cause', 'note': 'payment'}, None)
    """
    known = _ACTIONS.get(action_id)
    return known(choice, at, context) if known else None


def form(action_id: str, choice: str, context: Context) -> Form | None:
    """The form that a choice opens, beside what it says."""
    match action_id, choice:
        case "cause", "other":
            return "cause"
        case "mute", "until":
            return "mute"
        case "link_campaign", "search" if SEARCH not in context.campaigns:
            return "link_campaign"
        case _:
            return None


def is_id(text: str, limit: int) -> bool:
    """Whether a text may be somebody's id: not empty, printable, not too long."""
    return 0 < len(text) <= limit and text.isprintable()


def _button(kind: str, **more: str) -> Callable[[str, datetime, Context], Says | None]:
    return lambda choice, at, context: {"kind": kind, **more} if not choice else None  # noqa: ARG005


def _held(kind: str, choices: tuple[str, ...]) -> Callable[[str, datetime, Context], Says | None]:
    def say(choice: str, at: datetime, context: Context) -> Says | None:
        return {"kind": kind, "until": until(choice, at, context.timezone)} if choice in choices else None

    return say


def _expected(choice: str, _: datetime, context: Context) -> Says | None:
    if not choice:
        return {"kind": "expected"}
    if not is_id(choice, _CAMPAIGN):
        return None
    return {"kind": "expected", "campaign_id": campaign_search.resolve(choice, context.campaigns)}


def _cause(choice: str, _: datetime, __: Context) -> Says | None:
    return {"kind": "cause", "note": choice} if choice in CAUSES else None


def _linked(choice: str, _: datetime, context: Context) -> Says | None:
    if not is_id(choice, _CAMPAIGN) or form("link_campaign", choice, context):
        return None
    return {"kind": "linked", "campaign_id": campaign_search.resolve(choice, context.campaigns)}


_ACTIONS: Mapping[str, Callable[[str, datetime, Context], Says | None]] = {
    "acknowledge": _button("acknowledged"),
    "expected": _expected,
    "false_alarm": _button("false_alarm"),
    "snooze": _held("snoozed", SNOOZES),
    "mute": _held("muted", MUTES),
    "cause": _cause,
    "link_campaign": _linked,
    "useful_yes": _button("useful", note="yes"),
    "useful_no": _button("useful", note="no"),
}
