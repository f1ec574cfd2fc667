"""Mutes and snoozes hold to the minute, let the end through, and end when it gets much worse."""

from __future__ import annotations

from datetime import timedelta

from told_channel import ONSET, Channel, condition, driver, minutes, spike

from alerts.decision import Reason
from alerts.incident import condition_id


def test_a_mute_silences_calls_but_not_the_end_and_the_message_stays_true() -> None:
    channel = Channel()
    channel.hear(spike())
    key = channel.incident().incident_id
    channel.answer(key, "muted", until=ONSET + timedelta(days=7), note="known")
    assert channel.hear(spike("grown", 60, 30)).reason is Reason.MUTED
    assert (channel.replies, channel.message(key).shows.observed) == ([], 60)
    assert channel.hear(spike("cleared", 60, 40)).reason is Reason.RESOLVED


def test_a_mute_holds_for_later_incidents_of_the_reason_and_ends_to_the_minute() -> None:
    channel = Channel()
    channel.hear(spike())
    first = channel.incident().incident_id
    channel.answer(first, "muted", until=ONSET + minutes(300))
    channel.hear(spike("cleared", 20, 30))
    channel.wait(120)
    later = spike(onset=ONSET + minutes(120))
    assert channel.hear(later).reason is Reason.MUTED
    # Silenced, but visible: with who said so, and until when.
    assert [(one.kind, one.by) for one in channel.incident().answers] == [("muted", "U1")]
    channel.wait(179)
    assert channel.sent.count("root") == 1
    channel.wait(1)
    assert channel.sent.count("root") == 2


def test_what_was_muted_to_its_end_is_never_told() -> None:
    channel = Channel()
    channel.hear(spike())
    channel.answer(channel.incident().incident_id, "muted", until=ONSET + minutes(300))
    channel.hear(spike("cleared", 20, 30))
    channel.hear(spike(onset=ONSET + minutes(120)))
    channel.hear(spike("cleared", 20, 30, onset=ONSET + minutes(120)))
    channel.wait(400)
    assert channel.sent.count("root") == 1


def test_a_mutes_scope_is_fixed_when_it_is_set() -> None:
    code = [driver("voucher_code", "SOMMER25")]
    channel = Channel()
    channel.hear(spike(drivers=code))
    key = channel.incident().incident_id
    channel.answer(key, "muted", until=ONSET + timedelta(days=7))
    assert not channel.hear(spike("grown", 40, 20, drivers=code)).passes
    # Another reason joins: the person did not speak of that one.
    channel.hear(spike("raised", 40, reason="payment", onset=ONSET + minutes(5), drivers=code))
    assert channel.replies == [Reason.GROWN]
    channel.answer(key, "muted", "U2", after=1, until=ONSET + timedelta(days=7))
    assert channel.hear(spike("grown", 200, 60, drivers=code)).reason is Reason.MUTED


def test_a_later_mute_takes_an_earlier_one_back() -> None:
    channel = Channel()
    channel.hear(spike())
    key = channel.incident().incident_id
    channel.answer(key, "muted", until=ONSET + timedelta(days=30))
    channel.hear(spike("grown", 60, 30))
    channel.answer(key, "muted", "U2", after=1, until=ONSET + minutes(10))
    channel.wait(9)
    assert channel.replies == []
    channel.wait(1)
    assert channel.replies == [Reason.GROWN]


def test_the_rise_of_all_tickets_is_muted_as_such_and_not_its_reasons() -> None:
    channel = Channel()
    total = condition("total_volume", reasons=["refund"])
    channel.hear(total)
    channel.answer(condition_id(total), "muted", until=ONSET + timedelta(days=7))
    channel.hear(condition("total_volume", ended=60, reasons=["refund"]))
    channel.wait(200)
    later = condition("total_volume", since=ONSET + minutes(200))
    assert channel.hear(later).reason is Reason.MUTED
    channel.hear(condition("total_volume", since=ONSET + minutes(200), ended=10))
    channel.wait(100)
    assert channel.hear(spike(reason="refund", onset=ONSET + minutes(300))).passes


def test_a_snooze_holds_to_the_minute() -> None:
    channel = Channel(remind_after=None)
    channel.hear(spike("raised", 20))
    key = channel.incident().incident_id
    channel.hear(spike("grown", 29, 12))
    channel.answer(key, "snoozed", until=ONSET + minutes(60))
    assert channel.hear(spike("grown", 40, 15)).reason is Reason.SNOOZED
    channel.wait(59)
    assert channel.replies == []
    revision = channel.message(key).shows.revision
    channel.wait(1)
    assert channel.replies == [Reason.GROWN]
    # The message no longer says that it is snoozed.
    assert channel.message(key).shows.revision > revision


def test_a_snooze_ends_early_when_it_gets_much_worse() -> None:
    channel = Channel()
    channel.hear(spike("raised", 40))
    key = channel.incident().incident_id
    channel.answer(key, "snoozed", until=ONSET + minutes(240))
    channel.wait(10)
    assert channel.hear(spike("grown", 59, 15)).reason is Reason.SNOOZED
    assert channel.hear(spike("grown", 60, 20)).reason is Reason.ESCALATED
    (snooze,) = channel.incident().answers
    assert snooze.until == ONSET + minutes(10)
    assert channel.hear(spike("grown", 61, 21)).reason is Reason.CHANGED
    # The press, heard again, does not snooze anew.
    given = snooze.__class__(
        incident_id=key, kind="snoozed", by="U1", at=snooze.at, until=ONSET + minutes(240)
    )
    assert channel.board.hear_answer(given, channel.context) == []
    assert channel.board.entries[key].snooze is None


def test_a_snoozed_incident_that_is_over_says_so() -> None:
    channel = Channel()
    channel.hear(spike())
    channel.answer(channel.incident().incident_id, "snoozed", until=ONSET + minutes(240))
    assert channel.hear(spike("cleared", 20, 30)).reason is Reason.RESOLVED


def test_the_snooze_pressed_last_counts_in_whatever_order_they_are_heard() -> None:
    channel = Channel(remind_after=None)
    channel.hear(spike("raised", 40))
    key = channel.incident().incident_id
    channel.answer(key, "snoozed", after=2, until=ONSET + minutes(30))
    channel.answer(key, "snoozed", "U2", after=1, until=ONSET + minutes(300))
    channel.hear(spike("grown", 55, 15))
    channel.hear(spike("grown", 59, 20))
    channel.wait(31)
    assert channel.board.entries[key].snooze is None
    assert [one.by for one in channel.incident().answers] == ["U2", "U1"]
