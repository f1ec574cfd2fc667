"""Saving, restoring, catching up, growing: nothing of it may change what a detector says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import AlarmChange, Detector, DetectorSettings, FloatArray

MONDAY = 29_545_920
RATES = np.array([0.02, 0.4, 6.0])
REASONS = ["refund", "voucher", "order"]
TICKETS = st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 1_000_000))


def new() -> Detector:
    return Detector(DetectorSettings(timezone="Europe/Berlin"))


def copy(detector: Detector, names: list[str] | None = None) -> Detector:
    twin = new()
    for reason in names or detector.reasons:
        twin.restore(reason, json.loads(json.dumps(detector.snapshot(reason))))
    return twin


def close(detector: Detector, first: int, counts: FloatArray) -> list[AlarmChange]:
    return [change for step, row in enumerate(counts) for change in detector.close(first + step, row)]


@pytest.fixture(scope="module")
def warm() -> dict[str, object]:
    detector = new()
    detector.add(REASONS, MONDAY)
    close(detector, MONDAY, np.random.default_rng(1).poisson(RATES, (3 * 1440 + 7, 3)).astype(float))
    return {reason: detector.snapshot(reason) for reason in REASONS}


SEVERAL = np.array([0.004, 0.02, 0.4, 6.0, 0.01, 0.05, 0.3, 0.1])


@pytest.fixture(scope="module")
def several() -> dict[str, object]:
    detector = new()
    detector.add([f"reason {row}" for row in range(len(SEVERAL))], MONDAY)
    rng = np.random.default_rng(4)
    close(detector, MONDAY, rng.poisson(SEVERAL, (3 * 1440 + 7, len(SEVERAL))).astype(float))
    return {reason: detector.snapshot(reason) for reason in detector.reasons}


def revive(warm: dict[str, object]) -> Detector:
    detector = new()
    for reason, state in warm.items():
        assert isinstance(state, dict)
        detector.restore(reason, state)
    return detector


@settings(max_examples=25, deadline=None)
@given(counts=st.lists(st.tuples(TICKETS, TICKETS, TICKETS), min_size=1, max_size=70), cut=st.integers(0, 70))
def test_a_restored_detector_scores_like_the_one_that_was_saved(
    warm: dict[str, object], counts: list[tuple[int, int, int]], cut: int
) -> None:
    table = np.array(counts, dtype=float)
    first = MONDAY + 3 * 1440 + 7
    straight = revive(warm)
    said = close(straight, first, table)
    detector = revive(warm)
    before = close(detector, first, table[:cut])
    detector = copy(detector)
    assert before + close(detector, first + min(cut, len(table)), table[cut:]) == said
    for reason in REASONS:
        assert detector.verdict(reason) == straight.verdict(reason)
        assert detector.snapshot(reason) == straight.snapshot(reason)


def test_an_alarm_survives_being_saved(warm: dict[str, object]) -> None:
    detector = revive(warm)
    first = MONDAY + 3 * 1440 + 7
    close(detector, first, np.array([[0.0, 9.0, 6.0]] * 20))
    twin = copy(detector)
    assert twin.open_alarms() == detector.open_alarms()
    assert [change.contact_reason for change in twin.open_alarms()] == ["voucher"]
    quiet = np.array([[0.0, 0.0, 6.0]] * 200)
    assert close(twin, first + 20, quiet) == close(detector, first + 20, quiet)


def test_many_reasons_together_are_scored_like_each_alone_but_for_the_shared_bar() -> None:
    counts = np.random.default_rng(2).poisson(RATES, (1300, 3)).astype(float)
    together = new()
    together.add(REASONS, MONDAY)
    close(together, MONDAY, counts)
    for row, reason in enumerate(REASONS):
        alone = new()
        alone.add([reason], MONDAY)
        close(alone, MONDAY, counts[:, row : row + 1])
        one, many = alone.verdict(reason), together.verdict(reason)
        assert one.observed == many.observed
        assert one.dispersion == pytest.approx(many.dispersion)
        assert one.expected == pytest.approx(many.expected, rel=0.5)  # shapes of the week are pooled


def test_a_row_that_stood_still_is_caught_up_with_minutes_without_tickets(warm: dict[str, object]) -> None:
    first, quiet = MONDAY + 3 * 1440 + 7, 400
    detector = revive(warm)
    old = json.loads(json.dumps(detector.snapshot("refund")))
    close(detector, first, np.tile([0.0, 1.0, 6.0], (quiet, 1)))
    late = new()
    late.restore("refund", old)
    for reason in ("voucher", "order"):
        late.restore(reason, detector.snapshot(reason))
    assert late.minute == detector.minute
    one, other = late.verdict("refund"), detector.verdict("refund")
    assert one.expected == pytest.approx(other.expected, rel=0.1)
    assert one.level == pytest.approx(other.level, rel=0.1)
    assert (one.observed, one.minute) == (other.observed, other.minute)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_a_worker_that_saves_rows_with_tickets_and_all_once_an_hour_comes_back_to_the_last_bit(
    several: dict[str, object], seed: int, data: st.DataObject
) -> None:
    """Kills at any minute, over hours in which shapes are pooled, with a silence and a spike in it."""
    straight, worker = revive(several), revive(several)
    first, rng = MONDAY + 3 * 1440 + 7, np.random.default_rng(seed)
    counts = rng.poisson(SEVERAL, (300, len(SEVERAL))).astype(float)
    silent = data.draw(st.integers(0, 200))
    counts[silent : silent + data.draw(st.sampled_from([0, 30, 90]))] = 0.0
    counts[150:190, 1] += rng.poisson(0.8, 40)
    kills = data.draw(st.sets(st.integers(0, 299), max_size=5))
    saved = {reason: worker.snapshot(reason) for reason in worker.reasons}
    whole = first - 1
    for step, row in enumerate(counts):
        minute = first + step
        assert worker.close(minute, row) == straight.close(minute, row)
        kept = [worker.reasons[place] for place in row.nonzero()[0]]
        if not worker.resumable(whole):
            kept, whole = list(worker.reasons), minute
        saved |= {reason: worker.snapshot(reason) for reason in kept}
        if step in kills:
            channel = worker.channel()
            worker = revive(json.loads(json.dumps(saved)))
            worker.resume(minute, json.loads(json.dumps(channel)))
            for reason in worker.reasons:
                assert worker.snapshot(reason) == straight.snapshot(reason)


def test_rows_may_be_restored_in_any_order_of_their_minutes(warm: dict[str, object]) -> None:
    detector = revive(warm)
    old = detector.snapshot("refund")
    close(detector, MONDAY + 3 * 1440 + 7, np.zeros((30, 3)))
    forth, back = new(), new()
    forth.restore("refund", old)
    forth.restore("voucher", detector.snapshot("voucher"))
    back.restore("voucher", detector.snapshot("voucher"))
    back.restore("refund", old)
    assert forth.minute == back.minute == detector.minute
    assert forth.verdict("refund") == back.verdict("refund")


def test_a_reason_takes_less_than_4_kilobytes(warm: dict[str, object]) -> None:
    channel = {"watched": 1439.9876543210987, "silence": [MONDAY, 9999, 9999, *[123.12345678901234] * 5]}
    for state in warm.values():
        assert isinstance(state, dict)
        assert len(json.dumps(state | channel)) <= 4096


def test_a_reason_added_later_leaves_the_others_as_they_are(warm: dict[str, object]) -> None:
    detector, twin = revive(warm), revive(warm)
    first = MONDAY + 3 * 1440 + 7
    twin.add(["unlabelled"], first)
    detector.close(first, np.array([1.0, 0.0, 9.0]))
    twin.close(first, np.array([1.0, 0.0, 9.0, 0.0]))
    for reason in REASONS:
        assert twin.verdict(reason).expected == detector.verdict(reason).expected


@pytest.mark.parametrize("state", [{}, {"version": 99}, {"version": 1, "minute": 5, "watched": 1.0}])
def test_a_foreign_state_is_refused_in_words(state: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="stored state of 'voucher'"):
        new().restore("voucher", state)


def test_a_million_tickets_a_minute_are_no_trouble() -> None:
    detector = new()
    detector.add(["order"], MONDAY)
    rng = np.random.default_rng(3)
    assert close(detector, MONDAY, rng.normal(1e6, 1e3, (3 * 1440, 1)).round()) == []
    changes = close(detector, MONDAY + 3 * 1440, np.full((5, 1), 8e6))
    assert changes[0].state == "raised"
    assert np.isfinite([changes[0].score, changes[0].upper, changes[0].expected]).all()


def test_a_detector_without_reasons_closes_minutes() -> None:
    detector = new()
    assert detector.close(MONDAY, np.zeros(0)) == []
    assert detector.running({MONDAY + 1: np.zeros(0)}, (MONDAY + 1) * 60.0 + 30) == []
    assert detector.open_alarms() == []


def test_the_running_minute_raises_within_seconds_and_freezes_the_alarm(warm: dict[str, object]) -> None:
    detector = revive(warm)
    current = MONDAY + 3 * 1440 + 7
    before = detector.verdict("voucher")
    now = current * 60.0 + 2.0
    assert detector.running({current: np.array([0.0, 1.0, 0.0])}, now) == []
    assert detector.verdict("voucher") == before
    (change,) = detector.running({current: np.array([0.0, 40.0, 0.0])}, now)
    assert (change.contact_reason, change.state, change.observed) == ("voucher", "raised", 40)
    assert change.raised_minute == current + 1
    assert detector.running({current: np.array([0.0, 44.0, 0.0])}, now + 1) == []
    later = detector.close(current, np.array([0.0, 60.0, 5.0]))
    assert [(c.state, c.onset, c.raised_minute, c.observed) for c in later] == [
        ("grown", change.onset, change.raised_minute, 60)
    ]


def test_the_running_minute_finds_a_gross_spike_of_a_reason_just_met() -> None:
    detector = new()
    detector.add(["order", "unlabelled"], MONDAY)
    close(detector, MONDAY, np.tile([50.0, 0.0], (10, 1)))
    current = MONDAY + 10
    (change,) = detector.running({current: np.array([3.0, 40.0])}, current * 60.0 + 2.0)
    assert (change.contact_reason, change.observed, change.warming_up) == ("unlabelled", 40, True)


@pytest.mark.parametrize("hour", [0, 4, 9, 17])
@pytest.mark.parametrize("closed", [8, 13, 25])
def test_a_flood_of_a_reason_just_met_is_told_from_the_open_minutes_before_it(hour: int, closed: int) -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    begin = MONDAY + hour * 60
    detector.add(["order"], begin)
    for minute in range(begin, begin + closed):
        detector.close(minute, np.array([1.0]))
    current = begin + 30
    detector.add(["unlabelled"], begin + closed)
    open_counts = {minute: np.array([1.0, 0.0]) for minute in range(begin + closed, current)}
    open_counts[current - 3] = np.array([1.0, 1.0])
    assert detector.running(open_counts, current * 60.0) == []
    (change,) = detector.running(open_counts | {current: np.array([0.0, 40.0])}, current * 60.0 + 2.0)
    assert (change.contact_reason, change.onset) == ("unlabelled", current)
    assert (change.observed, change.window_minutes) == (40, 1)
    for minute in range(begin + closed, current):
        detector.close(minute, open_counts[minute])
    assert detector.open_alarms()[0].observed == 0
    detector.close(current, np.array([1.0, 43.0]))
    assert detector.open_alarms()[0].observed == 43


def test_a_usual_running_minute_raises_nothing(warm: dict[str, object]) -> None:
    detector = revive(warm)
    rng, said = np.random.default_rng(4), []
    for step in range(120):
        minute = MONDAY + 3 * 1440 + 7 + step
        counts = rng.poisson(RATES).astype(float)
        for part in (0.1, 0.5, 0.9):
            said += detector.running({minute: np.floor(counts * part)}, (minute + part) * 60.0)
        said += detector.close(minute, counts)
    assert said == []
