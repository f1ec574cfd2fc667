"""The stages between a statement and Slack, in one order: group, inhibit, silence, dedup, send, log.

`group` gives a spike its incident, once; `due` passes an incident through the stages after that and says what
the channel is to be told; sending is the caller's, and `log` writes down what was said *after* it was sent.
Every stage answers with a reason, never with a bare yes or no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alerts.context import Context
from alerts.decision import PASSED, Decision, Notification, Reason, Whisper
from alerts.entry import Entry
from alerts.grouping import place as group
from alerts.inhibition import inhibit
from alerts.known import Known
from alerts.notification_log import dedup, root_reason
from alerts.notification_log import logged as log
from alerts.silence import silence

__all__ = ["Decision", "Notification", "Outcome", "Reason", "Whisper", "due", "group", "log"]

Stage = Callable[[Entry, Known, Context], Decision]

STAGES: tuple[Stage, ...] = (inhibit, silence)
"""What may hold an incident back, in this order; the first reason is the one given."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be sent of an incident, and why that and nothing else."""

    notifications: list[Notification]
    decision: Decision


def due(entry: Entry, known: Known, context: Context) -> Outcome:
    """An incident on its way to the channel, after `group`: inhibit, silence, dedup.

    Args:
        entry: the incident and what was said of it.
        known: all incidents, as bigger ones inhibit and mutes of earlier ones silence.
        context: time, settings.
    """
    held = PASSED
    for stage in STAGES:
        held = stage(entry, known, context)
        if not held.passes:
            break
    notifications = dedup(entry, held, context)
    if not held.passes and all(one.kind == "update" for one in notifications):
        reason = held.reason
    elif notifications:
        reason = notifications[0].why
    elif entry.said is None and root_reason(entry) is None and entry.quiet is not None:
        reason = entry.quiet
    else:
        reason = Reason.NOTHING_NEW
    passes = any(one.kind != "update" for one in notifications) or held.passes
    return Outcome(notifications, Decision(passes, reason, entry.incident_id))
