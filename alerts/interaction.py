"""What a press in Slack means: the answers to record, a form to open, options to offer, or a polite refusal.

Pure: the payload has been verified, time, campaigns and incidents are arguments, and the same press gives the
same answers whenever and wherever it is delivered. Everything that comes in is data from outside. Nothing
here raises, whatever JSON it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts import campaign_search, choices, forms, missed, modals
from alerts.context import Context
from alerts.limits import Payload
from alerts.press_words import Refusal
from alerts.records import Answer, Incident
from alerts.slack_payloads import (
    Action,
    BlockActions,
    BlockSuggestion,
    Shortcut,
    ViewSubmission,
    instant,
    read,
)

_INCIDENT = 200

IncidentOf = Callable[[str], Incident | None]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who pressed, and the ways to answer that person alone."""

    user: str
    channel: str | None = None
    response_url: str | None = None


@dataclass(frozen=True, slots=True)
class Modal:
    """A form to open, with the ticket for it that Slack honours for three seconds."""

    trigger_id: str
    view: Payload


@dataclass(frozen=True, slots=True)
class Record:
    """What to do for a press: answers to record, a form to open, a missed spike (reason, time) to explain.

    `field` is that of the submitted form beside which a failure can be told.
    """

    sender: Sender
    answers: tuple[Answer, ...] = ()
    modal: Modal | None = None
    missed: tuple[str, datetime] | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Correct:
    """A form that has to be mended: block id and what is wrong."""

    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Offer:
    """Options of a menu that somebody types into."""

    options: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing changes; whoever pressed is told politely where there is a way to."""

    why: Refusal
    sender: Sender | None = None


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing to do and nothing to say: a link was followed, a form was closed."""


Outcome = Record | Correct | Offer | Refuse | Ignore


def interpret(payload: object, context: Context, incident_of: IncidentOf = lambda _: None) -> Outcome:
    """What a payload of Slack's interactivity asks for.

    Args:
        payload: the JSON value, verified to be Slack's.
        context: `now`, language, time zone and campaigns.
        incident_of: the incident of an id as far as it is known; only *expected* asks.

    >>> from datetime import UTC
    >>> press = {"action_id": "snooze", "action_ts": "1795166102.5",
    ...     "selected_option": {"value": "ts-1|1h"}}
    >>> sent = {"type": "block_actions", "user": {"id": "U1"}, "actions": [press]}
    >>> found = interpret(sent, Context(now=datetime(2026, 11, 20, tzinfo=UTC))).answers[0]
    >>> found.kind, found.incident_id, found.by, found.until.isoformat()
    ('snoozed', 'ts-1', 'U1', '2026-11-20T10:15:02.500000+00:00')
    """
    match read(payload):
        case BlockActions() as sent:
            return _pressed(sent, context, incident_of)
        case ViewSubmission() as sent:
            return _submitted(sent, context)
        case Shortcut() as sent:
            return _shortcut(sent, context)
        case BlockSuggestion(action_id=modals.LINK, value=typed):
            found = campaign_search.options(
                typed, context.campaigns, context.now, context.timezone, context.language
            )
            return Offer(found)
        case BlockSuggestion():
            return Offer(())
        case str():
            return Ignore()
        case _:
            return Refuse(Refusal.MALFORMED)


def _pressed(sent: BlockActions, context: Context, incident_of: IncidentOf) -> Outcome:
    sender = Sender(sent.user.id, sent.channel.id if sent.channel else None, sent.response_url)
    whole = Record(sender)
    for action in sent.actions:
        outcome = _one(action, sender, sent.trigger_id, context, incident_of)
        if isinstance(outcome, Ignore):
            continue
        if not isinstance(outcome, Record):
            return outcome
        whole = replace(whole, answers=(*whole.answers, *outcome.answers), modal=outcome.modal or whole.modal)
    return whole if whole != Record(sender) else Ignore()


def _one(
    action: Action, sender: Sender, trigger_id: str | None, context: Context, incident_of: IncidentOf
) -> Outcome:
    """One press; what it says is recorded, a form may open beside it."""
    if action.url is not None:
        return Ignore()
    at = instant(action.action_ts)
    if at is None:
        return Refuse(Refusal.MALFORMED, sender)
    value = action.selected_option.value if action.selected_option else action.value or ""
    incident_id, _, choice = value.partition("|")
    if not choices.is_id(incident_id, _INCIDENT):
        return Refuse(Refusal.UNKNOWN, sender)

    says = choices.says(action.action_id, choice, at, context)
    form = choices.form(action.action_id, choice, context)
    if says is None and form is None:
        return Refuse(Refusal.UNKNOWN, sender)
    outcome = Record(sender)
    if says is not None:
        if says["kind"] == "expected" and "campaign_id" not in says:
            says = {**says, "campaign_id": _first_linked(incident_of(incident_id))}
        outcome = replace(outcome, answers=(Answer(incident_id=incident_id, by=sender.user, at=at, **says),))
    if form is not None and trigger_id is not None:
        opened = modals.Origin(action.action_ts, incident_id, sender.channel, sender.response_url)
        outcome = replace(outcome, modal=Modal(trigger_id, modals.view(form, opened, context)))
    # Without a trigger no form can open; what was said is recorded all the same.
    return outcome if outcome.answers or outcome.modal else Refuse(Refusal.NOT_OPENED, sender)


def _first_linked(incident: Incident | None) -> str | None:
    return incident.campaigns[0].id if incident and incident.campaigns else None


def _submitted(sent: ViewSubmission, context: Context) -> Outcome:
    opened = modals.origin(sent.view)
    at = opened.submitted_at if opened else None
    if opened is None or at is None or sent.view.state is None:
        return Refuse(Refusal.MALFORMED)
    sender = Sender(sent.user.id, opened.channel, opened.response_url)
    filled = forms.filled(sent.view, context)
    if filled is None or not (filled.kind == "missed" or choices.is_id(opened.incident_id, _INCIDENT)):
        return Refuse(Refusal.UNKNOWN, sender)
    if filled.errors:
        return Correct(filled.errors)
    field = forms.first(sent.view)
    if filled.kind == "missed":
        when = filled.at or at
        answer = missed.report(filled.reason, when, sender.user, context.language)
        return Record(sender, (answer,), missed=(filled.reason, when), field=field)
    answer = Answer(
        incident_id=opened.incident_id,
        kind=filled.kind,
        by=sender.user,
        at=at,
        until=filled.until,
        campaign_id=filled.campaign_id,
        note=filled.note,
    )
    return Record(sender, (answer,), field=field)


def _shortcut(sent: Shortcut, context: Context) -> Outcome:
    channel = sent.channel.id if sent.channel else None
    sender = Sender(sent.user.id, channel, sent.response_url)
    if sent.callback_id != modals.MISSED or instant(sent.action_ts) is None:
        return Refuse(Refusal.UNKNOWN, sender)
    if sent.trigger_id is None:
        return Refuse(Refusal.NOT_OPENED, sender)
    when = instant(sent.message.ts) if sent.message else None
    opened = modals.Origin(sent.action_ts, "", channel, sent.response_url)
    view = modals.missed(opened, min(when or context.now, context.now), context.language)
    return Record(sender, modal=Modal(sent.trigger_id, view))
