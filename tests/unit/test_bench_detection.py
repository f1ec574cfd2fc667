"""The parts of `make bench-detection`: what is planted, what is watched, and what is said of it."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from math import isnan, nan
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.detection import events, fault, knob, page, result, versus
from benchmarks.detection.expected import Calibration, Expectations
from benchmarks.detection.poisson import rate
from benchmarks.detection.speed import Backtest, Closing
from detectors.detector import DetectorSettings
from detectors.oracle import WEEK
from detectors.simulate import Life, simulate
from detectors.trial import MONDAY, holidays, watch


def test_a_fault_in_a_campaign_triples_what_was_announced_and_its_twin_the_usual() -> None:
    rng = np.random.default_rng(5)
    channel = simulate(rng, 8, 3, Life(campaigns=4.0))
    campaign = channel.campaigns[0]
    row, onset = campaign.rows[0], campaign.start + 60
    channel.rate[:, row] = 200.0
    before = channel.counts.copy()
    inside = fault._plant(rng, channel, row, onset, campaign)
    added = int((channel.counts - before).sum())
    usual = 200.0 / campaign.true
    assert inside.extra == pytest.approx((3.0 * campaign.announced * usual - 200.0) * fault.LENGTH, rel=1e-6)
    assert added == pytest.approx(inside.extra, rel=0.02)
    outside = fault._plant(rng, channel, row, onset + WEEK, None)
    assert outside.extra == pytest.approx(400.0 * fault.LENGTH, rel=1e-6)
    assert (channel.counts != before).any(axis=0).nonzero()[0].tolist() == [row]


def test_a_twin_is_at_the_same_hour_outside_of_campaigns_holidays_and_other_faults() -> None:
    channel = simulate(np.random.default_rng(6), 12, fault.LEARN + 4, Life(campaigns=3.0, holidays=3.0))
    campaign = channel.campaigns[-1]
    onset = max(campaign.start, fault.LEARN * WEEK) + 60
    for row in range(12):
        twin = fault._twin(channel, row, onset, [])
        if twin is not None:
            assert (twin - onset) % WEEK == 0
            assert twin // 1440 not in channel.holidays
            assert not any(one.start <= twin < one.end for one in channel.campaigns if row in one.rows)


@pytest.mark.parametrize(
    ("year", "spring", "hours"), [(2026, True, 23), (2026, False, 25), (1994, False, 25)]
)
def test_customers_live_by_local_time_through_a_clock_change(year: int, spring: bool, hours: int) -> None:
    sunday = events._change(year, spring=spring)
    assert sunday.weekday() == 6
    rng = np.random.default_rng(7)
    channel = simulate(rng, 2, events.LEARN + 2, Life())
    # Each count says which local minute of the week it is of.
    channel.counts[:] = (np.arange(len(channel.counts)) % WEEK)[:, None]
    lived, minutes, change = events._lived(rng, channel, sunday)
    zone = ZoneInfo("Europe/Berlin")
    begin = datetime.fromtimestamp(minutes[0] * 60, UTC).astimezone(zone)
    assert (begin.weekday(), begin.hour, begin.minute) == (0, 0, 0)
    assert np.diff(minutes).tolist() == [1] * (len(minutes) - 1)
    assert len(lived.counts) == len(minutes) == change + events.DAY + 1
    drawn = range(change, change + 60) if not spring else range(0)
    for step in [0, 5000, change - 1, change, change + 59, change + 60, change + 700]:
        local = datetime.fromtimestamp(minutes[step] * 60, UTC).astimezone(zone)
        if step not in drawn:
            assert lived.counts[step, 0] == local.weekday() * 1440 + local.hour * 60 + local.minute
    day = [minute for minute in minutes if _date(minute, zone) == sunday]
    assert len(day) == hours * 60


def _date(minute: int, zone: ZoneInfo) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)).astimezone(zone).date()


def test_knob_jobs_watch_as_many_weeks_as_wanted_and_never_the_same_channel_twice() -> None:
    jobs = knob.jobs([1, 2], [10, 50], {1.0: 50, 10.0: 12})
    weeks = {(reasons, asked): 0 for _, reasons, asked, _ in jobs}
    for _, reasons, asked, part in jobs:
        weeks[reasons, asked] += part
    assert weeks == {(10, 1.0): 50, (10, 10.0): 12, (50, 1.0): 50, (50, 10.0): 12}
    assert len({(seed, reasons, asked) for seed, reasons, asked, _ in jobs}) == len(jobs)


def test_a_trial_tells_of_campaigns_and_holidays_and_raises_nothing_before_it_is_live() -> None:
    channel = simulate(np.random.default_rng(2), 6, 2, Life(incidents=9.0, campaigns=4.0, holidays=4.0))
    steps: list[tuple[int, float]] = []
    settings = DetectorSettings(timezone="UTC", false_alarms_per_week=3.0, holidays=holidays(channel))
    alerts = watch(
        channel,
        settings,
        live_from=WEEK,
        after=lambda step, detector: steps.append((step, float(detector.expectation().mean[0]))),
    )
    assert [step for step, _ in steps] == list(range(2 * WEEK))
    assert all(alert.raised > WEEK for alert in alerts)
    assert alerts
    assert {day.isoweekday() for day in settings.holidays} <= {1, 2, 3, 4, 5}
    assert date(1970, 1, 1) + timedelta(minutes=MONDAY) == date(1970, 1, 5)
    row = channel.campaigns[-1].rows[0]
    told = channel.announced()[channel.campaigns[-1].start]
    assert told is not None
    assert told[row] >= 1.5


def test_what_was_expected_is_written_down_as_it_was_and_judged_by_class() -> None:
    channel = simulate(np.random.default_rng(3), 7, 2, Life())
    kept = Expectations(channel, WEEK, 2 * WEEK)
    watch(channel, DetectorSettings(timezone="UTC"), live_from=2 * WEEK, after=kept.look)
    judged = kept.judge(np.random.default_rng(4))
    assert set(judged.minute_distance) == set(channel.kinds)
    assert all(0.0 <= distance < 0.3 for distance in judged.minute_distance.values())
    assert all(np.mean(heights) == pytest.approx(1.0) for heights in judged.hour_histogram.values())
    assert judged.windows["24 h"] <= 7 * 7
    assert judged.coverage["1 h"] > 0.8


def found(name: str, **changed: Any) -> versus.Found:
    one = versus.Found(
        name=name,
        reasons=80,
        quiet_false_alarms=1.0,
        usual_false_alarms=nan,
        false_alarms=1.0,
        detected=0.5,
        detected_large=0.8,
        by_kind={"low": 0.5, "mid": 0.5},
        relative=0.9,
        recall=0.88,
        delay_ratio=1.1,
        median_delay=40.0,
        alerts_per_incident=1.1,
    )
    return msgspec.structs.replace(one, **changed)


def measured(relative: float = 0.9, worst_knob: int = 100, coverage: float = 0.95) -> result.Result:
    incidents = [
        versus.Incident("low", 3.0, "step", 20.0, 11, 10),
        versus.Incident("mid", 5.0, "step", 9.0, None, None),
    ]
    seeds = [
        versus.Seed(
            seed=seed,
            reasons=80,
            asked=0.8,
            found=[
                found(versus.PRODUCT, relative=relative + shift),
                found(versus.ORACLE, relative=1.0),
                found("slow", reasons=10, relative=nan if shift > 0 else 0.4),
            ],
            incidents=incidents,
            calibration=Calibration(
                {"low": 0.01},
                {"low": 0.02},
                {"low": [1.0] * 20},
                {"1 h": coverage, "24 h": nan},
                {"1 h": 9, "24 h": 0},
            ),
            outages=2,
            outage_alarms=1,
        )
        for seed, shift in ((1, -0.01), (2, 0.01))
    ]
    weekly = [
        result.Weekly(versus.PRODUCT, 42, 0.55, {3: 0.2, 10: 0.9}),
        result.Weekly("oracle", 42, 0.57, {}),
    ]
    return result.Result(
        measured_at="2026-06-01T00:00:00Z",
        command="make bench-detection",
        seeds=seeds,
        knob=[knob.Knob(10, 1.0, 60, [1], rate(worst_knob, 100.0))],
        faults=[fault.Fault(1, 10, 8, 9, {"low": (10, 8, 9)}, 0, 20)],
        events=[events.Event("outages", 24, 2.0, 5000, rate(1, 2.0), rate(20, 21.0))],
        weekly=weekly,
        backtest=Backtest(80, 14, 10**6, 30.0, 31.0, 0.5),
        year=Backtest(80, 52, 2 * 10**6, 90.0, 91.0, 0.6),
        closing=Closing(10_000, 0.01, 0.2, 3400),
    )


def reached(one: result.Result) -> dict[str, bool]:
    return {line.what.split(":")[0].split(" ")[0]: line.reached for line in result.asked(one)}


def test_what_is_asked_is_reached_or_missed_by_the_mean_over_the_seeds() -> None:
    assert all(reached(measured()).values())
    assert not reached(measured(relative=0.85))["detected"]
    assert not reached(measured(worst_knob=150))["knob"]
    assert not reached(measured(coverage=0.98))["95"]


def test_figures_that_a_seed_has_not_are_left_out_of_the_mean() -> None:
    ways = {one.name: one for one in result.pooled(measured().seeds)}
    assert ways[versus.PRODUCT].relative == pytest.approx(0.9)
    assert ways["slow"].relative == pytest.approx(0.4)
    assert isnan(ways["slow"].usual_false_alarms)
    assert result.coverage(measured().seeds)["all"] == pytest.approx(0.95)
    assert list(result.groups(measured().seeds)) == [("low", 3.0), ("mid", 5.0)]


def test_the_page_names_each_part_its_command_and_its_seeds() -> None:
    text = page.page(measured(), ["a.svg", "b.svg", "c.svg", "d.svg"])
    for words in (
        "--only versus",
        "--only knob",
        "--only fault",
        "--only events",
        "--only weekly",
        "--only speed",
    ):
        assert words in text
    for plot in ("a.svg", "b.svg", "c.svg", "d.svg"):
        assert f"({plot})" in text
    assert "Seeds 1, 2;" in text
    assert "{" not in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120
