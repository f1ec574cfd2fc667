"""What would have alerted: from files to files, the same every time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.records import Campaign, Incident, Spike
from detectors.detector import DetectorSettings
from streams import backtest
from streams.errors import Failure
from streams.history import read_history

START = datetime(2026, 6, 1, tzinfo=UTC)
BREAKS = START + timedelta(days=3, hours=10)
CODE = Campaign(
    id="c1",
    name="Newsletter SOMMER25",
    starts_at=BREAKS - timedelta(minutes=20),
    ends_at=BREAKS + timedelta(days=5),
    voucher_codes=["SOMMER25"],
)


def tickets() -> list[dict[str, Any]]:
    """Three and a half quiet days; then a voucher code breaks for an hour."""
    rng = random.Random(7)
    rows: list[dict[str, Any]] = []
    for minute in range(int(84.5 * 60)):
        for reason, rate in (("voucher", 0.05), ("delivery", 0.1)):
            if rng.random() < rate:
                rows.append(
                    {"contact_reason": reason, "minute": minute, "voucher_code": rng.choice(["A", "B"])}
                )
        at = START + timedelta(minutes=minute)
        if BREAKS <= at < BREAKS + timedelta(hours=1):
            rows += [{"contact_reason": "voucher", "minute": minute, "voucher_code": "SOMMER25"}] * 2
    for number, row in enumerate(rows):
        row_at = START + timedelta(minutes=row["minute"], seconds=number % 60)
        rows[number] = {key: value for key, value in row.items() if key != "minute"}
        rows[number] |= {"id": str(number), "created_at": row_at.isoformat(), "customer": f"c{number}"}
    return rows


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same past as tickets (shuffled, some twice) and as counts per minute."""
    folder = tmp_path_factory.mktemp("past")
    rows = tickets()
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["created_at"][:16] + ":00Z", row["contact_reason"])
        counts[key] = counts.get(key, 0) + 1
    table = folder / "counts.csv"
    lines = [f"{at},{reason},{count}" for (at, reason), count in counts.items()]
    table.write_text("\n".join(["bucket_start,contact_reason,count", *lines]) + "\n")
    shuffled = rows + rows[::50]
    random.Random(1).shuffle(shuffled)
    tickets_file = folder / "tickets.jsonl"
    tickets_file.write_text("".join(json.dumps(row) + "\n" for row in shuffled))
    return tickets_file, table


def run(
    file: Path, out: Path, *, campaigns: Sequence[Campaign] = (), learn_until: datetime | None = None
) -> backtest.Summary:
    history = read_history(
        [file],
        pairs=(),
        zone=None,
        facets=("voucher_code",),
        horizon_hours=48,
        max_reasons=100,
        refuse=lambda _path, refusal: pytest.fail(str(refusal)),
    )
    plan = backtest.Plan(
        detector=DetectorSettings(timezone="UTC"),
        language="en",
        min_customers=3,
        campaigns=tuple(campaigns),
        learn_until=None if learn_until is None else int(learn_until.timestamp() // 60),
    )
    return backtest.run(history, plan, out, began=time.perf_counter(), advance=lambda _minute: None)


def lines(path: Path, kind: Any) -> list[Any]:
    return [msgspec.json.decode(line, type=kind) for line in path.read_bytes().splitlines()]


def test_a_broken_code_is_one_spike_one_incident_and_its_messages(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    summary = run(files[0], out, campaigns=[CODE])
    (spike,) = lines(out / "spikes.jsonl", Spike)
    assert (spike.contact_reason, spike.state) == ("voucher", "cleared")
    assert BREAKS - timedelta(minutes=10) <= spike.onset <= BREAKS + timedelta(minutes=2)
    assert BREAKS < spike.raised_at <= BREAKS + timedelta(minutes=10)
    assert [(one.facet, one.value) for one in spike.drivers] == [("voucher_code", "SOMMER25")]
    (incident,) = lines(out / "incidents.jsonl", Incident)
    assert (incident.status, [one.id for one in incident.campaigns]) == ("resolved", ["c1"])
    messages = [json.loads(line) for line in (out / "messages.jsonl").read_text().splitlines()]
    assert messages[0]["method"] == "chat.postMessage"
    assert messages[0]["metadata"]["event_payload"]["incident_id"] == incident.incident_id
    assert len(messages) == summary.messages
    written = json.loads((out / "summary.json").read_text())
    assert (written["spikes"], written["reasons"], written["tickets"]) == (
        1,
        2,
        len(tickets()) * 51 // 50 + 1,
    )
    assert 84 * 60 < written["minutes"] <= 84.5 * 60
    assert written["seconds"] > 0
    report = (out / "report.html").read_text(encoding="utf-8")
    assert report.count('<details class="incident"') == 1
    assert "coincides with Newsletter SOMMER25" in report


def test_a_second_run_says_the_same_and_takes_the_firsts_place(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(files[0], out)
    first = {path.name: path.read_bytes() for path in out.iterdir() if path.name != "summary.json"}
    run(files[0], out)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.name != "summary.json"} == first
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_counts_give_the_spikes_of_the_tickets_and_are_not_gated(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    run(files[0], tmp_path / "tickets")
    summary = run(files[1], tmp_path / "counts")
    (ours,) = lines(tmp_path / "counts" / "spikes.jsonl", Spike)
    (theirs,) = lines(tmp_path / "tickets" / "spikes.jsonl", Spike)
    assert (ours.spike_id, ours.raised_at, ours.observed) == (
        theirs.spike_id,
        theirs.raised_at,
        theirs.observed,
    )
    assert ours.customers == 0
    assert summary.messages > 0


def test_history_is_learnt_and_never_alerted(files: tuple[Path, Path], tmp_path: Path) -> None:
    summary = run(files[0], tmp_path / "out", learn_until=BREAKS + timedelta(hours=2))
    assert (summary.spikes, summary.incidents, summary.messages) == (0, 0, 0)
    assert (tmp_path / "out" / "messages.jsonl").read_bytes() == b""


def test_a_folder_with_other_things_is_left_alone(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(Failure, match="holds other things than a backtest"):
        run(files[0], out)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_what_breaks_off_leaves_nothing_behind(files: tuple[Path, Path], tmp_path: Path) -> None:
    history = read_history(
        [files[1]], pairs=(), zone=None, facets=(), horizon_hours=48, max_reasons=100, refuse=lambda *_: None
    )
    plan = backtest.Plan(detector=DetectorSettings(), language="en", min_customers=3, campaigns=())

    def stop(_minute: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backtest.run(history, plan, tmp_path / "out", began=0.0, advance=stop)
    assert list(tmp_path.iterdir()) == []
