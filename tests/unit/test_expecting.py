"""Answers change alerting: what is expected is not told again, what is worse is, and false alarms raise the bar."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from alerts.answer_effects import FALSE_ALARMS_MOST, Effects, effects
from alerts.language import Language
from alerts.records import Answer, AnswerKind, Campaign, CampaignLink, Incident, Spike
from detectors.detector import DetectorSettings
from detectors.rows import FloatArray
from streams.events import Cell
from streams.explain import explain
from streams.stating import instant
from streams.surveillance import Surveillance

BEGIN = 29_600_000 // 1440 * 1440
WARM = 3 * 1440 + 600
RATES = {"voucher": 0.5, "delivery": 0.3, "return": 0.1, "payment": 0.2}
BREAKS = BEGIN + WARM + 10
SETTINGS = DetectorSettings(timezone="UTC")
State = dict[str, Any]


@pytest.fixture(scope="module")
def warm() -> State:
    core = Surveillance(SETTINGS, min_customers=0)
    feed(core, ordinary(BEGIN, WARM, seed=1), BEGIN)
    return saved(core)


def ordinary(first: int, minutes: int, seed: int) -> FloatArray:
    rates = np.array(list(RATES.values()))
    return np.random.default_rng([seed, first]).poisson(rates, (minutes, len(RATES))).astype(float)


def rise(minutes: int, times: float, seed: int = 3) -> FloatArray:
    """Ordinary minutes in which vouchers come so many times as often."""
    counts = ordinary(BREAKS, minutes, seed)
    counts[:, 0] = np.random.default_rng([seed, 9]).poisson(RATES["voucher"] * times, minutes)
    return counts


def feed(core: Surveillance, counts: FloatArray, first: int) -> list[Spike]:
    for step, row in enumerate(counts):
        for reason, count in zip(RATES, row, strict=True):
            if count:
                core.add(Cell(reason, first + step, int(count), "", {}), partition=0, stamp=1)
    said = core.close_until(first + len(counts) - 1)
    return [spike for spikes in said for spike in spikes if spike.contact_reason == "voucher"]


def saved(core: Surveillance) -> State:
    rows = {reason: core.snapshot(reason) for reason in core.detector.reasons}
    return json.loads(json.dumps({"rows": rows, "closed": core.closed, "channel": core.channel()}))  # type: ignore[no-any-return]


def revive(state: State, answers: list[Effects] | None = None, **told: Any) -> Surveillance:
    held = answers if answers is not None else [Effects()]
    core = Surveillance(SETTINGS, min_customers=0, answered=lambda: held[0], **told)
    for reason in sorted(state["rows"]):
        core.restore(reason, state["rows"][reason])
    core.recall(state["closed"], state["channel"])
    return core


def answered(
    spike: Spike,
    kind: AnswerKind,
    at: int,
    *,
    links: Sequence[CampaignLink] = (),
    campaign_id: str | None = None,
    status: str = "open",
) -> Incident:
    return Incident(
        incident_id=f"ts-{spike.spike_id}",
        revision=2,
        status=status,  # type: ignore[arg-type]
        contact_reasons=[spike.contact_reason],
        spikes=[spike],
        opened_at=spike.raised_at,
        updated_at=spike.raised_at,
        observed=spike.observed,
        expected=spike.expected,
        excess=spike.excess,
        campaigns=list(links),
        answers=[Answer(incident_id="ts-1", kind=kind, by="U1", at=instant(at), campaign_id=campaign_id)],
    )


def states(spikes: Sequence[Spike]) -> list[str]:
    return [spike.state for spike in spikes if spike.state != "grown"]


def broken(warm: State, times: float = 5.0, **told: Any) -> tuple[Surveillance, list[Effects], int]:
    """A surveillance half an hour into a rise that somebody says is expected, its answers, and the next minute."""
    answers = [Effects()]
    core = revive(warm, answers, **told)
    feed(core, ordinary(BREAKS - 10, 10, seed=2), BREAKS - 10)
    said = feed(core, rise(30, times), BREAKS)
    assert states(said) == ["raised"]
    answers[0] = effects([answered(said[-1], "expected", BREAKS + 30)])
    return core, answers, BREAKS + 30


def test_an_expected_rise_clears_and_the_same_level_is_not_told_again(warm: State) -> None:
    core, _, now = broken(warm)
    said = feed(core, rise(600, 5.0, seed=4), now)
    assert states(said) == ["cleared"]
    assert said[-1].cleared_at is not None
    assert said[-1].cleared_at <= instant(now + 30)


def test_without_an_answer_the_same_rise_goes_on_being_told(warm: State) -> None:
    core, answers, now = broken(warm)
    answers[0] = Effects()
    assert states(feed(core, rise(600, 5.0, seed=4), now)) == []


@pytest.mark.parametrize("worse", [2.0, 3.0])
def test_a_worse_fault_than_expected_fires(warm: State, worse: float) -> None:
    core, _, now = broken(warm)
    feed(core, rise(240, 5.0, seed=4), now)
    said = feed(core, rise(240, 5.0 * worse, seed=5), now + 240)
    assert states(said)[:1] == ["raised"]
    assert said[0].onset >= instant(now + 220)
    assert said[0].expected > 4.0 * RATES["voucher"] * said[0].window_minutes


def test_a_rise_far_beyond_the_cap_is_not_hidden(warm: State) -> None:
    core, _, now = broken(warm, times=120.0)
    assert states(feed(core, rise(120, 120.0, seed=4), now)) == []


def test_when_tickets_are_back_to_usual_the_next_rise_is_told(warm: State) -> None:
    core, _, now = broken(warm)
    feed(core, rise(60, 5.0, seed=4), now)
    said = feed(core, rise(180, 1.0, seed=5), now + 60)
    assert states(said) == []
    said = feed(core, rise(60, 5.0, seed=6), now + 240)
    assert states(said) == ["raised"]
    assert said[0].expected < 3.0 * RATES["voucher"] * said[0].window_minutes


def test_nothing_is_told_when_an_expectation_ends_with_the_rise(warm: State) -> None:
    core, _, now = broken(warm)
    feed(core, rise(60, 5.0, seed=4), now)
    assert states(feed(core, rise(1800, 1.0, seed=5), now + 60)) == []


def test_an_expectation_without_a_campaign_ends_after_a_day(warm: State) -> None:
    core, _, now = broken(warm)
    feed(core, rise(1439, 5.0, seed=4), now)
    said = feed(core, rise(60, 5.0, seed=5), now + 1439)
    assert states(said) == ["raised"]


def campaign(ends: int) -> Campaign:
    return Campaign(
        id="c-1", name="Sale", starts_at=instant(BREAKS - 60), ends_at=instant(ends), expected_uplift=2.0,
        contact_reasons=["voucher"],
    )  # fmt: skip


def test_with_a_campaign_a_rise_may_come_back_until_it_ends(warm: State) -> None:
    sale = campaign(BREAKS + 2000)
    answers = [Effects()]
    core = revive(warm, answers, campaigns=lambda: [sale])
    feed(core, ordinary(BREAKS - 10, 10, seed=2), BREAKS - 10)
    said = feed(core, rise(30, 8.0), BREAKS)
    assert states(said) == ["raised"]
    # Announced twice the usual and found four times that: eight times are expected, not sixteen.
    answers[0] = effects([answered(said[-1], "expected", BREAKS + 30, campaign_id="c-1")])
    feed(core, rise(60, 8.0, seed=4), BREAKS + 30)
    expected = core.detector.expectation().mean[core.detector.reasons.index("voucher")]
    usual = RATES["voucher"]
    assert 5.0 * usual < expected < 12.0 * usual
    said = feed(core, rise(180, 2.0, seed=5), BREAKS + 90) + feed(core, rise(60, 8.0, seed=6), BREAKS + 270)
    assert states(said) in ([], ["raised"])


def test_another_answer_takes_an_expectation_back(warm: State) -> None:
    core, answers, now = broken(warm)
    feed(core, rise(60, 5.0, seed=4), now)
    (expected,) = answers[0].expected
    answers[0] = Effects(expected=(replaced(expected, until=instant(now + 60)),))
    assert states(feed(core, rise(60, 5.0, seed=5), now + 60)) == ["raised"]


def replaced(one: Any, **changes: Any) -> Any:
    import dataclasses

    return dataclasses.replace(one, **changes)


@pytest.mark.parametrize("restart", [30, 31, 47, 90, 200, 300])
def test_a_restart_within_an_expectation_says_the_same(warm: State, restart: int) -> None:
    story = np.concatenate([rise(120, 5.0, seed=4), rise(120, 1.0, seed=5), rise(120, 7.0, seed=6)])
    whole, _, now = broken(warm)
    truth = feed(whole, story, now)
    core, answers, _ = broken(warm)
    cut = restart - 30
    said = feed(core, story[:cut], now)
    core = revive(saved(core), answers)
    said += feed(core, story[cut:], now + cut)
    assert said == truth
    assert saved(core) == saved(whole)


def false_alarms(count: int, at: int) -> Effects:
    """So many false alarms of vouchers, at an instant."""
    spike = Spike(
        spike_id="s", contact_reason="voucher", state="cleared", onset=instant(at), raised_at=instant(at),
        window_minutes=1, observed=3, expected=1.0, lower=0.0, upper=2.0, uplift=3.0, excess=2.0, customers=3,
        score=9.0, rule="",
    )  # fmt: skip
    incidents = [
        answered(replaced_id(spike, number), "false_alarm", at, status="resolved") for number in range(count)
    ]
    return effects(incidents)


def replaced_id(spike: Spike, number: int) -> Spike:
    import msgspec

    return msgspec.structs.replace(spike, spike_id=f"s-{number}")


def bar(core: Surveillance) -> float:
    return core.detector.verdict("voucher").bar


def test_a_false_alarm_raises_the_bar_fades_and_is_bounded(warm: State) -> None:
    found: Mapping[str, float] = {}
    for name, answers in {
        "none": Effects(),
        "one": false_alarms(1, BREAKS - 60),
        "weeks ago": false_alarms(1, BREAKS - 28 * 1440),
        "many": false_alarms(20, BREAKS - 60),
    }.items():
        core = revive(warm, [answers])
        feed(core, ordinary(BREAKS - 10, 10, seed=2), BREAKS - 10)
        found = {**found, name: bar(core)}
        assert core.detector.verdict("delivery").bar == pytest.approx(core.detector.verdict("delivery").bar)
    assert found["one"] - found["none"] == pytest.approx(1.5, abs=0.02)
    assert found["weeks ago"] - found["none"] == pytest.approx(0.375, abs=0.02)
    assert found["many"] - found["none"] == pytest.approx(FALSE_ALARMS_MOST)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "; its bar is raised since a false alarm on {} April, by 1.5"),
        ("de", "; seine Schwelle ist seit einem Fehlalarm am {}. April um 1,5 angehoben"),
    ],
)
def test_the_next_alert_after_a_false_alarm_says_so(warm: State, language: Language, words: str) -> None:
    at = BREAKS - 60
    core = revive(warm, [false_alarms(1, at)], language=language)
    feed(core, ordinary(BREAKS - 10, 10, seed=2), BREAKS - 10)
    said = feed(core, rise(30, 6.0), BREAKS)
    assert states(said) == ["raised"]
    assert words.format(instant(at).day) in said[0].rule
    plain = revive(warm)
    feed(plain, ordinary(BREAKS - 10, 10, seed=2), BREAKS - 10)
    without = feed(plain, rise(30, 6.0), BREAKS)
    assert "raised" not in without[0].rule
    assert "angehoben" not in without[0].rule
    assert without[0].raised_at <= said[0].raised_at
    assert said[0].raised_at - without[0].raised_at <= timedelta(minutes=10)


def test_the_open_minutes_know_of_a_raised_bar_too(warm: State) -> None:
    found = []
    for answers in (Effects(), false_alarms(20, BREAKS - 60)):
        core = revive(warm, [answers])
        feed(core, ordinary(BREAKS - 10, 10, seed=2), BREAKS - 10)
        said: list[Spike] = []
        tickets = 0
        while not said:
            tickets += 1
            core.add(Cell("voucher", BREAKS, tickets, "", {}), partition=0, stamp=tickets)
            said = core.running(BREAKS * 60 + 59.0)
        found.append(tickets)
    assert found[0] < found[1] <= found[0] + 6


def test_explain_names_what_answers_expect_and_raise(warm: State) -> None:
    core, answers, now = broken(warm)
    answers[0] = Effects(answers[0].expected, false_alarms(2, BREAKS - 60).false_alarms)
    feed(core, rise(30, 5.0, seed=4), now)
    told = explain(core, "voucher", campaigns=(), min_customers=0, customers={})
    assert any(gate.startswith("people have answered that the rise is expected: ") for gate in told.gates)
    assert any(
        "its bar is raised by 3.0 since 2 false alarms, the last on 2026-04-" in gate for gate in told.gates
    )
    assert explain(core, "return", campaigns=(), min_customers=0, customers={}).gates == []
