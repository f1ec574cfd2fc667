"""`ticketspike learn`, `explain` and `backtest` as processes: what they print and how they exit."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.compacted import read_compacted
from streams.customers import pack
from streams.events import BaselineRecord, Cell, TicketCounts
from streams.publish import publisher
from streams.settings import Settings

Run = Callable[..., subprocess.CompletedProcess[str]]
Environment = Callable[[Settings], dict[str, str]]
START = datetime(2026, 6, 1, tzinfo=UTC)
FIRST = int(START.timestamp() // 60)


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """Three days of two reasons; in the last hour one of them is ten times as busy."""
    rng = random.Random(11)
    path = tmp_path / "past.csv"
    lines = ["opened,why"]
    for minute in range(3 * 1440):
        for reason in ("delivery", "voucher"):
            busy = 1.0 if reason == "voucher" and minute >= 3 * 1440 - 60 else 0.1
            if rng.random() < busy:
                lines.append(f"{(START + timedelta(minutes=minute)):%Y-%m-%d %H:%M},{reason}")
    path.write_text("\n".join(lines) + "\n")
    return path


MAPPING = ("--map", "created_at=opened", "--map", "contact_reason=why", "--timezone", "UTC")


def test_a_backtest_writes_its_files_and_needs_no_kafka(ticketspike: Run, past: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    campaigns = tmp_path / "campaigns.jsonl"
    campaign = {"id": "n", "name": "Newsletter", "kind": "newsletter", "voucher_codes": ["S25"]}
    campaign |= {"starts_at": "2026-06-03T22:50:00Z", "ends_at": "2026-06-05T00:00:00Z"}
    campaigns.write_text(json.dumps(campaign))
    env = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    done = ticketspike("backtest", past, *MAPPING, "--out", out, "--campaigns", campaigns, "--json", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    assert summary == json.loads((out / "summary.json").read_text())
    assert sorted(path.name for path in out.iterdir()) == [
        "incidents.jsonl",
        "messages.jsonl",
        "report.html",
        "spikes.jsonl",
        "summary.json",
    ]
    (spike,) = [json.loads(line) for line in (out / "spikes.jsonl").read_text().splitlines()]
    assert spike["contact_reason"] == "voucher"
    assert "2026-06-03T22:50:00Z" <= spike["raised_at"] <= "2026-06-03T23:30:00Z"
    (incident,) = [json.loads(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    assert [one["id"] for one in incident["campaigns"]] == ["n"]
    report = (out / "report.html").read_text(encoding="utf-8")
    assert report.count('<details class="incident"') == 1
    assert "<bdi>voucher</bdi>" in report
    assert "coincides with Newsletter" in report
    assert "five times" in report
    # What lies before --learn-until is learnt; the spike is over by then.
    learnt = ticketspike(
        "backtest", past, *MAPPING, "--out", out, "--learn-until", "2026-06-04", "--json", env=env
    )
    assert json.loads(learnt.stdout)["spikes"] == 0


def test_a_backtest_ends_with_the_name_of_its_report(ticketspike: Run, past: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    env = {"TICKETSPIKE_LANGUAGE": "de"}
    done = ticketspike("backtest", past, *MAPPING, "--out", out, env=env)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].endswith(f"see {out / 'report.html'}")
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Was ticketspike gemeldet hätte" in report
    assert "fünffach" in report


def test_a_backtest_names_bad_rows_and_says_that_it_left_them_out(
    ticketspike: Run, past: Path, tmp_path: Path
) -> None:
    with past.open("a") as file:
        file.write("never,voucher\n")
    done = ticketspike("backtest", past, *MAPPING, "--out", tmp_path / "out", "--until", "2026-06-03")
    assert done.returncode == 1
    first, last = done.stderr.splitlines()
    assert ": created_at: 'never' is not a time" in first
    assert "1 rows were refused" in last
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["refused"] == 1


def test_bad_counts_end_a_backtest_before_anything_is_written(ticketspike: Run, tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    rows = [f"2026-06-01T00:{minute:02}:00Z,voucher,1" for minute in range(30)]
    path.write_text("\n".join(["bucket_start,contact_reason,count", *rows, rows[3]]) + "\n")
    done = ticketspike("backtest", path, "--out", tmp_path / "out")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert f"{path}:32: bucket_start: 'voucher' has this bucket already in line 5" in done.stderr
    assert not (tmp_path / "out").exists()


def test_less_than_a_day_is_said_to_be_little(ticketspike: Run, tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    rows = [f"2026-06-01T00:{minute:02}:00Z,voucher,1" for minute in range(30)]
    path.write_text("\n".join(["bucket_start,contact_reason,count", *rows]) + "\n")
    done = ticketspike("backtest", path, "--out", tmp_path / "out")
    assert done.returncode == 0
    assert done.stderr.startswith("There are only 30 minutes of data")


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--learn-until", "later"), 2, "--learn-until"),
        (("--false-alarms-per-week", "0"), 2, "--false-alarms-per-week"),
        (("--timezone", "Mars"), 2, "'Mars' is no time zone"),
        (("--holidays", "XX-99"), 2, "XX-99"),
        (("--map", "contact_reason=reason"), 1, "has no column 'reason'"),
        ((), 1, "has no column 'created_at'"),
    ],
)
def test_wrong_use_of_a_backtest_is_told(
    ticketspike: Run, past: Path, tmp_path: Path, options: tuple[str, ...], status: int, says: str
) -> None:
    done = ticketspike("backtest", past, "--out", tmp_path / "out", *options)
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_was_learnt_is_published_and_taken_back(
    ticketspike: Run, settings: Settings, environment: Environment, past: Path
) -> None:
    env = environment(settings)

    def known() -> dict[str, BaselineRecord]:
        rows = read_compacted(settings, "baselines")
        return {key: msgspec.json.decode(value, type=BaselineRecord) for key, value in rows.items()}

    done = ticketspike("learn", past, *MAPPING, "--json", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout)
    assert (summary["contact_reasons"], summary["weeks"], summary["refused"]) == (2, 0.43, 0)
    first = known()
    assert sorted(first) == ["delivery", "voucher"]
    assert (
        ticketspike("learn", past, *MAPPING, "--exclude", "2026-06-03..2026-06-03", env=env).returncode == 0
    )
    second = known()
    assert second["voucher"].version > first["voucher"].version
    assert second["voucher"].baseline != first["voucher"].baseline
    assert ticketspike("learn", "--undo", env=env).returncode == 0
    assert known()["voucher"].baseline == first["voucher"].baseline
    undone = ticketspike("learn", "--undo", "--json", env=env)
    assert json.loads(undone.stdout) == {"restored": 0, "removed": 2}
    assert known() == {}
    nothing = ticketspike("learn", "--undo", env=env)
    assert (nothing.returncode, nothing.stderr) == (
        1,
        "Error: Nothing was learnt, so there is nothing to take back.\n",
    )
    assert ticketspike("learn", env=env).returncode == 2
    assert ticketspike("learn", past, "--undo", env=env).returncode == 2


def test_explain_says_why_from_what_the_topics_retain(
    ticketspike: Run, make_settings: Callable[..., Settings], environment: Environment
) -> None:
    settings = make_settings(ticketspike_clock="event", ticketspike_timezone="UTC")
    env = {**environment(settings), "TICKETSPIKE_TIMEZONE": "UTC"}
    missing = ticketspike("explain", "voucher", env=env)
    assert missing.returncode == 1
    assert "Nothing that was counted is retained" in missing.stderr
    rng = random.Random(2)
    end = FIRST + 3 * 1440
    with publisher(settings, "ticket-counts") as outlet:
        for minute in range(FIRST, end):
            burst = 3 if minute >= end - 10 else 0
            cells = [
                Cell(reason, minute, count, pack([minute * 10 + number for number in range(count)]), {})
                for reason, count in (
                    ("voucher", burst + int(rng.random() < 0.1)),
                    ("delivery", int(rng.random() < 0.1)),
                )
                if count
            ]
            statement = TicketCounts(
                partition=0, partitions=1, offset=minute, watermark=(minute + 1) * 60.0, cells=cells
            )
            outlet.send("0", msgspec.json.encode(statement))
        outlet.flush()

    def explained(*options: str) -> dict[str, Any]:
        done = ticketspike("explain", "voucher", "--json", *options, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    now = explained()
    assert (now["alert"], now["state"], now["until"]) == (True, "SPIKE", "2026-06-04T00:00:00Z")
    assert now["observed"] >= 30
    before = explained("--at", "2026-06-03T23:50:00Z")
    assert (before["alert"], before["state"], before["spike"]) == (False, "NORMAL", None)
    text = ticketspike("explain", "voucher", env=env).stdout
    assert text.startswith("voucher: ALERT (SPIKE).\n")
    unknown = ticketspike("explain", "vouchers", env=env)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "the nearest contact reasons are: voucher" in unknown.stderr
