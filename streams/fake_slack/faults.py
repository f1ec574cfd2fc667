"""What can go wrong with Slack: one call, a state that lasts until it is mended, or anything at random."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from streams.fake_slack.channel import Answer, error

Fault = Literal[
    "drop_after_accept", "error_after_accept", "rate_limited", "drop_before_accept", "slow", "slow_answer"
]
"""What goes wrong: the connection drops or HTTP 500 comes although the call was carried out; 429 with
Retry-After; the connection drops and nothing was carried out; the call is carried out and answered only after
`delay` seconds; it is carried out at once and answered after `delay` seconds."""

NEEDED_SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "conversations.info": "channels:read",
}
ALL_SCOPES = frozenset(NEEDED_SCOPES.values())
SENDING = frozenset({"chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of one call with its figures, in seconds."""

    kind: Fault
    retry_after: int = 1
    delay: float = 1.0


@dataclass(slots=True)
class State:
    """What lasts until a person mends it.

    Attributes:
        outage: nothing is carried out; every call gets HTTP 503.
        archived: the channel was archived: it can be read, not written.
        member: whether the app is in the channel.
        closed: channels that the app is not in, while it is in all others.
        revoked: the token was revoked.
        scopes: what the token may do.
        delay: seconds before every answer.
        errors: answers `{"ok": false, "error": ...}` for a method as long as an entry stands here.
    """

    outage: bool = False
    archived: bool = False
    member: bool = True
    closed: frozenset[str] = frozenset()
    revoked: bool = False
    scopes: frozenset[str] = ALL_SCOPES
    delay: float = 0.0
    errors: dict[str, str] = field(default_factory=dict)

    def refusal(self, method: str, token: str) -> Answer | None:
        """Why Slack would not carry a call out; None where it would."""
        if not token:
            return error("not_authed")
        if self.revoked:
            return error("token_revoked")
        if method in self.errors:
            return error(self.errors[method])
        needed = NEEDED_SCOPES.get(method)
        if needed is not None and needed not in self.scopes:
            return error("missing_scope", needed=needed, provided=",".join(sorted(self.scopes)))
        if method in SENDING and self.archived:
            return error("is_archived")
        if method != "conversations.info" and needed is not None and not self.member:
            return error("not_in_channel")
        return None


@dataclass(slots=True)
class Scripted:
    """Faults that were asked for, each for the next call of its method."""

    waiting: deque[tuple[str, Trouble]] = field(default_factory=deque)

    def take(self, method: str) -> Trouble | None:
        """The fault of this call, if one waits."""
        found = next((one for one in self.waiting if one[0] == method), None)
        if found is None:
            return None
        self.waiting.remove(found)
        return found[1]


@dataclass(slots=True)
class RandomFaults:
    """Faults at random, the same ones for the same seed and order of calls.

    Each figure is the probability for one call. A storm refuses all calls with 429 for `storm_seconds`.

    >>> plan = RandomFaults(seed=3, drop_after=0.5, error_after=0.5, storm=0.0, slow=0.0, drop_before=0.0)
    >>> {plan.take("chat.postMessage", 0.0).kind for _ in range(20)} == {"drop_after_accept", "error_after_accept"}
    True
    """

    seed: int
    drop_after: float = 0.08
    error_after: float = 0.08
    drop_before: float = 0.05
    storm: float = 0.02
    slow: float = 0.01
    slow_seconds: float = 20.0
    storm_seconds: float = 4.0
    _rng: random.Random | None = None
    _stormy_until: float = 0.0

    def take(self, method: str, now: float) -> Trouble | None:  # noqa: ARG002 - every method may fail
        """The fault of a call that comes in at `now` (seconds), or None."""
        rng = self._rng = self._rng or random.Random(self.seed)  # noqa: S311 - seeded, not secret
        if now < self._stormy_until:
            return Trouble("rate_limited", retry_after=rng.choice((1, 1, 2)))
        kinds: list[tuple[float, Callable[[], Trouble]]] = [
            (self.drop_after, lambda: Trouble("drop_after_accept")),
            (self.error_after, lambda: Trouble("error_after_accept")),
            (self.drop_before, lambda: Trouble("drop_before_accept")),
            (self.slow, lambda: Trouble(rng.choice(("slow", "slow_answer")), delay=self.slow_seconds)),
            (self.storm, lambda: self._storm(now)),
        ]
        drawn = rng.random()
        for probability, trouble in kinds:
            if drawn < probability:
                return trouble()
            drawn -= probability
        return None

    def _storm(self, now: float) -> Trouble:
        self._stormy_until = now + self.storm_seconds
        return Trouble("rate_limited", retry_after=1)
