"""The stage *silence*: what people asked not to be told.

A mute has a scope (the contact reasons of the incident it was set on), an author, a cause and an end, and
holds for later incidents, too. A snooze is of one incident and ends early when that gets much worse. A silenced
incident stays visible, and its end is told.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from alerts.context import Context
from alerts.decision import PASSED, Decision, Reason
from alerts.entry import Entry, Mute
from alerts.incident import revised
from alerts.known import Known
from alerts.records import Answer, Incident

GROWTH = 1.5
GROWTH_TICKETS = 10
"""Growth is news when it is by both: a share alone calls for two tickets, a number alone calls all day long in
a big incident."""


def silence(entry: Entry, known: Known, context: Context) -> Decision:
    """Whether people asked not to be told of this incident."""
    if muted(entry.incident, known, context.wall):
        return Decision(False, Reason.MUTED)
    if entry.snooze is not None and context.wall < entry.snooze.until:
        return Decision(False, Reason.SNOOZED)
    return PASSED


def muted(incident: Incident, known: Known, wall: datetime) -> list[Mute]:
    """The mutes that together cover an incident, or none: one reason that is not muted lets it speak.

    Of several mutes of one reason the one set last counts, so that a shorter one takes a longer one back.
    """
    by_reason: dict[str, Mute] = {}
    for mute in known.mutes():
        if mute.kind == incident.kind:
            for reason in mute.contact_reasons or [""]:
                by_reason[reason] = mute
    # The source as a whole is muted as a kind: its list of reasons grows by the minute.
    reasons = incident.contact_reasons if incident.kind == "spike" else [""]
    found = [by_reason[reason] for reason in reasons if reason in by_reason and runs(by_reason[reason], wall)]
    return found if len(found) == len(reasons) else []


def runs(mute: Mute, wall: datetime) -> bool:
    """Whether a mute still holds; one without an end lifts the ones before it."""
    return mute.answer.until is not None and wall < mute.answer.until


def grown(observed: int, since: int) -> bool:
    """Whether a count has grown by half and by ten tickets.

    >>> grown(29, 20), grown(30, 20), grown(59, 40)
    (False, True, False)
    """
    return observed >= max(since * GROWTH, since + GROWTH_TICKETS)


def escalated(entry: Entry, context: Context) -> Entry:
    """The entry without its snooze if the incident has grown well beyond what it was when snoozed."""
    snooze = entry.snooze
    if (
        snooze is None
        or not entry.open
        or context.wall >= snooze.until
        or not grown(entry.incident.observed, snooze.observed)
    ):
        return entry
    # The message shows the answers: a snooze that ended early must not stand there with its old end.
    answers = [
        replace(one, until=max(one.at, context.wall))
        if one.kind == "snoozed" and one.until is not None and one.until > context.wall
        else one
        for one in entry.incident.answers
    ]
    incident = revised(entry.incident, answers=answers)
    return replace(entry, incident=incident, snooze=None, escalated=True)


def shown(entry: Entry, known: Known, context: Context) -> Entry:
    """The entry with its silence as the message is to show it; the same one when that is right already.

    Mutes set on an earlier incident are put among the answers, and a silence that is over makes a revision.
    """
    if not entry.open:
        return entry
    mutes = muted(entry.incident, known, context.wall)
    answers = list(entry.incident.answers)
    for mute in mutes:
        if mute.answer not in answers:
            answers.append(mute.answer)
    ends = [mute.answer.until for mute in mutes if mute.answer.until is not None]
    until = min(ends) if ends else None
    snooze = entry.snooze
    if snooze is not None and context.wall >= snooze.until:
        entry = replace(entry, snooze=None)
    elif snooze is not None:
        until = snooze.until if until is None else max(until, snooze.until)
    lifted = entry.silenced_until is not None and until is None
    if until != entry.silenced_until:
        entry = replace(entry, silenced_until=until)
    if len(answers) != len(entry.incident.answers) or lifted:
        answers.sort(key=order)
        entry = replace(entry, incident=revised(entry.incident, answers=answers))
    return entry


def order(answer: Answer) -> tuple[datetime, str, str]:
    """The order of answers: by the time of the press, not by when it was heard."""
    return answer.at, answer.by, answer.kind
