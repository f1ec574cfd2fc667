"""What is told of the same time yesterday: right where somebody looked, nothing where nobody did, never a test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import AlarmChange, Detector, DetectorSettings, FloatArray
from detectors.yesterday import QUARTER, SLOTS, Yesterday

MONDAY = 29_545_920
DAYS = 3
"""Quiet days before the one that is looked at."""
TODAY = MONDAY + DAYS * 1440


def detector(
    reasons: Sequence[str] = ("voucher", "order"), zone: str = "UTC", first: int = MONDAY
) -> Detector:
    one = Detector(DetectorSettings(timezone=zone))
    one.add(reasons, first)
    return one


def days(count: int) -> FloatArray:
    """A voucher ticket every ten minutes, an order each minute."""
    minute = np.arange(count * 1440)
    return np.stack([(minute % 10 == 0).astype(float), np.ones(minute.size)], axis=1)


def close(one: Detector, first: int, counts: FloatArray) -> list[AlarmChange]:
    return [change for step, row in enumerate(counts) for change in one.close(first + step, row)]


@pytest.fixture(scope="module")
def quiet() -> dict[str, dict[str, object]]:
    """What is known after the quiet days."""
    one = detector()
    assert close(one, MONDAY, days(DAYS)) == []
    return {reason: one.snapshot(reason) for reason in one.reasons}


def revive(states: dict[str, dict[str, object]]) -> Detector:
    one = Detector(DetectorSettings(timezone="UTC"))
    for reason, state in states.items():
        one.restore(reason, json.loads(json.dumps(state)))
    return one


def vouchers(changes: list[AlarmChange], state: str) -> list[AlarmChange]:
    return [change for change in changes if (change.contact_reason, change.state) == ("voucher", state)]


def spike(minutes: int) -> FloatArray:
    return np.tile([20.0, 1.0], (minutes, 1))


def test_a_raised_a_grown_and_a_cleared_alarm_tell_of_the_same_window_yesterday(
    quiet: dict[str, dict[str, object]],
) -> None:
    told = close(revive(quiet), TODAY, np.concatenate([spike(30), days(1)[: 8 * 60]]))
    raised, cleared = vouchers(told, "raised")[0], vouchers(told, "cleared")[0]
    assert (raised.onset, raised.window_minutes, raised.previous_day) == (TODAY, 1, 1)
    grown = vouchers(told, "grown")
    assert len(grown) > 3
    assert [change.previous_day for change in grown] == [max(1, round(_count(change))) for change in grown]
    assert cleared.previous_day == pytest.approx(cleared.window_minutes / 10, abs=1)


def _count(change: AlarmChange) -> float:
    """A quarter that begins with a ticket each ten minutes holds two, then one, then two."""
    quarters, rest = divmod(change.window_minutes, QUARTER)
    held = [2.0, 1.0] * (quarters + 1)
    return sum(held[:quarters]) + held[quarters] * rest / QUARTER


def test_yesterday_without_a_ticket_is_none_at_all() -> None:
    one, history = detector(), days(DAYS)
    history[-1440 : 60 - 1440, 0] = 0.0
    close(one, MONDAY, history)
    assert vouchers(close(one, TODAY, spike(3)), "raised")[0].previous_day == 0


def test_what_nobody_looked_at_is_not_known() -> None:
    one, history = detector(), days(DAYS)
    close(one, MONDAY, history[: -1440 - 10])
    close(one, TODAY - 1440 + 10, history[-1440 + 10 :])
    assert vouchers(close(one, TODAY, spike(3)), "raised")[0].previous_day is None


def test_a_gap_of_days_leaves_nothing_of_what_was_before_it(quiet: dict[str, dict[str, object]]) -> None:
    one, later = revive(quiet), TODAY + 4 * 1440
    close(one, later, days(1)[:120])
    assert vouchers(close(one, later + 120, spike(3)), "raised")[0].previous_day is None
    close(one, later + 123, days(2)[123 : 1440 + 300])
    assert vouchers(close(one, later + 1440 + 300, spike(3)), "raised")[0].previous_day == 1


def test_a_silence_of_the_source_is_not_known_and_neither_is_its_backlog() -> None:
    one, history, silent = detector(), days(DAYS), (DAYS - 1) * 1440
    history[silent - 60 : silent + 90] = 0.0
    history[silent + 90] = [15.0, 150.0]
    assert close(one, MONDAY, history[: silent + 80]) == []
    assert one.silence.since is not None
    assert close(one, MONDAY + silent + 80, history[silent + 80 :]) == []
    again = revive({reason: one.snapshot(reason) for reason in one.reasons})
    assert vouchers(close(one, TODAY, spike(3)), "raised")[0].previous_day is None
    close(again, TODAY, days(1)[:90])
    assert vouchers(close(again, TODAY + 90, spike(3)), "raised")[0].previous_day is None


def test_a_reason_met_today_has_no_yesterday() -> None:
    one = detector(["order"])
    close(one, MONDAY, np.ones((DAYS * 1440, 1)))
    one.add(["voucher"], TODAY)
    (change,) = one.close(TODAY, np.array([1.0, 60.0]))
    assert (change.contact_reason, change.previous_day) == ("voucher", None)


def test_a_window_longer_than_a_day_is_not_compared_with_itself(
    quiet: dict[str, dict[str, object]],
) -> None:
    told = vouchers(close(revive(quiet), TODAY, np.tile([3.0, 1.0], (1800, 1))), "grown")
    for change in told:
        assert (change.previous_day is None) == (change.window_minutes > 1440)
        if change.previous_day is not None:
            assert change.previous_day == pytest.approx(change.window_minutes / 10, abs=1)
    assert {change.previous_day is None for change in told} == {False, True}


def test_a_restated_alarm_tells_of_the_window_up_to_now(quiet: dict[str, dict[str, object]]) -> None:
    one = revive(quiet)
    said = close(one, TODAY, spike(16))
    assert one.open_alarms()[0].previous_day == 2
    assert said[0].previous_day == 1


def test_an_alarm_of_the_running_minute_tells_of_yesterday(quiet: dict[str, dict[str, object]]) -> None:
    (change,) = revive(quiet).running({TODAY: np.array([40.0, 1.0])}, TODAY * 60.0 + 20)
    assert (change.window_minutes, change.previous_day) == (1, 1)


@pytest.mark.parametrize(
    ("night", "lag"),
    [
        ("an ordinary night", 1440),
        ("clocks went forward: yesterday is 23 hours ago", 1380),
        ("clocks went back: 25 hours", 1500),
    ],
)
def test_the_same_time_yesterday_is_the_same_local_time(night: str, lag: int) -> None:
    sunday = {1440: (2026, 3, 22), 1380: (2026, 3, 29), 1500: (2026, 10, 25)}[lag]
    noon = int(datetime(*sunday, 12, tzinfo=UTC).timestamp()) // 60
    first = noon - DAYS * 1440
    one = detector(zone="Europe/Berlin", first=first)
    history = days(DAYS)
    # Only in this quarter of an hour did nobody write.
    history[DAYS * 1440 - lag : DAYS * 1440 - lag + QUARTER, 0] = 0.0
    close(one, first, history)
    assert vouchers(close(one, noon, spike(3)), "raised")[0].previous_day == 0, night


def test_yesterday_decides_nothing(quiet: dict[str, dict[str, object]]) -> None:
    rng = np.random.default_rng(8)
    one, other, stranger = revive(quiet), Detector(DetectorSettings(timezone="UTC")), detector()
    close(stranger, TODAY - 1440, np.full((1440, 2), 50.0))
    for reason in one.reasons:
        state = one.snapshot(reason) | {"yesterday": stranger.snapshot(reason)["yesterday"]}
        other.restore(reason, json.loads(json.dumps(state)))
    today = rng.poisson([0.1, 1.0], (600, 2)).astype(float)
    today[300:330, 0] += 2.0
    told, untold = close(one, TODAY, today), close(other, TODAY, today)
    assert told
    assert [change.previous_day for change in told] != [change.previous_day for change in untold]
    assert [replace(change, previous_day=None) for change in told] == [
        replace(change, previous_day=None) for change in untold
    ]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whole_quarters_of_few_tickets_are_told_exactly(data: st.DataObject) -> None:
    """Alarms raised at any minute, with any onset that is still known, at any later minute."""
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    counts = rng.integers(0, 3, 3 * SLOTS * QUARTER).astype(float)
    onset = QUARTER * data.draw(st.integers(SLOTS, 2 * SLOTS))
    raised = onset + data.draw(st.integers(0, (SLOTS - 1) * QUARTER - 1440))
    until = max(raised + 1, onset + QUARTER * data.draw(st.integers(1, 96)))
    one = Yesterday()
    one.resize(1)
    for minute in range(until):
        one.add(counts[None, minute])
        if minute == raised:
            one.begin(0, onset, 1440, minute)
        if minute % QUARTER == QUARTER - 1:
            one.turn(minute)
    end = onset + (until - onset) // QUARTER * QUARTER
    if end > onset:
        assert one.tickets(0, onset, end) == counts[onset - 1440 : end - 1440].sum()


def test_a_window_that_began_before_what_is_kept_is_not_known() -> None:
    one = Yesterday()
    one.resize(1)
    for minute in range(2 * SLOTS * QUARTER):
        one.add(np.ones(1))
        if minute % QUARTER == QUARTER - 1:
            one.turn(minute)
    oldest = SLOTS * QUARTER
    now = 2 * SLOTS * QUARTER
    one.begin(0, oldest + 1440, 1440, now)
    assert one.tickets(0, oldest + 1440, now) == now - oldest - 1440
    one.begin(0, oldest + 1439, 1440, now)
    assert one.tickets(0, oldest + 1439, now) is None


@pytest.mark.parametrize("tickets", [0, 1, 7, 31, 32, 35, 99, 1234, 65_504, 99_999])
def test_a_slot_is_exact_below_32_tickets_and_within_a_ticket_or_2_percent_above(tickets: int) -> None:
    one = Yesterday()
    one.resize(1)
    for minute in range(QUARTER):
        one.add(np.array([float(tickets) * (minute == 3)]))
    one.turn(QUARTER - 1)
    one.begin(0, 1440, 1440, 1441)
    within = 0.0 if tickets < 32 else max(1.0, 0.02 * tickets)
    assert one.tickets(0, 1440, 1440 + QUARTER) == pytest.approx(tickets, abs=within, rel=0)


def test_more_tickets_than_a_slot_can_hold_are_not_known() -> None:
    one = Yesterday()
    one.resize(1)
    for _ in range(QUARTER):
        one.add(np.array([1e6]))
    one.turn(QUARTER - 1)
    one.begin(0, 1440, 1440, 1441)
    assert one.tickets(0, 1440, 1440 + QUARTER) is None


def test_a_ticket_in_a_slot_that_the_window_cuts_is_not_told_as_none() -> None:
    one = Yesterday()
    one.resize(1)
    for minute in range(QUARTER):
        one.add(np.array([float(minute == 0)]))
    one.turn(QUARTER - 1)
    one.begin(0, 1440 + 10, 1440, 1440 + 12)
    assert one.tickets(0, 1440 + 10, 1440 + 12) == 1
