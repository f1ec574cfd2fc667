"""What `make bench` makes of its runs: ratios over pairs, percentiles, and whether what is asked was reached."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import latency, report, tickets
from benchmarks.measure import Run


def test_a_ratio_is_taken_pair_by_pair_so_that_a_slow_moment_hits_both() -> None:
    product = [Run(100, 1.0, 1.0), Run(100, 3.0, 3.0), Run(100, 1.0, 1.0)]
    loop = [Run(100, 0.5, 0.25), Run(100, 1.5, 0.75), Run(100, 0.5, 0.3)]
    found = report.compare(product, loop, "loop", asked=0.25)
    assert found.by_cpu.median == pytest.approx(0.25)
    assert (found.by_rate.least, found.by_rate.most) == (0.5, 0.5)
    assert found.reached


def test_ways_with_fewer_tickets_are_compared_by_what_one_ticket_costs() -> None:
    found = report.compare([Run(1000, 10.0, 10.0)], [Run(10, 1.0, 1.0)], "slow", asked=20)
    assert found.by_cpu.median == pytest.approx(10)
    assert not found.reached


@pytest.mark.parametrize(("share", "expected"), [(0.5, 30), (0.99, 60), (1 / 60, 1)])
def test_a_percentile_is_one_of_the_values(share: float, expected: int) -> None:
    assert report.percentile(range(1, 61), share) == expected


def result(*seconds: float | None) -> latency.AtRate:
    floods = [latency.Flood(f"quiet {index}", spread=True, seconds=one) for index, one in enumerate(seconds)]
    told = [max(0.0, one) for one in seconds if one is not None]
    return latency.AtRate(
        rate=200,
        floods=floods,
        p50=report.percentile(told, 0.5),
        p99=report.percentile(told, 0.99),
        worst=max(told),
        early=sum(one is not None and one < 0 for one in seconds),
        missed=sum(one is None for one in seconds),
        other_messages=0,
        tickets=0,
    )


def test_a_flood_that_nobody_was_told_of_fails_the_bench_however_quick_the_others_were() -> None:
    assert result(0.4, -0.3, 2.9).reached
    assert not result(0.4, None, 0.5).reached
    assert not result(0.4, 3.1, 0.5).reached


def test_tickets_are_seeded_and_of_the_size_that_the_page_tells() -> None:
    first = list(tickets.tickets(2000, seed=4, until=1_800_000_000.0))
    assert first == list(tickets.tickets(2000, seed=4, until=1_800_000_000.0))
    assert 335 <= sum(len(value) for *_, value in first) / 2000 <= 365
    repeats = 2000 - len({ticket_id for ticket_id, *_ in first})
    assert 20 <= repeats <= 60
