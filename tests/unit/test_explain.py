"""Why there is, or is not, an alert."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from alerts.records import Campaign
from detectors.detector import DetectorSettings
from streams.customers import pack
from streams.events import Cell
from streams.explain import Explanation, explain, sentences, unknown
from streams.stating import instant
from streams.surveillance import Surveillance

FIRST = 29_671_200  # 2026-06-01T00:00:00Z
QUIET = 3 * 1440


def explained(*, burst: int = 0, customers: int = 30, quiet: int = QUIET, uplift: float = 1.0) -> Explanation:
    """A few quiet days, and then ten minutes with so many tickets each."""
    rng = random.Random(5)
    end = FIRST + quiet + 10
    sale = Campaign(
        id="1",
        name="Sale",
        starts_at=instant(FIRST),
        ends_at=instant(end) + timedelta(days=1),
        expected_uplift=uplift,
    )
    held = Surveillance(DetectorSettings(timezone="UTC"), campaigns=lambda: [sale])
    packed: dict[int, list[str]] = {}
    for minute in range(FIRST, end):
        late = minute >= FIRST + quiet
        count = int(rng.random() < 0.1) + (burst if late else 0)
        if count:
            numbers = [rng.randrange(customers) for _ in range(count)] if late else [minute]
            packed[minute] = [pack(numbers)]
            held.add(Cell("voucher", minute, count, packed[minute][0], {}), partition=0, stamp=minute)
    for _ in held.close_until(end - 1):
        pass
    return explain(held, "voucher", campaigns=[sale], min_customers=3, customers=packed)


def test_a_quiet_reason_says_that_its_count_is_usual() -> None:
    one = explained()
    assert (one.alert, one.state, one.spike) == (False, "NORMAL", None)
    assert one.lower <= one.observed <= one.upper
    assert one.score < one.bar
    assert one.because == "The count lies within what is usual."
    assert one.until == instant(FIRST + QUIET + 10)


def test_a_spike_says_its_rule_and_that_it_alerts() -> None:
    one = explained(burst=3)
    assert (one.alert, one.state, one.gates) == (True, "SPIKE", [])
    assert one.observed > one.upper
    assert one.customers > 3
    text = "\n".join(sentences(one))
    assert "voucher: ALERT (SPIKE)" in text
    assert f"{one.observed} tickets" in text
    assert one.spike is not None
    assert one.spike.rule in text


def test_one_angry_customer_is_held_back_and_the_gate_is_named() -> None:
    one = explained(burst=3, customers=1)
    assert (one.alert, one.state) == (False, "SPIKE")
    assert [gate for gate in one.gates if "TICKETSPIKE_MIN_CUSTOMERS" in gate]
    assert "held back" in one.because


def test_a_reason_that_is_warming_up_says_so_and_gives_no_verdict() -> None:
    one = explained(quiet=120)
    assert (one.alert, one.state) == (False, "WARMING_UP")
    assert any("only a gross spike alerts" in gate for gate in one.gates)


def test_an_announced_campaign_raises_the_expectation_and_is_named() -> None:
    one, plain = explained(uplift=3.0), explained()
    assert one.announced_uplift == 3.0
    assert any("3.00 times the usual" in gate for gate in one.gates)
    assert plain.gates == []
    assert "Coincides with: Sale." in sentences(one)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("delivry", "the nearest contact reasons are: delivery late"),
        ("late", "the nearest contact reasons are: delivery late"),
        ("zzz", "contact reasons are, among others: delivery late, voucher"),
    ],
)
def test_an_unknown_reason_names_the_nearest_known_ones(asked: str, says: str) -> None:
    assert says in str(unknown(asked, ["voucher", "delivery late"]))


def test_before_anything_was_counted_there_is_a_way_on() -> None:
    assert "ticketspike worker" in str(unknown("x", []))
