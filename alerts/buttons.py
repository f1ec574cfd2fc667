"""The buttons and menus below an incident: what people can answer, and what a press sends.

Action ids and values are part of the public contract: a button's value is the incident's id, a menu option's
`INCIDENT_ID|CHOICE`. What lowers the guard (mute, false alarm) asks first and says what it changes. Only
what makes sense is shown: nobody mutes a contact reason that a silent source does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alerts import action_limits, answered, blocks, figures_section, redact
from alerts.answer_words import AnswerWords, answer_words
from alerts.blocks import Block, fit, one_line
from alerts.campaign_search import key
from alerts.choices import SEARCH
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
    say, about = answer_words(context.language), incident.incident_id
    first: list[Block] = []
    if answered.taken_over(incident) is None:
        first.append(_button("acknowledge", say.acknowledge, about) | {"style": "primary"})
    first.append(_menu("snooze", say.snooze, say.snoozes, about))
    if incident.kind == "source_silent":
        return [first]
    first.extend(_verdicts(incident, say, context))
    mute = _confirm(say.mute, say.confirm_mute_text, say, incident, context)
    second = [
        _menu("cause", say.cause, say.causes, about),
        *_campaigns(incident, say, context),
        _menu("mute", say.mute, say.mutes, about) | {"confirm": mute},
    ]
    return [first, second]


def _after(incident: Incident, context: Context) -> list[Block]:
    say, about = answer_words(context.language), incident.incident_id
    question = blocks.context([("mrkdwn", f"*{say.useful_question}*")], context.language)
    votes = [_button("useful_yes", say.useful_yes, about), _button("useful_no", say.useful_no, about)]
    if incident.kind == "source_silent":
        return [question, _row(votes)]
    # What it was is often known, and read by somebody who can tell, only when it is over.
    later = [*_verdicts(incident, say, context), _menu("cause", say.cause, say.causes, about)]
    return [question, _row(votes), _row(later)]


def _verdicts(incident: Incident, say: AnswerWords, context: Context) -> list[Block]:
    """Expected, or a false alarm: one excludes the other, so what was said last can only be taken back."""
    verdict, about = answered.verdict(incident), incident.incident_id
    found: list[Block] = []
    if verdict is None or verdict.kind != "expected":
        found.append(_button("expected", say.expected, about))
    if verdict is None or verdict.kind != "false_alarm":
        asked = _confirm(say.false_alarm, say.confirm_false_alarm_text, say, incident, context)
        found.append(_button("false_alarm", say.false_alarm, about) | {"confirm": asked})
    return found


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
    )[:_CAMPAIGNS]
    kinds = words(context.language).kinds
    choices: dict[str, str] = {}
    for campaign in near:
        kind = f" ({kinds[campaign.kind]})"
        name = fit(redact.safe(one_line(campaign.name)), action_limits.OPTION - len(kind), context.language)
        choices[key(campaign.id)] = (name or "–") + kind
    if len(choices) < len(context.campaigns) and SEARCH not in context.campaigns:
        choices[SEARCH] = say.other_campaign
    return [_menu("link_campaign", say.link_campaign, choices, incident.incident_id)] if choices else []


def _could_matter(campaign: Campaign, onset: datetime) -> bool:
    """Whether a person may want to name it: it runs, ended lately or begins soon."""
    if campaign.starts_at > onset + _NEAR or campaign.starts_at < onset - _LONG_AGO:
        return False
    return campaign.ends_at >= onset - _NEAR


def _confirm(action: str, text: str, say: AnswerWords, incident: Incident, context: Context) -> Block:
    if incident.kind == "spike" and len(incident.contact_reasons) > 1:
        what = say.these_reasons.format(count=len(incident.contact_reasons))
    else:
        # A reason of any length leaves room for what the press changes.
        room = action_limits.CONFIRM_TEXT - len(text)
        what = say.quoted.format(subject=figures_section.subject(incident, context, room) or "–")
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
