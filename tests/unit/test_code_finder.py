"""Codes are found in what customers write, as they type them, and not where none is meant."""

from __future__ import annotations

from collections import Counter

import pytest
from code_texts import CODES, texts
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.code_finder import CodeFinder, fold

UNSEEN = 91_700
"""Nothing was tuned on this seed."""
FINDER = CodeFinder(CODES)


def test_of_2000_texts_the_codes_are_found_and_hardly_anything_else() -> None:
    made = texts(UNSEEN, 2000)
    found = [FINDER.find(one.text) for one in made]
    meant = sum(len(one.codes) for one in made)
    right = sum(code in one.codes for one, codes in zip(made, found, strict=True) for code in codes)
    missed = Counter(
        one.typo for one, codes in zip(made, found, strict=True) if not set(one.codes) <= set(codes)
    )
    assert right / meant >= 0.95, missed
    wrong = [
        (one.text, codes) for one, codes in zip(made, found, strict=True) if not set(codes) <= set(one.codes)
    ]
    assert right / max(1, sum(map(len, found))) >= 0.98, wrong[:5]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("SOMMER25 und welcome10 gehen nicht", ["SOMMER25", "WELCOME10"]),
        ("sommer25", ["SOMMER25"]),
        ("Code: S O M M E R 2 5", ["SOMMER25"]),
        ("code SOMMER\u00ad25\u200b.", ["SOMMER25"]),
        ("Mit Sommer 25 % gespart, Gutschein kam an", []),
        ("SOMMER24 geht nicht, welcher Code gilt?", []),
        ("SOMMER255 als Code eingegeben", []),
        ("XSOMMER25X", []),
        ("freeship", []),
        ("Is there free shipping with a voucher?", []),
        ("", []),
    ],
)
def test_single_texts(text: str, codes: list[str]) -> None:
    assert FINDER.find(text) == codes


def test_of_codes_that_look_alike_only_the_one_that_is_typed_is_meant() -> None:
    finder = CodeFinder(["CODE10", "CODEIO"])
    assert finder.find("Voucher code10") == ["CODE10"]
    assert finder.find("Voucher CODEIO") == ["CODEIO"]
    assert finder.find("Voucher C0DE1O") == []


def test_a_code_of_digits_needs_the_word_for_it_right_beside() -> None:
    finder = CodeFinder(["2026"])
    assert finder.find("Der Code 2026 geht nicht") == ["2026"]
    assert (
        finder.find("Am 3.1.2026 bestellt, bis heute nichts da, und einen Gutschein gab es auch nicht") == []
    )


@given(st.text(max_size=300), st.lists(st.text(max_size=12), max_size=5))
def test_any_text_and_any_codes_are_taken(text: str, codes: list[str]) -> None:
    found = CodeFinder(codes).find(text)
    assert set(found) <= set(codes)
    assert all(fold(code) for code in found)


def test_ten_thousand_codes_and_a_long_text_take_no_time_worth_speaking_of() -> None:
    finder = CodeFinder([f"CODE{number:05}" for number in range(10_000)])
    text = "Der Gutschein " * 5000 + "CODE00042"
    assert finder.find(text) == []
    assert finder.find(text[-2000:]) == ["CODE00042"]
