"""Orders counted by quarters of an hour, and what redemptions say beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import redemptions
from alerts.redemptions import KEPT, QUARTER, OrderTally, Quarters, Redeemed, compare, per_thousand_orders

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def series(before: tuple[int, int], since: tuple[int, int], quarters: int = 4) -> Redeemed:
    """Redemptions and orders of a quarter in the six hours before noon, and since."""
    begin = NOON - 24 * QUARTER
    return Redeemed(
        Quarters(begin, (before[0],) * 24 + (since[0],) * quarters),
        Quarters(begin, (before[1],) * 24 + (since[1],) * quarters),
    )


ONE_O_CLOCK = NOON + 59 * timedelta(minutes=1)
CASES = [
    ("a code that is redeemed no more falls", series((10, 60), (0, 50)), True, False),
    ("a night in which all orders fall is no fall of a code", series((10, 60), (2, 12)), False, True),
    ("a few less are chance", series((2, 60), (1, 60)), False, False),
    ("a code that was hardly ever redeemed cannot fall", series((0, 60), (0, 60)), False, False),
    ("as many as ever go on", series((10, 60), (10, 60)), False, True),
    ("more than ever go on", series((1, 60), (30, 90)), False, True),
]


@pytest.mark.parametrize(("rule", "redeemed", "falls", "goes_on"), CASES, ids=[rule for rule, *_ in CASES])
def test_redemptions_are_held_against_orders(
    rule: str, redeemed: Redeemed, falls: bool, goes_on: bool
) -> None:
    found = compare(redeemed, NOON, ONE_O_CLOCK)
    assert found is not None
    assert (found.falls, found.goes_on) == (falls, goes_on), rule


def test_without_orders_nothing_is_said() -> None:
    assert compare(series((0, 0), (0, 0)), NOON, ONE_O_CLOCK) is None
    assert compare(series((5, 50), (0, 0)), NOON, ONE_O_CLOCK) is None
    assert OrderTally().facts(["X"], NOON) == {}
    assert OrderTally().orders(NOON) is None


def test_of_a_long_incident_the_last_hour_is_held_against_the_hours_before_it_began() -> None:
    found = compare(series((10, 60), (1, 60), quarters=40), NOON, NOON + 9 * timedelta(hours=1))
    assert found is not None
    assert (found.minutes, found.usual, found.falls) == (60, 50.0, True)


def test_the_quarter_in_which_a_rise_began_counts_only_while_there_is_no_other() -> None:
    redeemed = series((10, 60), (0, 60))
    onset = NOON - timedelta(minutes=5)
    early, later = (compare(redeemed, onset, NOON + timedelta(minutes=minute)) for minute in (10, 20))
    assert early is not None
    assert later is not None
    assert (early.lately, later.lately) == (10, 0)


def test_an_order_that_is_stated_again_counts_once() -> None:
    tally = OrderTally()
    for _ in range(3):
        tally.add("o1", NOON, ["A", "a ", "B"])
    found = tally.facts(["A", "B", "C"], NOON)
    assert {code: one.redemptions.counts[-1] for code, one in found.items()} == {"a": 1, "b": 1, "c": 0}
    assert found["a"].orders.counts[-1] == 1


def test_memory_stays_bounded_whatever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redemptions, "CODES_A_QUARTER", 50)
    monkeypatch.setattr(redemptions, "IDS", 100)
    tally = OrderTally()
    for index in range(5_000):
        at = NOON + timedelta(minutes=index)
        tally.add(f"o{index}", at, ["SOMMER25", f"ONCE-{index}"])
    assert len(tally._orders) <= KEPT
    assert all(len(codes) <= 50 for codes in tally._codes.values())
    assert len(tally._ids) <= 100
    assert tally.facts(["sommer25"], at)["sommer25"].redemptions.counts[-2] == 15


def test_a_quarter_with_too_many_codes_forgets_those_redeemed_once_and_keeps_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redemptions, "CODES_A_QUARTER", 50)
    tally = OrderTally()
    for index in range(500):
        tally.add(f"o{index}", NOON, ["SOMMER25" if index % 5 == 0 else f"ONCE-{index}"])
    assert tally.facts(["SOMMER25"], NOON)["sommer25"].redemptions.counts[-1] >= 98


def test_an_order_older_than_what_is_kept_is_left_out() -> None:
    tally = OrderTally()
    tally.add("new", NOON, [])
    tally.add("old", NOON - (KEPT + 1) * QUARTER, [])
    found = tally.orders(NOON)
    assert found is not None
    assert sum(found.counts) == 1


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 400)), max_size=60))
def test_the_order_in_which_orders_come_does_not_matter(orders: list[tuple[int, int]]) -> None:
    one, other = OrderTally(), OrderTally()
    for order, minute in orders:
        one.add(f"{order}-{minute}", NOON + timedelta(minutes=minute), [f"C{order % 3}"])
    for order, minute in reversed(orders):
        other.add(f"{order}-{minute}", NOON + timedelta(minutes=minute), [f"C{order % 3}"])
    at = NOON + timedelta(minutes=400)
    assert one.facts(["C0", "C1"], at) == other.facts(["C0", "C1"], at)


def test_contacts_are_stated_per_thousand_orders_only_where_orders_are_enough() -> None:
    assert per_thousand_orders(30, NOON, 60, Quarters(NOON, (250,) * 4)) == 30.0
    # Ten minutes of a quarter: two thirds of its orders.
    assert per_thousand_orders(10, NOON, 10, Quarters(NOON, (300,))) == pytest.approx(50.0)
    assert per_thousand_orders(30, NOON, 60, Quarters(NOON, (2,) * 4)) is None
    assert per_thousand_orders(30, NOON, 0, Quarters(NOON, (200,) * 4)) is None
