"""Numbers, times and the rule in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import language
from alerts.language import Language
from alerts.words import words


@dataclass(frozen=True)
class Change:
    """An alarm's figures, as the detector gives them."""

    window_minutes: int = 30
    observed: float = 42
    expected: float = 11.2
    lower: float = 5
    upper: float = 19
    score: float = 9.13
    bar: float = 6.5
    tested_uplift: float = 2.0
    previous_day: float | None = None


def test_the_rule_names_every_figure_that_decided_in_both_languages() -> None:
    assert language.rule(Change(), "de") == (
        "42 Tickets in 30 min, erwartet ~11 (5–19 in 95 % solcher Zeiträume ohne Ausschlag); "
        "Evidenz für einen Anstieg auf 2,0× oder mehr: 9,1, Schwelle 6,5"
    )
    assert language.rule(Change(), "en") == (
        "42 tickets in 30 min where ~11 are expected (5–19 in 95 % of such windows without a spike); "
        "evidence for a rise to 2.0× or more: 9.1, bar 6.5"
    )


YESTERDAY = [
    ("unknown: not a word of it", None, ""),
    ("the plain comparison", 23.3, "; +80 % against the same time yesterday (~23)"),
    ("fewer than yesterday", 50, "; −16 % against the same time yesterday (~50)"),
    (
        "beyond three times a factor, for nobody reads +691 %",
        6,
        "; 7.0× as many as at the same time yesterday (~6)",
    ),
    ("no sign without a meaning", 42.1, "; +0 % against the same time yesterday (~42)"),
    ("no division by zero", 0, "; none at the same time yesterday"),
]


@pytest.mark.parametrize(("rule", "previous_day", "words_"), YESTERDAY, ids=[row[0] for row in YESTERDAY])
def test_the_comparison_with_yesterday(rule: str, previous_day: float | None, words_: str) -> None:
    told = language.rule(replace(Change(), previous_day=previous_day), "en")
    assert told == language.rule(Change(), "en") + words_, rule


def test_yesterday_is_told_in_german() -> None:
    told = [language.rule(replace(Change(), previous_day=before), "de") for before in (23.3, 6, 0)]
    assert [rule.rsplit("; ", 1)[1] for rule in told] == [
        "+80 % gegenüber gestern zur selben Zeit (~23)",
        "7,0× so viele wie gestern zur selben Zeit (~6)",
        "gestern zur selben Zeit keines",
    ]


def test_a_time_is_told_in_the_zone_and_season() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    summer, winter = datetime(2026, 7, 1, 22, 30, tzinfo=UTC), datetime(2026, 1, 1, 22, 30, tzinfo=UTC)
    assert language.moment(summer, berlin, "de") == "02.07.2026, 00:30 CEST"
    assert language.moment(winter, berlin, "en") == "1 Jan 2026, 23:30 CET"


@given(st.floats(-1e9, 1e9), st.sampled_from(["de", "en"]), st.integers(0, 3))
def test_a_number_reads_back_as_itself(value: float, tongue: Language, digits: int) -> None:
    text = language.number(value, tongue, digits)
    swapped = text.translate(str.maketrans(",.", ".,")) if tongue == "de" else text
    assert float(swapped.replace(",", "")) == pytest.approx(value, abs=10.0**-digits)
    assert not swapped.startswith("-0") or float(swapped.replace(",", "")) != 0


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_an_interval_of_whole_tickets_never_gets_narrower(lower: float, width: float) -> None:
    low, high = language.span(lower, lower + width, "en").replace(",", "").split("–")
    assert int(low) <= lower
    assert int(high) >= lower + width


def test_german_and_english_have_the_same_places_to_fill() -> None:
    german, english = words("de"), words("en")
    for name in german.__slots__:
        one, other = getattr(german, name), getattr(english, name)
        if isinstance(one, str):
            assert {part.split("}")[0] for part in one.split("{")[1:]} == {
                part.split("}")[0] for part in other.split("{")[1:]
            }, name
        else:
            assert one.keys() == other.keys(), name
