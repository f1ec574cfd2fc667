"""The course of a spike: true to what was counted, its onset in it, the same after a restart."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from alerts.records import Spike
from detectors.detector import DetectorSettings
from detectors.past import Past
from streams.chart import MOST_STEPS, Chart
from streams.events import Cell
from streams.surveillance import Surveillance

BEGIN = 29_600_000 // 1440 * 1440
BREAKS = BEGIN + 3 * 1440 + 603
UNTIL = BREAKS + 600


def cells() -> list[Cell]:
    """Two contact reasons over three and a half days; then vouchers fail for an hour."""
    rng = random.Random(1)
    made = []
    for minute in range(BEGIN, UNTIL):
        for reason, rate in (("voucher", 0.1), ("delivery", 0.2)):
            broken = reason == "voucher" and BREAKS <= minute < BREAKS + 60
            count = (rng.random() < rate) + (2 if broken else 0)
            if count:
                made.append(Cell(reason, minute, count, "", {}))
    return made


def story() -> list[Spike]:
    core = Surveillance(DetectorSettings(timezone="UTC"), min_customers=0)
    for cell in cells():
        core.add(cell, partition=0, stamp=1)
    return [
        spike for said in core.close_until(UNTIL - 1) for spike in said if spike.contact_reason == "voucher"
    ]


@pytest.fixture(scope="module")
def told() -> list[Spike]:
    return story()


def test_the_course_of_every_statement_is_what_was_counted(told: list[Spike]) -> None:
    counted: Counter[int] = Counter()
    for cell in cells():
        if cell.contact_reason == "voucher":
            counted[cell.minute] += cell.count
    assert {spike.state for spike in told} >= {"raised", "cleared"}
    for spike in told:
        course = spike.course
        assert course is not None
        begin = int(course.begins_at.timestamp() // 60)
        until = int(spike.onset.timestamp() // 60) + spike.window_minutes
        for number, count in enumerate(course.counts):
            first = begin + number * course.minutes
            assert count == sum(
                counted[minute] for minute in range(first, min(first + course.minutes, until))
            )


def test_the_course_holds_the_onset_with_some_time_before_and_adds_up_to_the_spike(told: list[Spike]) -> None:
    for spike in told:
        course = spike.course
        assert course is not None
        assert len(course.counts) == len(course.expected) <= MOST_STEPS
        assert course.begins_at < spike.onset
        assert course.minutes % 5 == 0
        within = int((spike.onset - course.begins_at).total_seconds() // 60) // course.minutes
        assert sum(course.counts[within:]) >= spike.observed
        assert sum(course.expected[within + 1 :]) <= 1.2 * spike.expected + 1.0


def test_a_chart_grows_coarser_and_never_loses_its_onset_or_a_ticket() -> None:
    chart = Chart(Past(1000, 5, [1.0] * 25, [1.0] * 25), onset=1110)
    for minute in range(1125, 6000):
        chart.add(minute, 2.0, 1.0)
        course = chart.course()
        first = int(course.begins_at.timestamp() // 60)
        assert len(course.counts) <= MOST_STEPS
        assert first < 1110
        assert course.minutes * len(course.counts) >= minute + 1 - first
    assert sum(course.counts) == 2 * (6000 - 1125) + (1125 - first) // 5


def test_a_chart_survives_being_saved() -> None:
    chart = Chart(Past(1000, 5, [1.0] * 20, [1.0] * 20), onset=1090)
    twin = Chart.restored(chart.snapshot())
    for minute in range(1100, 1500):
        chart.add(minute, 1.0, 0.3)
        twin.add(minute, 1.0, 0.3)
    assert twin.course() == chart.course()
