"""The board: all incidents, what was said of them, and what is due.

Statements, answers and the clock come in; stored rows and due notifications go out. The board does no I/O: the
caller stores what `changed`, sends what is `due`, and says so with `sent`. What is due follows from the rows
and the clock, so a board made anew from its rows goes on as if nothing had happened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from alerts import answers, grouping, incident, inhibition, pipeline, silence
from alerts.coinciding import Links, digest
from alerts.context import Context
from alerts.decision import Decision, Notification, Reason, Whisper
from alerts.entry import Entry
from alerts.known import Known
from alerts.records import Answer, Condition, Incident, SlackPost, Spike

__all__ = ["Board", "Decision", "Entry", "Notification", "Reason", "Whisper"]

KEPT_FOR = timedelta(days=7)
"""Incidents that are over are kept so long, for late statements and answers."""
KEPT = 5_000
"""And so many of them at most."""


class Board:
    """All incidents of a shard.

    Args:
        entries: stored rows by incident id.
    """

    def __init__(self, entries: Mapping[str, Entry] | None = None) -> None:
        self._known = Known(entries)
        self._links = Links()
        self._campaigns: Mapping[str, object] | None = None
        self._unsettled = set(self._known.entries)
        self._strangers: deque[Answer] = deque(maxlen=1000)
        self.changed: set[str] = set(self._known.left_over)
        """Ids whose row must be stored, and removed where `entries` holds none; the caller clears it."""

    @property
    def entries(self) -> dict[str, Entry]:
        """All rows by incident id."""
        return self._known.entries

    def hear_spike(self, spike: Spike, context: Context) -> Decision:
        """Take a spike's statement in."""
        place = pipeline.group(spike, self._known, self._links, context)
        if not place.told:
            return Decision(False, place.reason)
        entry, before = place.entry, place.entry.incident if place.entry is not None else None
        spikes = incident.with_spike(before.spikes if before is not None else [], spike)
        links = self._links.of(spikes or (before.spikes if before is not None else []), context.campaigns)
        current = incident.apply(before, spike, links=links, now=context.now)
        if entry is None or current is not before:
            entry = Entry(current) if entry is None else replace(entry, incident=current)
            entry = self._gather(self._settled(entry, context), context)
            self._list_absorbed(context)
        return self._decision(entry, context)

    def hear_condition(self, condition: Condition, context: Context) -> Decision:
        """Take a statement about the source as a whole in."""
        place = grouping.place_of_condition(condition, self._known, context)
        if not place.told:
            return Decision(False, place.reason)
        entry = place.entry
        conditions = incident.with_condition(entry.conditions if entry is not None else [], condition)
        if conditions is not None:
            if entry is None:
                entry = Entry(incident.opened_by(condition), conditions=conditions)
            else:
                changed = incident.with_conditions(entry.incident, conditions)
                entry = replace(entry, incident=changed, conditions=conditions)
            self._settled(entry, context)
            self._list_absorbed(context)
        assert entry is not None  # noqa: S101 - a condition without an entry has opened one
        return self._decision(entry, context)

    def hear_answer(self, answer: Answer, context: Context) -> list[Whisper]:
        """Take a person's answer in; the words that only they are to see."""
        if answer.kind == "missed":
            return []  # speaks of a spike that nobody was told of, so of no incident
        entry = self.entries.get(answer.incident_id)
        if entry is None:
            if answer in self._strangers:
                return []
            self._strangers.append(answer)
            return [answers.unknown(answer)]
        changed, whispers = answers.answered(entry, answer, context)
        if changed is not entry:
            self._settled(changed, context)
            if answer.kind == "muted":
                self._silence(context)
        return whispers

    def tick(self, context: Context) -> None:
        """Take in what time alone changes, and campaigns that changed."""
        self._silence(context)
        if context.campaigns is not self._campaigns:
            self._campaigns = context.campaigns
            for entry in self._known.open():
                self._keep(self._linked(entry, context))
        self._forget(context)

    def due(self, context: Context) -> list[Notification]:
        """What the channel is to be told: new incidents by age, then calls, then edits."""
        found: list[tuple[int, datetime, str, Notification]] = []
        for key in list(self._unsettled):
            entry = self.entries.get(key)
            if entry is None:
                self._unsettled.discard(key)
                continue
            outcome = pipeline.due(entry, self._known, context)
            found.extend(
                (_FIRST[one.kind], entry.incident.opened_at, key, one) for one in outcome.notifications
            )
            if not outcome.notifications and not entry.open and outcome.decision.passes:
                self._unsettled.discard(key)
        return [one for *_, one in sorted(found, key=lambda row: row[:3])]

    def attempt(self, incident_id: str, at: datetime) -> None:
        """A root post is under way: store the row before it leaves, so that a crash leaves a trace."""
        entry = self.entries[incident_id]
        if entry.attempted_at is None:
            self._keep(replace(entry, attempted_at=at))

    def sent(self, notification: Notification, post: SlackPost | None, at: datetime) -> None:
        """Log a notification after it was sent.

        Args:
            notification: what was sent.
            post: where the root message stands; None for a reply.
            at: wall time.
        """
        entry = self.entries.get(notification.incident_id)
        if entry is not None:
            self._keep(pipeline.log(entry, notification, post, at))

    def gone(self, incident_id: str) -> None:
        """A person deleted the root message: a new one is due that takes its place.

        Not of an incident whose end was told: somebody tidied up.
        """
        entry = self.entries[incident_id]
        said, current = entry.said, entry.incident
        if said is None:
            return
        if not entry.open and said.status == "resolved":
            self._keep(replace(entry, said=replace(said, revision=current.revision)))
            return
        self._keep(
            replace(
                entry,
                said=None,
                attempted_at=None,
                replaces=current.slack,
                incident=replace(current, slack=None),
            )
        )

    def _decision(self, entry: Entry, context: Context) -> Decision:
        return pipeline.due(self.entries[entry.incident_id], self._known, context).decision

    def _settled(self, entry: Entry, context: Context) -> Entry:
        """Keep a changed entry, with all that follows from the change for itself."""
        entry = silence.shown(silence.escalated(entry, context), self._known, context)
        seen = digest(entry.incident, context.campaigns)
        self._known.keep(entry)
        quiet = None
        if not entry.open and entry.said is None:
            held = pipeline.due(entry, self._known, context)
            # Over before anybody was to be told. What a silent source holds is told afterwards.
            waits = held.notifications or held.decision.reason is Reason.SOURCE_SILENT
            quiet = None if waits else held.decision.reason
        entry = replace(entry, campaigns_seen=seen, quiet=quiet)
        self._keep(entry, anew=True)
        return entry

    def _gather(self, entry: Entry, context: Context) -> Entry:
        """Join incidents that turn out to have one cause, as long as one of them was not spoken of.

        Drivers may come after the first statement. Two messages that people have seen stay two, and name each
        other: one that vanished would leave answers and threads without their incident.
        """
        for other in grouping.same_cause(entry, self._known, self._links, context):
            first, second = sorted((entry, other), key=lambda one: (not _fixed(one), *_age(one)))
            if _fixed(second):
                for one, two in ((entry, other), (other, entry)):
                    self._relate(one.incident_id, two.incident_id)
                entry = self.entries[entry.incident_id]
                continue
            spikes = [*first.incident.spikes, *second.incident.spikes]
            links = self._links.of(spikes, context.campaigns)
            self._known.forget(second.incident_id)
            self.changed.add(second.incident_id)
            joined = incident.with_spikes(first.incident, spikes, links)
            entry = self._settled(replace(first, incident=joined), context)
        return entry

    def _relate(self, one: str, other: str) -> None:
        entry = self.entries[one]
        if other not in entry.incident.related:
            related = [*entry.incident.related, other]
            self._keep(replace(entry, incident=incident.revised(entry.incident, related=related)))

    def _list_absorbed(self, context: Context) -> None:
        for total in self._known.under("\0total_volume"):
            if total.open or total.incident_id in self._unsettled:
                self._keep(inhibition.with_reasons(total, self._known, context))

    def _silence(self, context: Context) -> None:
        for entry in self._known.open():
            self._keep(silence.shown(entry, self._known, context))

    def _linked(self, entry: Entry, context: Context) -> Entry:
        current: Incident = entry.incident
        links = self._links.of(current.spikes, context.campaigns) if current.spikes else []
        changed = replace(current, campaigns=links) if links != current.campaigns else current
        seen = digest(changed, context.campaigns)
        if changed is current and seen == entry.campaigns_seen:
            return entry
        return replace(entry, incident=incident.revised(changed), campaigns_seen=seen)

    def _forget(self, context: Context) -> None:
        over = [
            entry
            for key, entry in self.entries.items()
            if not entry.open and key not in self._unsettled and not _mutes_run(entry, context)
        ]
        too_many = len(over) - KEPT
        if too_many > 0:
            over.sort(key=_over_since)
        for index, entry in enumerate(over):
            if index < too_many or context.now - _over_since(entry)[0] > KEPT_FOR:
                self._known.forget(entry.incident_id)
                self.changed.add(entry.incident_id)

    def _keep(self, entry: Entry, *, anew: bool = False) -> None:
        if anew or self.entries.get(entry.incident_id) is not entry:
            self._known.keep(entry)
            self.changed.add(entry.incident_id)
            self._unsettled.add(entry.incident_id)


_FIRST = {"root": 0, "reply": 1, "update": 2}


def _fixed(entry: Entry) -> bool:
    """Whether people know of it, so that it can no longer join another incident."""
    return entry.known_to_channel or bool(entry.incident.answers) or bool(entry.mutes)


def _age(entry: Entry) -> tuple[datetime, str]:
    return entry.incident.opened_at, entry.incident_id


def _mutes_run(entry: Entry, context: Context) -> bool:
    return any(silence.runs(mute, context.wall) for mute in entry.mutes)


def _over_since(entry: Entry) -> tuple[datetime, str]:
    return entry.incident.resolved_at or entry.incident.updated_at, entry.incident_id
