"""What is left after a run, held against the truth: every difference in words, the first of each kind named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from chaos_tickets import Rise, World

from alerts.records import Incident
from streams.counts import Counted
from streams.customers import EXACT
from streams.dead_letter_log import read_letter, standing
from streams.settings import Settings
from streams.to_end import read_to_end

SKETCH_ERROR = 0.12
"""Four standard errors of the sketch."""
TOLD_WITHIN = 45
"""Minutes after a rise began in which its incident must have been opened."""


@dataclass
class Verdict:
    """Counted differences by kind, and each kind's first one in words; all is well when there is none."""

    figures: dict[str, int] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def blame(self, kind: str, words: str, number: int = 1) -> None:
        """Note a difference."""
        self.wrong[kind] += number
        self.first.setdefault(kind, words)

    def lines(self) -> list[str]:
        """For people."""
        found = [f"{number} {kind}, first: {self.first[kind]}" for kind, number in self.wrong.items()]
        seen = ", ".join(f"{number} {what}" for what, number in self.figures.items())
        return [
            seen,
            *(found or ["0 lost, 0 counted twice, 0 wrong minutes, 0 incidents or messages amiss"]),
        ]


def judge(settings: Settings, world: World, messages: Sequence[Mapping[str, Any]]) -> Verdict:
    """Hold the topics and the channel's messages against what was sent."""
    verdict = Verdict()
    counted = Counted()
    counted.feed(record.value for record in read_to_end(settings, "ticket-counts"))
    judge_counts(verdict, counted, world)
    _judge_customers(verdict, counted, world)
    incidents = read_incidents(settings)
    _judge_incidents(verdict, incidents, world.rises)
    _judge_messages(verdict, incidents, messages)
    _judge_dead_letters(verdict, settings, world.poisons)
    return verdict


def read_incidents(settings: Settings) -> list[Incident]:
    """The last statement of every incident, also of those that were forgotten since."""
    newest = {}
    for record in read_to_end(settings, "incidents"):
        if record.value is not None:
            newest[record.key] = msgspec.json.decode(record.value, type=Incident)
    return list(newest.values())


def judge_counts(verdict: Verdict, counted: Counted, world: World) -> None:
    """Hold the counts of every contact reason and minute against what was sent."""
    truth = world.counts()
    found = {cell: count for cell, count in counted.minutes().items() if count}
    verdict.figures |= {"tickets": sum(truth.values()), "reason-minutes": len(truth)}
    for reason, minute in sorted(truth.keys() | found.keys(), key=lambda cell: (cell[1], cell[0])):
        is_, should = found.get((reason, minute), 0), truth.get((reason, minute), 0)
        if is_ != should:
            kind = "tickets lost" if is_ < should else "tickets counted twice or in a wrong minute"
            words = f"{reason} at {_clock(minute)}: {is_} instead of {should}"
            verdict.blame(kind, words, abs(is_ - should))


def _judge_customers(verdict: Verdict, counted: Counted, world: World) -> None:
    found = {
        (one.contact_reason, one.start): one.customers for one in counted.buckets(lambda m: m // 60 * 3600)
    }
    estimates = 0
    for (reason, hour), (must, may) in world.customers().items():
        error = SKETCH_ERROR if len(may) > EXACT else 0.0
        estimates += len(may) > EXACT
        seen = found.get((reason, hour), 0)
        if not len(must) * (1 - error) <= seen <= len(may) * (1 + error):
            words = f"{reason} in the hour of {_clock(hour // 60)}: {seen}, not {len(must)} to {len(may)}"
            verdict.blame("hours with wrong customers", words)
    verdict.figures["hours with more customers than a set holds"] = estimates


def _judge_incidents(verdict: Verdict, incidents: Sequence[Incident], rises: Sequence[Rise]) -> None:
    verdict.figures |= {"rises": len(rises), "incidents": len(incidents)}
    planted: Counter[str] = Counter()
    for rise in rises:
        mine = [one for one in incidents if _about(one, rise)]
        planted.update(one.incident_id for one in mine)
        words = f"{rise.contact_reason} at {_clock(rise.first)}"
        if not mine:
            verdict.blame("incidents missing", words)
        elif len(mine) > 1:
            verdict.blame("incidents doubled", f"{words}: {[one.incident_id for one in mine]}")
        elif mine[0].status != "resolved":
            verdict.blame("incidents that do not end", words)
    for one in incidents:
        if one.incident_id not in planted:
            words = f"{one.kind} {one.contact_reasons[:3]} opened {one.opened_at:%d %H:%M}"
            verdict.blame("incidents that nobody planted", words)


def _about(one: Incident, rise: Rise) -> bool:
    opened = int(one.opened_at.timestamp()) // 60
    return rise.contact_reason in one.contact_reasons and rise.first <= opened <= rise.last + TOLD_WITHIN


def _judge_messages(
    verdict: Verdict, incidents: Sequence[Incident], messages: Sequence[Mapping[str, Any]]
) -> None:
    roots: Counter[str] = Counter()
    for one in messages:
        if one["thread_ts"] is None:
            about = ((one.get("metadata") or {}).get("event_payload") or {}).get("incident_id", "?")
            roots[about] += 1
            if "✅" not in one["text"]:
                verdict.blame("messages not in their last state", one["text"][:80])
    verdict.figures["root messages"] = roots.total()
    for incident in incidents:
        number = roots.pop(incident.incident_id, 0)
        if number > 1:
            verdict.blame("root messages doubled", f"{incident.incident_id}: {number}", number - 1)
        elif not number:
            verdict.blame("root messages missing", incident.incident_id)
    for unknown, number in roots.items():
        verdict.blame("root messages of no incident", unknown, number)


def _judge_dead_letters(verdict: Verdict, settings: Settings, poisons: int) -> None:
    sent = [
        (record.key, f"{record.topic}-{record.partition}@{record.offset}")
        for record in read_to_end(settings, "tickets")
        if record.key is not None and record.key.startswith(b"poison-")
    ]
    verdict.figures["poisons"] = poisons
    if len({key for key, _ in sent}) != poisons:
        verdict.blame("poisons that were never sent", f"{len(sent)} of {poisons}")
    letters = [
        read_letter(record.key, record.value, record.headers)
        for record in read_to_end(settings, "dead-letters")
    ]
    # Written at least once; a place is listed once, as `dead-letters list` does it.
    listed = [one.place for one in standing(one for one in letters if one is not None)]
    verdict.figures["dead letters written again"] = len(letters) - len(set(listed))
    places = Counter(listed)
    for key, place in sent:
        if not places.pop(place, 0):
            verdict.blame("dead letters missing", f"{key!r} at {place}")
    for place in places:
        verdict.blame("dead letters of good records", place)


def _clock(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%d %b %H:%M")
