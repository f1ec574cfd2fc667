"""The buttons and menus below an incident: what people can answer, and what a press sends.

Action ids and values are part of the public contract: a button's value is the incident's id, a menu option's
`INCIDENT_ID|CHOICE`. What lowers the guard (mute, false alarm) asks first and says what it changes. Only
what makes sense is shown: nobody mutes a contact reason that a silent source does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alerts import action_limits, answered, blocks, redact
from alerts.answer_words import AnswerWords, answer_words
from alerts.blocks import Block, fit, one_line
from alerts.context import Context
from alerts.figures import figures
from alerts.records import Campaign, Incident
from alerts.words import words

CHOICE = "|"
"""Between the incident's id and the choice in an option's value."""

_CAMPAIGNS = 50
_NEAR = timedelta(days=7)
_LONG_AGO = timedelta(days=400)


def rows(incident: Incident, context: Context) -> list[Block]:
    """The rows of buttons and menus that stand below an incident now; none where nobody answers presses."""
    if not context.answers_possible:
        return []
    if incident.status == "resolved":
        return _after(incident, context)
    return [_row(elements) for elements in _open(incident, context) if elements]


def _open(incident: Incident, context: Context) -> list[list[Block]]:
    say, key = answer_words(context.language), incident.incident_id
    first: list[Block] = []
    if answered.taken_over(incident) is None:
        first.append(_button("acknowledge", say.acknowledge, key) | {"style": "primary"})
    first.append(_menu("snooze", say.snooze, say.snoozes, key))
    if incident.kind == "source_silent":
        return [first]
    if answered.last(incident, "expected") is None:
        first.append(_button("expected", say.expected, key))
    # All tickets together have no contact reason: nothing whose bar could be raised, nothing to mute.
    about_reasons = incident.kind == "spike"
    if about_reasons and answered.last(incident, "false_alarm") is None:
        asked = _confirm(say.confirm_false_alarm, say.confirm_false_alarm_text, say, incident, context)
        first.append(_button("false_alarm", say.false_alarm, key) | {"confirm": asked})
    second = [_menu("cause", say.cause, say.causes, key), *_campaigns(incident, say, context)]
    if about_reasons:
        asked = _confirm(say.confirm_mute, say.confirm_mute_text, say, incident, context)
        second.append(_menu("mute", say.mute, say.mutes, key) | {"confirm": asked})
    return [first, second]


def _after(incident: Incident, context: Context) -> list[Block]:
    say, key = answer_words(context.language), incident.incident_id
    elements = [
        _button("useful_yes", say.useful_yes, key),
        _button("useful_no", say.useful_no, key),
    ]
    if incident.kind != "source_silent" and answered.last(incident, "cause") is None:
        # What it was is often known only when it is over.
        elements.append(_menu("cause", say.cause, say.causes, key))
    return [blocks.context([("mrkdwn", f"*{say.useful_question}*")], context.language), _row(elements)]


def _campaigns(incident: Incident, say: AnswerWords, context: Context) -> list[Block]:
    """The menu of campaigns that could belong to it: the linked ones, then those that began closest to it."""
    linked = [one.id for one in incident.campaigns]
    onset = figures(incident).onset
    near = sorted(
        (one for one in context.campaigns.values() if one.id in linked or _could_matter(one, onset)),
        key=lambda one: (
            linked.index(one.id) if one.id in linked else len(linked),
            abs(one.starts_at - onset),
            one.id,
        ),
    )
    kinds = words(context.language).kinds
    choices: dict[str, str] = {}
    for campaign in near:
        # An id that is personal data is replaced on the way out, so its press would name no campaign.
        short = len(incident.incident_id + CHOICE + campaign.id) <= action_limits.OPTION_VALUE
        if short and redact.safe(campaign.id) == campaign.id:
            choices[campaign.id] = f"{one_line(campaign.name)} ({kinds[campaign.kind]})"
        if len(choices) == _CAMPAIGNS:
            break
    if not choices:
        return []
    tongue = context.language
    fitted = {key: fit(label, action_limits.OPTION, tongue) for key, label in choices.items()}
    return [_menu("link_campaign", say.link_campaign, fitted, incident.incident_id)]


def _could_matter(campaign: Campaign, onset: datetime) -> bool:
    """Whether a person may want to name it: it runs, ended lately or begins soon."""
    if campaign.starts_at > onset + _NEAR or campaign.starts_at < onset - _LONG_AGO:
        return False
    return campaign.ends_at >= onset - _NEAR


def _confirm(action: str, text: str, say: AnswerWords, incident: Incident, context: Context) -> Block:
    tongue = context.language
    if len(incident.contact_reasons) == 1:
        # A reason of any length leaves room for what the press changes.
        room = action_limits.CONFIRM_TEXT - len(text)
        reason = fit(one_line(incident.contact_reasons[0]), room, tongue) or "–"
        what = f"„{reason}“" if tongue == "de" else f"“{reason}”"
    else:
        what = say.these_reasons.format(count=len(incident.contact_reasons))
    return {
        "title": blocks.plain(f"{action}?"),
        "text": blocks.plain(text.format(what=what)),
        "confirm": blocks.plain(action),
        "deny": blocks.plain(say.cancel),
    }


def _row(elements: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(elements)}


def _button(action_id: str, label: str, value: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": blocks.plain(label), "value": value}


def _menu(action_id: str, label: str, choices: Mapping[str, str], incident_id: str) -> Block:
    options = [
        {"text": blocks.plain(text), "value": f"{incident_id}{CHOICE}{choice}"}
        for choice, text in choices.items()
    ]
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": blocks.plain(label),
        "options": options,
    }
