"""Commands where each market has topics of its own: each shard in turn, or the one that is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from streams import cli
from streams.compacted import read_compacted
from streams.events import Cell, TicketCounts
from streams.publish import publisher
from streams.settings import Settings

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def sharded(make_settings: Callable[..., Settings]) -> Settings:
    """Settings of two named markets, their topics created."""
    return make_settings(ticketspike_shard_by="market", ticketspike_markets="DE,AT")


class Done(NamedTuple):
    """What a command left."""

    status: int
    said: str
    complained: str


Run = Callable[..., Done]


@pytest.fixture
def run(
    sharded: Settings,
    environment: Callable[[Settings], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command under these settings, here: a process for each would take seconds to load the statistics."""
    by_market = {"TICKETSPIKE_SHARD_BY": "market", "TICKETSPIKE_MARKETS": "DE,AT"}
    for name, value in (environment(sharded) | by_market).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        status = cli.run([*map(str, arguments)])
        return Done(status, *capsys.readouterr())

    return run


def lines(done: Done) -> list[dict[str, object]]:
    assert done.status == 0, done.complained
    return [json.loads(line) for line in done.said.splitlines()]


def learnt(settings: Settings) -> dict[str | None, list[str]]:
    return {view.shard: sorted(read_compacted(view, "baselines")) for view in settings.shards}


def test_each_shard_learns_from_its_own_tickets_and_a_backup_brings_them_back(
    sharded: Settings, run: Run, tmp_path: Path
) -> None:
    files = tmp_path / "past.jsonl"
    rows = [
        {
            "id": f"{market}-{hour}",
            "created_at": (BEGIN + timedelta(hours=hour)).isoformat(),
            "contact_reason": reason,
            "market": market,
        }
        for hour in range(72)
        for market, reason in (("DE", "voucher"), ("at", "delivery"), (None, "invoice"))
    ]
    # A relabel rarely says where its ticket came from.
    change = {"kind": "relabelled", "contact_reason": "payment"}
    rows.append({"id": "DE-9", "created_at": rows[27]["created_at"]} | change)
    files.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert lines(run("learn", files, "--json"))[0]["contact_reasons"] == 4
    everything = {"DE": ["payment", "voucher"], "AT": ["delivery"], "other": ["invoice"]}
    assert learnt(sharded) == everything
    assert lines(run("backup", tmp_path / "saved", "--json"))[0]["baselines"] == 4

    assert run("learn", "--undo", "--market", "at").status == 0
    assert learnt(sharded) == everything | {"AT": []}
    assert lines(run("restore", tmp_path / "saved", "--json"))[0]["baselines"] == {"restored": 1, "stood": 3}
    assert learnt(sharded) == everything

    counts = tmp_path / "counts.csv"
    counts.write_text(
        "bucket_start,contact_reason,count\n"
        + "".join(f"{(BEGIN + timedelta(hours=hour)).isoformat()},size,3\n" for hour in range(72))
    )
    refused = run("learn", counts)
    assert (refused.status, "--market" in refused.complained) == (1, True)
    assert run("learn", counts, "--market", "AT").status == 0
    assert learnt(sharded) == everything | {"AT": ["delivery", "size"]}


def test_counts_and_explain_go_by_market(sharded: Settings, run: Run) -> None:
    first = int(BEGIN.timestamp() // 60)
    for view, reason, tickets in zip(
        sharded.shards, ("voucher", "voucher", "invoice"), (2, 5, 1), strict=True
    ):
        cells = [Cell(reason, first + minute, tickets, "", {}) for minute in range(180)]
        statement = TicketCounts(
            partition=0, partitions=1, offset=9, watermark=(first + 200) * 60.0, drained=True, cells=cells
        )
        with publisher(view, "ticket-counts") as outlet:
            outlet.send(None, msgspec.json.encode(statement))
            outlet.flush()
    days = lines(run("counts", "--by", "day", "--timezone", "UTC"))
    assert [(one["market"], one["contact_reason"], one["count"]) for one in days] == [
        ("DE", "voucher", 360),
        ("AT", "voucher", 900),
        ("other", "invoice", 180),
    ]
    assert [one["market"] for one in lines(run("counts", "--by", "day", "--market", "at"))] == ["AT"]
    found = lines(run("explain", "voucher", "--json"))
    assert [(one["market"], one["contact_reason"]) for one in found] == [("DE", "voucher"), ("AT", "voucher")]
    said = run("explain", "voucher", "--market", "AT").said
    assert said.startswith("AT:\n")
    unknown = run("explain", "vouchr", "--market", "DE")
    assert (unknown.status, "voucher" in unknown.complained) == (1, True)
    wrong = run("explain", "voucher", "--market", "FR")
    assert (wrong.status, "allowed: DE, AT, other" in wrong.complained) == (2, True)
    digests = [str(one["day"]) for one in lines(run("digest", "--json", "--at", "2026-06-02T08:00:00Z"))]
    assert digests == ["2026-06-01"] * 3
