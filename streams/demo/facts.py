"""Whether the demo's day came out as it must: each claim, whether it holds, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.records import Campaign, Incident, Spike
from streams.demo.webshop import DAY, SPOT_REASONS, STORY, VOUCHER, ZONE
from streams.demo.webshop_reasons import REASONS
from streams.demo.webshop_tickets import Language
from streams.demo.words import say

Counts = Mapping[tuple[str, int], int]
LIMIT = timedelta(minutes=10)
"""The longest that an alert may take after the code has broken."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A claim about the day, in words that say what was found."""

    holds: bool
    words: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the day left behind: the last state of each incident and spike, what people read, the counts.

    `said` is the text of every message as it was posted; `usual` the tickets that the spot's reasons bring in
    the spot's minutes on an ordinary day; `events` the number of ticket events that were sent.
    """

    incidents: Sequence[Incident]
    spikes: Sequence[Spike]
    said: str
    counted: Counts
    truth: Counts
    usual: float
    events: int
    leaks: int


def facts(outcome: Outcome, campaign: Campaign, language: Language) -> list[Fact]:
    """All claims of the demo, in the order of the story; `campaign` is the newsletter."""
    reason = REASONS[VOUCHER].word(language)
    incident = next((one for one in outcome.incidents if reason in one.contact_reasons), None)
    found = ", ".join(sorted({spike.contact_reason for spike in outcome.spikes})) or "0"
    alone = (
        len(outcome.incidents) == 1
        and incident is not None
        and {reason} == {spike.contact_reason for spike in outcome.spikes}
    )
    return [
        Fact(alone, say("one_incident", language, found=found)),
        _in_time(incident, language),
        *(
            Fact(word in outcome.said, say("names", language, word=word))
            for word in (campaign.name, STORY.voucher_code, STORY.browser)
        ),
        _resolved(incident, language),
        _spot(outcome, language),
        _exact(outcome, language),
        Fact(outcome.leaks == 0, say("private", language)),
    ]


def spot_tickets(counts: Counts, days_before: Iterable[int], language: Language) -> float:
    """Tickets about the spot's reasons in the spot's minutes, on average over days so many days before."""
    words = {REASONS[reason].word(language) for reason in SPOT_REASONS}
    days = list(days_before)
    first, last = (int(instant.timestamp() // 60) for instant in (STORY.spot_at, STORY.spot_ends_at))
    found = sum(
        count
        for (reason, minute), count in counts.items()
        if reason in words and any(first <= minute + 1440 * day < last for day in days)
    )
    return found / len(days)


def _in_time(incident: Incident | None, language: Language) -> Fact:
    if incident is None:
        return Fact(False, say("in_time_not", language, found="0"))
    late = incident.opened_at - STORY.code_breaks_at
    if timedelta(0) < late <= LIMIT:
        return Fact(True, say("in_time", language, minutes=round(late.total_seconds() / 60)))
    return Fact(False, say("in_time_not", language, found=_clock(incident.opened_at)))


def _resolved(incident: Incident | None, language: Language) -> Fact:
    at = incident.resolved_at if incident is not None and incident.status == "resolved" else None
    if at is None or at.astimezone(ZONE).date() != DAY or at < STORY.code_mended_at:
        return Fact(False, say("resolved_not", language))
    after = round((at - STORY.code_mended_at).total_seconds() / 60)
    return Fact(True, say("resolved_fact", language, at=_clock(at), minutes=after))


def _spot(outcome: Outcome, language: Language) -> Fact:
    words = {REASONS[reason].word(language) for reason in SPOT_REASONS}
    uplift = spot_tickets(outcome.counted, [0], language) / max(outcome.usual, 1.0)
    quiet = not any(spike.contact_reason in words for spike in outcome.spikes)
    return Fact(quiet and uplift > 1.5, say("spot_fact", language, uplift=float(uplift)))


def _exact(outcome: Outcome, language: Language) -> Fact:
    cells = set(outcome.truth) | set(outcome.counted)
    wrong = sum(outcome.truth.get(cell, 0) != outcome.counted.get(cell, 0) for cell in cells)
    if wrong:
        return Fact(False, say("exact_not", language, found=wrong, cells=len(cells)))
    return Fact(True, say("exact", language, tickets=sum(outcome.truth.values()), events=outcome.events))


def _clock(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%H:%M}"
