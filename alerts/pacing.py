"""How fast a channel may be written to, and how long to wait after a failure: pure, the clock is an argument.

Slack takes about one message a second and channel and promises no bursts; edits are limited to fifty a minute
and workspace. Quiet earns a small burst here, so that the first message of an incident never waits behind an
edit; after trouble there is none, since then everybody sends at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["root", "reply", "update"]

SECONDS = 1.05
"""Between two messages of any kind, in the long run: a second, and what the way to Slack may take off it."""
BURST = 3
"""Messages that may go out at once after as many quiet seconds; the last of them only to a root."""
EDIT_SECONDS = 1.2
"""Between two edits in the long run: Slack's tier 3, 50 a minute."""
EDIT_BURST = 5
LONGEST_WAIT = 30.0
"""Seconds after which what failed is tried again at the latest: somebody may have mended it."""


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubled each time up to `LONGEST_WAIT`.

    >>> [backoff(failures) for failures in (1, 2, 3, 4, 5, 6, 60)]
    [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    """
    return min(LONGEST_WAIT, 2.0 ** min(failures - 1, 10))


@dataclass(slots=True)
class Pace:
    """Says how long a message has to wait; times are seconds of any clock that never goes back.

    Two token buckets, each kept as the time at which it would be full: one for all messages, one for edits.

    >>> pace = Pace()
    >>> for _ in range(3):
    ...     pace.took("root", 100.0)
    >>> [round(one, 2) for one in (pace.wait("root", 100.0), pace.wait("root", 101.0), pace.wait("update", 101.0))]
    [1.05, 0.05, 1.1]
    >>> pace.calm(200.0)
    >>> pace.took("root", 200.0)
    >>> round(pace.wait("root", 200.0), 2)
    1.05
    """

    _full_at: float = float("-inf")
    _last: float = float("-inf")
    _calm: bool = False
    _edits_full_at: float = float("-inf")
    _held_until: dict[Kind, float] = field(default_factory=dict)

    def wait(self, kind: Kind, now: float) -> float:
        """Seconds until a message of this kind may go out; 0 if it may now."""
        # A root may take the last token; what can wait leaves it one.
        burst = BURST if kind == "root" else BURST - 1
        free_at = self._full_at - (burst - 1) * SECONDS
        if kind == "update":
            free_at = max(free_at, self._edits_full_at - (EDIT_BURST - 1) * EDIT_SECONDS)
        if self._calm:
            free_at = max(free_at, self._last + SECONDS)
        return max(0.0, free_at - now, self._held_until.get(kind, now) - now)

    def took(self, kind: Kind, now: float) -> None:
        """A message of this kind goes out now, whatever comes of it."""
        self._calm = self._calm and now < self._full_at
        self._full_at = max(self._full_at, now) + SECONDS
        self._last = now
        if kind == "update":
            self._edits_full_at = max(self._edits_full_at, now) + EDIT_SECONDS

    def hold(self, kind: Kind, seconds: float, now: float) -> None:
        """Slack asked to wait. Its limits are per method: roots and replies share one, edits have their own."""
        alike: tuple[Kind, ...] = ("update",) if kind == "update" else ("root", "reply")
        for held in alike:
            self._held_until[held] = max(self._held_until.get(held, now), now + seconds)

    def calm(self, now: float) -> None:
        """Give up what quiet earned: from now on one message a second, until it is quiet again."""
        self._calm = True
        self._full_at = max(self._full_at, now + (BURST - 1) * SECONDS)
