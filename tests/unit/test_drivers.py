"""What is named of a spike's tickets: what was planted, not what it brings along, and nothing where nothing was."""

from __future__ import annotations

import sys
from math import comb
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.detection import planted
from detectors.companions import Companions, Minute, carry_both
from detectors.drivers import drivers
from detectors.evenly import evenly
from detectors.facet_sets import at_least

UNSEEN = range(20_000, 20_500)
"""Nothing was tuned on these seeds."""


def test_of_500_planted_spikes_the_drivers_are_named_and_little_else() -> None:
    found = planted.judge(UNSEEN)
    assert found.precision >= 0.95
    assert found.recall >= 0.8
    assert found.named_without <= 0.02 * found.without


IPAD: Minute = (1, {"device": {"iPad": 1}, "browser": {"Safari": 1}})
MAC: Minute = (1, {"device": {"Mac": 1}, "browser": {"Safari": 1}})
WINDOWS: Minute = (1, {"device": {"Windows": 1}, "browser": {"Chrome": 1}})
DAY = [IPAD] * 10 + [MAC] * 20 + [WINDOWS] * 70
USUAL = {"device": {"iPad": 100, "Mac": 200, "Windows": 700}, "browser": {"Safari": 300, "Chrome": 700}}


@pytest.mark.parametrize(
    ("device", "named"),
    [
        ({"iPad": 42, "Mac": 2, "Windows": 6}, ["iPad"]),  # Safari is what iPads have
        ({"iPad": 15, "Mac": 29, "Windows": 6}, ["Safari"]),  # both in their usual proportion
    ],
)
def test_a_value_that_another_brings_along_is_not_named(device: dict[str, int], named: list[str]) -> None:
    window = {"device": device, "browser": {"Safari": 44, "Chrome": 6}}
    found = drivers(window, USUAL, 50, 10.0, before=DAY)
    assert [one.value for one in found] == named


def test_both_are_named_where_nothing_says_that_one_brings_the_other_along() -> None:
    window = {"device": {"iPad": 42, "Mac": 2, "Windows": 6}, "browser": {"Safari": 44, "Chrome": 6}}
    assert [one.value for one in drivers(window, USUAL, 50, 10.0)] == ["iPad", "Safari"]


def test_a_campaigns_id_is_named_beside_its_code_since_it_links_the_campaign() -> None:
    window = {"voucher_code": {"SOMMER25": 40}, "campaign_id": {"c1": 40}}
    usual = {"voucher_code": {"WINTER": 300}, "campaign_id": {"c0": 300}}
    before = [(1, {"voucher_code": {"WINTER": 1}, "campaign_id": {"c0": 1}})] * 100
    found = drivers(window, usual, 50, 10.0, usual_tickets=1000, before=before)
    assert {one.facet for one in found} == {"voucher_code", "campaign_id"}


CODES: list[Minute] = [(1, {"voucher_code": {"WINTER": 1}, "browser": {"Safari": 1}})] * 20 + [
    (1, {"voucher_code": {"WINTER": 1}, "browser": {"Chrome": 1}})
] * 80


def test_a_code_that_breaks_in_one_browser_is_named_as_a_pair_with_the_least_it_can_be() -> None:
    both: Minute = (4, {"voucher_code": {"SOMMER25": 4}, "browser": {"Safari": 3, "Chrome": 1}})
    window = {"voucher_code": {"SOMMER25": 40}, "browser": {"Safari": 30, "Chrome": 20}}
    usual = {"voucher_code": {"WINTER": 100}, "browser": {"Safari": 200, "Chrome": 800}}
    rest: Minute = (10, {"browser": {"Chrome": 10}})
    found = drivers(window, usual, 50, 5.0, minutes=[both] * 10 + [rest], before=CODES)
    assert [one.value for one in found] == ["SOMMER25", "Safari", "SOMMER25 × Safari"]
    pair = found[-1]
    assert (pair.facet, pair.tickets, pair.share) == ("voucher_code×browser", 30, 0.6)
    assert pair.usual_share < found[0].usual_share < found[1].usual_share
    assert pair.excess_share == pytest.approx(30 / 45, abs=0.001)


def test_two_values_on_different_tickets_are_no_pair() -> None:
    code: Minute = (1, {"voucher_code": {"SOMMER25": 1}, "browser": {"Chrome": 1}})
    browser: Minute = (1, {"browser": {"Safari": 1}})
    window = {"voucher_code": {"SOMMER25": 30}, "browser": {"Safari": 30, "Chrome": 30}}
    usual = {"voucher_code": {"WINTER": 100}, "browser": {"Safari": 30, "Chrome": 970}}
    found = drivers(window, usual, 60, 2.0, minutes=[code, browser] * 30, before=CODES)
    assert {one.value for one in found} == {"SOMMER25", "Safari"}


def test_two_browsers_that_break_together_are_both_named() -> None:
    window = {"browser": {"Safari": 24, "Firefox": 22, "Chrome": 4}}
    usual = {"browser": {"Safari": 200, "Firefox": 100, "Chrome": 700}}
    assert {one.value for one in drivers(window, usual, 50, 5.0)} == {"Safari", "Firefox"}


def test_a_version_that_came_out_yesterday_is_nothing_unusual_today() -> None:
    window = {"app_version": {"5.4": 40, "5.3": 10}}
    usual = {"app_version": {"5.3": 1900, "5.4": 100}}
    today = {"app_version": {"5.4": 75, "5.3": 25}}
    assert [one.value for one in drivers(window, usual, 50, 10.0)] == ["5.4"]
    assert drivers(window, usual, 50, 10.0, lately=today, lately_tickets=100) == []


@pytest.mark.parametrize(
    ("repeated", "named"),
    [
        (1, True),  # six tickets, of which one may be a second one of the same customer
        (2, False),  # perhaps four customers
    ],
)
def test_a_value_is_named_only_if_five_customers_are_sure_to_carry_it(repeated: int, named: bool) -> None:
    window, usual = {"voucher_code": {"SOMMER25": 6}}, {"voucher_code": {"WINTER": 400}}
    assert bool(drivers(window, usual, 8, 0.5, usual_tickets=1000, repeated=repeated)) is named


def test_a_past_without_tickets_names_nothing() -> None:
    assert drivers({"browser": {"Safari": 40, "Chrome": 1}}, {}, 41, 1.0) == []


def test_the_chance_of_so_many_is_fishers() -> None:
    whole = comb(60, 20)
    exact = sum(comb(12, k) * comb(48, 20 - k) for k in range(7, 13)) / whole
    assert at_least(7, 20, 5.0, 40.0) == pytest.approx(exact)
    assert at_least(0, 20, 5.0, 40.0) == pytest.approx(1.0)


def test_beta_binomial_probabilities_sum_to_one_around_their_mean() -> None:
    known = Companions(DAY).of("device", ["iPad", "Mac"], "browser", ["Safari"], usual=0.3)
    hits = known.hits(40)
    assert hits.sum() == pytest.approx(1.0)
    assert hits @ np.arange(41) == pytest.approx(40 * known.mean)
    assert known.mean > 0.95


def test_a_code_never_seen_is_used_with_the_browsers_that_other_codes_are_used_with() -> None:
    known = Companions(CODES).of("voucher_code", ["SOMMER25"], "browser", ["Safari"], usual=0.5)
    assert known.mean == pytest.approx(0.2, abs=0.02)


def test_counts_of_each_facet_bound_how_many_carry_both() -> None:
    rng = np.random.default_rng(8)
    for _ in range(100):
        tickets = [
            {"code": str(a), "browser": str(b)} for a, b in rng.integers(0, 2, (int(rng.integers(1, 60)), 2))
        ]
        minutes = list(planted.cells(tickets, rng, 10))
        both = sum(ticket == {"code": "1", "browser": "1"} for ticket in tickets)
        assert carry_both(minutes, "code", "1", "browser", "1") <= both


def test_a_facet_is_called_even_only_if_no_value_can_carry_a_quarter_of_the_excess_more() -> None:
    said = 0
    for seed in UNSEEN[:150]:
        spike = planted.plant(seed)
        even = evenly(
            planted.histograms(spike.tickets),
            planted.histograms(spike.usual),
            len(spike.tickets),
            spike.expected,
            usual_tickets=len(spike.usual),
        )
        assert {facet for facet, _ in spike.truth}.isdisjoint(even)
        said += spike.kind == "none" and "channel" in even
    assert said >= 0.6 * 50


CHANNELS = {"channel": {"web": 500, "app": 300, "mail": 200}}


@pytest.mark.parametrize(
    ("channels", "usual", "observed"),
    [
        ({"web": 10, "app": 6, "mail": 4}, CHANNELS, 20),  # too few tickets to tell
        ({"web": 100, "app": 60, "mail": 40}, {}, 200),  # nothing is known of before
        ({"web": 45, "app": 27, "mail": 18}, CHANNELS, 200),  # most of the tickets have none
        ({"web": 60, "app": 80, "mail": 60}, CHANNELS, 200),  # mail and app have more than their part
        ({"web": 200}, {"channel": {"web": 1000}}, 200),  # one value is not "all"
    ],
)
def test_no_facet_is_called_even_without_reason(
    channels: dict[str, int], usual: dict[str, dict[str, float]], observed: int
) -> None:
    assert evenly({"channel": channels}, usual, observed, observed / 4, usual_tickets=1000) == ()
