"""The parts of the detector, each by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import Detector, DetectorSettings
from detectors.baseline import Baseline
from detectors.calendar import Calendar
from detectors.cusum import UPLIFTS, Bank, Terms, credit, log_gamma
from detectors.dispersion import Dispersion
from detectors.drivers import drivers
from detectors.evaluate import Alert, score
from detectors.interval import interval
from detectors.profile import pooled
from detectors.simulate import Life, simulate
from detectors.threshold import TAIL, bars, excursions, nats, shares


def minute_at(*when: int) -> int:
    year, month, day, hour, minute = when
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) // 60


@pytest.mark.parametrize(
    ("when", "place"),
    [
        ((2026, 3, 29, 0, 59), (6 * 24 + 1, 59)),  # spring: 01:59 local ...
        ((2026, 3, 29, 1, 0), (6 * 24 + 3, 0)),  # ... and a minute later it is 03:00
        ((2026, 10, 25, 0, 30), (6 * 24 + 2, 30)),  # autumn: 02:30 local ...
        ((2026, 10, 25, 1, 30), (6 * 24 + 2, 30)),  # ... and once more
        ((2026, 10, 25, 2, 30), (6 * 24 + 3, 30)),
    ],
)
def test_daylight_saving_nights_follow_the_local_clock(
    when: tuple[int, int, int, int, int], place: tuple[int, int]
) -> None:
    assert Calendar("Europe/Berlin", frozenset()).place(minute_at(*when)) == place


@given(
    st.integers(20_000_000, 40_000_000),
    st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_every_minute_agrees_with_the_standard_library(minute: int, zone: str) -> None:
    calendar = Calendar(zone, frozenset())
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(calendar._zone)
    assert calendar.place(minute) == (local.weekday() * 24 + local.hour, local.minute)


def test_a_holiday_is_a_sunday() -> None:
    calendar = Calendar("Europe/Berlin", frozenset({date(2026, 5, 25)}))
    assert calendar.place(minute_at(2026, 5, 25, 8, 0)) == (6 * 24 + 10, 0)
    assert calendar.place(minute_at(2026, 5, 26, 8, 0)) == (1 * 24 + 10, 0)


@given(st.floats(1e-6, 1e7))
def test_log_gamma_agrees_with_scipy(x: float) -> None:
    from scipy.special import gammaln

    assert log_gamma(np.array([x]))[0] == pytest.approx(float(gammaln(x)), rel=1e-10, abs=1e-10)


@given(st.integers(0, 200), st.floats(0.01, 50.0), st.floats(1.05, 4.0))
def test_evidence_is_the_likelihood_ratio_of_two_negative_binomials(x: int, mean: float, phi: float) -> None:
    from scipy.stats import nbinom

    size = mean / (phi - 1.0)
    gained = np.zeros((len(UPLIFTS), 1))
    sizes = size * np.concatenate(([1.0], UPLIFTS))[:, None]
    nothing = np.zeros_like(gained)
    terms = Terms(np.ones(1), nothing, sizes, np.log(sizes[1:] / sizes[0]), nothing, nothing)
    credit(gained, np.array([float(x)]), terms)
    gained[:, 0] -= (UPLIFTS - 1.0) * size * np.log(phi)
    truth = nbinom.logpmf(x, UPLIFTS * size, 1 / phi) - nbinom.logpmf(x, size, 1 / phi)
    assert gained[:, 0] == pytest.approx(truth, rel=1e-6, abs=1e-6)


def test_evidence_remembers_its_onset_and_forgets_when_it_is_gone() -> None:
    bank = Bank()
    bank.resize(1)
    size = 0.5 * np.concatenate(([1.0], UPLIFTS))[:, None]
    usual = np.full((len(UPLIFTS), 1), 0.2)
    drift, gain = (UPLIFTS - 1.0)[:, None] * 0.2, np.log(size[1:] / size[0])
    terms = Terms(np.ones(1), drift, size, gain, usual, 0.1 * usual)
    for minute, tickets in enumerate([0.0, 0.0, 4.0, 3.0]):
        bank.update(minute, np.array([tickets]), terms)
    assert bank.onset[3, 0] == 2
    assert bank.sums[0, 3, 0] == 7.0
    for minute in range(4, 300):
        bank.update(minute, np.array([0.0]), terms)
    assert bank.score.max() == 0.0
    assert bank.sums.max() == 0.0


@pytest.mark.parametrize("phi", [1.1, 1.6, 3.0])
def test_dispersion_is_found_whatever_the_level(phi: float) -> None:
    rng = np.random.default_rng(1)
    part = Dispersion()
    part.resize(2)
    usual = np.full((12, 2), 4.0)
    for _ in range(400):
        level = rng.choice([0.5, 2.0])  # the baseline is wrong by a factor of two, one way or the other
        slots = rng.poisson(rng.gamma(level * usual / (phi - 1.0), phi - 1.0)).astype(float)
        part.learn(slots, usual, np.zeros(2), np.ones(2))
    assert part.dispersion() == pytest.approx(phi, rel=0.12)


@pytest.mark.parametrize("mean", [0.3, 5.0, 40.0, 3000.0, 1e6])
@pytest.mark.parametrize("phi", [1.05, 2.0])
def test_the_interval_agrees_with_scipy(mean: float, phi: float) -> None:
    from scipy.stats import nbinom

    doubt = 0.1 * mean
    size = mean**2 / ((phi - 1.0) * mean + doubt**2)
    truth = nbinom.ppf([0.025, 0.975], size, size / (size + mean))
    assert interval(mean, phi, doubt) == pytest.approx(tuple(truth))


def test_a_sparse_reason_borrows_the_week_of_its_kind() -> None:
    rng = np.random.default_rng(2)
    day = np.where((np.arange(24) >= 9) & (np.arange(24) < 17), 3.0, 0.0)
    week = np.concatenate([np.tile(day, 5), np.zeros(48)])[:, None]
    exposure = np.full((168, 12), 120.0)
    rates = np.array([1.0] * 11 + [0.01])
    counts = rng.poisson(week * rates * exposure)
    shape, _ = pooled(counts.astype(float), exposure, np.full(12, 1.2))
    assert shape[10, 11] > 2.5
    assert shape[2, 11] < 0.3
    assert shape[5 * 24 + 10, 11] < 0.5


def test_ten_times_the_budget_takes_ten_times_the_false_alarms_off_the_tail_of_the_evidence() -> None:
    chances = excursions(np.array([0.003, 0.2, 4.0]), np.full(3, 1.4))
    careful, daring = (bars(shares(asked, chances), chances) for asked in (1.0, 10.0))
    assert careful - daring == pytest.approx(nats(10.0))
    assert np.exp(-TAIL * nats(10.0)) == pytest.approx(0.1)


@given(st.lists(st.floats(1e-5, 100.0), min_size=1, max_size=50), st.floats(0.1, 20.0))
def test_the_shares_of_all_reasons_add_up_to_what_was_asked_for(rates: list[float], asked: float) -> None:
    chances = excursions(np.array(rates), np.full(len(rates), 1.3))
    assert shares(asked, chances).sum() == pytest.approx(asked)


def test_evidence_beats_the_bar_as_often_as_the_formula_of_run_lengths_says() -> None:
    # One uplift, known mean: the exact mean run length of such a CUSUM is 42,445 minutes at h = 5.6
    # (mean 1 a minute, twofold rise, dispersion 1.5); the formula promises a false alarm in 10^3 to 10^5.
    one = excursions(np.array([1.0]), np.array([1.5]))
    assert 10_080.0 / one[0] * np.exp(5.6) < 42_445.0 * 4.0


def test_drivers_name_the_code_and_the_browser_that_break() -> None:
    found = drivers(
        {
            "voucher_code": {"SOMMER25": 38},
            "browser": {"Safari": 36, "Chrome": 9, "Firefox": 5},
            "market": {"DE": 50},
        },
        {
            "voucher_code": {"WINTER": 40.0},
            "browser": {"Safari": 200.0, "Chrome": 700.0, "Firefox": 100.0},
            "market": {"DE": 1000.0},
        },
        observed=50,
        expected=8.0,
    )
    assert [driver.value for driver in found] == ["SOMMER25", "Safari"]
    assert found[0].tickets == 38
    assert found[0].share == pytest.approx(0.76)
    assert found[1].usual_share == pytest.approx(0.2, abs=0.01)


def test_drivers_name_nothing_in_noise() -> None:
    rng = np.random.default_rng(3)
    usual = {facet: {f"{facet}{n}": 40.0 for n in range(25)} for facet in ("code", "browser", "market")}
    named = 0
    for _ in range(300):
        window = {
            facet: {f"{facet}{n}": int(k) for n, k in enumerate(rng.multinomial(60, [1 / 25] * 25)) if k}
            for facet in usual
        }
        named += bool(drivers(window, usual, observed=60, expected=20.0))
    assert named <= 3


@pytest.mark.parametrize(
    ("window", "usual", "observed", "expected"),
    [
        ({}, {}, 50, 5.0),  # nothing to look at
        ({"code": {"A": 4}}, {}, 4, 0.5),  # too few tickets
        ({"code": {"A": 30}}, {"code": {"A": 500.0}}, 30, 5.0),  # everybody has it
        ({"code": {"A": 30}}, {}, 30, 40.0),  # there is no excess
    ],
)
def test_drivers_name_nothing_without_reason(
    window: dict[str, dict[str, int]], usual: dict[str, dict[str, float]], observed: int, expected: float
) -> None:
    assert drivers(window, usual, observed, expected) == []


def test_at_most_so_many_drivers_are_named() -> None:
    window = {f"facet{n}": {"bad": 45, "good": 5} for n in range(6)}
    usual = {f"facet{n}": {"bad": 50.0, "good": 450.0} for n in range(6)}
    assert len(drivers(window, usual, 50, 5.0)) == 3
    assert len(drivers(window, usual, 50, 5.0, most=5)) == 5


def test_the_same_seed_simulates_the_same_channel() -> None:
    one, other = (simulate(np.random.default_rng(5), 6, 1, Life(5.0, 0, 2.0, 3.0, 2.0)) for _ in range(2))
    assert np.array_equal(one.counts, other.counts)
    assert one.planted == other.planted != []


def test_a_week_without_alarms_and_incidents_has_no_detection_rate() -> None:
    found = score([], [Alert(0, 5)], weeks=1.0)
    assert np.isnan(found.detected)
    assert found.false_alarms_per_week == 1.0
    with pytest.raises(ValueError, match="weeks"):
        score([], [], weeks=0.0)


def test_an_hour_half_watched_or_with_a_campaign_from_its_middle_on_leaves_no_shape_within_the_hour() -> None:
    baseline = Baseline()
    baseline.resize(3)
    phi = np.ones(3)
    for week in range(3):
        for quarter in range(4):
            # 20 tickets a minute; in the first week the second is watched from half past, the third doubled.
            late = week == 0 and quarter < 2
            minutes = np.array([15.0, 0.0 if late else 15.0, 15.0 if quarter < 2 or week else 30.0])
            baseline.learn(quarter, 20.0 * minutes, minutes)
        baseline.fold(100, np.zeros(3, bool))
    hours = [98, 99, 100, 101, 102]
    table, _ = baseline.within(hours, np.full((5, 3), 20.0), phi)
    quarters = table.reshape(4, 15, 3).mean(axis=1)
    assert np.abs(quarters - quarters[:, :1]).max() < 0.02
    rates, _ = baseline.rates(hours, phi)
    assert rates[2] == pytest.approx(20.0, rel=0.02)


def test_a_quarter_never_watched_has_what_the_rest_of_its_hour_has() -> None:
    baseline = Baseline()
    baseline.resize(1)
    baseline.learn(3, np.array([150.0]), np.array([15.0]))
    baseline.fold(7, np.zeros(1, bool))
    assert baseline.counts([7])[0, 0] == pytest.approx(150.0, rel=0.01)
    assert (baseline.roots[28:32, 0].astype(float) ** 2).tolist() == pytest.approx([37.5] * 4, rel=0.01)


def test_an_hour_that_was_once_expected_far_too_low_is_learnt_and_alarms_no_more() -> None:
    """Closed on the first Mondays, ten times the tickets on those since then; only Mondays are watched."""
    detector = Detector(DetectorSettings(timezone="UTC"))
    detector.add(["order", "refund"], 4 * 1440)
    rng, raised = np.random.default_rng(11), set()
    for week in range(10):
        for minute in range(1440):
            rate = 3.0 if week >= 3 and 8 <= minute // 60 < 18 else 0.3
            at = 4 * 1440 + week * 10_080 + minute
            changes = detector.close(at, rng.poisson([rate, 0.3]).astype(float))
            raised |= {week for change in changes if change.state == "raised"}
    assert 3 in raised
    assert not raised & {8, 9}
