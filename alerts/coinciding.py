"""The campaigns that coincide with an incident: those of its spikes taken together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from alerts import campaign
from alerts.entry import Entry
from alerts.incident import latest, revised
from alerts.records import Campaign, CampaignLink, Incident, Spike

LIMIT = 3
"""So many campaigns at most."""

_REMEMBERED = 10_000
_MANY = 1_000
"""Looking for what so many changed campaigns fit is no quicker than looking at all spikes anew."""
_RANK = {"voucher_code": 0, "campaign_id": 1, "contact_reason": 2, "time": 3}
_encode = msgspec.json.Encoder().encode


class Links:
    """Finds the campaigns that coincide, and remembers them.

    Spikes are stated again and again, mostly with the same drivers, and going through ten thousand campaigns for
    each statement would be slow. When campaigns changed, only spikes that one of the changed ones fits, as it
    was or as it is, are looked at anew.
    """

    def __init__(self) -> None:
        self._campaigns: Mapping[str, Campaign] = {}
        self._of_spike: dict[str, tuple[Spike, list[CampaignLink]]] = {}

    def of(self, spikes: Sequence[Spike], campaigns: Mapping[str, Campaign]) -> list[CampaignLink]:
        """The campaigns that coincide with any of the latest spikes of each reason, the best evidence first.

        Spikes still open count, or all where none is.
        """
        current = latest(spikes)
        current = [spike for spike in current if spike.state != "cleared"] or current
        found: dict[str, CampaignLink] = {}
        for link in sorted(
            (link for spike in current for link in self.of_spike(spike, campaigns)),
            key=lambda link: _RANK[link.evidence],
        ):
            found.setdefault(link.id, link)
        return list(found.values())[:LIMIT]

    def of_spike(self, spike: Spike, campaigns: Mapping[str, Campaign]) -> list[CampaignLink]:
        """The campaigns that coincide with one spike."""
        if campaigns is not self._campaigns:
            self._adopt(campaigns)
        held = self._of_spike.get(spike.spike_id)
        if held is not None and (held[0].drivers, held[0].onset) == (spike.drivers, spike.onset):
            return held[1]
        if len(self._of_spike) >= _REMEMBERED:
            self._of_spike.clear()
        links = campaign.candidates(spike, campaigns.values(), limit=LIMIT) if campaigns else []
        self._of_spike[spike.spike_id] = (spike, links)
        return links

    def _adopt(self, campaigns: Mapping[str, Campaign]) -> None:
        before, self._campaigns = self._campaigns, campaigns
        changed = [
            one
            for key in before.keys() | campaigns.keys()
            if before.get(key) != campaigns.get(key)
            for one in (before.get(key), campaigns.get(key))
            if one is not None
        ]
        if len(changed) > _MANY:
            self._of_spike.clear()
            return
        self._of_spike = {
            key: held for key, held in self._of_spike.items() if not campaign.candidates(held[0], changed)
        }


def relinked(entry: Entry, links: Links, campaigns: Mapping[str, Campaign]) -> Entry:
    """The entry after campaigns changed or were withdrawn; the same one when it says nothing of them."""
    current = entry.incident
    found = links.of(current.spikes, campaigns) if current.spikes else []
    found = campaign.keep_withdrawn(found, current.campaigns, campaigns)
    changed = replace(current, campaigns=found) if found != current.campaigns else current
    seen = digest(changed, campaigns)
    if changed is current and seen == entry.campaigns_seen:
        return entry
    return replace(entry, incident=revised(changed), campaigns_seen=seen)


def digest(incident: Incident, campaigns: Mapping[str, Campaign]) -> str:
    """A digest of what the campaigns say that an incident names; another one changes the message.

    Those that people named in their answers count, too.
    """
    named = {link.id for link in incident.campaigns}
    named |= {answer.campaign_id for answer in incident.answers if answer.campaign_id is not None}
    if not named:
        return ""
    said = [campaigns.get(one) for one in sorted(named)]
    return hashlib.sha256(_encode(said)).hexdigest()[:16]
