"""A channel in memory behind a board: what people would see there, and builders for what the board hears."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.board import Board, Decision, Notification, Whisper
from alerts.context import Context
from alerts.decision import Reason
from alerts.records import (
    Answer,
    AnswerKind,
    Condition,
    ConditionKind,
    Driver,
    Incident,
    SlackPost,
    Spike,
    SpikeState,
)

ONSET = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


def driver(facet: str, value: str, excess_share: float = 0.9) -> Driver:
    """A facet value that carries so much of the excess."""
    return Driver(
        facet=facet, value=value, tickets=9, share=excess_share, usual_share=0.02, excess_share=excess_share
    )


def spike(
    state: SpikeState = "raised",
    observed: int = 14,
    window: int = 10,
    *,
    reason: str = "voucher invalid",
    onset: datetime = ONSET,
    customers: int = 9,
    drivers: list[Driver] | None = None,
    **more: Any,
) -> Spike:
    """A statement of a spike; the same reason and onset are the same spike."""
    return Spike(
        **{
            "spike_id": f"{reason}@{onset.isoformat()}",
            "contact_reason": reason,
            "state": state,
            "onset": onset,
            "raised_at": onset + minutes(5),
            "cleared_at": onset + minutes(window) if state == "cleared" else None,
            "window_minutes": window,
            "observed": observed,
            "expected": 2,
            "lower": 0,
            "upper": 6,
            "uplift": observed / 2,
            "excess": observed - 2.0,
            "customers": customers,
            "score": 9,
            "rule": "rule",
            "drivers": drivers or [],
            **more,
        }
    )


def condition(
    kind: ConditionKind,
    *,
    since: datetime = ONSET,
    stated: float = 10,
    ended: float | None = None,
    observed: int = 300,
    expected: float = 100,
    reasons: list[str] | None = None,
) -> Condition:
    """A statement about the source as a whole, so many minutes after it began."""
    return Condition(
        kind=kind,
        since=since,
        raised_at=since + minutes(5),
        stated_at=since + minutes(stated if ended is None else ended),
        ended_at=None if ended is None else since + minutes(ended),
        observed=observed,
        expected=expected,
        lower=80,
        upper=120,
        rule="rule",
        contact_reasons=reasons or [],
    )


@dataclasses.dataclass
class Message:
    """One root message as it stands, and the replies in its thread."""

    post: SlackPost
    shows: Incident
    replies: list[Reason] = dataclasses.field(default_factory=list)
    called_with: Incident | None = None
    """The incident as it was when people were last called."""
    deleted: bool = False


class Channel:
    """A board, its clock, and the channel that it speaks to; `sent` holds the kinds of what went out."""

    def __init__(self, **context: Any) -> None:
        self.board = Board()
        self.context = Context(now=ONSET, **context)
        self.roots: dict[str, list[Message]] = {}
        self.sent: list[str] = []
        self.posted = 0

    def hear(self, statement: Spike | Condition, *, send: int | None = None) -> Decision:
        """Take a statement in and send what is due, at most `send` notifications."""
        if isinstance(statement, Spike):
            decision = self.board.hear_spike(statement, self.context)
        else:
            decision = self.board.hear_condition(statement, self.context)
        self.send(send)
        return decision

    def answer(
        self, incident_id: str, kind: AnswerKind, by: str = "U1", *, after: float = 0, **more: Any
    ) -> list[Whisper]:
        """A person presses, so many minutes from now."""
        at = self.context.wall + minutes(after)
        given = Answer(incident_id=incident_id, kind=kind, by=by, at=at, **more)
        whispers = self.board.hear_answer(given, self.context)
        self.send()
        return whispers

    def wait(self, number: float, *, send: bool = True) -> None:
        """Let so many minutes pass."""
        self.context = dataclasses.replace(
            self.context, now=self.context.now + minutes(number), wall=self.context.wall + minutes(number)
        )
        self.board.tick(self.context)
        if send:
            self.send()

    def send(self, most: int | None = None) -> None:
        """Send what is due until nothing is."""
        while most is None or most > 0:
            due = self.board.due(self.context)
            if not due:
                return
            self.deliver(due[0])
            most = None if most is None else most - 1

    def deliver(self, one: Notification) -> None:
        """Send one notification and log it."""
        post = None
        if one.kind == "root":
            post = self.post(one)
        else:
            assert one.incident is not None
            message = self.message(one.incident_id)
            if message.deleted:
                self.board.gone(one.incident_id)
                return
            if one.kind == "update":
                message.shows = one.incident
            else:
                message.replies.append(one.why)
                message.called_with = one.incident
        self.sent.append(one.kind)
        self.board.sent(one, post, self.context.wall)

    def post(self, one: Notification) -> SlackPost:
        """Post a root message without logging it; one that an earlier attempt left is found and edited."""
        incident = one.incident
        assert incident is not None
        attempted = self.board.entries[one.incident_id].attempted_at is not None
        self.board.attempt(one.incident_id, self.context.wall)
        standing = [found for found in self.roots.get(one.incident_id, []) if not found.deleted]
        if attempted and standing:
            standing[-1].shows = standing[-1].called_with = incident
            return standing[-1].post
        self.posted += 1
        message = Message(SlackPost(channel="C", ts=str(self.posted)), incident, called_with=incident)
        self.roots.setdefault(one.incident_id, []).append(message)
        return message.post

    def message(self, incident_id: str) -> Message:
        """The newest root message of an incident."""
        return self.roots[incident_id][-1]

    @property
    def replies(self) -> list[Reason]:
        """All replies in threads, message by message."""
        return [reason for roots in self.roots.values() for one in roots for reason in one.replies]

    def incident(self, reason: str = "voucher invalid") -> Incident:
        """The newest incident of a contact reason."""
        found = [entry for entry in self.board.entries.values() if reason in entry.incident.contact_reasons]
        return max(found, key=lambda entry: entry.incident.opened_at).incident
