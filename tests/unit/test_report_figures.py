"""What the report keeps during a replay, against the same worked out slowly; and its arithmetic."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from detectors.detector import Detector, DetectorSettings
from detectors.expectation import Expectation
from detectors.interval import interval as slow_interval
from detectors.near import Near
from detectors.rows import FloatArray
from streams.events import Cell
from streams.report.course import MOST_POINTS, Course, in_buckets, interval, view_of
from streams.report.figures import BEFORE_HOURS, KEPT_HOURS, MOST_HOURS, Figures
from streams.report.other_knobs import OtherKnobs
from streams.report.recorder import Recorder
from streams.report.slow_changes import rate_ratio, slow_changes
from streams.report.weeks import complete_weeks, weeks_of
from streams.surveillance import Surveillance

START = 60 * 24 * 365
SETTINGS = DetectorSettings(timezone="UTC")


class Slow:
    """Keeps every minute."""

    def __init__(self) -> None:
        self.minutes: list[tuple[int, FloatArray, Expectation]] = []

    def __call__(
        self, detector: Detector, counts: FloatArray, _announced: FloatArray | None, _alarms: bool
    ) -> None:
        seen = detector.expectation()
        self.minutes.append((seen.minute, counts.copy(), seen))

    def total(self, row: int, begin: int, end: int) -> tuple[float, float, float]:
        held = [entry for entry in self.minutes if begin <= entry[0] < end and row < entry[1].size]
        return (
            sum(float(counts[row]) for _, counts, _ in held),
            sum(float(seen.mean[row]) for *_, seen in held),
            sum(float(seen.doubt[row]) for *_, seen in held),
        )


@pytest.fixture(scope="module")
def watched() -> tuple[Recorder, Slow, list[tuple[str, str, int]], dict[float, int]]:
    """Five days of two reasons, one of which breaks; a third appears on the second day."""
    rng = np.random.default_rng(5)
    recorder, slow = Recorder(), Slow()

    def witness(detector: Detector, counts: FloatArray, announced: FloatArray | None, alarms: bool) -> None:
        recorder(detector, counts, announced, alarms)
        slow(detector, counts, announced, alarms)

    held = Surveillance(SETTINGS, min_customers=0, witness=witness)
    said: list[tuple[str, str, int]] = []
    for step in range(5 * 1440):
        rates = {"a": 0.3, "b": 0.05}
        if step > 1440:
            rates["c"] = 0.1
        if 3 * 1440 + 600 <= step < 3 * 1440 + 720:
            rates["a"] = 2.0
        for reason, rate in rates.items():
            count = int(rng.poisson(rate))
            if count:
                held.add(Cell(reason, START + step, count, "", {}), partition=0, stamp=step)
        for spikes in held.close_until(START + step - 1):
            for spike in spikes:
                recorder.take(spike)
                said.append((spike.state, spike.spike_id, int(spike.onset.timestamp() // 60)))
    recorder.figures.finish()
    return recorder, slow, said, {factor: len(found) for factor, found in recorder.knobs.alarms().items()}


Watched = tuple[Recorder, Slow, list[tuple[str, str, int]], dict[float, int]]


def test_hours_are_the_sums_of_their_minutes(watched: Watched) -> None:
    recorder, slow, *_ = watched
    for row in range(3):
        course = recorder.figures.hourly(row)
        for place, start in enumerate(course.start.tolist()):
            found = (course.observed[place], course.expected[place], course.doubt[place])
            assert found == pytest.approx(slow.total(row, start, start + 60), rel=1e-4, abs=1e-4)
    assert recorder.figures.totals().sum() == sum(float(counts.sum()) for _, counts, _ in slow.minutes)


def test_around_a_spike_the_slots_are_the_sums_of_their_minutes(watched: Watched) -> None:
    recorder, slow, said, _ = watched
    assert tuple(state for state, *_ in said if state != "grown") == ("raised", "cleared")
    _, name, onset = said[0]
    course = recorder.figures.detail(name)
    assert course is not None
    assert course.start[0] <= onset - 60 * (BEFORE_HOURS - 1)
    assert course.start[-1] >= onset + 120 + 4 * 60
    assert course.start.size <= MOST_HOURS * 12
    for place, start in enumerate(course.start.tolist()):
        found = (course.observed[place], course.expected[place], course.doubt[place])
        assert found == pytest.approx(slow.total(0, start, start + 5), rel=1e-4, abs=1e-4)
    assert recorder.figures.detail("another") is None


def test_a_larger_knob_adds_what_nearly_was_an_alarm_and_a_smaller_one_keeps_what_was_clear(
    watched: Watched,
) -> None:
    recorder, _, said, others = watched
    assert len({name for _, name, _ in said}) == 1
    assert 1 <= others[2.0] <= others[5.0]
    (alarm,) = recorder.knobs.alarms()[0.5]  # hours at seven times the rate are clear at any knob
    assert (alarm.contact_reason, alarm.onset) == ("a", said[0][2])


def test_a_rise_comes_in_reach_of_each_knob_at_its_own_minute_and_counts_once() -> None:
    knobs = OtherKnobs()
    for minute, short in ((10, 1.5), (12, 0.6), (40, 1.2), (400, 1.0)):
        knobs.close(minute, [Near("voucher", 5, 7, 1.0, short)])
    found = knobs.alarms()
    assert [(alarm.raised, alarm.until) for alarm in found[2.0]] == [(13, 41)]
    assert [(alarm.raised, alarm.until) for alarm in found[5.0]] == [(11, 41), (401, 401)]
    assert found[0.5] == []


def test_a_time_that_nobody_watched_has_no_minutes_and_detail_is_kept_for_days_only() -> None:
    figures = Figures()
    for minute in (*range(180), *range(600, 660), *range(10_000, 10_000 + 60 * (KEPT_HOURS + 5))):
        figures.add(np.ones(1), Expectation(minute, np.ones(1), np.ones(1), np.ones(1), np.ones(1)))
    assert len(figures._recent) == KEPT_HOURS
    figures.finish()
    course = in_buckets(figures.hourly(0), view_of(120, 180, 1.0, UTC, (0, 720))._replace(width=60))
    assert course.minutes.tolist()[:11] == [60, 60, 60, 0, 0, 0, 0, 0, 0, 0, 60][: course.minutes.size]


@given(st.floats(1e-6, 3000.0), st.floats(1.0, 4.0), st.floats(0.0, 0.8))
def test_bounds_of_many_buckets_are_those_of_each(expected: float, phi: float, part: float) -> None:
    one = np.array([expected, 0.0, expected / 2])
    course = Course(np.arange(3), np.ones(3, np.int64), one, one, part * one, np.full(3, phi))
    lower, upper = interval(course)
    for place, mean in enumerate(one.tolist()):
        assert (lower[place], upper[place]) == slow_interval(mean, phi, part * mean)


@given(
    st.integers(0, 200_000),
    st.integers(1, 40_000),
    st.floats(0.0, 30.0),
    st.sampled_from(["UTC", "Asia/Kolkata"]),
)
def test_a_chart_shows_the_spike_whole_in_few_buckets(onset: int, lasts: int, rate: float, zone: str) -> None:
    limits = (0, 300_000)
    view = view_of(onset, onset + lasts, rate, ZoneInfo(zone), limits)
    assert view.begin <= onset
    assert view.end >= onset + lasts
    assert (view.end - view.begin) % view.width == 0
    assert (view.end - view.begin) / view.width <= MOST_POINTS + 2


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_the_interval_of_a_ratio_is_the_exact_one(first: int, last: int) -> None:
    if first + last == 0:
        return
    exact = stats.binomtest(last, first + last).proportion_ci(method="exact")
    lower, upper = rate_ratio(first, last)
    assert lower == pytest.approx(exact.low / (1 - exact.low), rel=1e-6, abs=1e-9)
    if exact.high < 1:
        assert upper == pytest.approx(exact.high / (1 - exact.high), rel=1e-6)


def test_a_level_that_falls_by_a_quarter_is_a_slow_change_and_noise_is_none() -> None:
    before, after = np.array([400.0, 400.0, 30.0, 0.0]), np.array([292.0, 380.0, 15.0, 90.0])
    found = slow_changes(["falls", "stays", "rare", "new"], before, after, 4, np.full(4, 1.3))
    assert [(one.contact_reason, one.ratio) for one in found] == [("falls", 0.73), ("new", None)]
    assert found[0].lower < 0.73 < found[0].upper < 1


def test_weeks_begin_on_local_mondays_and_say_what_was_watched() -> None:
    zone = ZoneInfo("Europe/Berlin")
    monday = int(datetime(2026, 6, 1, tzinfo=zone).timestamp() // 60)
    hours = list(range(monday // 60, monday // 60 + 24 * 16))
    weeks = weeks_of(
        (monday, monday + 7 * 1440, monday + 16 * 1440), [monday + 8 * 1440], hours, [1.0] * len(hours), zone
    )
    assert [week.days[0].day for week in weeks] == [date(2026, 6, day) for day in (1, 8, 15)]
    assert [week.tickets for week in weeks] == [168, 168, 48]
    assert [[len(day.alerts) for day in week.days] for week in weeks][1] == [0, 1, 0, 0, 0, 0, 0]
    assert [[day.kind for day in week.days].count("watched") for week in weeks] == [0, 7, 2]
    assert [(week.watched, week.whole) for week in weeks] == [(False, False), (True, True), (True, False)]


def test_a_week_with_a_change_of_clocks_is_complete_and_one_that_lacks_a_day_is_not() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 3, 23, tzinfo=zone).timestamp() // 3600)
    # Two weeks of which the first is an hour short, and a third without its Wednesday.
    hours = [hour for hour in range(first, first + 503) if not first + 383 <= hour < first + 407]
    whole, places = complete_weeks(hours, [60] * len(hours), zone)
    assert whole == [date(2026, 3, 23), date(2026, 3, 30)]
    assert [(places == place).sum() for place in (0, 1, -1)] == [167, 168, 144]
