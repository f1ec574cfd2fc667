"""The peers of `make bench-detection`, each on a toy case, and the bar that is set for all of them alike."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.detection.day_over_day import DayOverDay
from benchmarks.detection.ears import EarsC1
from benchmarks.detection.farrington import Farrington, surprise
from benchmarks.detection.holt_winters import Residual
from benchmarks.detection.peer import Heard, Hourly, listen
from benchmarks.detection.posthog import PostHog
from benchmarks.detection.same_slot import SameSlot
from detectors.simulate import Life, simulate

WEEK = 168


class SameAsLastWeek:
    """Stands in for river, which is in the bench's environment only."""

    def __init__(self) -> None:
        self.past: list[float] = []

    def learn_one(self, y: float) -> None:
        self.past.append(y)

    def forecast(self, horizon: int) -> list[float]:
        return self.past[-WEEK:][:horizon]


PEERS: list[Callable[[int], Hourly]] = [
    SameSlot,
    lambda reasons: SameSlot(reasons, aware=True),
    EarsC1,
    Farrington,
    lambda reasons: Residual(reasons, SameAsLastWeek),
    DayOverDay,
    PostHog,
]
NAMES = ["slot", "aware slot", "EARS", "Farrington", "residual", "day over day", "PostHog"]


def after_five_weeks(peer: Hourly, last: np.ndarray, announced: float = 1.0) -> np.ndarray:
    """Five weeks of a reason with 20 tickets an hour by day and 4 by night and a quiet one; then one hour."""
    rng = np.random.default_rng(3)
    hours = 5 * WEEK + 12
    for hour in range(hours):
        peer.hour(hour, rng.poisson([20.0 if 8 <= hour % 24 < 20 else 4.0, 0.2]).astype(float), np.ones(2))
    return peer.hour(hours, last, np.full(2, announced))


@pytest.mark.parametrize("make", PEERS, ids=NAMES)
def test_a_flood_exceeds_the_usual_bar_and_an_ordinary_hour_does_not(make: Callable[[int], Hourly]) -> None:
    flooded = after_five_weeks(make(2), np.array([90.0, 0.0]))
    assert flooded[0] > make(2).usual > flooded[1]
    ordinary = after_five_weeks(make(2), np.array([20.0, 0.0]))
    assert ordinary.max() < make(2).usual


@pytest.mark.parametrize("make", PEERS, ids=NAMES)
def test_more_tickets_are_never_less_evidence(make: Callable[[int], Hourly]) -> None:
    said = [after_five_weeks(make(2), np.array([count, 0.0]))[0] for count in (10.0, 40.0, 80.0, 160.0)]
    assert said == sorted(said)
    assert said[-1] > said[1]


@pytest.mark.parametrize("make", PEERS, ids=NAMES)
def test_an_hour_is_judged_with_its_last_minute(make: Callable[[int], Hourly]) -> None:
    peer = make(1)
    said = [peer.score(minute, np.ones(1), None) for minute in range(120)]
    assert [minute for minute, one in enumerate(said) if one is not None] == [59, 119]
    assert all(np.isfinite(one).all() for one in said if one is not None)


def test_only_who_knows_of_campaigns_and_holidays_expects_them() -> None:
    tripled = np.array([60.0, 0.0])
    assert after_five_weeks(SameSlot(2), tripled, announced=3.0)[0] > 6.0
    assert abs(after_five_weeks(SameSlot(2, aware=True), tripled, announced=3.0)[0]) < 2.0
    monday = 5 * 7
    assert SameSlot(2, [monday]).slot(monday * 24 + 12) == 12
    assert SameSlot(2, [monday], aware=True).slot(monday * 24 + 12) == 6 * 24 + 12


def test_farrington_forgets_an_outbreak_of_the_past_and_is_silent_where_there_is_nothing() -> None:
    usual = np.array([4.0, 5.0, 6.0, 5.0] * 6)
    outbreak = usual.copy()
    outbreak[7] = 30.0
    flat, now = np.ones((24, 1)), np.ones(1)
    mean_with_it = outbreak.mean()
    assert surprise(outbreak, flat, now, 15.0) > 1.3
    assert surprise(usual, flat, now, 15.0) > surprise(outbreak, flat, now, 15.0)
    assert surprise(outbreak, flat, now, np.floor(mean_with_it)) >= 0.0
    assert surprise(np.zeros(24), flat, now, 9.0) == 0.0
    quiet = Farrington(1)
    for hour in range(6 * WEEK):
        quiet.hour(hour, np.array([1.0]), np.ones(1))
    assert quiet.hour(6 * WEEK, np.array([1.0]), np.ones(1))[0] == 0.0


def test_posthog_needs_seven_days_and_looks_at_a_whole_day_of_what_is_rare() -> None:
    young = PostHog(1)
    for hour in range(7 * 24 + 23):
        assert young.hour(hour, np.array([0.0 if hour < 150 else 50.0]), np.ones(1))[0] == 0.0
    rare = PostHog(1)
    for hour in range(20 * 24):
        rare.hour(hour, np.zeros(1), np.ones(1))
    for hour in range(20 * 24, 20 * 24 + 6):
        evidence = rare.hour(hour, np.ones(1), np.ones(1))
    # Six tickets in a day, never more than two in two hours: the gate of five, not the ratio, is nearest.
    assert evidence[0] == pytest.approx(6 / 5)


def test_the_bar_is_the_lowest_that_allows_no_more_alerts() -> None:
    rng = np.random.default_rng(8)
    heard = Heard(np.arange(1, 501) * 60, rng.exponential(1.0, (500, 20)))
    for allowed in (0, 1, 7, 40):
        bar = heard.bar(allowed, 0, 30_000)
        assert len(heard.alerts(bar, 0, 30_000)) <= allowed
        lower = heard.evidence[heard.evidence < bar].max()
        assert len(heard.alerts(float(lower), 0, 30_000)) > allowed


def test_a_peer_hears_only_its_reasons_and_what_was_announced_for_them() -> None:
    channel = simulate(np.random.default_rng(6), 7, 2, Life(campaigns=6.0))
    whole = listen(SameSlot(7, aware=True), channel)
    part = listen(SameSlot(2, aware=True), channel, rows=[2, 5])
    assert np.array_equal(part.evidence, whole.evidence[:, [2, 5]])
    assert part.raised[0] == 60
    assert len(part.raised) == 2 * WEEK
