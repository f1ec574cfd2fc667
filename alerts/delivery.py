"""What sends a payload to the channel: the port that `slack` and `outbox` implement, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.limits import Payload
from alerts.records import SlackPost

INCIDENT = "ticketspike_incident"
"""The `event_type` in the metadata of incidents' root messages."""
Observe = Callable[[str, str], None]
"""Told of every call and its result, for metrics: (`chat.postMessage`, `ok`), (`redact`, `mail`), ..."""


class DeliveryError(Exception):
    """A payload did not get through, or nobody knows whether it did.

    Attributes:
        code: the error in Slack's own word, for metrics.
        permanent: the same call will fail again until a person mends something; the message says what.
        ambiguous: the call may have been carried out although it failed, or may yet be: look with `standing`
            or `thread` before another post. An edit is simply made again.
        missing: the message to edit or to reply to is gone (a person deleted it): post a new root.
        message_only: this one message is refused; others may get through.
        retry_after: seconds that Slack asked to wait, None where it did not.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        permanent: bool = False,
        ambiguous: bool = False,
        missing: bool = False,
        message_only: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.missing = missing
        self.message_only = message_only
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Standing:
    """A message of ours that stands in the channel, as its metadata names it: an incident's id, a notice's, a digest's.

    `mark` tells one reply of an incident from another; roots have none. `revision` is the one it shows.
    """

    post: SlackPost
    incident_id: str
    mark: str | None = None
    revision: int | None = None


class Delivery(Protocol):
    """One channel that takes root messages, edits and replies.

    Every method may block for as long as the network takes (bounded by time limits), and raises
    `DeliveryError`. The payload passes `redact.guard` inside, right before it leaves. Nothing is tried twice
    inside where that could say something twice, and a rate limit is not waited for: both are the sender's.
    """

    async def post(self, payload: Payload) -> SlackPost:
        """Post a new root message; returning means that it stands in the channel."""
        ...

    async def update(self, post: SlackPost, payload: Payload) -> None:
        """Edit a root message in place; safe to repeat."""
        ...

    async def reply(self, post: SlackPost, payload: Payload) -> SlackPost:
        """Post into a root message's thread."""
        ...

    async def delete(self, post: SlackPost) -> None:
        """Take a message of ours back; one that is gone already is taken back."""
        ...

    async def whisper(self, channel: str, user: str, payload: Payload) -> None:
        """Show a message to one person only; nobody can find out whether it arrived. "" is our own channel."""
        ...

    async def standing(self, since: datetime, event_type: str = INCIDENT) -> list[Standing]:
        """The root messages of a kind that were posted since then (wall time), the oldest first."""
        ...

    async def thread(self, post: SlackPost) -> list[Standing]:
        """Our replies in a root message's thread, the oldest first."""
        ...

    async def link(self, post: SlackPost) -> str | None:
        """The address of a message, also of one that is gone; None where messages have none."""
        ...

    async def check(self) -> None:
        """Return when a message could be sent now, as far as that can be told without sending one."""
        ...

    async def close(self) -> None:
        """Give back what is held open; nothing may be called afterwards."""
        ...


def ignore(method: str, result: str) -> None:
    """Observe nothing."""


_IDS = ("incident_id", "notice_id", "digest_id")
MARK = "mark"
"""The metadata field of a reply that tells it from the incident's other replies."""


def marked(payload: Payload, mark: str) -> Payload:
    """A reply that carries its mark.

    >>> marked({"text": "over", "metadata": {"event_type": "e", "event_payload": {"incident_id": "ts-1"}}}, "m")
    ... # doctest: +NORMALIZE_WHITESPACE
    {'text': 'over', 'metadata': {'event_type': 'e', 'event_payload': {'incident_id': 'ts-1', 'mark': 'm'}}}
    """
    metadata = payload["metadata"]
    return payload | {"metadata": metadata | {"event_payload": metadata["event_payload"] | {MARK: mark}}}


def read(message: dict[str, object], event_type: str, channel: str) -> Standing | None:
    """A message of a channel's history as ours, if its metadata has this `event_type`."""
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != event_type:
        return None
    about = metadata.get("event_payload") or {}
    incident_id = next((about[one] for one in _IDS if one in about), None)
    mark, revision = about.get(MARK), about.get("revision")
    if not isinstance(incident_id, str):
        return None
    post = SlackPost(channel=channel, ts=str(message["ts"]))
    return Standing(
        post,
        incident_id,
        mark if isinstance(mark, str) else None,
        revision if isinstance(revision, int) else None,
    )
