"""The forms that a press may open (Slack calls them modals), as plain values for views.open.

A form remembers in `private_metadata` which press opened it. So whatever it is submitted as, and however often
Slack delivers that, it gives the same answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from alerts.choices import Form
from alerts.context import Context
from alerts.language import Language
from alerts.limits import Payload
from alerts.missed import NOTE
from alerts.press_words import press_words
from alerts.slack_payloads import View, instant

SUBMITTED = timedelta(milliseconds=1)
"""A submission's time counts as a moment after the press that opened the form: Slack sends none of its own."""

CAUSE, MUTE, LINK, MISSED = "cause", "mute", "link_campaign", "missed"
FIELD, WHEN = "words", "when"


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a form was opened: the incident, the press's time as Slack wrote it, and the way to answer its user."""

    at: str
    incident_id: str = ""
    channel: str | None = None
    response_url: str | None = None

    @property
    def submitted_at(self) -> datetime | None:
        """The time that a submission counts as; None where what stands there is none of ours."""
        opened = instant(self.at)
        return None if opened is None else opened + SUBMITTED


def origin(submitted: View) -> Origin | None:
    """Where a submitted form was opened; None where it is none of ours."""
    try:
        return msgspec.json.decode(submitted.private_metadata, type=Origin)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def view(form: Form, opened: Origin, context: Context) -> Payload:
    """The form that a menu's choice opens."""
    match form:
        case "cause":
            return cause(opened, context.language)
        case "mute":
            return mute(opened, context.now, context.language)
        case "link_campaign":
            return link(opened, context.language)


def cause(opened: Origin, language: Language) -> Payload:
    """The form for a cause in words."""
    say = press_words(language)
    return _form(CAUSE, say.cause_title, opened, language, _text(FIELD, say.cause, multiline=True))


def mute(opened: Origin, now: datetime, language: Language) -> Payload:
    """The form for muting a contact reason until a chosen time; the picker begins a week from now."""
    say = press_words(language)
    return _form(
        MUTE,
        say.mute_title,
        opened,
        language,
        _time(WHEN, say.mute_until, now + timedelta(days=7)),
        _text(FIELD, say.mute_why, multiline=True, optional=True),
    )


def link(opened: Origin, language: Language) -> Payload:
    """The form for finding a campaign; its options come from `campaign_search`."""
    say = press_words(language)
    menu = {
        "type": "external_select",
        "action_id": LINK,
        "min_query_length": 0,
        "placeholder": _plain(say.link_hint),
    }
    return _form(LINK, say.link_title, opened, language, _input(LINK, say.link, menu))


def missed(opened: Origin, when: datetime, language: Language) -> Payload:
    """The form for a spike that nobody was told of; the time begins with that of the message."""
    say = press_words(language)
    return _form(
        MISSED,
        say.missed_title,
        opened,
        language,
        _text(FIELD, say.missed_reason, hint=say.missed_hint),
        _time(WHEN, say.missed_at, when),
    )


def _form(callback_id: str, title: str, opened: Origin, language: Language, *inputs: Payload) -> Payload:
    say = press_words(language)
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": msgspec.json.encode(opened).decode(),
        "title": _plain(title),
        "submit": _plain(say.submit),
        "close": _plain(say.cancel),
        "blocks": list(inputs),
    }


def _text(
    name: str, label: str, *, multiline: bool = False, optional: bool = False, hint: str = ""
) -> Payload:
    field = {"type": "plain_text_input", "action_id": name, "multiline": multiline, "max_length": NOTE}
    return _input(name, label, field, optional=optional, hint=hint)


def _time(name: str, label: str, begin: datetime) -> Payload:
    # Slack's picker knows minutes; each reader sees it in the zone of their own.
    epoch = int(begin.astimezone(UTC).timestamp()) // 60 * 60
    return _input(name, label, {"type": "datetimepicker", "action_id": name, "initial_date_time": epoch})


def _input(
    name: str, label: str, element: dict[str, Any], *, optional: bool = False, hint: str = ""
) -> Payload:
    block: Payload = {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": element,
        "optional": optional,
    }
    return block | {"hint": _plain(hint)} if hint else block


def _plain(text: str) -> Payload:
    return {"type": "plain_text", "text": text, "emoji": False}
