"""Submitted forms as answers: what was filled in, checked; words from outside guarded and cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alerts import campaign_search, modals
from alerts.blocks import visible
from alerts.context import Context
from alerts.missed import NOTE, note
from alerts.press_words import press_words
from alerts.records import AnswerKind
from alerts.slack_payloads import Input, View

LONGEST_MUTE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form's content, or by block id what is wrong with it; `reason` is a missed spike's, as it was typed."""

    kind: AnswerKind
    errors: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    until: datetime | None = None
    campaign_id: str | None = None
    at: datetime | None = None
    reason: str = ""


def filled(view: View, context: Context) -> Filled | None:
    """What a submitted form says; None where the form is none of ours."""
    fields = {
        action_id: value
        for block in (view.state.values if view.state else {}).values()
        for action_id, value in block.items()
    }
    match view.callback_id:
        case modals.CAUSE:
            return _cause(fields, context)
        case modals.MUTE:
            return _mute(fields, context)
        case modals.LINK:
            return _link(fields, context)
        case modals.MISSED:
            return _missed(fields, context)
        case _:
            return None


def first(view: View) -> str | None:
    """The first field of a submitted form, by its block id."""
    return next(iter(view.state.values), None) if view.state else None


def _cause(fields: Mapping[str, Input], context: Context) -> Filled:
    words = _words(fields, context)
    if not words:
        return Filled("cause", {modals.FIELD: press_words(context.language).empty})
    return Filled("cause", note=words)


def _mute(fields: Mapping[str, Input], context: Context) -> Filled:
    say, end = press_words(context.language), _when(fields)
    if end is None:
        return Filled("muted", {modals.WHEN: say.none_picked})
    if end <= context.now:
        return Filled("muted", {modals.WHEN: say.past})
    if end > context.now + LONGEST_MUTE:
        return Filled("muted", {modals.WHEN: say.too_far})
    return Filled("muted", until=end, note=_words(fields, context) or None)


def _link(fields: Mapping[str, Input], context: Context) -> Filled:
    picked = fields[modals.LINK].selected_option if modals.LINK in fields else None
    if picked is None or not 0 < len(picked.value) <= campaign_search.KEY or not picked.value.isprintable():
        return Filled("linked", {modals.LINK: press_words(context.language).none_picked})
    return Filled("linked", campaign_id=campaign_search.resolve(picked.value, context.campaigns))


def _missed(fields: Mapping[str, Input], context: Context) -> Filled:
    say, when = press_words(context.language), _when(fields)
    reason = visible(_typed(fields)[:NOTE]).strip()
    if not _words(fields, context):
        return Filled("missed", {modals.FIELD: say.empty})
    if when is None:
        return Filled("missed", {modals.WHEN: say.none_picked})
    if when > context.now:
        return Filled("missed", {modals.WHEN: say.future})
    return Filled("missed", at=when, reason=reason)


def _words(fields: Mapping[str, Input], context: Context) -> str:
    return note(_typed(fields), context.language)


def _typed(fields: Mapping[str, Input]) -> str:
    return (fields[modals.FIELD].value if modals.FIELD in fields else None) or ""


def _when(fields: Mapping[str, Input]) -> datetime | None:
    picked = fields[modals.WHEN].selected_date_time if modals.WHEN in fields else None
    # The years 2001 to 2286, so that nothing overflows; what is too far is told by who asks.
    if picked is None or not 10**9 <= picked < 10**10:
        return None
    return datetime.fromtimestamp(picked, UTC)
