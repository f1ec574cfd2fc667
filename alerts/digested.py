"""What a digest tells, as values: `ticketspike digest --json` prints them, `alerts.digest` makes a message of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from alerts.records import AnswerKind, Incident, Instant

StarKind = Literal["useful", "minutes", "answered"]
"""The one number on the digest, see `alerts.north_star`."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A day's tickets against its usual days.

    Attributes:
        tickets: of the day.
        usual: mean of the usual days; None where none is known.
        ratio: tickets / usual; None where nothing is usual.
        lower: with `upper` the 95 % interval of the ratio; None where nothing is known.
        upper: None also where there is no upper bound, as none was usual.
        clear: whether the interval leaves out "as usual".
    """

    tickets: int
    usual: float | None = None
    ratio: float | None = None
    lower: float | None = None
    upper: float | None = None
    clear: bool = False


class ReasonChange(msgspec.Struct, frozen=True, kw_only=True):
    """A contact reason of the day: its change and its distinct customers."""

    contact_reason: str
    change: Change
    customers: int


class QuietReason(msgspec.Struct, frozen=True, kw_only=True):
    """A contact reason that used to come and did not: how many were usual, when it was seen last."""

    contact_reason: str
    usual: float
    last_at: Instant


class Star(msgspec.Struct, frozen=True, kw_only=True):
    """The one number: of so many `days`, `value` from `of` incidents; None where there is nothing to judge by.

    `against` are incidents that speak against, `silent` those that nobody said anything of (both of *useful*).
    """

    kind: StarKind
    value: float | None
    of: int
    days: int
    against: int = 0
    silent: int = 0


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A time without tickets from the source; it goes on where `until` is None."""

    since: Instant
    until: Instant | None


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What people answered: by kind on the day; what the knob is judged by, over the last week."""

    by_kind: dict[AnswerKind, int]
    false_alarms: int
    missed: int
    knob: float


class QuietSource(msgspec.Struct, frozen=True, kw_only=True):
    """One of several sources that brought nothing for a day while others did; `since` its last event, or the start."""

    source: str
    since: Instant


class SourceGaps(msgspec.Struct, frozen=True, kw_only=True):
    """A source that told of so many changes without their content, the last one at `last_at`."""

    source: str
    gaps: int
    last_at: Instant


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the sources do: the last ticket, silences since the day began, refused tickets of the day, each source."""

    last_ticket_at: Instant | None
    silences: list[Silence]
    dead_letters: int | None
    quiet_sources: list[QuietSource] = []
    gaps: list[SourceGaps] = []


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """One digest.

    Attributes:
        made_at: the instant that "open" and "yesterday" are meant from.
        day: yesterday, a local date.
        usual_days: the dates that are usual: the same weekday of the four weeks before, where they were counted.
        open: open incidents, the oldest first.
        total: all contact reasons together; None where nothing was counted.
        top: contact reasons of the day, the most tickets first.
        quiet: contact reasons that used to come, the most usual first.
        answers: what people answered.
        star: the one number.
        health: of the source.
    """

    made_at: Instant
    day: date
    usual_days: list[date]
    open: list[Incident]
    total: Change | None
    top: list[ReasonChange]
    quiet: list[QuietReason]
    answers: Answers
    star: Star
    health: Health


class DigestSaid(msgspec.Struct, frozen=True, kw_only=True):
    """The last digest that was sent on a schedule.

    Attributes:
        day: the local date that it was due on.
        done: it stands in the channel, or was given up; else a post is under way.
        attempted_at: since when, on wall time.
    """

    day: date
    done: bool
    attempted_at: datetime
