"""The stage *group*: which incident a spike belongs to, decided once and kept.

Contact reasons that rise together because of the same voucher code, the same campaign, or the same market or
channel are one incident for people. What they share is read from what stands out among their tickets; rising
at the same time alone groups nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts.campaign import fold
from alerts.coinciding import Links
from alerts.context import Context
from alerts.decision import Reason
from alerts.entry import Entry
from alerts.incident import fingerprint, fingerprints, mark, open_spikes
from alerts.known import Known, age
from alerts.records import Condition, Spike
from detectors.facet_sets import WITH

CODE_SHARE = 0.3
"""A code or campaign id is what a spike is about from this part of its excess on: few tickets carry one by chance."""
PLACE_SHARE = 0.5
"""A market or channel is, where it carries the greater part: every ticket has one."""

_STRONG = ("voucher_code", "campaign_id")
_PLACES = ("market", "channel")

Cause = tuple[str, str]
"""What spikes may share: a facet or `campaign`, and its value."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement goes: into an entry, a new one (None), or nowhere (`told` is False)."""

    entry: Entry | None
    told: bool = True
    reason: Reason = Reason.PASSED


def place(spike: Spike, known: Known, links: Links, context: Context) -> Place:
    """The incident a spike's statement belongs to.

    In this order: the one that already has the spike; the open one of its contact reason (the earlier spike is
    over, its last word was lost); the one of its reason that was over just before it began; the oldest open
    one with the same cause; a new one.
    """
    own = known.of_spike(spike.spike_id)
    if own is not None:
        return Place(own)
    same = known.under(fingerprint(spike))
    raised = [
        one.raised_at
        for entry in same
        for one in entry.incident.spikes
        if one.contact_reason == spike.contact_reason
    ]
    # Alarms of one reason follow one another; their onsets are estimates and need not.
    if raised and spike.raised_at <= max(raised):
        return Place(None, told=False, reason=Reason.OLD_NEWS)
    for entry in same:
        if entry.open:
            return Place(entry)
    if spike.state == "cleared":
        # Nobody was told, and nobody wants to hear of it now.
        return Place(None, told=False, reason=Reason.OVER_UNHEARD)
    recent = _over_just_before(spike, same, known, context)
    return Place(recent if recent is not None else companion(spike, known, links, context))


def place_of_condition(condition: Condition, known: Known, context: Context) -> Place:
    """The incident of the source as a whole that a condition's statement belongs to."""
    own = known.of_condition(condition.kind, condition.since)
    if own is not None:
        return Place(own)
    same = known.under(mark(condition.kind))
    if any(condition.since <= one.since for entry in same for one in entry.conditions):
        return Place(None, told=False, reason=Reason.OLD_NEWS)
    for entry in same:
        if entry.open:
            return Place(entry)
    if condition.ended_at is not None:
        return Place(None, told=False, reason=Reason.OVER_UNHEARD)
    ended = [
        entry
        for entry in same
        if entry.incident.resolved_at is not None
        and condition.since - entry.incident.resolved_at <= context.merge_gap
    ]
    return Place(max(ended, key=_ended) if ended else None)


def companion(spike: Spike, known: Known, links: Links, context: Context) -> Entry | None:
    """The oldest open incident of another reason that rises because of the same."""
    mine = causes(spike, links, context)
    if not mine:
        return None
    for entry in known.open():
        if entry.incident.kind == "spike" and _together(spike, mine, entry, links, context):
            return entry
    return None


def same_cause(one: Entry, known: Known, links: Links, context: Context) -> list[Entry]:
    """Other open incidents with the same cause, the oldest first: drivers may come after the first statement."""
    found: dict[str, Entry] = {}
    for spike in open_spikes(one.incident):
        mine = causes(spike, links, context)
        if not mine:
            continue
        for entry in known.open():
            other = entry.incident_id != one.incident_id and entry.incident.kind == "spike"
            if other and _together(spike, mine, entry, links, context):
                found[entry.incident_id] = entry
    return sorted(found.values(), key=age)


def causes(spike: Spike, links: Links, context: Context) -> frozenset[Cause]:
    """What a spike may share with others: codes, campaigns and places that carry its excess.

    A pair, such as a code in one browser, counts for each of its facets.
    """
    found: set[Cause] = set()
    coded = False
    for driver in spike.drivers:
        facets, values = driver.facet.split(WITH), driver.value.split(f" {WITH} ")
        if len(facets) != len(values):
            facets, values = [driver.facet], [driver.value]
        for facet, value in zip(facets, values, strict=True):
            strong = facet in _STRONG and driver.excess_share >= CODE_SHARE
            if strong or (facet in _PLACES and driver.excess_share >= PLACE_SHARE):
                found.add((facet, fold(value)))
                coded = coded or strong
    if coded:
        linked = links.of_spike(spike, context.campaigns)
        found |= {("campaign", link.id) for link in linked if link.evidence in _STRONG}
    return frozenset(found)


def _together(spike: Spike, mine: frozenset[Cause], entry: Entry, links: Links, context: Context) -> bool:
    return any(
        abs(spike.onset - other.onset) <= context.group_within
        and not mine.isdisjoint(causes(other, links, context))
        for other in open_spikes(entry.incident)
    )


def _over_just_before(spike: Spike, same: Iterable[Entry], known: Known, context: Context) -> Entry | None:
    """The incident that the spike reopens.

    Not one of several reasons where another of them has an open incident by now: it would be open twice.
    """
    found = [
        entry
        for entry in same
        if entry.incident.resolved_at is not None
        and spike.onset - entry.incident.resolved_at <= context.merge_gap
        and not any(other.open for name in fingerprints(entry.incident) for other in known.under(name))
    ]
    return max(found, key=_ended) if found else None


def _ended(entry: Entry) -> tuple[datetime, str]:
    assert entry.incident.resolved_at is not None  # noqa: S101 - asked only of resolved incidents
    return entry.incident.resolved_at, entry.incident_id
