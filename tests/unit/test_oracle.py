"""The oracle: an obvious slow one says the same, its run lengths are the exact ones, its bar means what it says."""

from __future__ import annotations

from math import lgamma, log

import numpy as np
import pytest

from detectors import oracle
from detectors.evaluate import admitted, false_alarms
from detectors.simulate import Channel, Life, Outage, Planted, simulate


def chances(mean: float, phi: float) -> list[float]:
    """NB1 probabilities of 0, 1, 2, ... until next to nothing is left."""
    size = mean / (phi - 1.0)
    found: list[float] = []
    while sum(found) < 1 - 1e-13:
        x = len(found)
        likelihood = lgamma(x + size) - lgamma(size) - lgamma(x + 1) - size * log(phi) + x * log(1 - 1 / phi)
        found.append(float(np.exp(likelihood)))
    return found


def weight(x: int, mean: float, phi: float, uplift: float) -> float:
    """Log-likelihood ratio of a count, as the docstring's formula has it."""
    r = mean / (phi - 1.0)
    return (
        lgamma(x + uplift * r) - lgamma(uplift * r) - lgamma(x + r) + lgamma(r) - (uplift - 1) * r * log(phi)
    )


def run_length(bar: float, *, mean: float, phi: float, uplift: float, true: float, cells: int = 400) -> float:
    """Exact mean run length from S = 0 (Brook & Evans 1972): a Markov chain on a grid of the evidence.

    Between grid points the probability is shared linearly, which makes a grid of some hundred points exact to
    a part in a thousand.
    """
    grid = np.linspace(0.0, bar, cells, endpoint=False)
    step = grid[1]
    move = np.zeros((cells, cells))
    for x, chance in enumerate(chances(true, phi)):
        landed = np.maximum(grid + weight(x, mean, phi, uplift), 0.0)
        inside = landed < bar
        low = np.minimum((landed[inside] / step).astype(int), cells - 1)
        part = landed[inside] / step - low
        rows = inside.nonzero()[0]
        np.add.at(move, (rows, low), chance * (1.0 - part))
        above = low + 1 < cells
        np.add.at(move, (rows[above], low[above] + 1), chance * part[above])
    return float(np.linalg.solve(np.eye(cells) - move, np.ones(cells))[0])


def drawn(rng: np.random.Generator, mean: float, phi: float, shape: tuple[int, int]) -> np.ndarray:
    return rng.poisson(rng.gamma(mean / (phi - 1.0), phi - 1.0, shape)).astype(np.uint16)


def watched(counts: np.ndarray, *, mean: float, phi: float, uplift: float) -> np.ndarray:
    flat = np.full(counts.shape, mean, np.float32)
    raised = np.full(counts.shape, uplift, np.float32)
    blind = np.zeros(len(counts), bool)
    return oracle.evidence(counts, flat, np.full(counts.shape[1], phi), raised, blind)


def test_an_obvious_slow_oracle_says_the_same() -> None:
    rng = np.random.default_rng(1)
    minutes, phi = 200, np.array([1.02, 1.5, 2.5])
    rate = rng.uniform(0.01, 3.0, (minutes, 3)).astype(np.float32)
    uplift = rng.choice([1.3, 3.0, 20.0], (minutes, 3)).astype(np.float32)
    counts = rng.poisson(rate * rng.choice([1, 3], (minutes, 3))).astype(np.uint16)
    blind = rng.random(minutes) < 0.1
    trace = oracle.evidence(counts, rate, phi, uplift, blind)
    for row in range(3):
        score = 0.0
        for minute in range(minutes):
            if blind[minute]:
                assert trace[minute, row] == -1.0
                continue
            mean, tested = float(rate[minute, row]), float(uplift[minute, row])
            score = max(0.0, score + weight(int(counts[minute, row]), mean, float(phi[row]), tested))
            assert trace[minute, row] == pytest.approx(score, abs=1e-4)


# shared/detection.md, section 2: mu 1, R 2, phi 1.5 and a mean time between false alarms of 43,200 minutes.
CASE = {"mean": 1.0, "phi": 1.5, "uplift": 2.0}
BAR = 8.4397
DELAY = 32.69


def test_its_run_lengths_are_the_exact_ones() -> None:
    assert run_length(BAR, **CASE, true=1.0) == pytest.approx(43_200, rel=0.01)
    assert run_length(BAR, **CASE, true=2.0) == pytest.approx(DELAY, rel=0.002)
    rng = np.random.default_rng(2)
    above = watched(drawn(rng, 2.0, 1.5, (400, 6000)), **CASE) >= BAR
    assert above.any(axis=0).all()
    delays = above.argmax(axis=0) + 1
    error = delays.std() / np.sqrt(len(delays))
    assert abs(delays.mean() - DELAY) < 3 * error
    assert error < 0.01 * DELAY

    minutes, series = 2500, 2500
    above = watched(drawn(rng, 1.0, 1.5, (minutes, series)), **CASE) >= BAR
    alarmed = above.any(axis=0)
    seen = np.where(alarmed, above.argmax(axis=0) + 1, minutes).sum()
    # Time until the first alarm is exponential but for the start from 0, which is worth about one delay.
    assert seen / alarmed.sum() == pytest.approx(43_200, rel=3 / np.sqrt(alarmed.sum()))
    assert alarmed.sum() > 100


def test_its_bar_is_exceeded_as_often_as_asked_on_weeks_that_did_not_set_it() -> None:
    life = Life(incidents=3.0, from_week=3, campaigns=2.0, outages=2.0)
    asked, alarms, weeks = 10.0, 0, 0
    for seed in range(2):
        channel = simulate(np.random.default_rng(seed), 40, 6, life)
        first, second = (oracle.know(channel, begin, 3 * oracle.WEEK) for begin in (0, 3 * oracle.WEEK))
        found = admitted(second.alerts(first.bar(asked)), channel.outages)
        alarms += len(false_alarms(channel.planted, found))
        weeks += 3
        assert first.false_alarms_per_week(first.bar(asked)) == pytest.approx(asked)
    assert alarms == pytest.approx(asked * weeks, rel=3 / np.sqrt(asked * weeks))


def test_it_looks_for_the_present_incident_or_else_the_next_one() -> None:
    incidents = [Planted(0, 100, 200, 5.0, "step", 1.0), Planted(0, 1000, 1100, 10.0, "step", 1.0)]
    nothing = np.zeros((1500, 2), np.uint16)
    channel = Channel(["low", "dense"], nothing, nothing, np.ones(2), incidents, [], [], [])
    sought = oracle._sought(channel, first=50)
    assert [sought[minute - 50, 0] for minute in (50, 229, 230, 1000, 1499)] == [5, 5, 10, 10, 10]
    assert (sought[:, 1] == 2.0).all()


def test_an_outage_and_its_burst_are_passed_over() -> None:
    channel = simulate(np.random.default_rng(4), 10, 2, Life(outages=8.0))
    knows = oracle.know(channel, 0, oracle.WEEK)
    assert channel.outages
    for outage in channel.outages:
        assert (knows.trace[outage.start : outage.settled] == -1.0).all()
        assert (knows.trace[outage.settled] >= 0.0).all()
    spans = [Outage(one.start, one.settled, one.settled) for one in channel.outages]
    assert not [
        alert for alert in knows.alerts(3.0) if any(span.start < alert.raised <= span.end for span in spans)
    ]


def test_too_short_a_channel_to_set_a_bar_is_said_to_be_one() -> None:
    with pytest.raises(ValueError, match="longer or a busier channel"):
        oracle.know(simulate(np.random.default_rng(1), 1, 1), 9000, 9000)
    with pytest.raises(ValueError, match="above 0"):
        oracle.Oracle(simulate(np.random.default_rng(1), 1, 1), 0, 0, np.zeros((1, 1)), 1.0, 1.0).bar(0.0)
