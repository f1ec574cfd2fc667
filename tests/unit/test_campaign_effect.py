"""What campaigns of a kind really did, against what was announced for them."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.campaign import UPLIFT_CAP, announced
from alerts.records import Campaign
from detectors.campaign_effect import MOST, Effect, correction, logarithms, together, weights
from streams.announcements import Announcements
from streams.stating import instant

NOON = 29_546_640
REASONS = ["delivery", "order", "Refund"]
weight = st.floats(0.0, 1.0)
campaigns = st.lists(st.tuples(st.floats(0.0, 1e6), st.floats(0.0, 1e6)), max_size=12)
uplifts = st.floats(0.01, 50.0)


def after(seen: list[tuple[float, float]]) -> Effect:
    """What is known after campaigns with so many tickets where so many were announced."""
    effect = Effect()
    for tickets, expected in seen:
        logarithm, known = logarithms(*(np.array([x]) for x in (tickets, expected, 1.3, 0.01)))
        effect = effect.learn(float(logarithm[0]), float(weights(known)[0]))
    return effect


@given(campaigns, campaigns)
def test_no_history_of_campaigns_goes_beyond_twice_the_announcement(
    kind: list[tuple[float, float]], own: list[tuple[float, float]]
) -> None:
    assert 1.0 / MOST <= correction(after(kind), after(own)) <= MOST


@given(st.floats(100.0, 1e5), st.floats(0.2, 5.0))
def test_one_campaign_never_moves_the_next_as_far_as_it_went_itself(expected: float, ratio: float) -> None:
    seen = after([(expected * ratio, expected)])
    moved, went = log(correction(seen, seen)), log((expected * ratio + 0.5) / (expected + 0.5))
    assert moved * went >= 0.0
    assert abs(moved) <= min(0.65 * abs(went), 0.65 * log(MOST)) + 1e-12


def test_many_campaigns_alike_are_believed_almost_wholly() -> None:
    seen = after([(1500.0, 1000.0)] * 20)
    assert correction(seen, seen) == pytest.approx(1.5, rel=0.03)


def test_a_kind_that_changed_is_followed_within_a_few_campaigns() -> None:
    seen = after([(1500.0, 1000.0)] * 30 + [(1000.0, 1000.0)] * 5)
    assert correction(seen, seen) < 1.25


def test_a_campaign_with_a_handful_of_tickets_says_next_to_nothing() -> None:
    few, many = after([(6.0, 3.0)]), after([(6000.0, 3000.0)])
    assert correction(few, few) < 1.1 < correction(many, many)


def test_a_campaign_of_fifty_reasons_counts_once_for_its_kind() -> None:
    logarithm, known = np.full(50, 0.4), np.full(50, 1e6)
    assert together(logarithm, known) == pytest.approx((0.4, 1.0), rel=1e-6)
    assert together(np.zeros(0), np.zeros(0)) == (0.0, 0.0)


@given(st.floats(-0.6, 0.6), weight)
def test_without_a_campaign_of_its_own_a_reason_follows_its_kind(logarithm: float, worth: float) -> None:
    kind = Effect().learn(logarithm, worth)
    assert correction(kind, Effect()) == pytest.approx(exp(kind.shrunk()))


def running(uplift: float, number: int, kind: str, reasons: list[str]) -> Campaign:
    return Campaign(
        id=f"c{number}",
        name="Sale",
        kind=kind,  # type: ignore[arg-type]
        starts_at=instant(NOON),
        ends_at=instant(NOON) + timedelta(hours=2),
        expected_uplift=uplift,
        contact_reasons=reasons,
    )


@given(
    st.lists(st.tuples(uplifts, st.lists(st.sampled_from([*REASONS, "refund"]))), max_size=4),
    st.dictionaries(st.sampled_from(["tv", "other"]), st.tuples(weight, st.floats(-1.0, 1.0))),
)
def test_a_kind_never_seen_before_is_taken_as_announced_to_the_last_bit(
    given_uplifts: list[tuple[float, list[str]]], other_kinds: dict[str, tuple[float, float]]
) -> None:
    told = [running(uplift, number, "sale", names) for number, (uplift, names) in enumerate(given_uplifts)]
    held = Announcements(lambda: told)
    held.resume({kind: list(effect) for kind, effect in other_kinds.items()})
    factors = held.begin(NOON, REASONS)
    assert (None if factors is None else factors.tolist()) == announced(told, REASONS, instant(NOON))


@given(st.lists(uplifts, min_size=1, max_size=4), st.floats(0.1, 50.0), st.floats(-1.0, 1.0))
def test_what_is_learnt_keeps_the_cap_of_all_announcements(
    given_uplifts: list[float], seen: float, logarithm: float
) -> None:
    told = [running(uplift, number, "sale", []) for number, uplift in enumerate(given_uplifts)]
    held = Announcements(lambda: told)
    held.resume({"sale": [seen, seen * logarithm]})
    for factors in (held.at(NOON, REASONS), held.begin(NOON, REASONS)):
        if factors is not None:
            assert ((factors >= 1 / UPLIFT_CAP) & (factors <= UPLIFT_CAP)).all()


@given(st.floats(1.0, 9.0, exclude_min=True), st.floats(-1.0, 1.0))
def test_an_announced_rise_never_becomes_an_expected_fall(uplift: float, logarithm: float) -> None:
    held = Announcements(lambda: [running(uplift, 1, "sale", [])])
    held.resume({"sale": [5.0, 5.0 * logarithm]})
    factors = held.at(NOON, REASONS)
    assert factors is not None
    assert (factors >= 1.0 - 1e-12).all()
    assert (factors <= MOST * uplift * (1 + 1e-12)).all()
