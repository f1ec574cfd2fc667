"""The stages between a spike and Slack, in one order: group, inhibit, silence, dedup, send, log.

`process` decides (pure), the notify stage sends, and `log` writes down what was said *after* it was sent: a
crash between the two says it again rather than never, and reconciliation finds the message that is there.
Each stage answers with a decision that carries its reason, never with a bare yes or no.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from msgspec.structs import replace

from alerts import campaign, incident
from alerts.context import Context, Said
from alerts.records import Incident, Spike

GROWTH = 1.5
GROWTH_TICKETS = 10
"""People are called again when an incident has grown by both: a share alone calls for two tickets, a number
alone calls all day long in a big incident."""


class Reason(StrEnum):
    """Why something is said, or is not; the value is what people and logs read."""

    FIRST_NOTIFICATION = "first notification"
    GROWN = "grown by half and by ten tickets since people were last called"
    CHANGED = "figures or campaigns changed: the message is edited in place"
    RESOLVED = "resolved"
    NOTHING_NEW = "the channel knows all of it"
    TOO_FEW_CUSTOMERS = "fewer distinct customers than the minimum: held back until there are enough"
    PASSED = "nothing holds it back"


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to send: a new root, an edited root, or a reply in its thread."""

    kind: Literal["root", "update", "reply"]
    incident: Incident


@dataclass(frozen=True, slots=True)
class Decision:
    """What a stage decided: whether the incident goes on to the next stage, and why."""

    passes: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to store, what to send in this order, and why."""

    incident: Incident
    notifications: tuple[Notification, ...]
    reason: Reason


Stage = Callable[[Incident, Context], Decision]


def process(spike: Spike, known: Incident | None, context: Context) -> Outcome:
    """All stages on a spike's way to the channel, in their order; sending and logging are the caller's.

    Args:
        spike: the statement of the watch stage.
        known: the incident under the spike's fingerprint, open or the last one resolved.
        context: time, settings, campaigns, and what the channel was told of this incident.
    """
    current = group(spike, known, context)
    held_back: tuple[Stage, ...] = (inhibit,)
    for stage in held_back:
        decision = stage(current, context)
        if not decision.passes:
            return Outcome(current, (), decision.reason)
    return dedup(current, context)


def group(spike: Spike, known: Incident | None, context: Context) -> Incident:
    """Join the spike to its incident, with the campaigns that coincide."""
    links = campaign.candidates(spike, context.campaigns.values())
    return incident.apply(known, spike, links=links, now=context.now)


def inhibit(current: Incident, context: Context) -> Decision:
    """Hold back what too few distinct customers speak of, unless the channel already knows of it."""
    known_to_channel = _said(current, context) is not None
    if not known_to_channel and sum(spike.customers for spike in current.spikes) < context.min_customers:
        return Decision(False, Reason.TOO_FEW_CUSTOMERS)
    return Decision(True, Reason.PASSED)


def dedup(current: Incident, context: Context) -> Outcome:
    """Say only what the notification log does not hold yet.

    The edit and the call to people are weighed apart, each against its own part of the log: after a crash
    between the two, the one that is missing is still due.
    """
    said = _said(current, context)
    if said is None:
        return Outcome(current, (Notification("root", current),), Reason.FIRST_NOTIFICATION)
    ended = current.status == "resolved" and said.status == "open"
    grown = current.status == "open" and current.observed >= max(
        said.observed * GROWTH, said.observed + GROWTH_TICKETS
    )
    due: list[Notification] = []
    if current.revision > said.revision:
        due.append(Notification("update", current))
    if ended or grown:
        due.append(Notification("reply", current))
    reason = Reason.RESOLVED if ended else Reason.GROWN if grown else Reason.CHANGED
    return Outcome(current, tuple(due), reason if due else Reason.NOTHING_NEW)


def log(notification: Notification, said: Said | None) -> Said:
    """The notification log's entry after a notification was sent; store it with the incident.

    A root or a reply calls people, so growth is measured from its count; an edit only shows a revision.
    """
    sent = notification.incident
    if notification.kind == "root" or said is None or said.incident_id != sent.incident_id:
        return Said(
            incident_id=sent.incident_id, revision=sent.revision, observed=sent.observed, status=sent.status
        )
    if notification.kind == "update":
        return replace(said, revision=max(sent.revision, said.revision))
    return replace(said, observed=sent.observed, status=sent.status)


def _said(current: Incident, context: Context) -> Said | None:
    # The log of an earlier incident of the same contact reason says nothing of this one.
    said = context.said
    return said if said is not None and said.incident_id == current.incident_id else None
