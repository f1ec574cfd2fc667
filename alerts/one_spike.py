"""What the stage notify decides of one spike at a time, until it works on the board (`alerts.board`).

`process` decides (pure), the notify stage sends, and `log` writes down what was said *after* it was sent: a
crash between the two says it again rather than never, and reconciliation finds the message that is there.
Each stage answers with a decision that carries its reason, never with a bare yes or no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec.structs import replace

from alerts import campaign
from alerts.context import Context, Said
from alerts.incident import ORDER, incident_id, stated_at
from alerts.records import CampaignLink, Incident, Spike

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
    return apply(known, spike, links=links, now=context.now)


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


def apply(
    incident: Incident | None, spike: Spike, *, links: Sequence[CampaignLink], now: datetime
) -> Incident:
    """The incident after a spike's statement; the very same object when the statement brings nothing new.

    - No incident, or a resolved one and a spike that began later: a new incident, revision 1.
    - The incident's own spike, further than known: the next revision; cleared resolves it.
    - Its own spike as known, but other campaigns coincide now: the next revision, as long as it is open.
    - A later spike of the same reason while the incident is open: joins it. One alarm a reason: the earlier
      one is over, its last word was lost. The incident resolves when the latest spike is cleared.
    - Anything else is old news.

    Args:
        incident: the incident under the spike's fingerprint, open or the last one resolved.
        spike: the statement.
        links: the campaigns that coincide with the spike, best first.
        now: the stage's time (event clock or wall clock), used only where a cleared spike carries no time.
    """
    if spike.state == "cleared" and spike.cleared_at is None:
        spike = replace(spike, cleared_at=max(now, spike.raised_at))
    if incident is None:
        return _opened(spike, links)
    known = next((one for one in incident.spikes if one.spike_id == spike.spike_id), None)
    if known is None:
        if spike.onset <= _latest(incident).onset:
            return incident
        if incident.status == "resolved":
            return _opened(spike, links)
        return _revised(incident, [*incident.spikes, spike], links)
    if _progress(spike) > _progress(known):
        # Onset and raise are frozen at the first statement: the message's "since" must not wander.
        spike = replace(spike, onset=known.onset, raised_at=known.raised_at)
        return _revised(incident, [spike if one is known else one for one in incident.spikes], links)
    # Only what is as far as the known statement may change links: an older one was matched on less evidence.
    current = _progress(spike) == _progress(known) and known is _latest(incident)
    if current and incident.status == "open" and list(links) != incident.campaigns:
        return _revised(incident, incident.spikes, links)
    return incident


def _progress(spike: Spike) -> tuple[int, int, int, int]:
    return ORDER[spike.state], spike.observed, spike.window_minutes, spike.customers


def _opened(spike: Spike, links: Sequence[CampaignLink]) -> Incident:
    return _with_figures(
        Incident(
            incident_id=incident_id(spike),
            revision=1,
            status="open",
            contact_reasons=[spike.contact_reason],
            spikes=[spike],
            opened_at=spike.raised_at,
            updated_at=spike.raised_at,
            observed=0,
            expected=0.0,
            excess=0.0,
            campaigns=list(links),
        )
    )


def _revised(incident: Incident, spikes: Iterable[Spike], links: Sequence[CampaignLink]) -> Incident:
    return _with_figures(
        replace(incident, revision=incident.revision + 1, spikes=list(spikes), campaigns=list(links))
    )


def _with_figures(incident: Incident) -> Incident:
    last = _latest(incident)
    return replace(
        incident,
        status="resolved" if last.state == "cleared" else "open",
        updated_at=max(incident.updated_at, stated_at(last)),
        resolved_at=last.cleared_at if last.state == "cleared" else None,
        observed=sum(spike.observed for spike in incident.spikes),
        expected=sum(spike.expected for spike in incident.spikes),
        excess=sum(spike.excess for spike in incident.spikes),
        drivers=list(last.drivers),
    )


def _latest(incident: Incident) -> Spike:
    return max(incident.spikes, key=lambda spike: (spike.onset, spike.spike_id))
