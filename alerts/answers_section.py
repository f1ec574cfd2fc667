"""The part of a message that shows what people answered: who, when, and what follows from it.

One line a kind, the last word of each. Names and notes are data from outside, so all of it is rich text; the one
thing that acts is the mention of who answered, and only where that is a Slack user's id.
"""

from __future__ import annotations

from datetime import datetime

from alerts import answered, blocks
from alerts.answer_words import AnswerWords, answer_words
from alerts.blocks import Block, Part, clean, fit, one_line
from alerts.context import Context
from alerts.records import Answer, Incident

_NAME = 150
_NOTE = 300
_PEOPLE = 5


def section(incident: Incident, context: Context) -> list[Block]:
    """What people answered, as blocks; none where nobody has."""
    lines = [line for line in _lines(incident, context) if line]
    if not lines:
        return []
    parts: list[Part] = []
    for line in lines:
        parts.extend([blocks.words("\n"), *line] if parts else line)
    return [blocks.rich(blocks.line(*parts))]


def states(incident: Incident, context: Context) -> list[str]:
    """What holds because of answers, in a word each: taken over, snoozed, muted."""
    say = answer_words(context.language)
    holds = (
        (say.acknowledged, answered.taken_over(incident) is not None),
        (say.snoozed, answered.snoozed(incident, context) is not None),
        (say.muted, incident.status == "open" and answered.muted(incident, context) is not None),
    )
    return [word for word, holding in holds if holding]


def _lines(incident: Incident, context: Context) -> list[list[Part]]:
    say = answer_words(context.language)
    lines = []
    if (answer := answered.taken_over(incident)) is not None:
        lines.append(_line(say.acknowledged, [], answer, context))
    if (answer := answered.snoozed(incident, context)) is not None:
        lines.append(_line(say.snoozed, _until(answer.until, say, context), answer, context))
    if (answer := answered.muted(incident, context)) is not None:
        until = _until(answer.until, say, context)
        lines.append(
            _line(
                say.muted,
                until,
                answer,
                context,
                say.not_told if answered.silenced(incident, context) else "",
            )
        )
    if (answer := answered.verdict(incident)) is not None:
        lines.append(_verdict(answer, incident, say, context))
    if (answer := answered.last(incident, "linked")) is not None:
        lines.append(_line(say.linked, _campaign(answer, incident, context), answer, context))
    if (answer := answered.last(incident, "cause")) is not None:
        lines.append(_line(say.cause_was, _cause(answer, say, context), answer, context))
    for label, people in zip((say.useful, say.not_useful), answered.votes(incident), strict=True):
        if people:
            lines.append(_votes(label, people, say, context))
    return lines


def _line(label: str, about: list[Part], answer: Answer, context: Context, then: str = "") -> list[Part]:
    zone, tongue = context.timezone, context.language
    parts = [
        blocks.words(label, "bold"),
        *about,
        blocks.words(" · "),
        blocks.person(answer.by, tongue),
        blocks.words(", "),
        blocks.date(answer.at, zone, tongue),
    ]
    return [*parts, blocks.words(f" · {then}")] if then else parts


def _verdict(answer: Answer, incident: Incident, say: AnswerWords, context: Context) -> list[Part]:
    if answer.kind == "false_alarm":
        return _line(say.was_false_alarm, [], answer, context, say.bar_raised)
    return _line(say.was_expected, _campaign(answer, incident, context), answer, context)


def _until(at: datetime | None, say: AnswerWords, context: Context) -> list[Part]:
    if at is None:
        return []
    return [blocks.words(say.until), blocks.date(at, context.timezone, context.language)]


def _campaign(answer: Answer, incident: Incident, context: Context) -> list[Part]:
    if not answer.campaign_id:
        return []
    known = context.campaigns.get(answer.campaign_id)
    link = next((one for one in incident.campaigns if one.id == answer.campaign_id), None)
    name = known.name if known else link.name if link else answer.campaign_id
    return [blocks.words(": "), blocks.words(fit(one_line(name), _NAME, context.language) or "–", "bold")]


def _cause(answer: Answer, say: AnswerWords, context: Context) -> list[Part]:
    note = answer.note or ""
    told = say.causes.get(note) or fit(clean(note.strip()), _NOTE, context.language) or "–"
    return [blocks.words(": " + told)]


def _votes(label: str, people: list[Answer], say: AnswerWords, context: Context) -> list[Part]:
    parts = [blocks.words(label, "bold"), blocks.words(" · ")]
    for index, answer in enumerate(people[:_PEOPLE]):
        if index:
            parts.append(blocks.words(", "))
        parts.append(blocks.person(answer.by, context.language))
    if len(people) > _PEOPLE:
        parts.append(blocks.words(say.and_others.format(count=len(people) - _PEOPLE)))
    return parts
