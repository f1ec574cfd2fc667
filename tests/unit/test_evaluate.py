"""The rules by which alarms are judged, one row per rule."""

from __future__ import annotations

from math import inf, isnan

import pytest

from detectors.evaluate import AFTERMATH, GRACE, SETTLING, Alert, admitted, delays, false_alarms, score
from detectors.relative import by_group, relative
from detectors.simulate import Outage, Planted

INCIDENT = Planted(row=0, onset=100, end=200, uplift=3.0, shape="step", extra=40.0)
SMALL = Planted(row=1, onset=100, end=200, uplift=3.0, shape="step", extra=9.9)
OUTAGE = Outage(start=1000, end=1100, settled=1115)


@pytest.mark.parametrize(
    ("raised", "row", "found", "wrong"),
    [
        pytest.param(101, 0, 1, False, id="the first minute's evidence is there when it is over: delay 1"),
        pytest.param(
            100, 0, None, False, id="what is raised at the onset has seen nothing of it, nor is it false"
        ),
        pytest.param(99, 0, None, True, id="before the onset it is false"),
        pytest.param(200 + GRACE, 0, 100 + GRACE, False, id="half an hour after the end still finds it"),
        pytest.param(201 + GRACE, 0, None, False, id="later it does not, but it is the aftermath"),
        pytest.param(200 + AFTERMATH, 0, None, False, id="the aftermath lasts nine hours"),
        pytest.param(201 + AFTERMATH, 0, None, True, id="and not longer"),
        pytest.param(150, 1, None, True, id="another reason's incident explains nothing"),
    ],
)
def test_an_alarm_finds_or_is_false_or_neither(raised: int, row: int, found: int | None, wrong: bool) -> None:
    alert = Alert(row, raised)
    assert delays([INCIDENT], [alert]) == [found]
    assert bool(false_alarms([INCIDENT], [alert])) is wrong


@pytest.mark.parametrize(
    ("raised", "counts"),
    [(999, True), (1000, False), (1115 + SETTLING, False), (1116 + SETTLING, True)],
)
def test_alarms_of_an_outage_and_the_hour_after_its_burst_do_not_count(raised: int, counts: bool) -> None:
    assert bool(admitted([Alert(0, raised)], [OUTAGE])) is counts
    assert score([], [Alert(0, raised)], 1.0, [OUTAGE]).false_alarms_per_week == float(counts)


def test_the_earliest_alarm_counts_and_the_others_are_alerts_per_incident() -> None:
    found = score([INCIDENT, SMALL], [Alert(0, 160), Alert(0, 120), Alert(0, 900), Alert(2, 150)], 2.0)
    assert (found.planted, found.detected, found.detected_large) == (2, 0.5, 1.0)
    assert (found.median_delay, found.false_alarms_per_week, found.alerts_per_incident) == (20.0, 1.0, 2.0)


def test_what_has_no_domain_is_nan_and_not_a_figure() -> None:
    nothing = score([], [], 1.0)
    assert isnan(nothing.detected)
    assert isnan(nothing.detected_large)
    assert isnan(nothing.median_delay)
    assert isnan(nothing.alerts_per_incident)
    assert isnan(score([SMALL], [Alert(1, 120)], 1.0).detected_large)
    assert nothing.false_alarms_per_week == 0.0
    with pytest.raises(ValueError, match="above 0"):
        score([], [], 0.0)
    assert isnan(relative([], []).detected)
    assert isnan(relative([3], [None]).relative)
    assert isnan(relative([3], [None]).delay_ratio)


@pytest.mark.parametrize(
    ("ours", "other", "found", "recall", "ratio"),
    [
        pytest.param([5, 10], [5, 10], 1.0, 1.0, 1.0, id="as good as the oracle"),
        pytest.param([10, None], [5, None], 1.0, 1.0, 2.0, id="what nobody finds is nobody's loss"),
        pytest.param(
            [None, 4], [5, None], 1.0, 0.0, inf, id="another incident found is found, but no recall"
        ),
        pytest.param([1, None, None], [1, 1, 1], 1 / 3, 1 / 3, inf, id="most missed: no finite median"),
        pytest.param([1, 3, None], [1, 2, 1], 2 / 3, 2 / 3, 1.5, id="a miss is later than any find"),
    ],
)
def test_relative_to_the_oracle(
    ours: list[int | None], other: list[int | None], found: float, recall: float, ratio: float
) -> None:
    compared = relative(ours, other)
    assert (compared.relative, compared.recall, compared.delay_ratio) == (found, recall, ratio)


def test_groups_are_compared_apart_and_the_lengths_must_agree() -> None:
    parts = by_group([("low", 3.0), ("low", 5.0), ("low", 3.0)], [None, 2, 8], [4, 2, 4])
    assert {key: part.incidents for key, part in parts.items()} == {("low", 3.0): 2, ("low", 5.0): 1}
    assert parts["low", 3.0].relative == 0.5
    with pytest.raises(ValueError, match="zip"):
        relative([1], [])
