"""An incident from opening to resolution: a pure state machine over what spikes and conditions say.

The watch stage states what is open again and again, and statements may come twice or out of order. So each
spike's statements are ordered by what they say (cleared beats grown beats raised; of two alike the larger
count wins), those of a condition by their time; the incident keeps the furthest one, and hearing anything
older changes nothing.

The detector fires fast and clears slowly; what still begins again soon after its end reopens its incident.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from alerts.records import CampaignLink, Condition, Incident, IncidentKind, Spike

ORDER = {"raised": 0, "grown": 1, "cleared": 2}


def fingerprints(incident: Incident) -> frozenset[str]:
    """The stable keys under each of which at most one incident is open.

    An incident of spikes has one a contact reason; one of the source as a whole has its kind, marked so that no
    contact reason can be mistaken for it.
    """
    if incident.kind == "spike":
        return frozenset(incident.contact_reasons)
    return frozenset({mark(incident.kind)})


def mark(kind: IncidentKind) -> str:
    """The fingerprint of incidents of the source as a whole; no contact reason looks like it."""
    return f"\0{kind}"


def fingerprint(spike: Spike) -> str:
    """The fingerprint that a spike falls under: its contact reason."""
    return spike.contact_reason


def incident_id(spike: Spike, market: str | None = None) -> str:
    """The id of the incident that a spike opens; the same spike gives the same id on every worker.

    Where each market has its own incidents, the id says whose it is (`alerts.markets`).

    >>> from types import SimpleNamespace
    >>> incident_id(SimpleNamespace(spike_id="9f2c")), incident_id(SimpleNamespace(spike_id="9f2c"), "DE")
    ('ts-oroak3oat6', 'ts-DE-oroak3oat6')
    """
    return _name(spike.spike_id, market)


def condition_id(condition: Condition, market: str | None = None) -> str:
    """The id of the incident that a condition opens."""
    return _name(f"{condition.kind}\0{condition.since.astimezone(UTC).isoformat()}", market)


def latest(spikes: Iterable[Spike]) -> list[Spike]:
    """The latest spike of each contact reason, in the order in which the reasons came.

    One alarm a reason at a time: an earlier one is over, also where its last word was lost.
    """
    found: dict[str, Spike] = {}
    for spike in spikes:
        before = found.get(spike.contact_reason)
        if before is None or (spike.raised_at, spike.spike_id) > (before.raised_at, before.spike_id):
            found[spike.contact_reason] = spike
    return list(found.values())


def open_spikes(incident: Incident) -> list[Spike]:
    """The spikes that are not cleared."""
    return [spike for spike in latest(incident.spikes) if spike.state != "cleared"]


def leading(incident: Incident) -> Spike:
    """The spike whose figures the message shows first: of those still open the one with the largest excess.

    Raises:
        ValueError: the incident speaks of the source as a whole and has no spikes.
    """
    return max(
        latest(incident.spikes), key=lambda spike: (spike.state != "cleared", spike.excess, spike.spike_id)
    )


def stated_at(spike: Spike) -> datetime:
    """The event time of a spike's statement: the end of the window it speaks of."""
    if spike.cleared_at is not None:
        return spike.cleared_at
    return max(spike.raised_at, spike.onset + timedelta(minutes=spike.window_minutes))


def timed(spike: Spike, now: datetime) -> Spike:
    """The spike with a time of its end: `now` where a cleared one carries none."""
    if spike.state == "cleared" and spike.cleared_at is None:
        return replace(spike, cleared_at=max(now, spike.raised_at))
    return spike


def with_spike(spikes: Sequence[Spike], spike: Spike) -> list[Spike] | None:
    """An incident's spikes after a statement, or None when it brings nothing new.

    Onset and raise are frozen at the first statement: the message's "since" must not wander.
    """
    known = next((one for one in spikes if one.spike_id == spike.spike_id), None)
    if known is None:
        return [*spikes, spike]
    if _progress(spike) <= _progress(known):
        return None
    spike = replace(spike, onset=known.onset, raised_at=known.raised_at)
    return [spike if one is known else one for one in spikes]


def with_condition(conditions: Sequence[Condition], condition: Condition) -> list[Condition] | None:
    """An incident's conditions after a statement, or None when it brings nothing new."""
    known = next((one for one in conditions if one.since == condition.since), None)
    if known is None:
        return [*conditions, condition]
    if _told(condition) <= _told(known):
        return None
    condition = replace(condition, raised_at=known.raised_at)
    return [condition if one is known else one for one in conditions]


def apply(
    incident: Incident | None,
    spike: Spike,
    *,
    links: Sequence[CampaignLink],
    now: datetime,
    market: str | None = None,
) -> Incident:
    """The incident after a spike's statement; the very same object when the statement brings nothing new.

    - No incident: a new one, revision 1.
    - A spike that it does not have: joins it, and opens it again if it was resolved.
    - Its own spike, further than known: the next revision; it resolves when all its spikes are cleared.
    - Nothing new, but other campaigns coincide now: the next revision, as long as it is open.

    Args:
        incident: the incident that the spike belongs to, as `alerts.grouping` decides.
        spike: the statement.
        links: the campaigns that coincide with the incident, best first.
        now: the stage's time (event clock or wall clock), used only where a cleared spike carries no time.
        market: whose incidents these are, where each market has its own.
    """
    spike = timed(spike, now)
    if incident is None:
        return opened(spike, links, market)
    spikes = with_spike(incident.spikes, spike)
    if spikes is not None:
        return with_spikes(incident, spikes, links)
    # What is older than known was matched on less evidence, and takes no campaign back.
    as_known = any(
        one.spike_id == spike.spike_id and _progress(one) == _progress(spike) for one in incident.spikes
    )
    if as_known and incident.status == "open" and list(links) != incident.campaigns:
        return revised(incident, campaigns=list(links))
    return incident


def opened(spike: Spike, links: Sequence[CampaignLink], market: str | None = None) -> Incident:
    """A new incident of one spike, revision 1."""
    incident = Incident(
        incident_id=incident_id(spike, market),
        revision=0,
        status="open",
        contact_reasons=[],
        spikes=[],
        opened_at=spike.raised_at,
        updated_at=spike.raised_at,
        observed=0,
        expected=0.0,
        excess=0.0,
    )
    return with_spikes(incident, [spike], links)


def opened_by(condition: Condition, market: str | None = None) -> Incident:
    """A new incident of the source as a whole, revision 1."""
    incident = Incident(
        incident_id=condition_id(condition, market),
        revision=0,
        status="open",
        kind=condition.kind,
        contact_reasons=[],
        spikes=[],
        opened_at=condition.raised_at,
        updated_at=condition.raised_at,
        observed=0,
        expected=0.0,
        excess=0.0,
    )
    return with_conditions(incident, [condition])


def with_spikes(incident: Incident, spikes: Sequence[Spike], links: Sequence[CampaignLink]) -> Incident:
    """The next revision with other spikes: it resolves when the latest spike of each reason is cleared."""
    current = latest(spikes)
    ended = [spike.cleared_at for spike in current if spike.cleared_at is not None]
    over = len(ended) == len(current)
    lead = leading(replace(incident, spikes=list(spikes)))
    return revised(
        incident,
        status="resolved" if over else "open",
        contact_reasons=list(dict.fromkeys(spike.contact_reason for spike in spikes)),
        spikes=list(spikes),
        updated_at=max(incident.updated_at, *(stated_at(spike) for spike in current)),
        resolved_at=max(ended) if over else None,
        observed=sum(spike.observed for spike in spikes),
        expected=sum(spike.expected for spike in spikes),
        excess=sum(spike.excess for spike in spikes),
        campaigns=list(links),
        drivers=list(lead.drivers),
    )


def with_conditions(incident: Incident, conditions: Sequence[Condition]) -> Incident:
    """The next revision with other statements of its condition: it resolves when the last one has ended."""
    last = max(conditions, key=lambda condition: condition.since)
    listed = [*last.contact_reasons, *incident.contact_reasons]
    return revised(
        incident,
        status="open" if last.ended_at is None else "resolved",
        condition=last,
        contact_reasons=list(dict.fromkeys(listed)),
        updated_at=max(incident.updated_at, last.ended_at or last.stated_at),
        resolved_at=last.ended_at,
        observed=sum(condition.observed for condition in conditions),
        expected=sum(condition.expected for condition in conditions),
        excess=sum(condition.observed - condition.expected for condition in conditions),
    )


def revised(incident: Incident, **changes: Any) -> Incident:
    """The next revision: something that a reader of the message should see has changed."""
    return replace(incident, revision=incident.revision + 1, **changes)


def _name(key: str, market: str | None) -> str:
    digest = base64.b32encode(hashlib.sha256(key.encode()).digest()).decode()[:10].lower()
    return f"ts-{digest}" if market is None else f"ts-{market}-{digest}"


def _progress(spike: Spike) -> tuple[int, int, int, int, int]:
    return ORDER[spike.state], spike.observed, spike.window_minutes, spike.customers, len(spike.drivers)


def _told(condition: Condition) -> tuple[bool, datetime, int]:
    return condition.ended_at is not None, condition.stated_at, condition.observed
