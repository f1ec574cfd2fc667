"""The past from files, as `count` would have stated it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest

from streams.errors import Failure
from streams.files.readers import Refusal
from streams.history import History, parse_periods, read_history

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FIRST = int(NOON.timestamp() // 60)


def ticket(number: int, minute: float, reason: str, **more: Any) -> dict[str, Any]:
    at = (NOON + timedelta(minutes=minute)).isoformat()
    return {"id": str(number), "created_at": at, "contact_reason": reason} | more


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(*files: Path, refused: list[Refusal] | None = None, **options: Any) -> History:
    kept: list[Refusal] = [] if refused is None else refused
    return read_history(
        files,
        pairs=options.pop("pairs", ()),
        zone=None,
        facets=("channel",),
        horizon_hours=48,
        max_reasons=100,
        **{"refuse": lambda _path, refusal: kept.append(refusal)} | options,
    )


def counted(history: History) -> dict[tuple[str, int], int]:
    newest: dict[tuple[str, int], int] = {}
    for statement in history.statements:
        newest |= {(cell.contact_reason, cell.minute - FIRST): cell.count for cell in statement.cells}
    return {key: count for key, count in newest.items() if count}


def test_tickets_are_counted_once_and_under_their_last_reason(tmp_path: Path) -> None:
    change = (NOON + timedelta(minutes=9)).isoformat()
    path = write(
        tmp_path / "a.jsonl",
        ticket(3, 5, "x", kind="retracted", changed_at=change),
        ticket(1, 2, "x"),
        ticket(1, 2, "x"),
        ticket(2, 2, "x"),
        ticket(2, 2, "y", kind="relabelled", changed_at=change),
        ticket(3, 5, "x"),
        ticket(4, 9.5, "x"),
    )
    assert counted(read(path)) == {("x", 2): 1, ("y", 2): 1, ("x", 9): 1}


def test_a_minute_may_close_once_a_later_ticket_was_created_and_the_last_at_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ticket(1, 0, "x"), ticket(2, 3, "x"), ticket(3, 3.5, "y"))
    history = read(path)
    assert (history.first, history.until, history.tickets) == (FIRST, FIRST + 4, 3)
    assert [
        (one.closable - FIRST, Counter(cell.contact_reason for cell in one.cells))
        for one in history.statements
    ] == [
        (-1, {"x": 1}),
        (2, {"x": 1, "y": 1}),
        (3, {}),
    ]


def test_until_leaves_out_what_lies_at_or_after_it_and_closes_up_to_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ticket(1, 0, "x"), ticket(2, 3, "x"), ticket(3, 8, "y"))
    history = read(path, until=NOON + timedelta(minutes=8))
    statements = list(history.statements)
    assert (history.until - FIRST, statements[-1].closable - FIRST, history.tickets) == (8, 7, 2)


def test_several_files_are_one_history_and_bad_rows_are_told(tmp_path: Path) -> None:
    refused: list[Refusal] = []
    first = write(tmp_path / "a.jsonl", ticket(1, 5, "x"), {"id": "2"})
    second = write(tmp_path / "b.jsonl", ticket(1, 5, "x"), ticket(9, 1, "y"))
    history = read(first, second, refused=refused)
    assert counted(history) == {("y", 1): 1, ("x", 5): 1}
    assert history.refused == 1
    assert [(one.line, one.field) for one in refused] == [(2, "created_at")]


def test_counts_say_of_themselves_that_they_know_no_customers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("start,reason,count\n2026-06-01T12:00:00Z,x,3\n2026-06-01T12:02:00Z,x,1\n")
    history = read(path, pairs=["bucket_start=start", "contact_reason=reason"])
    assert not history.has_customers
    assert history.counted is not None
    assert [(minute - FIRST, history.counted.take(minute)["x"].count) for minute in (FIRST, FIRST + 2)] == [
        (0, 3),
        (2, 1),
    ]
    assert [(one.closable - FIRST, one.cells) for one in history.statements] == [(2, [])]


def test_rows_that_no_worker_counts_are_named_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    old = {"created_at": "1999-12-31T23:59:00Z"}
    first = write(tmp_path / "a.jsonl", ticket(1, 0, "x"), ticket(2, 0, "x") | old)
    second = write(tmp_path / "b.jsonl", ticket(3, 1, "x" * 3001), ticket(4, 1, "x"))
    told: list[tuple[str, int, str]] = []
    history = read(first, second, refuse=lambda path, one: told.append((path.name, one.line, one.field)))
    assert told == [("a.jsonl", 2, "created_at"), ("b.jsonl", 1, "contact_reason")]
    assert (history.first, history.tickets, history.refused) == (FIRST, 2, 2)
    assert counted(history) == {("x", 0): 1, ("x", 1): 1}


def test_files_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    tickets = write(tmp_path / "a.jsonl", ticket(1, 5, "x"))
    counts = tmp_path / "b.csv"
    counts.write_text("bucket_start,contact_reason,count\n2026-06-01T12:00:00Z,x,3\n")
    with pytest.raises(Failure, match="files of one kind"):
        read(tickets, counts)
    with pytest.raises(Failure, match="hold the same time"):
        read(counts, counts)
    with pytest.raises(Failure, match="There are no tickets"):
        read(tickets, until=NOON)


def test_periods_are_minutes_and_a_last_day_is_left_out_whole() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    (period,) = parse_periods(["2026-10-25..2026-10-25"], berlin)
    assert period[1] - period[0] == 25 * 60  # the clocks go back on that day
    (period,) = parse_periods(["2026-06-01T12:00:30Z..2026-06-01T12:02:30Z"], berlin)
    assert (period[0] - FIRST, period[1] - FIRST) == (0, 3)


@pytest.mark.parametrize("option", ["2026-06-01", "..", "a..b", "2026-06-02..2026-06-01"])
def test_a_period_that_is_none_is_wrong_use(option: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_periods([option], ZoneInfo("UTC"))
