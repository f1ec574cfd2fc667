"""What is known of each source of tickets: as a worker states it, and as a silent source's incident tells it."""

from __future__ import annotations

from typing import Literal

import msgspec

from alerts.fields import Instant, Name

Takes = Literal["tickets", "orders", "campaigns"]
RefusedFor = Literal["forged", "malformed", "refused", "busy", "kafka_away"]
"""Why requests came to nothing: not signed by the source, no JSON or too large, no record in it by the mapping, too
many at once, Kafka away."""
SourceCause = Literal["throttled", "refused", "unheard", "held_back", "away", "unknown"]


class SourceState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one source is, as one worker states it on `source-health`, again and again; the newest statement holds.

    `asked` is one that is asked on a timer rather than sends. `since` is when the worker began to listen or ask,
    `last_event_at` when the source last brought something. What came to nothing since then is `refused`,
    `refused_for` what most of it came to nothing for. `paused`: so much came to nothing that the helpdesk stops
    sending for a while, as it does by its own rules. `held_back`: tickets come late, by the median `delay_seconds`.
    `throttled_until` is the time that a helpdesk asked to wait for, `away` that it did not answer the last time it was
    asked. `unmapped` and `gaps` are counted since the worker began: requests with tags that no entry of `reasons`
    fits, and changes that were told of without their content.
    """

    source: Name
    worker: Name
    takes: Takes
    asked: bool = False
    since: Instant
    stated_at: Instant
    last_event_at: Instant | None = None
    refused: int = 0
    refused_for: RefusedFor | None = None
    paused: bool = False
    held_back: bool = False
    delay_seconds: float = 0.0
    throttled_until: Instant | None = None
    away: bool = False
    unmapped: int = 0
    gaps: int = 0
    last_gap_at: Instant | None = None


class SourceStanding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One source in the incident of a silent source: when it last sent, and why nothing comes, as far as is known.

    `cause` is `throttled`: the helpdesk asked to wait until `until`; `refused`: what it sends comes to nothing;
    `unheard`: no worker that takes its webhooks was heard of since `heard_at`; `held_back`: the helpdesk defers
    deliveries; `away`: it does not answer when it is asked; `unknown`: nothing is known to be wrong on our side.
    """

    source: Name
    cause: SourceCause
    heard_at: Instant
    last_event_at: Instant | None = None
    refused: int = 0
    refused_for: RefusedFor | None = None
    paused: bool = False
    delay_seconds: float = 0.0
    until: Instant | None = None
