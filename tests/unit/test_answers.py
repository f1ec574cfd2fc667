"""What people answer, in whatever order and number it is heard; reminders until somebody does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from told_channel import ONSET, Channel, minutes, spike

from alerts.decision import Reason, Whisper
from alerts.records import Answer, AnswerKind


def test_the_first_to_acknowledge_stands_in_the_message_and_the_second_is_told_who_it_was() -> None:
    channel = Channel()
    channel.hear(spike())
    key = channel.incident().incident_id
    assert channel.answer(key, "acknowledged", "U1") == []
    whispers = channel.answer(key, "acknowledged", "U2", after=1)
    assert whispers == [Whisper("C", "U2", "was_first", key, "U1")]
    assert channel.message(key).shows.acknowledged_by == "U1"
    assert channel.answer(key, "acknowledged", "U1", after=2) == []


def test_who_was_first_is_who_pressed_first_not_who_was_heard_first() -> None:
    channel = Channel()
    channel.hear(spike())
    key = channel.incident().incident_id
    channel.answer(key, "acknowledged", "U2", after=1)
    channel.answer(key, "acknowledged", "U1", after=0)
    assert channel.incident().acknowledged_by == "U1"


def test_an_answer_heard_again_changes_nothing_and_whispers_nothing() -> None:
    channel = Channel()
    channel.hear(spike())
    key = channel.incident().incident_id
    for _ in range(2):
        channel.answer(key, "acknowledged", "U1")
    channel.answer(key, "acknowledged", "U2", after=1)
    before = channel.board.entries[key]
    channel.board.changed.clear()
    assert channel.answer(key, "acknowledged", "U2", after=1) == []
    assert channel.board.entries[key] is before
    assert channel.board.changed == set()


def test_an_answer_for_an_incident_that_is_gone_gets_one_polite_word() -> None:
    channel = Channel()
    answer = Answer(incident_id="ts-gone", kind="acknowledged", by="U1", at=ONSET)
    assert channel.board.hear_answer(answer, channel.context) == [Whisper("", "U1", "unknown", "ts-gone")]
    assert channel.board.hear_answer(answer, channel.context) == []
    assert channel.board.changed == set()


def test_a_report_of_a_missed_spike_is_no_answer_to_an_incident() -> None:
    channel = Channel()
    answer = Answer(incident_id="missed-1", kind="missed", by="U1", at=ONSET, note="refund")
    assert channel.board.hear_answer(answer, channel.context) == []


TOO_LATE: list[tuple[AnswerKind, bool]] = [
    ("acknowledged", True),
    ("snoozed", True),
    ("muted", False),
    ("useful", False),
    ("cause", False),
    ("false_alarm", False),
    ("expected", False),
    ("linked", False),
]


@pytest.mark.parametrize(("kind", "late"), TOO_LATE, ids=[row[0] for row in TOO_LATE])
def test_an_answer_that_makes_no_sense_after_the_end_is_declined_once(kind: AnswerKind, late: bool) -> None:
    channel = Channel()
    channel.hear(spike())
    channel.hear(spike("cleared", 20, 30))
    key = channel.incident().incident_id
    until = ONSET + timedelta(days=1)
    whispers = channel.answer(key, kind, until=until)
    assert whispers == ([Whisper("C", "U1", "too_late", key)] if late else [])
    assert channel.answer(key, kind, until=until) == []
    assert len(channel.message(key).shows.answers) == (0 if late else 1)


def test_whoever_does_not_react_is_reminded_twice_and_then_left_alone() -> None:
    channel = Channel()
    channel.hear(spike())
    for _ in range(29):
        channel.wait(1)
    assert channel.replies == []
    channel.wait(1)
    assert channel.replies == [Reason.REMINDER]
    channel.wait(119)
    assert channel.replies == [Reason.REMINDER]
    channel.wait(1)
    assert channel.replies == [Reason.REMINDER] * 2
    channel.wait(10_000)
    assert channel.replies == [Reason.REMINDER] * 2


@pytest.mark.parametrize("kind", ["acknowledged", "cause", "false_alarm", "expected", "linked"])
def test_any_answer_ends_reminders(kind: AnswerKind) -> None:
    channel = Channel()
    channel.hear(spike())
    channel.answer(channel.incident().incident_id, kind)
    channel.wait(10_000)
    assert channel.replies == []


def test_reminders_are_a_setting() -> None:
    channel = Channel(remind_after=None)
    channel.hear(spike())
    channel.wait(10_000)
    assert channel.replies == []


def test_growth_starts_the_wait_for_a_reaction_anew() -> None:
    channel = Channel()
    channel.hear(spike("raised", 20))
    channel.wait(25)
    channel.hear(spike("grown", 40, 25))
    channel.wait(25)
    assert channel.replies == [Reason.GROWN]
    channel.wait(5)
    assert channel.replies == [Reason.GROWN, Reason.REMINDER]


def test_answers_without_a_consequence_of_their_own_stand_in_the_message() -> None:
    channel = Channel()
    channel.hear(spike())
    key = channel.incident().incident_id
    channel.answer(key, "cause", note="x" * 10_000)
    channel.answer(key, "linked", after=1, campaign_id="c")
    assert [one.kind for one in channel.message(key).shows.answers] == ["cause", "linked"]


def test_a_press_from_a_clock_that_is_ahead_is_taken() -> None:
    channel = Channel()
    channel.hear(spike())
    key = channel.incident().incident_id
    channel.answer(key, "acknowledged", "U1", after=600)
    assert channel.incident().acknowledged_by == "U1"
    assert channel.context.wall + minutes(600) == channel.incident().answers[0].at
