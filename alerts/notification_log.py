"""The stage *dedup* and the notification log: say only what the channel does not know yet.

What is due follows from the incident and the log alone. So nothing is queued, a restart forgets nothing, and
however much happens while Slack is away, each message is sent once, in its last state.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from alerts.context import Context, Said
from alerts.decision import Decision, Notification, Reason
from alerts.entry import Entry
from alerts.records import SlackPost
from alerts.silence import grown

_PASSES: dict[Reason, frozenset[Reason]] = {
    Reason.PASSED: frozenset(Reason),
    # What is over is told whatever holds an incident back; or it would stand open for ever.
    Reason.MUTED: frozenset({Reason.RESOLVED, Reason.REPLACED}),
    Reason.SNOOZED: frozenset({Reason.RESOLVED, Reason.REPLACED}),
    Reason.TOTAL_VOLUME: frozenset({Reason.RESOLVED, Reason.REPLACED}),
    # A silent source makes spikes end: that is said when tickets come again and it is still true.
    Reason.SOURCE_SILENT: frozenset({Reason.REPLACED}),
    Reason.TOO_FEW_CUSTOMERS: frozenset(),
}
_PATIENCE = (1, 4)
"""Reminders come after so many times `remind_after`; then people have been told often enough."""


def dedup(entry: Entry, held: Decision, context: Context) -> list[Notification]:
    """What is due of an incident: a root, or a call in the thread and an edit of the root.

    The edit and the call to people are weighed apart, each against its own part of the log: after a crash
    between the two, the one that is missing is still due. An edit passes whatever holds the incident back: it
    calls nobody, and the message must stay true.
    """
    passes = _PASSES[held.reason]
    said = entry.said
    if said is None:
        why = root_reason(entry)
        # A post that may stand in the channel already has to be found and brought to its last state.
        under_way = entry.attempted_at is not None
        if why is not None and (under_way or why in passes):
            return [_notification("root", why, entry)]
        return []
    due = []
    why = call(entry, said, context)
    if why is not None and why in passes:
        due.append(_notification("reply", why, entry))
    if entry.incident.revision > said.revision:
        due.append(_notification("update", Reason.CHANGED, entry))
    return due


def root_reason(entry: Entry) -> Reason | None:
    """Why a root message is wanted; None for an incident that was over before anybody was to be told."""
    if entry.replaces is not None:
        return Reason.REPLACED
    return None if entry.quiet is not None and entry.attempted_at is None else Reason.FIRST_NOTIFICATION


def call(entry: Entry, said: Said, context: Context) -> Reason | None:
    """Why people are to be called in the thread, or None."""
    if entry.incident.status == "resolved":
        return Reason.RESOLVED if said.status == "open" else None
    if said.status == "resolved":
        return Reason.REOPENED
    if entry.escalated:
        return Reason.ESCALATED
    if grown(entry.incident.observed, said.observed):
        return Reason.GROWN
    return Reason.REMINDER if _nobody_reacted(entry, said, context) else None


def _nobody_reacted(entry: Entry, said: Said, context: Context) -> bool:
    if context.remind_after is None or entry.incident.answers or said.called_at is None:
        return False
    if said.reminders >= len(_PATIENCE):
        return False
    return context.wall - said.called_at >= context.remind_after * _PATIENCE[said.reminders]


def logged(entry: Entry, notification: Notification, post: SlackPost | None, at: datetime) -> Entry:
    """The entry after a notification was sent; written after it, never before.

    A crash between the two says it again rather than never, and reconciliation finds the message that is
    there.
    """
    told = notification.incident or entry.incident
    said = entry.said
    if post is not None and notification.kind != "reply":
        entry = replace(entry, incident=replace(entry.incident, slack=post))
    if notification.kind == "root" or said is None:
        said = Said(
            incident_id=entry.incident_id,
            revision=told.revision,
            observed=told.observed,
            status=told.status,
            called_at=at,
        )
        return replace(entry, said=said, attempted_at=None, replaces=None, quiet=None)
    if notification.kind == "update":
        return replace(entry, said=replace(said, revision=max(told.revision, said.revision)))
    reminders = said.reminders + 1 if notification.why is Reason.REMINDER else 0
    said = replace(said, observed=told.observed, status=told.status, called_at=at, reminders=reminders)
    return replace(entry, said=said, escalated=False)


def _notification(kind: str, why: Reason, entry: Entry) -> Notification:
    return Notification(
        "root" if kind == "root" else "reply" if kind == "reply" else "update",
        entry.incident_id,
        why,
        entry.incident,
    )
