"""Distinct customers: exact while few, merged without double counting, never readable."""

from __future__ import annotations

import hmac
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ticket_logs import Record

from streams.counting import PartitionCounts
from streams.customers import EXACT, Sketch, estimate, merge, pack, pseudonymiser

NUMBERS = st.integers(0, 2**64 - 1)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_pseudonym_is_the_librarys_hmac_sha256(key: str, customer: str) -> None:
    try:
        expected = int.from_bytes(hmac.digest(key.encode(), customer.encode(), "sha256")[:8])
    except UnicodeEncodeError:
        return
    assert pseudonymiser(key)(customer) == expected


@given(st.sets(NUMBERS, max_size=EXACT))
def test_a_small_set_is_counted_exactly(numbers: set[int]) -> None:
    assert estimate(pack(numbers)) == len(numbers)


@given(st.lists(st.sets(NUMBERS, max_size=15), max_size=4))
def test_merging_counts_the_union_in_any_order(sets: list[set[int]]) -> None:
    packed = [pack(one) for one in sets]
    assert estimate(merge(packed)) == len(set().union(*sets))
    assert merge(packed) == merge(reversed(packed))


@pytest.mark.parametrize("size", [65, 1000, 100_000])
def test_a_large_set_is_estimated_within_three_standard_errors(size: int) -> None:
    pseudonym = pseudonymiser("seed")
    packed = pack(pseudonym(f"customer-{number}") for number in range(size))
    assert abs(estimate(packed) / size - 1) < 3 * 0.033


def test_a_sketch_and_a_set_merge() -> None:
    pseudonym = pseudonymiser("seed")
    many = pack(pseudonym(f"customer-{number}") for number in range(500))
    few = pack(pseudonym(f"customer-{number}") for number in range(490, 520))
    assert abs(estimate(merge([many, few])) / 520 - 1) < 0.1


def test_a_packed_cell_stays_small_however_many_customers_wrote() -> None:
    pseudonym = pseudonymiser("seed")
    assert len(pack(pseudonym(f"customer-{number}") for number in range(50_000))) < 1200


PEOPLE = st.sets(st.integers(0, 40), max_size=25)


@given(st.lists(PEOPLE, max_size=3), st.lists(PEOPLE, min_size=1, max_size=3), st.lists(PEOPLE, max_size=3))
def test_a_window_that_spans_one_end_of_a_change_of_keys_counts_everybody_once(
    before: list[set[int]], meanwhile: list[set[int]], after: list[set[int]]
) -> None:
    old, both, new = pseudonymiser("old"), pseudonymiser("new", "old"), pseudonymiser("new")

    def packed(of: Callable[[str], int], cells: list[set[int]]) -> list[str]:
        return [pack(of(str(person)) for person in cell) for cell in cells]

    during = packed(both, meanwhile)
    begins, ends = [*packed(old, before), *during], [*during, *packed(new, after)]
    assert estimate(merge(begins)) == len(set().union(*before, *meanwhile))
    assert estimate(merge(ends)) == len(set().union(*meanwhile, *after))
    # Merging what was merged says the same.
    assert estimate(merge([merge(begins[:2]), merge(begins[2:])])) == estimate(merge(begins))


@pytest.mark.parametrize("size", [65, 5000])
def test_many_customers_of_two_keys_are_sketched_by_either(size: int) -> None:
    both, new = pseudonymiser("new", "old"), pseudonymiser("new")
    sketch = Sketch()
    sketch.add(both(f"customer-{number}") for number in range(size))
    people = pack(both(f"customer-{number}") for number in range(size))
    # Not the same to the byte: a sketch remembers a little of the order.
    assert abs(estimate(sketch.packed()) / size - 1) < 3 * 0.033
    assert abs(estimate(people) / size - 1) < 3 * 0.033
    again = pack(new(f"customer-{number}") for number in range(size))
    assert abs(estimate(merge([people, again])) / size - 1) < 3 * 0.033


def test_a_flood_in_one_minute_is_stated_by_both_keys_while_they_change() -> None:
    ticket = '{"id":"%d","created_at":"2026-06-01T10:00:30Z","contact_reason":"voucher","customer":"%d"}'
    records = [
        Record(number, 1780308031_000, (ticket % (number, number % 300)).encode()) for number in range(600)
    ]
    stated = []
    for pseudonym in (pseudonymiser("old"), pseudonymiser("new", "old"), pseudonymiser("new")):
        counts = PartitionCounts(0, pseudonym)
        assert not counts.feed(records)
        [cell] = counts.statement(watermark=None, drained=False, partitions=1).cells
        stated.append(cell.customers)
    old, both, new = stated
    for some in ([old, both], [both, new]):
        assert abs(estimate(merge(some)) / 300 - 1) < 0.1
    assert estimate(merge([old, new])) > 500
