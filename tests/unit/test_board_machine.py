"""The board under anything that may happen, 10,000 steps: heard twice, lost, restarted, silenced, not delivered."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace
from told_channel import ONSET, Channel, driver, minutes

from alerts.board import Board, Entry
from alerts.context import Context
from alerts.decision import Notification, Reason
from alerts.incident import fingerprints
from alerts.records import Answer, AnswerKind, Campaign, Condition, ConditionKind, SlackPost, Spike

REASONS = [f"reason {index}" for index in range(5)]
DRIVERS = [
    [],
    [driver("voucher_code", "SOMMER25")],
    [driver("market", "AT", 0.7)],
    [driver("voucher_code", "SOMMER25", 0.5), driver("market", "AT", 0.5)],
    [driver("browser", "Safari")],
]
KINDS: list[AnswerKind] = ["acknowledged", "snoozed", "muted", "cause", "useful", "false_alarm"]
CONDITIONS: list[ConditionKind] = ["total_volume", "source_silent"]


def campaigns(variant: int) -> dict[str, Campaign]:
    """None, one, or the same one with another promise."""
    if variant == 0:
        return {}
    found = Campaign(
        id="summer",
        name="Summer",
        starts_at=ONSET - minutes(60),
        ends_at=ONSET + minutes(100_000),
        promise=f"{variant} %",
        voucher_codes=["SOMMER25"],
    )
    return {"summer": found}


class TwinBoard(Board):
    """A board whose every call is made on a second one as well, which is made anew from its stored rows."""

    def __init__(self) -> None:
        super().__init__()
        self.twin = Board()
        self.rows: dict[str, bytes] = {}

    def store(self) -> None:
        """Store what changed, as the stage does after each step."""
        for key in self.changed:
            if key in self.entries:
                self.rows[key] = msgspec.json.encode(self.entries[key])
            else:
                self.rows.pop(key, None)
        self.changed.clear()

    def restart(self) -> None:
        """Make the second one anew."""
        self.store()
        self.twin = Board({key: msgspec.json.decode(row, type=Entry) for key, row in self.rows.items()})

    def hear_spike(self, spike: Spike, context: Context) -> Any:
        decision = super().hear_spike(spike, context)
        assert self.twin.hear_spike(spike, context) == decision
        return decision

    def hear_condition(self, condition: Condition, context: Context) -> Any:
        decision = super().hear_condition(condition, context)
        assert self.twin.hear_condition(condition, context) == decision
        return decision

    def hear_answer(self, answer: Answer, context: Context) -> Any:
        self.twin.hear_answer(answer, context)
        return super().hear_answer(answer, context)

    def tick(self, context: Context) -> None:
        super().tick(context)
        self.twin.tick(context)

    def attempt(self, incident_id: str, at: datetime) -> None:
        super().attempt(incident_id, at)
        self.twin.attempt(incident_id, at)

    def sent(self, notification: Notification, post: SlackPost | None, at: datetime) -> None:
        super().sent(notification, post, at)
        self.twin.sent(notification, post, at)

    def gone(self, incident_id: str) -> None:
        super().gone(incident_id)
        self.twin.gone(incident_id)


class Machine(RuleBasedStateMachine):
    """Five contact reasons, two conditions, people, campaigns, a clock, and a channel that may not answer."""

    @initialize()
    def begin(self) -> None:
        self.channel = Channel(min_customers=3)
        self.board = self.channel.board = TwinBoard()
        self.alarms: dict[str, Spike] = {}
        self.holding: dict[str, Condition] = {}
        self.heard: list[Spike | Condition | Answer] = []

    @property
    def now(self) -> datetime:
        return self.channel.context.now

    @rule(index=st.integers(0, 4), drivers=st.integers(0, 4), before=st.integers(1, 90), few=st.booleans())
    def rise(self, index: int, drivers: int, before: int, few: bool) -> None:
        reason = REASONS[index]
        if reason in self.alarms:
            return
        self.state(
            Spike(
                spike_id=f"{reason} {self.now.isoformat()}",
                contact_reason=reason,
                state="raised",
                onset=self.now - minutes(before),
                raised_at=self.now,
                window_minutes=before,
                observed=12,
                expected=2.0,
                lower=0,
                upper=6,
                uplift=6,
                excess=10.0,
                customers=2 if few else 9,
                score=9,
                rule="rule",
                drivers=DRIVERS[drivers],
            )
        )
        # Two alarms of one reason are not raised in the same minute.
        self.wait(1)

    @precondition(lambda self: self.alarms)
    @rule(index=st.integers(0, 4), more=st.integers(1, 40), drivers=st.integers(0, 4))
    def grow(self, index: int, more: int, drivers: int) -> None:
        spike = list(self.alarms.values())[index % len(self.alarms)]
        self.state(
            replace(
                spike,
                state="grown",
                observed=spike.observed + more,
                excess=spike.excess + more,
                customers=9,
                window_minutes=spike.window_minutes + 5,
                drivers=DRIVERS[drivers] or spike.drivers,
            )
        )

    @precondition(lambda self: self.alarms)
    @rule(index=st.integers(0, 4))
    def clear(self, index: int) -> None:
        spike = list(self.alarms.values())[index % len(self.alarms)]
        self.state(replace(spike, state="cleared", cleared_at=self.now))

    def state(self, spike: Spike) -> None:
        if spike.state == "cleared":
            del self.alarms[spike.contact_reason]
        else:
            self.alarms[spike.contact_reason] = spike
        self.heard.append(spike)
        self.channel.hear(spike, send=0)

    @rule(index=st.integers(0, 1), ends=st.booleans(), more=st.integers(0, 200))
    def hold(self, index: int, ends: bool, more: int) -> None:
        kind = CONDITIONS[index]
        known = self.holding.get(kind)
        if known is None:
            known = Condition(
                kind=kind,
                since=self.now - minutes(7),
                raised_at=self.now,
                stated_at=self.now,
                observed=100 + more if kind == "total_volume" else 0,
                expected=50.0,
                lower=30,
                upper=70,
                rule="rule",
                contact_reasons=REASONS[:1],
            )
            self.wait(1)
        else:
            ended = self.now if ends else None
            known = replace(known, stated_at=self.now, observed=known.observed + more, ended_at=ended)
        if known.ended_at is None:
            self.holding[kind] = known
        else:
            del self.holding[kind]
        self.heard.append(known)
        self.channel.hear(known, send=0)

    @precondition(lambda self: self.board.entries)
    @rule(index=st.integers(0, 9), kind=st.integers(0, 5), by=st.integers(1, 3), until=st.integers(0, 200))
    def answer(self, index: int, kind: int, by: int, until: int) -> None:
        known = list(self.board.entries)
        answer = Answer(
            incident_id=known[index] if index < len(known) else "ts-gone",
            kind=KINDS[kind],
            by=f"U{by}",
            at=self.now,
            until=self.now + minutes(until),
        )
        self.heard.append(answer)
        self.board.hear_answer(answer, self.channel.context)

    @precondition(lambda self: self.heard)
    @rule(index=st.integers(0, 10_000), times=st.integers(1, 3))
    def repeat(self, index: int, times: int) -> None:
        before = dict(self.board.entries)
        for step in range(times):
            statement = self.heard[(index * 7 + step * 13) % len(self.heard)]
            if isinstance(statement, Answer):
                assert self.board.hear_answer(statement, self.channel.context) == []
            else:
                self.channel.hear(statement, send=0)
        assert self.board.entries == before

    @rule(number=st.sampled_from([1, 5, 20, 45]))
    def wait(self, number: int) -> None:
        self.channel.wait(number, send=False)

    @rule(variant=st.integers(0, 2))
    def announce(self, variant: int) -> None:
        self.channel.context = dataclasses.replace(self.channel.context, campaigns=campaigns(variant))
        self.channel.wait(0, send=False)

    @rule(most=st.integers(1, 9))
    def send(self, most: int) -> None:
        self.channel.send(most)

    @precondition(lambda self: self.alarms)
    @rule(index=st.integers(0, 4), more=st.integers(1, 40), over=st.booleans())
    def hear_while_a_message_is_on_its_way(self, index: int, more: int, over: bool) -> None:
        due = self.board.due(self.channel.context)
        if over:
            self.clear(index)
        else:
            self.grow(index, more, 0)
        # What joined another incident is not sent any more.
        if due and due[0].incident_id in self.board.entries:
            self.channel.deliver(due[0])

    @rule()
    def crash_after_the_post_and_before_the_log(self) -> None:
        due = self.board.due(self.channel.context)
        if due and due[0].kind == "root":
            self.channel.post(due[0])

    @precondition(lambda self: self.channel.roots)
    @rule(index=st.integers(0, 20))
    def delete(self, index: int) -> None:
        key = list(self.channel.roots)[index % len(self.channel.roots)]
        if self.board.entries[key].said is not None:
            self.channel.message(key).deleted = True

    @rule()
    def restart(self) -> None:
        self.board.restart()

    @invariant()
    def a_restart_at_any_step_changes_nothing(self) -> None:
        self.board.store()
        assert self.board.twin.entries == self.board.entries
        assert self.board.twin.due(self.channel.context) == self.board.due(self.channel.context)

    @invariant()
    def one_incident_is_open_per_fingerprint(self) -> None:
        marks = Counter(
            mark
            for entry in self.board.entries.values()
            if entry.open
            for mark in fingerprints(entry.incident)
        )
        assert all(number == 1 for number in marks.values())
        spikes = Counter(
            spike.spike_id for entry in self.board.entries.values() for spike in entry.incident.spikes
        )
        assert all(number == 1 for number in spikes.values())

    @invariant()
    def the_log_is_what_the_channel_holds(self) -> None:
        for key, entry in self.board.entries.items():
            roots = self.channel.roots.get(key, [])
            standing = [one for one in roots if not one.deleted]
            assert len(standing) <= 1
            if entry.said is not None and roots[-1].deleted:
                continue  # the next message to it finds that out
            if entry.said is None:
                # Not posted, or posted and not logged, as a crash came between.
                assert not standing or entry.attempted_at is not None
                continue
            (message,) = standing
            called = message.called_with
            assert called is not None
            assert entry.said.revision == message.shows.revision
            assert (entry.said.observed, entry.said.status) == (called.observed, called.status)
            assert entry.incident.slack == message.post
        assert set(self.channel.roots) <= set(self.board.entries)

    @rule()
    def all_is_sent(self) -> None:
        self.channel.send()
        silent = "source_silent" in self.holding
        for key, entry in self.board.entries.items():
            if entry.said is None:
                continue
            message = self.channel.message(key)
            if message.deleted:
                continue
            assert replace(message.shows, slack=None) == replace(entry.incident, slack=None)
            called = message.called_with
            assert called is not None
            # An end is never swallowed; it waits at most for a silent source.
            over = entry.incident.status == "resolved"
            assert not over or called.status == "resolved" or silent
            replies = Counter(message.replies)
            assert replies[Reason.RESOLVED] <= replies[Reason.REOPENED] + 1

    def teardown(self) -> None:
        if not hasattr(self, "channel"):
            return
        for kind in list(self.holding):
            self.hold(CONDITIONS.index(kind), True, 0)
        for _ in list(self.alarms):
            self.clear(0)
        self.wait(1)
        self.all_is_sent()
        self.a_restart_at_any_step_changes_nothing()
        self.the_log_is_what_the_channel_holds()
        for key, entry in self.board.entries.items():
            assert not entry.open
            told = self.channel.roots.get(key)
            assert (told is None) == (entry.quiet is not None)


Machine.TestCase.settings = settings(
    max_examples=120, stateful_step_count=100, deadline=None, suppress_health_check=list(HealthCheck)
)
TestBoard = Machine.TestCase
