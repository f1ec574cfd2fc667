"""An incident from opening to resolution: a pure state machine over what spikes say.

The watch stage states its open spikes again and again, and statements may come twice or out of order. So each
spike's statements are ordered by what they say (cleared beats grown beats raised; of two alike the larger
count wins), the incident keeps the furthest one, and hearing anything older changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from alerts.records import CampaignLink, Incident, Spike

_ORDER = {"raised": 0, "grown": 1, "cleared": 2}


def fingerprint(spike: Spike) -> str:
    """The stable key under which at most one incident is open: the contact reason.

    Kept apart from the machine: what counts as one incident may widen to several reasons with one campaign.
    """
    return spike.contact_reason


def incident_id(spike: Spike) -> str:
    """The id of the incident that a spike opens; the same spike gives the same id on every worker.

    >>> from types import SimpleNamespace
    >>> incident_id(SimpleNamespace(spike_id="9f2c"))
    'ts-oroak3oat6'
    """
    digest = hashlib.sha256(spike.spike_id.encode()).digest()
    return "ts-" + base64.b32encode(digest).decode()[:10].lower()


def leading(incident: Incident) -> Spike:
    """The spike whose figures the incident shows: the one that began last."""
    return max(incident.spikes, key=lambda spike: (spike.onset, spike.spike_id))


def stated_at(spike: Spike) -> datetime:
    """The event time of a spike's statement: the end of the window it speaks of."""
    if spike.cleared_at is not None:
        return spike.cleared_at
    return max(spike.raised_at, spike.onset + timedelta(minutes=spike.window_minutes))


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
        if spike.onset <= leading(incident).onset:
            return incident
        if incident.status == "resolved":
            return _opened(spike, links)
        return _revised(incident, [*incident.spikes, spike], links)
    if _progress(spike) > _progress(known):
        # Onset and raise are frozen at the first statement: the message's "since" must not wander.
        spike = replace(spike, onset=known.onset, raised_at=known.raised_at)
        return _revised(incident, [spike if one is known else one for one in incident.spikes], links)
    # Only what is as far as the known statement may change links: an older one was matched on less evidence.
    current = _progress(spike) == _progress(known) and known is leading(incident)
    if current and incident.status == "open" and list(links) != incident.campaigns:
        return _revised(incident, incident.spikes, links)
    return incident


def _progress(spike: Spike) -> tuple[int, int, int, int]:
    return _ORDER[spike.state], spike.observed, spike.window_minutes, spike.customers


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
    last = leading(incident)
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
