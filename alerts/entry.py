"""What is kept of an incident: one stored row, and all that the stages decide on besides the clock."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alerts.context import Said
from alerts.decision import Reason
from alerts.records import Answer, Condition, Incident, IncidentKind, SlackPost


class Mute(msgspec.Struct, frozen=True, kw_only=True):
    """A person's wish not to be told: of what, who, why, until when.

    The scope is that of the incident when the mute was heard, fixed: a contact reason that joins the incident
    later was not what the person spoke of.
    """

    kind: IncidentKind
    contact_reasons: list[str]
    answer: Answer


class Snooze(msgspec.Struct, frozen=True, kw_only=True):
    """No replies until then, unless it grows well beyond `observed`, what it was when snoozed."""

    until: datetime
    observed: int
    at: datetime


class Entry(msgspec.Struct, frozen=True):
    """An incident's row, key `incident_id`.

    Attributes:
        incident: the public record.
        said: the notification log; None while the channel knows nothing.
        attempted_at: since when a root post has been under way, on wall time.
        conditions: the statements that a `total_volume` or `source_silent` incident consists of.
        mutes: mutes that people set on this incident; they hold for later incidents, too.
        snooze: the snooze that runs or ran out unnoticed.
        silenced_until: when the silence ends that the message shows.
        escalated: a snooze ended early and people were not called yet.
        quiet: why it was over without ever being told; nothing is said of it any more.
        replaces: a deleted root message that the next one takes the place of.
        campaigns_seen: digest of the linked campaigns' own words; another one edits the message.
        declined: answers that came when they made no sense any more; they are declined once.
    """

    incident: Incident
    said: Said | None = None
    attempted_at: datetime | None = None
    conditions: list[Condition] = []
    mutes: list[Mute] = []
    snooze: Snooze | None = None
    silenced_until: datetime | None = None
    escalated: bool = False
    quiet: Reason | None = None
    replaces: SlackPost | None = None
    campaigns_seen: str = ""
    declined: list[Answer] = []

    @property
    def incident_id(self) -> str:
        """The key."""
        return self.incident.incident_id

    @property
    def open(self) -> bool:
        """Whether the incident is open."""
        return self.incident.status == "open"

    @property
    def known_to_channel(self) -> bool:
        """Whether people were told, or may have been by a post under way."""
        return self.said is not None or self.attempted_at is not None or self.replaces is not None
