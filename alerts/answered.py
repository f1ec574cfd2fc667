"""What people have answered to an incident, as it holds now: the last word of each kind."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.context import Context
from alerts.records import Answer, AnswerKind, Incident


def taken_over(incident: Incident) -> Answer | None:
    """Who took it over, the first one; None while nobody has."""
    presses = [one for one in incident.answers if one.kind == "acknowledged"]
    by = incident.acknowledged_by
    first = min(
        (one for one in presses if by is None or one.by == by), key=lambda one: (one.at, one.by), default=None
    )
    if first is None and by is not None:
        return Answer(incident_id=incident.incident_id, kind="acknowledged", by=by, at=incident.updated_at)
    return first


def last(incident: Incident, kind: AnswerKind) -> Answer | None:
    """The last answer of a kind; None where there is none."""
    return max(_of(incident.answers, kind), key=lambda one: (one.at, one.by), default=None)


def verdict(incident: Incident) -> Answer | None:
    """The last of *expected* and *false alarm*: they exclude each other, so it alone has an effect."""
    said = [one for one in incident.answers if one.kind in ("expected", "false_alarm")]
    return max(said, key=lambda one: (one.at, one.by), default=None)


def muted(incident: Incident, context: Context) -> Answer | None:
    """The mute that holds now."""
    answer = last(incident, "muted")
    return answer if _holds(answer, context) else None


def snoozed(incident: Incident, context: Context) -> Answer | None:
    """The snooze that holds now; a resolved incident is none to be snoozed."""
    answer = last(incident, "snoozed")
    if incident.status == "resolved":
        return None
    return answer if _holds(answer, context) else None


def silenced(incident: Incident, context: Context) -> bool:
    """Whether nothing new is said of an open incident now, because a person wished so."""
    if incident.status == "resolved":
        return False
    if context.silenced is not None:
        return context.silenced
    return muted(incident, context) is not None or snoozed(incident, context) is not None


def votes(incident: Incident) -> tuple[list[Answer], list[Answer]]:
    """Who found the alert useful and who did not: each person's last word, the earliest first."""
    latest: dict[str, Answer] = {}
    for answer in sorted(_of(incident.answers, "useful"), key=lambda one: one.at):
        latest[answer.by] = answer
    useful = [one for one in latest.values() if one.note == "yes"]
    return useful, [one for one in latest.values() if one.note == "no"]


def _of(answers: Iterable[Answer], kind: AnswerKind) -> list[Answer]:
    return [one for one in answers if one.kind == kind]


def _holds(answer: Answer | None, context: Context) -> bool:
    return answer is not None and answer.until is not None and answer.until > context.wall
