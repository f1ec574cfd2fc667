"""Baselines from history: what is learnt, versioned and taken back."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from alerts.records import Campaign
from detectors.detector import DetectorSettings
from streams.events import BaselineRecord, Cell
from streams.history import read_history
from streams.learning import decode_baselines, learn, publishable, taken_back
from streams.surveillance import Surveillance

DAY, DAYS = 1440, timedelta(days=1)
FIRST = 29_671_200  # 2026-06-01T00:00:00Z
NOW = datetime(2026, 7, 1, tzinfo=UTC)
UTC_DETECTOR = DetectorSettings(timezone="UTC")


def history_file(path: Path, *, bad_day: int = 0) -> Path:
    """Four days of one contact reason, with so many tickets a minute more on the third."""
    rng = random.Random(3)
    lines = ["bucket_start,contact_reason,count"]
    for minute in range(4 * DAY):
        at = datetime.fromtimestamp((FIRST + minute) * 60, UTC)
        count = int(rng.random() < 0.2) + (bad_day if minute // DAY == 2 else 0)
        lines.append(f"{at.isoformat()},voucher,{count}")
    path.write_text("\n".join(lines) + "\n")
    return path


def learnt(
    path: Path, *excluded: tuple[int, int], campaigns: tuple[Campaign, ...] = ()
) -> dict[str, dict[str, object]]:
    history = read_history(
        [path], pairs=(), zone=None, facets=(), horizon_hours=48, max_reasons=10, refuse=lambda *_: None
    )
    found = learn(history, UTC_DETECTOR, excluded=excluded, advance=lambda _minute: None, campaigns=campaigns)
    assert found.minutes == 4 * DAY - sum(end - begin for begin, end in excluded)
    return found.baselines


def test_an_excluded_period_counts_as_not_observed(tmp_path: Path) -> None:
    third_day = (FIRST + 2 * DAY, FIRST + 3 * DAY)
    usual = learnt(history_file(tmp_path / "usual.csv"), third_day)
    bad = learnt(history_file(tmp_path / "bad.csv", bad_day=3), third_day)
    assert bad == usual
    assert learnt(tmp_path / "bad.csv") != usual


def test_what_a_campaign_of_that_time_brought_is_learnt_as_its_own(tmp_path: Path) -> None:
    day = datetime.fromtimestamp((FIRST + 2 * DAY) * 60, UTC)
    sale = Campaign(id="1", name="Sale", starts_at=day, ends_at=day + timedelta(days=1), expected_uplift=3.0)
    history_file(tmp_path / "sale.csv", bad_day=1)
    told, untold = learnt(tmp_path / "sale.csv", campaigns=(sale,)), learnt(tmp_path / "sale.csv")
    assert untold["voucher"]["campaigns"] is None
    assert told["voucher"]["campaigns"] is not None
    held = Surveillance(
        UTC_DETECTOR, campaigns=lambda: [replace(sale, starts_at=later, ends_at=later + DAYS)]
    )
    later = day + 7 * DAYS
    held.adopt("voucher", told["voucher"])
    held.add(Cell("voucher", FIRST + 9 * DAY, 1, "", {}), partition=0, stamp=1)
    list(held.close_until(FIRST + 9 * DAY))
    # Announced were three times the usual, six times came: of the next one more than announced is expected.
    assert held.announced("voucher") > 3.1


def test_a_fresh_surveillance_knows_at_once_what_was_learnt(tmp_path: Path) -> None:
    baseline = msgspec.json.decode(msgspec.json.encode(learnt(history_file(tmp_path / "a.csv"))))["voucher"]
    held = Surveillance(UTC_DETECTOR)
    held.adopt("voucher", baseline)
    held.add(Cell("voucher", FIRST + 4 * DAY, 1, "", {}), partition=0, stamp=1)
    for said in held.close_until(FIRST + 4 * DAY + 60):
        assert said == []
    verdict = held.detector.verdict("voucher")
    assert verdict.state == "NORMAL"
    assert 6 < verdict.expected < 20


def test_versions_grow_and_carry_what_they_replace() -> None:
    first = publishable({"a": {"detector": 1}}, {}, NOW)
    known = {record.contact_reason: record for record in first}
    second = publishable({"a": {"detector": 2}, "b": {"detector": 3}}, known, NOW)
    assert [(one.contact_reason, one.previous is None) for one in first + second] == [
        ("a", True),
        ("a", False),
        ("b", True),
    ]
    assert second[0].version > first[0].version
    third = publishable({"a": {"detector": 4}}, {"a": second[0]}, NOW + timedelta(days=1))
    # Only one step is kept, or a record would grow with every learning.
    assert third[0].previous is not None
    assert third[0].previous["previous"] is None


def test_undo_restores_the_predecessors_and_removes_what_had_none() -> None:
    known = {record.contact_reason: record for record in publishable({"a": {"x": 1}, "c": {"x": 1}}, {}, NOW)}
    later = publishable({"a": {"x": 2}, "b": {"x": 2}}, known, NOW + timedelta(days=1))
    known |= {record.contact_reason: record for record in later}
    undone = taken_back(known)
    assert set(undone) == {"a", "b"}
    restored = undone["a"]
    assert restored is not None
    assert (restored.baseline, restored.learnt_at) == ({"x": 1}, NOW)
    assert restored.version > later[0].version
    assert undone["b"] is None
    # A second undo takes back the first learning whole, also where it was restored.
    assert taken_back({"a": restored, "c": known["c"]}) == {"a": None, "c": None}


def test_records_come_back_from_the_topic_as_they_were() -> None:
    (record,) = publishable({"a": {"detector": {"minute": 5}}}, {}, NOW)
    rows = {"a": msgspec.json.encode(record)}
    assert decode_baselines(rows) == {"a": record}
    assert isinstance(decode_baselines(rows)["a"], BaselineRecord)
