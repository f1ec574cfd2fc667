"""The pure core of watch: statements may repeat, overtake each other and be read again; spikes stay the same."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.language import Language
from alerts.records import Spike
from detectors.detector import DetectorSettings
from streams.customers import pack
from streams.events import Cell
from streams.surveillance import Surveillance

BEGIN = 29_600_000 // 1440 * 1440
SETTINGS = DetectorSettings(timezone="UTC")
DAYS = 4
BREAKS = BEGIN + 3 * 1440 + 600


def cells(seed: int = 1) -> list[Cell]:
    """Three reasons over four days; on the fourth the voucher fails in Safari for an hour."""
    rng = random.Random(seed)
    made = []
    for minute in range(BEGIN, BEGIN + DAYS * 1440):
        for reason, rate in (("voucher", 0.1), ("delivery", 0.2), ("return", 0.05)):
            broken = reason == "voucher" and BREAKS <= minute < BREAKS + 60
            count = sum(rng.random() < rate for _ in range(1)) + (2 if broken else 0)
            if count:
                browser = "Safari" if broken else rng.choice(["Chrome", "Firefox", "Safari", "Edge"])
                customers = pack(rng.getrandbits(64) for _ in range(count))
                made.append(Cell(reason, minute, count, customers, {"browser": {browser: count}}))
    return made


def watch(made: list[Cell], core: Surveillance | None = None) -> list[Spike]:
    core = core or Surveillance(SETTINGS)
    for cell in made:
        core.add(cell, partition=0, stamp=1)
    return [spike for said in core.close_until(BEGIN + DAYS * 1440 - 1) for spike in said]


@cache
def told() -> tuple[Spike, ...]:
    """What is said of the four days; the same each time, so it is worked out once."""
    return tuple(watch(cells()))


@cache
def told_of_devices() -> tuple[Spike, ...]:
    """The same with devices."""
    return tuple(watch(with_devices(cells())))


def last(spikes: Iterable[Spike]) -> dict[str, Spike]:
    return {spike.spike_id: spike for spike in spikes}


def test_a_spike_says_since_when_how_many_and_what_stands_out() -> None:
    raised = [spike for spike in told() if spike.contact_reason == "voucher" and spike.state == "raised"]
    assert len(raised) == 1
    spike = raised[0]
    assert BREAKS <= int(spike.raised_at.timestamp() // 60) <= BREAKS + 10
    assert spike.lower <= spike.expected <= spike.upper < spike.observed
    assert spike.customers == spike.observed
    assert [(driver.facet, driver.value) for driver in spike.drivers] == [("browser", "Safari")]
    assert spike.drivers[0].usual_share < 0.5 < spike.drivers[0].share


def with_devices(made: list[Cell]) -> list[Cell]:
    """The same cells on devices: what breaks in Safari breaks on iPads, a third of Safari's usual devices."""
    rng = random.Random(4)
    found = []
    for cell in made:
        (browser,) = cell.facets["browser"]
        broken = cell.contact_reason == "voucher" and BREAKS <= cell.minute < BREAKS + 60
        safari = "iPad" if broken else rng.choice(["iPad", "iPhone", "Mac"])
        device = safari if browser == "Safari" else "Windows"
        found.append(msgspec.structs.replace(cell, facets={**cell.facets, "device": {device: cell.count}}))
    return found


def test_a_broken_device_is_named_without_the_browser_that_it_always_has() -> None:
    named = {
        (driver.facet, driver.value)
        for spike in told_of_devices()
        if spike.contact_reason == "voucher"
        for driver in spike.drivers
    }
    assert named == {("device", "iPad")}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "; gleichmäßig über alle Browser verteilt"),
        ("en", "; spread evenly over all browsers"),
    ],
)
def test_that_all_browsers_have_their_part_is_said_only_then(language: Language, said: str) -> None:
    rng = random.Random(2)
    browsers = ["Chrome", "Firefox", "Safari", "Edge"]
    even = [
        msgspec.structs.replace(cell, facets={"browser": Counter(rng.choices(browsers, k=cell.count))})
        for cell in cells()
    ]
    for made, is_even in ((even, True), (cells(), False)):
        core = Surveillance(SETTINGS, language=language)
        story = [spike for spike in watch(made, core) if spike.contact_reason == "voucher"]
        assert story[-1].rule.endswith(said) is is_even
        assert bool(story[-1].drivers) is not is_even


def test_a_spike_keeps_its_id_and_onset_until_it_is_cleared() -> None:
    story = [spike for spike in told() if spike.contact_reason == "voucher"]
    assert (story[0].state, story[-1].state) == ("raised", "cleared")
    assert len({(spike.spike_id, spike.onset, spike.raised_at) for spike in story}) == 1


def test_a_late_cell_is_counted_as_late_and_changes_nothing() -> None:
    core = Surveillance(SETTINGS)
    spikes = watch(cells(), core)
    assert core.add(Cell("voucher", BEGIN + 5, 1000, "", {}), partition=0, stamp=9) is False
    assert core.late == 1
    assert last(spikes) == last(told())


@pytest.mark.parametrize("restart", [BREAKS - 300, BREAKS + 2, BREAKS + 30, BREAKS + 200])
def test_a_restart_from_a_snapshot_says_the_same(restart: int) -> None:
    made = with_devices(cells())
    whole = last(told_of_devices())
    first = Surveillance(SETTINGS)
    for cell in made:
        if cell.minute <= restart:
            first.add(cell, partition=0, stamp=1)
    said = [spike for spikes in first.close_until(restart) for spike in spikes]
    rows: dict[str, Any] = {
        reason: json.loads(json.dumps(first.snapshot(reason))) for reason in first.detector.reasons
    }
    second = Surveillance(SETTINGS)
    for reason in sorted(rows):
        second.restore(reason, rows[reason])
    for cell in made:
        if cell.minute > restart - 1440:
            second.add(cell, partition=0, stamp=1)
    second.recall(restart, json.loads(json.dumps(first.detector.channel())))
    said += second.restate()
    said += [spike for spikes in second.close_until(BEGIN + DAYS * 1440 - 1) for spike in spikes]
    assert last(said) == whole


@cache
def told_of_the_last_day() -> dict[str, Spike]:
    """What is said of the day before the break and of it, where each statement comes once and in order."""
    plain = Surveillance(SETTINGS)
    for cell in cells():
        if cell.minute >= BREAKS - 1440:
            plain.add(cell, partition=0, stamp=5)
    return last(spike for said in plain.close_until(BREAKS + 100) for spike in said)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_repeated_and_overtaken_statements_change_nothing(seed: int) -> None:
    rng = random.Random(seed)
    made = [cell for cell in cells() if cell.minute >= BREAKS - 1440]
    core = Surveillance(SETTINGS)
    statements = [(cell, 5) for cell in made]
    # Older statements of the same cells knew less.
    statements += [(Cell(cell.contact_reason, cell.minute, 1, "", {}), rng.randrange(1, 5)) for cell in made]
    statements += rng.sample(statements, k=50)
    rng.shuffle(statements)
    for cell, stamp in statements:
        core.add(cell, partition=0, stamp=stamp)
    assert (
        last([spike for said in core.close_until(BREAKS + 100) for spike in said]) == told_of_the_last_day()
    )


def test_a_baseline_learnt_before_the_first_minute_spares_the_warming_up() -> None:
    teacher = Surveillance(SETTINGS)
    history = [cell for cell in cells() if cell.minute < BEGIN + 3 * 1440]
    for cell in history:
        teacher.add(cell, partition=0, stamp=1)
    assert not [said for spikes in teacher.close_until(BEGIN + 3 * 1440 - 1, alarms=False) for said in spikes]
    core = Surveillance(SETTINGS)
    for reason in teacher.detector.reasons:
        core.adopt(reason, json.loads(json.dumps(teacher.snapshot(reason))))
    now = BEGIN + 3 * 1440
    core.add(Cell("voucher", now, 1, "", {}), partition=0, stamp=1)
    assert list(core.close_until(now)) == [[]]
    assert core.detector.verdict("voucher").state == "NORMAL"


def test_a_spike_held_back_for_too_few_customers_is_stated_again_when_it_reaches_them() -> None:
    core = Surveillance(SETTINGS, min_customers=3)
    one_customer = pack([1])
    story = []
    for cell in cells():
        if BREAKS <= cell.minute < BREAKS + 20 and cell.contact_reason == "voucher":
            cell = Cell(cell.contact_reason, cell.minute, cell.count, one_customer, cell.facets)
        core.add(cell, partition=0, stamp=1)
    for said in core.close_until(BREAKS + 60):
        story += [spike for spike in said if spike.contact_reason == "voucher"]
    below = [spike for spike in story if spike.customers < 3]
    assert below
    assert story[len(below)].customers == 3


def test_a_ticket_of_long_ago_does_not_teach_that_nobody_ever_writes() -> None:
    made = cells()
    core = Surveillance(SETTINGS)
    stray = Cell("voucher", BEGIN - 30 * 1440, 1, "", {})
    core.add(stray, partition=0, stamp=1)
    with_stray = last(watch(made, core))
    plain = last(watch(made))
    assert with_stray.keys() == plain.keys()
    assert core.closed == BEGIN + DAYS * 1440 - 1


def test_empty_hours_at_the_very_beginning_close_the_same_however_the_log_was_cut() -> None:
    made = [Cell("voucher", BEGIN, 1, "", {}), *(cell for cell in cells() if cell.minute >= BEGIN + 1000)]
    whole = last(watch(made))
    core = Surveillance(SETTINGS)
    story: list[Spike] = []
    for cell in made:
        # The watermark creeps, so that most closings come before the next cell is known.
        story += [spike for said in core.close_until(cell.minute - 1) for spike in said]
        core.add(cell, partition=0, stamp=1)
    story += [spike for said in core.close_until(BEGIN + DAYS * 1440 - 1) for spike in said]
    assert last(story) == whole


def test_a_spike_of_the_running_minute_counts_only_its_own_minutes() -> None:
    core = Surveillance(SETTINGS)
    now = BREAKS + 3
    made = [cell for cell in cells() if BREAKS - 1440 <= cell.minute < BREAKS - 40]
    # As after a start: three quarters of an hour are still open, with people who wrote before anything broke.
    early = [
        Cell("voucher", minute, 1, pack([minute]), {"browser": {"Chrome": 1}})
        for minute in range(BREAKS - 40, now - 1, 2)
    ]
    flood = Cell("voucher", now, 40, pack(range(1, 41)), {"browser": {"Safari": 40}})
    for cell in [*made, *early, flood]:
        core.add(cell, partition=0, stamp=1)
    assert [spike for said in core.close_until(BREAKS - 41) for spike in said] == []
    [spike] = core.running((now + 1) * 60.0 - 1)
    assert (spike.contact_reason, spike.state) == ("voucher", "raised")
    assert int(spike.onset.timestamp() // 60) == now
    assert spike.observed == spike.customers == 40
    assert [(driver.facet, driver.value) for driver in spike.drivers] == [("browser", "Safari")]
