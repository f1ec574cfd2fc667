"""What a detector says before it has a baseline."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import AlarmChange, Detector, DetectorSettings

MONDAY = 29_545_920


def watch(detector: Detector, first: int, minutes: int, rate: list[float], seed: int) -> list[AlarmChange]:
    rng = np.random.default_rng(seed)
    return [
        change
        for minute in range(first, first + minutes)
        for change in detector.close(minute, rng.poisson(rate).astype(float))
    ]


@pytest.mark.parametrize("rate", [0.002, 0.05, 1.0, 20.0, 500.0])
@pytest.mark.parametrize("hour", [0, 8, 13, 22])
def test_the_first_day_of_a_steady_reason_raises_nothing(rate: float, hour: int) -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["voucher"], MONDAY + hour * 60)
    assert watch(detector, MONDAY + hour * 60, 1440, [rate], seed=1) == []
    assert detector.verdict("voucher").state == "WARMING_UP"


def test_morning_after_a_first_night_is_no_spike() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["voucher"], MONDAY)
    changes = watch(detector, MONDAY, 480, [0.05], seed=2)
    changes += watch(detector, MONDAY + 480, 240, [0.25], seed=3)
    assert changes == []


def test_a_gross_spike_is_found_on_the_first_day() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["voucher", "order"], MONDAY)
    assert watch(detector, MONDAY, 600, [0.05, 2.0], seed=4) == []
    changes = watch(detector, MONDAY + 600, 30, [2.0, 2.0], seed=5)
    raised = [change for change in changes if change.state == "raised"]
    assert [change.contact_reason for change in raised] == ["voucher"]
    assert raised[0].warming_up
    assert raised[0].observed - raised[0].expected >= 20
    assert raised[0].uplift >= 5
    assert detector.verdict("voucher").state == "SPIKE"


def test_a_never_seen_reason_that_fills_within_minutes_is_a_gross_spike() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["order"], MONDAY)
    watch(detector, MONDAY, 600, [5.0], seed=6)
    detector.add(["unlabelled"], MONDAY + 600)
    changes = detector.close(MONDAY + 600, np.array([5.0, 40.0]))
    assert [(change.contact_reason, change.state) for change in changes] == [("unlabelled", "raised")]


def test_a_new_reason_that_trickles_in_is_no_spike() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["order"], MONDAY)
    watch(detector, MONDAY, 600, [5.0], seed=7)
    detector.add(["unlabelled"], MONDAY + 600)
    assert watch(detector, MONDAY + 600, 600, [5.0, 0.02], seed=8) == []


def test_a_whole_channel_that_starts_at_once_raises_nothing() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add([f"reason {number}" for number in range(40)], MONDAY)
    assert watch(detector, MONDAY, 120, [300.0] * 40, seed=9) == []


def test_no_verdict_before_the_first_closed_minute() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["voucher"], MONDAY)
    with pytest.raises(ValueError, match="no minute"):
        detector.verdict("voucher")
    with pytest.raises(KeyError):
        detector.verdict("unknown")


def test_a_gross_spike_that_stays_is_usual_after_some_hours() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["voucher"], MONDAY)
    watch(detector, MONDAY, 600, [0.05], seed=10)
    changes = watch(detector, MONDAY + 600, 3 * 1440, [2.0], seed=11)
    assert [change.state for change in changes if change.state != "grown"] == ["raised", "cleared"]
    assert detector.verdict("voucher").state == "NORMAL"


def test_late_tickets_of_the_time_before_a_channel_began_make_nothing_a_spike() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add([f"reason {number}" for number in range(40)], MONDAY + 600)
    changes = watch(detector, MONDAY + 600, 10, [0.25] * 40, seed=12)
    changes += watch(detector, MONDAY + 610, 240, [25.0] * 40, seed=13)
    assert changes == []


def test_a_first_morning_that_is_steeper_than_others_is_no_spike_but_a_flood_in_it_is() -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add([f"reason {number}" for number in range(12)], MONDAY)
    changes = watch(detector, MONDAY, 480, [0.02] * 12, seed=14)
    changes += watch(detector, MONDAY + 480, 120, [1.0] * 12, seed=15)
    assert changes == []
    changes = watch(detector, MONDAY + 600, 20, [20.0, 20.0] + [1.0] * 10, seed=16)
    raised = [change.contact_reason for change in changes if change.state == "raised"]
    assert raised == ["reason 0", "reason 1"]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rate", [6.0, 25.0])
def test_late_tickets_before_a_channel_began_make_no_spike_of_reasons_that_come_one_by_one(
    seed: int, rate: float
) -> None:
    detector, rng = Detector(DetectorSettings(timezone="UTC")), np.random.default_rng(seed)
    raised = 0
    for minute in range(MONDAY + 600, MONDAY + 840):
        counts = rng.poisson(0.03 if minute < MONDAY + 607 else rate, 40).astype(float)
        # As a worker does: a contact reason is known from the minute of its first ticket.
        detector.add([f"reason {row}" for row in counts.nonzero()[0]], minute)
        by_row = np.array([counts[int(reason.split()[1])] for reason in detector.reasons])
        if detector.reasons:
            raised += sum(change.state == "raised" for change in detector.close(minute, by_row))
    assert raised == 0
    flood = detector.close(MONDAY + 840, np.full(40, rate) + 8.0 * rate * (np.arange(40) == 3))
    assert [change.contact_reason for change in flood if change.state == "raised"] == [detector.reasons[3]]


@pytest.mark.parametrize(("tickets", "raised"), [(26.0, []), (80.0, ["voucher"])])
def test_a_minute_of_a_reason_that_has_grown_for_hours_is_held_against_the_hour_before_it(
    tickets: float, raised: list[str]
) -> None:
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["voucher", "order"], MONDAY)
    begin = MONDAY + 420
    assert watch(detector, begin, 720, [1.5, 5.0], seed=17) == []
    # Its evening, which others do not have: four times as many, for an hour.
    assert watch(detector, begin + 720, 60, [6.0, 5.0], seed=18) == []
    changes = detector.close(begin + 780, np.array([tickets, 5.0]))
    assert [change.contact_reason for change in changes if change.state == "raised"] == raised
