"""What a person's answer does to an incident; hearing it again does nothing.

Answers are ordered by the time of the press, as they may arrive in another order.
"""

from __future__ import annotations

from msgspec.structs import replace

from alerts.context import Context
from alerts.decision import Whisper
from alerts.entry import Entry, Mute, Snooze
from alerts.incident import revised
from alerts.records import Answer
from alerts.silence import order

_ONLY_WHILE_OPEN = ("acknowledged", "snoozed")
"""Answers that make no sense once an incident is over. A mute still does: it speaks of what comes later."""


def answered(entry: Entry, answer: Answer, context: Context) -> tuple[Entry, list[Whisper]]:
    """The entry after an answer, and the polite words that it calls for; the same entry when it was heard before."""
    heard = [one for one in (*entry.incident.answers, *entry.declined) if _key(one) == _key(answer)]
    if heard:
        return entry, []
    if not entry.open and answer.kind in _ONLY_WHILE_OPEN:
        declined = replace(entry, declined=sorted([*entry.declined, answer], key=order))
        return declined, [_whisper(entry, answer, "too_late")]
    before = entry.incident.acknowledged_by
    answers = sorted([*entry.incident.answers, answer], key=order)
    acknowledged = [one for one in answers if one.kind == "acknowledged"]
    first = acknowledged[0].by if acknowledged else None
    entry = replace(entry, incident=revised(entry.incident, answers=answers, acknowledged_by=first))
    if answer.kind == "muted":
        entry = _muted(entry, answer)
    if answer.kind == "snoozed":
        entry = _snoozed(entry, answer, context)
    if answer.kind == "acknowledged" and before is not None and first not in (None, answer.by):
        return entry, [_whisper(entry, answer, "was_first", first)]
    return entry, []


def unknown(answer: Answer) -> Whisper:
    """The word to who answered an incident that is gone or never was."""
    return Whisper(channel="", user=answer.by, kind="unknown", incident_id=answer.incident_id)


def _muted(entry: Entry, answer: Answer) -> Entry:
    incident = entry.incident
    scope = list(incident.contact_reasons) if incident.kind == "spike" else []
    mute = Mute(kind=incident.kind, contact_reasons=scope, answer=answer)
    mutes = sorted([*entry.mutes, mute], key=lambda one: order(one.answer))
    return replace(entry, mutes=mutes)


def _snoozed(entry: Entry, answer: Answer, context: Context) -> Entry:
    last = max((one for one in entry.incident.answers if one.kind == "snoozed"), key=order)
    if _key(last) != _key(answer):
        return entry  # pressed before the one that counts
    if answer.until is None or answer.until <= context.wall:
        return replace(entry, snooze=None)
    return replace(
        entry,
        snooze=Snooze(until=answer.until, observed=entry.incident.observed, at=answer.at),
        escalated=False,
    )


def _whisper(entry: Entry, answer: Answer, kind: str, by: str | None = None) -> Whisper:
    post = entry.incident.slack
    return Whisper(
        channel=post.channel if post is not None else "",
        user=answer.by,
        kind="was_first" if kind == "was_first" else "too_late",
        incident_id=entry.incident_id,
        by=by,
    )


def _key(answer: Answer) -> tuple[object, ...]:
    return answer.incident_id, answer.kind, answer.by, answer.at
