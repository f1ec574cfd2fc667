"""What a detector promises, over all contact reasons together."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import numpy as np
import pytest

from detectors import AlarmChange, Detector, DetectorSettings, threshold
from detectors.rows import FloatArray

START = 29_545_920  # Monday 2026-03-02 00:00 UTC, four weeks before summer time
RATES = np.array([0.01, 0.05, 0.2, 1.0, 5.0, 20.0])
REASONS = ["refund", "login", "invoice", "voucher", "delivery", "order"]
WEEK = 10_080
HISTORY = 2 * WEEK
Feed = Callable[..., list[AlarmChange]]


def rate_at(minute: int) -> FloatArray:
    """The true rate: a smooth day, weekends at half."""
    hour = minute / 60.0 % 24
    day = (minute - START) // 1440 % 7
    return RATES * (1.0 + 0.8 * np.sin((hour - 8.0) * np.pi / 12.0)) * (0.5 if day >= 5 else 1.0)


def feed(
    detector: Detector,
    first: int,
    minutes: int,
    rng: np.random.Generator,
    *,
    factor: FloatArray | float = 1.0,
    alarms: bool = True,
) -> list[AlarmChange]:
    """Close minutes with negative-binomial counts around the true rate times `factor`."""
    changes: list[AlarmChange] = []
    for minute in range(first, first + minutes):
        mean = rate_at(minute) * factor
        counts = rng.poisson(rng.gamma(mean / 0.3, 0.3)).astype(float)
        changes += detector.close(minute, counts, alarms=alarms)
    return changes


@pytest.fixture(scope="module")
def learnt() -> dict[str, str]:
    """Two weeks of history, as JSON."""
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(REASONS, START)
    assert feed(detector, START, HISTORY, np.random.default_rng(1), alarms=False) == []
    return {reason: json.dumps(detector.snapshot(reason)) for reason in REASONS}


@pytest.fixture
def detector(learnt: dict[str, str]) -> Detector:
    fresh = Detector(DetectorSettings(timezone="UTC"))
    for reason, state in learnt.items():
        fresh.restore(reason, json.loads(state))
    return fresh


def test_two_usual_weeks_stay_within_the_budget_of_false_alarms(detector: Detector) -> None:
    changes = feed(detector, START + HISTORY, 2 * WEEK, np.random.default_rng(2))
    assert sum(change.state == "raised" for change in changes) <= 2


def test_a_constant_rate_never_fires_for_ten_days() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["hourly", "each minute", "never"], START)
    changes = []
    for minute in range(START, START + 10 * 1440):
        changes += detector.close(minute, np.array([float(minute % 60 == 17), 3.0, 0.0]))
    assert changes == []
    assert detector.verdict("each minute").expected == pytest.approx(180, rel=0.02)
    assert detector.verdict("each minute").window_minutes == 60


@pytest.mark.parametrize(
    ("row", "factor", "within"),
    [
        (5, 1.6, 45),  # 20 a minute: 12 more each minute
        (4, 4.0, 5),
        (3, 4.0, 15),
        (2, 4.0, 60),
        (1, 10.0, 60),
        (0, 50.0, 60),  # half a ticket a minute where there is one in two hours
    ],
)
def test_a_step_is_raised_within_minutes(detector: Detector, row: int, factor: float, within: int) -> None:
    noon = START + HISTORY + 2 * 1440 + 12 * 60
    feed(detector, START + HISTORY, noon - (START + HISTORY), np.random.default_rng(3))
    rise = np.ones(len(RATES))
    rise[row] = factor
    changes = feed(detector, noon, within, np.random.default_rng(4), factor=rise)
    raised = [change for change in changes if change.state == "raised"]
    assert [change.contact_reason for change in raised] == [REASONS[row]]
    assert noon - 15 <= raised[0].onset < raised[0].raised_minute <= noon + within
    assert raised[0].score >= raised[0].bar
    assert raised[0].observed > raised[0].upper


def test_an_alarm_is_raised_once_grows_and_is_cleared_once(detector: Detector) -> None:
    first = START + HISTORY
    noon = first + 12 * 60
    rise = np.array([1, 1, 1, 6, 1, 1.0])
    changes = feed(detector, first, 12 * 60, np.random.default_rng(5))
    changes += feed(detector, noon, 120, np.random.default_rng(6), factor=rise)
    assert [change.contact_reason for change in detector.open_alarms()] == ["voucher"]
    assert detector.verdict("voucher").state == "SPIKE"
    changes += feed(detector, noon + 120, 600, np.random.default_rng(7))
    states = [change.state for change in changes]
    assert states[0] == "raised"
    assert states[-1] == "cleared"
    assert set(states[1:-1]) == {"grown"}
    assert len({(change.onset, change.raised_minute) for change in changes}) == 1
    cleared = changes[-1]
    assert cleared.cleared_minute is not None
    assert noon + 120 < cleared.cleared_minute < noon + 240
    statements = [change.observed for change in changes if change.state != "cleared"]
    for before, after in itertools.pairwise(statements):
        assert after >= 1.2 * before
        assert after >= before + 5
    assert detector.open_alarms() == []
    assert detector.verdict("voucher").state == "NORMAL"


def test_a_spike_does_not_raise_its_own_baseline(detector: Detector) -> None:
    first = START + HISTORY + 12 * 60
    feed(detector, START + HISTORY, 12 * 60, np.random.default_rng(8))
    before = [detector.verdict(reason).level for reason in REASONS]
    feed(detector, first, 300, np.random.default_rng(9), factor=np.array([1, 1, 1, 8, 1, 1.0]))
    after = [detector.verdict(reason).level for reason in REASONS]
    assert after[3] == pytest.approx(before[3], abs=0.2)
    expected = detector.open_alarms()[0].expected
    truth = sum(rate_at(minute)[3] for minute in range(first, first + 300))
    assert expected == pytest.approx(truth, rel=0.35)


def test_a_past_spike_does_not_teach_next_weeks_expectation(detector: Detector) -> None:
    first = START + HISTORY
    rise = np.array([1, 1, 1, 8, 1, 1.0])
    feed(detector, first, 12 * 60, np.random.default_rng(10))
    feed(detector, first + 12 * 60, 240, np.random.default_rng(11), factor=rise)
    feed(detector, first + 16 * 60, WEEK - 3 * 60, np.random.default_rng(12))
    verdict = detector.verdict("voucher")  # 13:00 of the same weekday
    first = verdict.minute + 1 - verdict.window_minutes
    truth = sum(rate_at(minute)[3] for minute in range(first, verdict.minute + 1))
    assert verdict.expected == pytest.approx(truth, rel=0.35)


def test_a_level_that_stays_up_alerts_once(detector: Detector) -> None:
    first = START + HISTORY
    changes = feed(detector, first, WEEK, np.random.default_rng(13), factor=np.array([1, 1, 1, 1, 3, 1.0]))
    changes = [change for change in changes if change.contact_reason == "delivery"]
    states = [change.state for change in changes if change.state != "grown"]
    assert states == ["raised", "cleared"]
    assert changes[-1].cleared_minute is not None
    assert changes[-1].cleared_minute - changes[-1].raised_minute <= 3 * 1440


def test_an_announced_uplift_raises_no_alarm_and_a_fault_within_it_does(detector: Detector) -> None:
    rng = np.random.default_rng(14)
    announced = np.array([1, 1, 1, 3, 1, 1.0])
    first = START + HISTORY + 10 * 60
    feed(detector, START + HISTORY, 10 * 60, rng)
    changes = []
    for minute in range(first, first + 300):
        counts = rng.poisson(rate_at(minute) * announced).astype(float)
        changes += detector.close(minute, counts, announced)
    assert changes == []
    for minute in range(first + 300, first + 330):
        counts = rng.poisson(rate_at(minute) * announced * np.array([1, 1, 1, 4, 1, 1.0])).astype(float)
        changes += detector.close(minute, counts, announced)
    assert [(change.contact_reason, change.state) for change in changes][:1] == [("voucher", "raised")]


def test_a_gap_is_not_silence(detector: Detector) -> None:
    first = START + HISTORY
    feed(detector, first, 600, np.random.default_rng(15))
    before = detector.verdict("order")
    changes = feed(detector, first + 600 + 2000, 600, np.random.default_rng(16))
    after = detector.verdict("order")
    assert changes == []
    assert after.level == pytest.approx(1.0, abs=0.25)
    assert before.level == pytest.approx(1.0, abs=0.25)


def test_a_gap_drops_the_evidence_collected_before_it(detector: Detector) -> None:
    first = START + HISTORY + 12 * 60
    feed(detector, START + HISTORY, 12 * 60, np.random.default_rng(17))
    feed(detector, first, 4, np.random.default_rng(18), factor=np.array([1, 1, 1, 4, 1, 1.0]))
    assert detector.verdict("voucher").score > 0
    detector.close(first + 30, np.zeros(len(RATES)))
    assert detector.verdict("voucher").score == 0


def test_an_alarm_does_not_survive_a_day_that_nobody_watched(detector: Detector) -> None:
    first = START + HISTORY + 12 * 60
    feed(detector, START + HISTORY, 12 * 60, np.random.default_rng(19))
    feed(detector, first, 30, np.random.default_rng(20), factor=np.array([1, 1, 1, 9, 1, 1.0]))
    (change,) = detector.close(first + 1440, rate_at(first + 1440).round())
    assert (change.contact_reason, change.state, change.cleared_minute) == ("voucher", "cleared", first + 30)


def test_the_same_input_says_the_same(learnt: dict[str, str]) -> None:
    said = []
    for _ in range(2):
        fresh = Detector(DetectorSettings(timezone="UTC"))
        for reason, state in learnt.items():
            fresh.restore(reason, json.loads(state))
        said.append(feed(fresh, START + HISTORY, 900, np.random.default_rng(21), factor=1.7))
    assert said[0] == said[1] != []


def test_learning_says_nothing_and_leaves_no_alarm(detector: Detector) -> None:
    first = START + HISTORY
    rise = np.array([1, 1, 9, 9, 9, 1.0])
    assert feed(detector, first, 300, np.random.default_rng(22), factor=rise, alarms=False) == []
    assert detector.open_alarms() == []
    assert {detector.verdict(reason).state for reason in REASONS} == {"NORMAL"}


def test_a_spike_that_goes_on_when_learning_ends_is_raised_by_live_evidence(detector: Detector) -> None:
    first = START + HISTORY + 12 * 60
    rise = np.array([1, 1, 1, 9, 1, 1.0])
    feed(detector, START + HISTORY, 12 * 60, np.random.default_rng(23), alarms=False)
    feed(detector, first, 120, np.random.default_rng(24), factor=rise, alarms=False)
    changes = feed(detector, first + 120, 60, np.random.default_rng(25), factor=rise)
    raised = [change for change in changes if change.state == "raised"]
    assert [change.contact_reason for change in raised] == ["voucher"]
    assert raised[0].onset >= first + 120


def test_the_interval_covers_usual_hours(detector: Detector) -> None:
    rng, inside, hours = np.random.default_rng(26), 0, 0
    for hour in range(72):
        feed(detector, START + HISTORY + hour * 60, 60, rng)
        for reason in ("voucher", "delivery", "order"):
            verdict = detector.verdict(reason)
            if verdict.window_minutes == 60 and verdict.expected >= 20:
                hours += 1
                inside += verdict.lower <= verdict.observed <= verdict.upper
    assert hours > 100
    assert inside / hours > 0.9


@pytest.mark.parametrize(
    ("minute", "counts", "words"),
    [
        (START + HISTORY - 1, [0.0] * 6, "not later"),
        (START + HISTORY, [0.0] * 5, "6 contact reasons"),
        (START + HISTORY, [0.0] * 5 + [-1.0], "negative"),
        (START + HISTORY, [0.0] * 5 + [float("nan")], "no number"),
    ],
)
def test_wrong_input_is_refused_in_words(
    detector: Detector, minute: int, counts: list[float], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        detector.close(minute, np.array(counts))


def test_a_false_alarm_budget_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        DetectorSettings(false_alarms_per_week=0.0)


def test_a_larger_budget_lowers_the_bar(learnt: dict[str, str]) -> None:
    bars = []
    for budget in (1.0, 10.0):
        fresh = Detector(DetectorSettings(timezone="UTC", false_alarms_per_week=budget))
        for reason, state in learnt.items():
            fresh.restore(reason, json.loads(state))
        bars.append(fresh.verdict("voucher").bar)
    lower = threshold.unproven(threshold.nats(10.0), np.array(fresh.watched()))
    assert bars[0] - bars[1] == pytest.approx(float(lower), rel=0.05)


def test_a_flood_in_the_first_seconds_of_a_minute_is_raised_at_once() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["quiet", "busy"], minute=0)
    rng = np.random.default_rng(5)
    for minute in range(7 * 1440):
        detector.close(minute, rng.poisson([0.03, 2.0]).astype(float))
    now = 7 * 1440
    open_counts = {now: np.array([0.0, 4.0]), now + 1: np.array([1.0, 2.0]), now + 2: np.array([40.0, 0.0])}
    said = detector.running(open_counts, (now + 2) * 60 + 2.0)
    assert [(change.contact_reason, change.state, change.onset) for change in said] == [
        ("quiet", "raised", now + 2)
    ]
    assert said[0].observed == 40
    assert detector.running(open_counts, (now + 2) * 60 + 3.0) == []


def test_no_flood_is_seen_in_ordinary_open_minutes() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["quiet", "busy"], minute=0)
    rng = np.random.default_rng(6)
    for minute in range(7 * 1440):
        detector.close(minute, rng.poisson([0.03, 2.0]).astype(float))
    for minute in range(7 * 1440, 8 * 1440):
        counts = rng.poisson([0.03, 2.0])
        for second in (1, 7, 31, 59):
            so_far = rng.binomial(counts, second / 60).astype(float)
            assert detector.running({minute: so_far}, minute * 60 + float(second)) == []
        detector.close(minute, counts.astype(float))


def test_what_was_expected_of_the_last_minute_can_be_asked_with_the_announcement_in_it() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["a", "b"], minute=0)
    with pytest.raises(ValueError, match="nothing was expected"):
        detector.expectation()
    for minute in range(3 * 1440):
        detector.close(minute, np.array([1.0, float(minute % 10 == 0)]))
    plain = detector.expectation()
    assert plain.minute == 3 * 1440 - 1
    assert plain.mean == pytest.approx([1.0, 0.1], rel=0.15)
    assert (plain.doubt > 0).all()
    assert (plain.phi >= 1).all()
    detector.close(3 * 1440, np.zeros(2), np.array([3.0, 1.0]))
    raised = detector.expectation()
    assert raised.mean[0] / raised.mean[1] == pytest.approx(3 * plain.mean[0] / plain.mean[1], rel=0.05)


def test_an_alarm_that_goes_on_when_learning_ends_counts_every_ticket_of_its_window() -> None:
    detector, counts = Detector(DetectorSettings(timezone="UTC")), []
    detector.add(["voucher"], 0)
    changes = []
    for minute in range(4 * 1440):
        learning = minute < 3 * 1440 + 30
        count = float(minute % 10 == 0) if minute < 3 * 1440 else 2.0
        counts.append(count)
        changes += detector.close(minute, np.array([count]), alarms=not learning)
    first = changes[0]
    assert first.state == "raised"
    assert first.onset == 3 * 1440 + 30
    assert first.observed == sum(counts[first.onset : first.raised_minute])
