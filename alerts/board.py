"""The board: all incidents, what was said of them, and what is due.

Statements, answers and the clock come in; stored rows and due notifications go out. The board does no I/O: the
caller stores what `changed`, sends what is `due`, and says so with `sent`. What is due follows from the rows
and the clock, so a board made anew from its rows goes on as if nothing had happened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from alerts import answers, grouping, incident, inhibition, joining, pipeline, silence, source_standing
from alerts.campaign import keep_withdrawn
from alerts.coinciding import Links, digest, relinked
from alerts.context import Context
from alerts.decision import Decision, Notification, Reason, Whisper
from alerts.entry import Entry
from alerts.forgetting import forgettable, settled
from alerts.incident import mark
from alerts.known import Known
from alerts.records import Answer, Condition, SlackPost, Spike

__all__ = ["Board", "Decision", "Entry", "Notification", "Reason", "Whisper"]


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
        if before is not None and before.status == "open":
            links = keep_withdrawn(links, before.campaigns, context.campaigns)
        current = incident.apply(before, spike, links=links, now=context.now, market=context.market)
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
                entry = Entry(incident.opened_by(condition, context.market), conditions=conditions)
            else:
                changed = incident.with_conditions(entry.incident, conditions)
                entry = replace(entry, incident=changed, conditions=conditions)
            if condition.kind == "total_volume":
                entry = replace(entry, incident=inhibition.with_drivers(entry.incident, self._known))
            entry = source_standing.told(entry, context)
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
        """Take in what time alone changes, campaigns that changed, and how the sources of a silent one are."""
        self._silence(context)
        for silent in self._known.under(incident.mark("source_silent")):
            self._keep(source_standing.told(silent, context))
        if context.campaigns is not self._campaigns:
            self._campaigns = context.campaigns
            for entry in self._known.open():
                self._keep(relinked(entry, self._links, context.campaigns))
        for entry in forgettable(self._known, context):
            self._drop(entry)

    def due(self, context: Context) -> list[Notification]:
        """What the channel is to be told: new incidents by age, then calls, then edits."""
        found: list[tuple[int, datetime, str, Notification]] = []
        for key in list(self._unsettled):
            entry = self.entries[key]
            outcome = pipeline.due(entry, self._known, context)
            found.extend(
                (_FIRST[one.kind], entry.incident.opened_at, key, one) for one in outcome.notifications
            )
            if settled(entry, context):
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
        entry = replace(entry, campaigns_seen=digest(entry.incident, context.campaigns))
        self._keep(entry)
        self._keep(self._quietened(entry, context))
        return self.entries[entry.incident_id]

    def _quietened(self, entry: Entry, context: Context) -> Entry:
        """The entry, marked if it was over before anybody was to be told: nothing is said of it later, either.

        What a silent source holds is told afterwards: the others speak for themselves, a silent source does not.
        """
        if entry.open or entry.said is not None:
            return entry if entry.quiet is None else replace(entry, quiet=None)
        if entry.quiet is not None:
            return entry
        outcome = pipeline.due(entry, self._known, context)
        if outcome.notifications or outcome.decision.reason is Reason.SOURCE_SILENT:
            return entry
        return replace(entry, quiet=outcome.decision.reason)

    def _gather(self, entry: Entry, context: Context) -> Entry:
        """Join incidents that have one cause, as far as that is still possible."""
        for found in grouping.same_cause(entry, self._known, self._links, context):
            first, second = joining.ranked(entry, self.entries[found.incident_id])
            if joining.fixed(second):
                for one, other in ((first, second), (second, first)):
                    self._keep(replace(one, incident=joining.related(one.incident, other.incident_id)))
                entry = self.entries[entry.incident_id]
                continue
            links = self._links.of(joining.spikes_of(first, second), context.campaigns)
            self._drop(second)
            entry = self._settled(replace(first, incident=joining.joined(first, second, links)), context)
        return entry

    def _list_absorbed(self, context: Context) -> None:
        for total in self._known.under(mark("total_volume")):
            ended = total.incident.resolved_at
            if ended is None or context.now - ended <= context.merge_gap:
                self._keep(inhibition.with_reasons(total, self._known, context))

    def _silence(self, context: Context) -> None:
        for entry in self._known.open():
            self._keep(silence.shown(entry, self._known, context))
        for key in list(self._unsettled):
            self._keep(self._quietened(self.entries[key], context))

    def _drop(self, entry: Entry) -> None:
        self._known.forget(entry.incident_id)
        self._unsettled.discard(entry.incident_id)
        self.changed.add(entry.incident_id)

    def _keep(self, entry: Entry) -> None:
        held = self.entries.get(entry.incident_id)
        if held is not entry and held != entry:
            self._known.keep(entry)
            self.changed.add(entry.incident_id)
            self._unsettled.add(entry.incident_id)


_FIRST = {"root": 0, "reply": 1, "update": 2}
