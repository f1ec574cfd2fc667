"""Distinct customers: exact while few, merged without double counting, never readable."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.customers import EXACT, estimate, merge, pack, pseudonymiser

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
