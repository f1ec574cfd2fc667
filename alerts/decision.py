"""What the stages answer with: a reason, a decision, a notification that is due, a word to one person."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from alerts.records import Incident


class Reason(StrEnum):
    """Why something is said, or is not; the value is what people and logs read."""

    FIRST_NOTIFICATION = "first notification"
    CHANGED = "figures, campaigns or answers changed: the message is edited in place"
    GROWN = "grown by half and by ten tickets since people were last called"
    ESCALATED = "grown by half and by ten tickets since it was snoozed: the snooze is over"
    REOPENED = "rises again soon after it was over"
    RESOLVED = "resolved"
    REMINDER = "nobody has reacted since people were last called"
    REPLACED = "its message was deleted: a new one takes its place"
    NOTHING_NEW = "the channel knows all of it"
    PASSED = "nothing holds it back"
    TOO_FEW_CUSTOMERS = "fewer distinct customers than the minimum: held back until there are enough"
    TOTAL_VOLUME = "part of a rise of all tickets together and without a driver of its own: listed there"
    SOURCE_SILENT = "the source is silent: held back until tickets come again"
    MUTED = "its contact reasons are muted"
    SNOOZED = "snoozed"
    OVER_UNHEARD = "over before it was heard of"
    OLD_NEWS = "older than what is known of this contact reason"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a stage decided: whether the incident goes on to the next stage, and why."""

    passes: bool
    reason: Reason
    incident_id: str | None = None


PASSED = Decision(True, Reason.PASSED)


@dataclass(frozen=True, slots=True)
class Notification:
    """One message that is due: a new root, an edit of the root, or a reply in its thread.

    `incident` is the incident as it stood when this was decided. Word the message from it: the notification
    log then holds what the channel was told, and not what came in meanwhile.
    """

    kind: Literal["root", "update", "reply"]
    incident_id: str
    why: Reason
    incident: Incident | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Whisper:
    """A polite word that only one person sees, sent at most once.

    Attributes:
        channel: where the person pressed, as far as the incident knows; "" for the channel of the settings.
        user: who pressed.
        kind: somebody `was_first`; the press is `stale`; the incident is `unknown`; it is `too_late`, as the
            incident is over.
        incident_id: what was pressed on.
        by: who was first.
    """

    channel: str
    user: str
    kind: Literal["was_first", "stale", "unknown", "too_late"]
    incident_id: str
    by: str | None = None
