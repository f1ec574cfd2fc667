"""What is kept is bounded, and nothing is forgotten that is still to be told or still holds."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from msgspec.structs import replace
from told_channel import ONSET, Channel, condition, driver, minutes, spike

from alerts.board import Board, Entry
from alerts.decision import Reason
from alerts.forgetting import forgettable
from alerts.records import Incident
from alerts.restoring import restored

WEEK = 7 * 24 * 60


def over(channel: Channel, index: int, *, send: int | None = None) -> str:
    """An incident that is over; its id."""
    onset = ONSET + minutes(index)
    reason = f"reason {index}"
    channel.hear(spike(reason=reason, onset=onset), send=send)
    channel.hear(spike("cleared", 20, 30, reason=reason, onset=onset), send=send)
    return channel.incident(reason).incident_id


def test_an_incident_that_is_over_is_forgotten_after_a_week_and_its_row_removed() -> None:
    channel = Channel()
    key = over(channel, 0)
    channel.wait(WEEK + 30)
    assert key in channel.board.entries
    channel.board.changed.clear()
    channel.wait(1)
    assert key not in channel.board.entries
    assert channel.board.changed == {key}


def test_what_watch_states_again_after_it_was_forgotten_opens_nothing() -> None:
    channel = Channel()
    over(channel, 0)
    channel.hear(condition("total_volume"))
    channel.hear(condition("total_volume", ended=60))
    channel.wait(WEEK + 100)
    assert channel.board.entries == {}
    again = spike("cleared", 20, 30, reason="reason 0")
    assert channel.hear(again).reason is Reason.OVER_UNHEARD
    assert channel.hear(condition("total_volume", ended=60)).reason is Reason.OVER_UNHEARD
    assert channel.board.entries == {}


def test_an_open_incident_is_never_forgotten() -> None:
    channel = Channel()
    channel.hear(spike())
    channel.wait(10 * WEEK)
    assert len(channel.board.entries) == 1


def test_what_is_still_to_be_told_is_not_forgotten() -> None:
    channel = Channel()
    over(channel, 0, send=0)
    channel.wait(10 * WEEK, send=False)
    channel.send()
    assert channel.sent == ["root"]
    channel.wait(1)
    assert channel.board.entries == {}


def test_what_was_never_to_be_told_is_forgotten_too() -> None:
    channel = Channel(min_customers=100)
    over(channel, 0)
    channel.wait(WEEK + 100)
    assert channel.board.entries == {}


def test_a_mute_that_runs_is_not_forgotten_with_its_incident() -> None:
    channel = Channel()
    key = over(channel, 0)
    channel.answer(key, "muted", until=ONSET + timedelta(days=30))
    channel.wait(2 * WEEK)
    assert key in channel.board.entries
    channel.wait(WEEK * 3)
    assert channel.board.entries == {}


def test_the_oldest_of_too_many_are_forgotten() -> None:
    channel = Channel()
    keys = [over(channel, index) for index in range(5)]
    channel.board.due(channel.context)
    found = forgettable(channel.board._known, channel.context, kept=3)
    assert [entry.incident_id for entry in found] == keys[:2]


def test_a_crash_while_one_incident_joined_another_leaves_its_spike_in_one_of_them() -> None:
    code = [driver("voucher_code", "SOMMER25")]
    channel = Channel()
    channel.hear(spike(drivers=code))
    channel.hear(spike(reason="payment", onset=ONSET + minutes(5)), send=0)
    lost = channel.incident("payment").incident_id
    rows = {key: msgspec.json.encode(entry) for key, entry in channel.board.entries.items()}
    channel.hear(spike("grown", 20, 9, reason="payment", onset=ONSET + minutes(5), drivers=code))
    # The row of the one that grew was written, that of the other was not removed yet.
    kept = channel.incident().incident_id
    rows[kept] = msgspec.json.encode(channel.board.entries[kept])
    board = Board({key: msgspec.json.decode(row, type=Entry) for key, row in rows.items()})
    assert set(board.entries) == {kept}
    assert board.changed == {lost}


def test_rows_written_before_a_field_was_added_are_read() -> None:
    channel = Channel()
    over(channel, 0)
    (entry,) = channel.board.entries.values()
    old = {"incident": msgspec.to_builtins(entry.incident)}
    for name in ("condition", "related", "kind"):
        del old["incident"][name]
    read = msgspec.convert(old, Entry)
    assert read == Entry(replace(entry.incident, kind="spike"))


def test_a_lost_row_is_made_anew_from_the_public_record() -> None:
    channel = Channel()
    channel.hear(spike())
    channel.hear(condition("source_silent"))
    channel.hear(condition("source_silent", ended=20))
    key = channel.incident().incident_id
    channel.answer(key, "muted", until=ONSET + timedelta(days=3))
    channel.answer(key, "snoozed", until=ONSET + timedelta(hours=3))
    public = [msgspec.json.encode(entry.incident) for entry in channel.board.entries.values()]
    anew = [restored(msgspec.json.decode(one, type=Incident)) for one in public]
    channel.board = Board({one.incident_id: one for one in anew})
    assert channel.hear(spike("grown", 90, 30)).reason is Reason.MUTED
    assert channel.hear(condition("source_silent", ended=20)).reason is Reason.NOTHING_NEW
    assert channel.hear(spike("cleared", 90, 30)).reason is Reason.RESOLVED
    assert channel.sent.count("root") == 2
