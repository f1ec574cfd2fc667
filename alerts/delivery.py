"""What sends a payload to the channel: the port that `slack` and `outbox` implement, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from alerts.limits import Payload
from alerts.records import SlackPost

Observe = Callable[[str, str], None]
"""Told of every call and its result, for metrics: (`chat.postMessage`, `ok`), (`redact`, `mail`), ..."""


class DeliveryError(Exception):
    """A payload did not get through, or nobody knows whether it did.

    Attributes:
        permanent: the same call will fail again until a person mends something; the message says what.
        ambiguous: the message may stand in the channel although the call failed: look with `find` before
            another post. Edits are never ambiguous: the same edit twice is the same edit.
        missing: the message to edit or to reply to is gone (a person deleted it): post a new root.
        retry_after: seconds that Slack asked to wait, None where it did not.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        missing: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.missing = missing
        self.retry_after = retry_after


class Delivery(Protocol):
    """One channel that takes root messages, edits and replies.

    Every method may block for as long as the network takes (bounded by time limits), and raises
    `DeliveryError`. The payload passes `redact.guard` inside, right before it leaves.
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

    async def find(self, incident_id: str, since: datetime) -> SlackPost | None:
        """The newest root message of an incident posted since then (wall time), for reconciling a post."""
        ...

    async def check(self) -> None:
        """Return when a message could be sent now; for start-up and readiness."""
        ...

    async def close(self) -> None:
        """Give back what is held open; nothing may be called afterwards."""
        ...


def ignore(method: str, result: str) -> None:
    """Observe nothing."""
