"""Joining incidents that turn out to have one cause.

What stands out among tickets may be seen only after a spike was first stated. As long as one of two incidents
with the same cause was not spoken of, its spikes join the other one and it ceases to be. Two that people have
seen stay two and name each other: a message that vanished would leave answers and threads without their
incident.
"""

from __future__ import annotations

from alerts.entry import Entry
from alerts.incident import revised, with_spikes
from alerts.known import age
from alerts.records import CampaignLink, Incident, Spike


def ranked(one: Entry, other: Entry) -> tuple[Entry, Entry]:
    """Which of two stays, and which joins it: what people know of stays, then what is older."""
    first, second = sorted((one, other), key=lambda entry: (not fixed(entry), *age(entry)))
    return first, second


def fixed(entry: Entry) -> bool:
    """Whether people know of an incident, so that it can no longer join another one."""
    return entry.known_to_channel or bool(entry.incident.answers) or bool(entry.mutes)


def spikes_of(first: Entry, second: Entry) -> list[Spike]:
    """The spikes of both; the first one's come first, as the incident is named after its first spike."""
    return [*first.incident.spikes, *second.incident.spikes]


def joined(first: Entry, second: Entry, links: list[CampaignLink]) -> Incident:
    """The first incident with the spikes of the second."""
    return with_spikes(first.incident, spikes_of(first, second), links)


def related(incident: Incident, other: str) -> Incident:
    """The incident, naming another one with the same cause; itself when it does already."""
    if other in incident.related:
        return incident
    return revised(incident, related=[*incident.related, other])
