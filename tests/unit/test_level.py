"""Level, holidays and silence: what is no spike although tickets rise or fall."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import date
from functools import cache

import numpy as np
import pytest

from detectors import Detector, DetectorSettings
from detectors.holiday import Holiday
from detectors.level import Level
from detectors.silence import LEAST_MINUTES, SETTLING_MOST, Silence

MONDAY = 4 * 1440
WEEK = 10_080
BEGIN = MONDAY + 2 * WEEK


RATES = [3.0, 0.5, 0.03]


def learnt(rates: Sequence[float] = RATES, holidays: frozenset[date] = frozenset()) -> Detector:
    """A detector that has seen two weeks of steady reasons; each call gives one of its own."""
    return copy.deepcopy(_learnt(tuple(rates), holidays))


@cache
def _learnt(rates: tuple[float, ...], holidays: frozenset[date]) -> Detector:
    rng = np.random.default_rng(1)
    detector = Detector(DetectorSettings(timezone="UTC", holidays=holidays))
    detector.add([f"reason {row}" for row in range(len(rates))], MONDAY)
    for minute in range(MONDAY, BEGIN):
        detector.close(minute, rng.poisson(rates).astype(float), alarms=False)
    return detector


def test_a_level_that_drifts_up_over_days_is_followed_and_raises_nothing() -> None:
    detector, rng = learnt(), np.random.default_rng(2)
    said = []
    for minute in range(4 * 1440):
        rate = np.array(RATES) * 1.25 ** min(1.0, minute / 4320)
        said += detector.close(BEGIN + minute, rng.poisson(rate).astype(float))
    assert said == []
    assert detector.verdict("reason 0").level == pytest.approx(1.25, abs=0.12)


def test_the_same_rise_at_once_is_a_spike() -> None:
    detector, rng = learnt(), np.random.default_rng(2)
    said = []
    for minute in range(300):
        said += detector.close(BEGIN + minute, rng.poisson([6.0, 0.5, 0.03]).astype(float))
    assert [(change.contact_reason, change.state) for change in said][:1] == [("reason 0", "raised")]
    assert said[0].uplift == pytest.approx(2.0, rel=0.3)


def test_every_story_begins_at_the_level_without_a_spike() -> None:
    level = Level()
    level.resize(2)
    born, dead = np.zeros((7, 2), bool), np.ones((7, 2), bool)
    for _ in range(40):
        level.learn(
            np.array([9.0, 1.0]),
            np.array([5.0, 1.0]),
            np.ones(2),
            np.full(2, 0.01),
            np.full(2, 0.01),
            fresh=False,
            born=born,
            dead=dead,
            blind=np.zeros(2, bool),
        )
    assert level.mean[:, 1:].tolist() == np.broadcast_to(level.mean[:, :1], (2, 7, 2)).tolist()
    assert level.factors()[0, 0] > 1.2
    assert level.factors()[0, 1] == pytest.approx(1.0, abs=0.01)


def test_the_morning_after_a_quiet_holiday_is_no_rise() -> None:
    holidays = frozenset({date(1970, 1, 21)})
    detector, rng = learnt([4.0] * 6, holidays), np.random.default_rng(4)
    said = []
    first = BEGIN
    for minute in range(first, first + 4 * 1440):
        quiet = 0.5 if first + 2 * 1440 <= minute < first + 3 * 1440 else 1.0
        said += detector.close(minute, rng.poisson([4.0 * quiet] * 6).astype(float))
    assert said == []
    effect, _ = detector._state.holiday.estimate()
    assert effect.max() < -0.3


def test_reasons_without_a_holiday_of_their_own_expect_what_the_others_have_shown() -> None:
    holiday = Holiday()
    holiday.resize(12)
    holiday.effect[:10], holiday.known[:10] = -0.5, 60.0
    effect, variance = holiday.estimate()
    assert effect[11] == pytest.approx(-0.46, abs=0.03)
    assert variance[11] > variance[0]


def test_silence_of_everything_is_not_learnt_and_its_backlog_is_no_spike() -> None:
    detector, rng = learnt(), np.random.default_rng(6)
    before = detector.verdict("reason 0").level
    first, said = BEGIN, []
    for minute in range(first, first + 240):
        said += detector.close(minute, np.zeros(3))
    assert detector.silence.since == first
    backlog = {first + 240: np.array([20.0, 4.0, 0.3])}
    assert detector.running(backlog, (first + 240) * 60.0 + 30.0) == []
    for minute in range(first + 240, first + 255):
        said += detector.close(minute, rng.poisson([20.0, 4.0, 0.2]).astype(float))
    assert detector.silence.since is None
    for minute in range(first + 255, first + 600):
        said += detector.close(minute, rng.poisson(RATES).astype(float))
    assert said == []
    assert detector.verdict("reason 0").level == pytest.approx(before, abs=0.2)


def test_a_spike_an_hour_after_the_source_came_back_is_found() -> None:
    detector, rng = learnt(), np.random.default_rng(8)
    first, said = BEGIN, []
    for minute in range(first, first + 60):
        detector.close(minute, np.zeros(3))
    for minute in range(first + 60, first + 120):
        detector.close(minute, rng.poisson(RATES).astype(float))
    for minute in range(first + 120, first + 150):
        said += detector.close(minute, rng.poisson([3.0, 5.0, 0.03]).astype(float))
    assert [change.contact_reason for change in said if change.state == "raised"] == ["reason 1"]


@pytest.mark.parametrize("outage", [20, 180])
@pytest.mark.parametrize("running", [True, False])
def test_what_a_silence_cannot_have_held_back_is_a_spike_while_its_backlog_comes(
    outage: int, running: bool
) -> None:
    detector, rng = learnt(), np.random.default_rng(8)
    first = BEGIN
    for minute in range(first, first + outage):
        detector.close(minute, np.zeros(3))
    back = first + outage
    # All that was held back in one minute: of every reason what it would have had.
    backlog, flood = np.array(RATES) * outage, np.array([3.0, 0.5, 60.0])
    said = detector.close(back, rng.poisson(backlog).astype(float))
    if running:
        said += detector.running({back + 1: backlog}, (back + 1) * 60 + 5.0)
        said += detector.running({back + 1: backlog, back + 2: flood}, (back + 2) * 60 + 2.0)
    else:
        said += detector.close(back + 1, flood)
    assert [(change.contact_reason, change.state) for change in said] == [("reason 2", "raised")]
    assert said[0].expected >= 0.03 * outage
    assert detector.close(back + 3, np.array([3.0, 0.0, 0.0])) == []


@pytest.mark.parametrize("rate", [0.001, 0.05, 3.0, 500.0])
def test_a_usual_pause_is_no_silence_whatever_the_rate(rate: float) -> None:
    silence, rng = Silence(), np.random.default_rng(9)
    mean, phi = np.array([rate]), np.array([1.2])
    phases = {silence.hear(minute, float(rng.poisson(rate)), mean, phi) for minute in range(20_000)}
    assert phases == {"heard"}


def test_silence_is_never_called_within_five_minutes_and_settling_ends_within_the_hour() -> None:
    silence, mean, phi = Silence(), np.array([1000.0]), np.array([1.2])
    phases = [silence.hear(minute, 0.0, mean, phi) for minute in range(LEAST_MINUTES)]
    assert phases == ["heard"] * (LEAST_MINUTES - 1) + ["silent"]
    phases = [silence.hear(5 + minute, 5000.0, mean, phi) for minute in range(SETTLING_MOST + 1)]
    assert phases == ["settling"] * SETTLING_MOST + ["heard"]


def test_silence_survives_a_snapshot() -> None:
    silence, mean, phi = Silence(), np.array([10.0]), np.array([1.2])
    for minute in range(10):
        silence.hear(minute, 0.0, mean, phi)
    other = Silence()
    other.restore(silence.snapshot())
    assert other.snapshot() == silence.snapshot()
    assert other.since == 0
    with pytest.raises(ValueError, match="silence"):
        other.restore([1, 2])
