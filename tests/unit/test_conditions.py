"""The source as a whole: a silence and a rise of everything are stated, and told from single spikes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from alerts.language import Language
from alerts.records import Condition, Spike
from detectors.detector import DetectorSettings
from detectors.rows import FloatArray
from streams.events import Cell
from streams.stating import instant
from streams.surveillance import Surveillance

BEGIN = 29_600_000 // 1440 * 1440
WARM = 3 * 1440 + 600
NOW = BEGIN + WARM
RATES = np.geomspace(0.05, 0.8, 8)
REASONS = [f"reason {row}" for row in range(len(RATES))]
State = dict[str, Any]


@pytest.fixture(scope="module")
def warm() -> State:
    core = Surveillance(DetectorSettings(timezone="UTC"), min_customers=0)
    live(core, counts(WARM, 1.0, seed=1), BEGIN)
    return saved(core)


def counts(minutes: int, times: float | FloatArray, seed: int) -> FloatArray:
    return np.random.default_rng(seed).poisson(RATES * times, (minutes, len(RATES))).astype(float)


def live(core: Surveillance, made: FloatArray, first: int, *, alarms: bool = True) -> list[Spike | Condition]:
    for step, row in enumerate(made):
        for reason, count in zip(REASONS, row, strict=True):
            if count:
                core.add(Cell(reason, first + step, int(count), "", {}), partition=0, stamp=1)
    said: list[Spike | Condition] = []
    for spikes in core.close_until(first + len(made) - 1, alarms=alarms):
        said += [*core.stated(), *spikes]
    return said


def saved(core: Surveillance) -> State:
    rows = {reason: core.snapshot(reason) for reason in core.detector.reasons}
    return json.loads(json.dumps({"rows": rows, "closed": core.closed, "channel": core.channel()}))  # type: ignore[no-any-return]


def revive(state: State, language: Language = "en") -> Surveillance:
    core = Surveillance(DetectorSettings(timezone="UTC"), language=language, min_customers=0)
    for reason in sorted(state["rows"]):
        core.restore(reason, state["rows"][reason])
    core.recall(state["closed"], state["channel"])
    return core


def of(said: list[Spike | Condition]) -> list[Condition]:
    return [one for one in said if isinstance(one, Condition)]


def outage() -> FloatArray:
    """Ten ordinary minutes, forty of nothing, their backlog at once, two ordinary hours."""
    held = counts(40, 1.0, seed=3).sum(axis=0, keepdims=True)
    return np.concatenate([counts(10, 1.0, seed=2), np.zeros((40, 8)), held, counts(120, 1.0, seed=4)])


def peak() -> FloatArray:
    """Ten ordinary minutes, an hour and a half in which everything comes five times as often, two ordinary hours."""
    return np.concatenate([counts(10, 1.0, seed=2), counts(90, 5.0, seed=3), counts(120, 1.0, seed=4)])


def test_a_silent_source_is_stated_within_minutes_and_ends_when_the_backlog_has_settled(warm: State) -> None:
    said = live(revive(warm), outage(), NOW)
    assert not [one for one in said if isinstance(one, Spike)]
    conditions = of(said)
    assert {one.kind for one in conditions} == {"source_silent"}
    first, last = conditions[0], conditions[-1]
    assert abs((first.since - instant(NOW + 10)).total_seconds()) <= 120
    assert (first.raised_at - first.since).total_seconds() <= 30 * 60
    assert (first.observed, first.lower > 0, first.ended_at) == (0, True, None)
    assert first.expected > 10.0
    assert all((one.since, one.raised_at) == (first.since, first.raised_at) for one in conditions)
    assert last.ended_at is not None
    assert instant(NOW + 65) <= last.ended_at <= instant(NOW + 115)
    assert last.observed > 40


def test_the_busier_a_source_the_sooner_its_silence_is_told(warm: State) -> None:
    quiet = np.zeros((600, 8))
    found = []
    for times in (1.0, 6.0):
        core = revive(warm)
        live(core, counts(600, times, seed=7), NOW, alarms=False)
        (first, *_) = of(live(core, quiet, NOW + 600))
        found.append((first.raised_at - first.since).total_seconds())
    assert found[1] < found[0]


def test_a_silence_says_what_was_expected_again_as_it_goes_on(warm: State) -> None:
    core = revive(warm)
    conditions = of(live(core, np.zeros((600, 8)), NOW))
    expected = [one.expected for one in conditions]
    assert 3 < len(expected) < 60
    assert expected == sorted(expected)
    assert core.conditions() == conditions[-1:]


def test_what_rises_everywhere_is_stated_once_with_the_reasons_and_ends(warm: State) -> None:
    conditions = list(of(live(revive(warm), peak(), NOW)))
    assert {one.kind for one in conditions} == {"total_volume"}
    assert len({one.since for one in conditions}) == 1
    first, last = conditions[0], conditions[-1]
    assert instant(NOW + 5) <= first.since <= first.raised_at <= instant(NOW + 60)
    assert first.observed > first.upper >= first.expected
    assert len(first.contact_reasons) >= 3
    assert set(first.contact_reasons) <= set(REASONS)
    assert last.ended_at is not None
    assert last.ended_at <= instant(NOW + 180)
    assert [one.ended_at is None for one in conditions[:-1]] == [True] * (len(conditions) - 1)


@pytest.mark.parametrize("rows", [[7], [0, 7], [2, 4, 6]])
def test_a_few_floods_are_no_total_volume_however_large(warm: State, rows: list[int]) -> None:
    times = np.ones(8)
    times[rows] = 12.0
    made = np.concatenate([counts(10, 1.0, seed=2), counts(90, times, seed=3), counts(120, 1.0, seed=4)])
    said = live(revive(warm), made, NOW)
    assert {one.contact_reason for one in said if isinstance(one, Spike)} == {REASONS[row] for row in rows}
    assert not of(said)


def test_two_ordinary_days_state_nothing(warm: State) -> None:
    assert not of(live(revive(warm), counts(2 * 1440, 1.0, seed=11), NOW))


def test_learning_states_nothing(warm: State) -> None:
    assert not of(live(revive(warm), np.concatenate([outage(), peak()]), NOW, alarms=False))


@pytest.mark.parametrize("cut", [12, 35, 52, 60, 100, 140])
@pytest.mark.parametrize("story", [outage, peak], ids=["silence", "peak"])
def test_a_restart_states_the_same(warm: State, story: Any, cut: int) -> None:
    made = story()
    whole = revive(warm)
    truth = live(whole, made, NOW)
    core = revive(warm)
    said = live(core, made[:cut], NOW)
    core = revive(saved(core))
    said += live(core, made[cut:], NOW + cut)
    assert said == truth
    assert core.conditions() == whole.conditions()
    assert saved(core)["channel"] == saved(whole)["channel"]


@pytest.mark.parametrize(
    ("language", "silent", "total"),
    [
        ("de", "kein Ticket irgendeines Kontaktgrunds in ", "alle Kontaktgründe zusammen: "),
        ("en", "no ticket of any contact reason in ", "all contact reasons together: "),
    ],
)
def test_the_rule_is_in_the_readers_language(
    warm: State, language: Language, silent: str, total: str
) -> None:
    made = np.concatenate([outage(), peak()])
    rules = {one.kind: one.rule for one in of(live(revive(warm, language), made, NOW))}
    assert rules["source_silent"].startswith(silent)
    assert rules["total_volume"].startswith(total)


def test_a_condition_carries_the_course_with_its_onset_in_it(warm: State) -> None:
    for made in (outage(), peak()):
        for one in of(live(revive(warm), made, NOW)):
            course = one.course
            assert course is not None
            assert len(course.counts) == len(course.expected) <= 20
            assert course.begins_at < one.since
            assert (one.stated_at - course.begins_at).total_seconds() <= course.minutes * len(
                course.counts
            ) * 60
