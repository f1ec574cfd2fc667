"""Counts from files: how long a bucket is, how it is spread, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Failure
from streams.files.buckets import grid_of
from streams.files.buckets import spread as spread_columns
from streams.files.count_rows import BucketRow, read_rows
from streams.files.counts_files import CountSeries, read_counts
from streams.files.readers import Refusal, read_records

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Read = Callable[..., CountSeries]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def make(*rows: str, zone: ZoneInfo | None = None, mapping: dict[str, str] | None = None) -> CountSeries:
        path = tmp_path / "a.csv"
        path.write_text("bucket_start,contact_reason,count\n" + "".join(f"{row}\n" for row in rows))
        return read_counts(path, mapping=mapping or {}, zone=zone)

    return make


def test_minute_buckets_are_taken_as_they_are_and_absent_ones_are_zero(read: Read) -> None:
    series = read("2026-06-01T12:03:00Z,b,2", "2026-06-01T12:00:00Z,a,1", "2026-06-01T12:01:00Z,a,0")
    first = int(NOON.timestamp() // 60)
    assert list(series.entries()) == [(first, "a", 1), (first + 3, "b", 2)]
    assert (series.first, series.until, series.tickets) == (first, first + 4, 3)


def test_hours_are_spread_over_their_minutes_in_whole_tickets(read: Read) -> None:
    series = read("2026-06-01T12:00:00Z,a,120", "2026-06-01T13:00:00Z,a,1", "2026-06-01T16:00:00Z,b,61")
    assert (series.until - series.first, series.tickets) == (5 * 60, 182)
    per_hour = [
        sum(n for minute, _, n in series.entries() if (minute - series.first) // 60 == hour)
        for hour in range(5)
    ]
    assert per_hour == [120, 1, 0, 0, 61]
    assert {n for minute, _, n in series.entries() if minute - series.first < 60} == {2}


def test_local_days_keep_to_midnight_over_a_change_of_clocks(read: Read) -> None:
    days = [f"2026-10-{day:02d},a,1440" for day in range(20, 29)]
    series = read(*days, zone=BERLIN)
    # Nine days, one of them with 25 hours.
    assert series.until - series.first == 9 * 1440 + 60
    assert series.tickets == sum(n for *_, n in series.entries()) == 9 * 1440


def spread(first: int, end: int, count: int) -> list[tuple[int, int]]:
    _, minutes, tickets = spread_columns(np.array([first]), np.array([end]), np.array([count]))
    return list(zip(minutes.tolist(), tickets.tolist(), strict=True))


@given(st.integers(0, 5000), st.integers(1, 1500))
def test_spreading_keeps_every_ticket_and_is_even(count: int, width: int) -> None:
    found = dict(spread(0, width, count))
    assert sum(found.values()) == count
    assert all(0 <= minute < width for minute in found)
    assert set(found.values()) <= {count // width, -(-count // width)}
    # Every beginning of the bucket holds its part of the tickets, to the ticket.
    for part in (width // 3, width // 2):
        held = sum(tickets for minute, tickets in found.items() if minute < part)
        assert abs(held - count * part / width) <= 1


@pytest.mark.parametrize(
    ("minutes", "width"),
    [
        ((0, 1, 5, 9), 1),
        ((0, 5, 20, 25), 5),
        ((7, 67, 127, 307), 60),
        ((0, 1440, 2880), 1440),
        ((0,), 1),
        ((0, 7), 1),
    ],
)
def test_the_width_follows_from_the_starts(minutes: tuple[int, ...], width: int) -> None:
    assert grid_of(np.array(minutes)).width == width


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2026-06-01T12:01:00Z,a,-1", "a.csv:3: count: expected a whole number >= 0"),
        ("2026-06-01T12:01:00Z,a,1.5", "a.csv:3: count: expected a whole number"),
        ("2026-06-01T12:01:00Z,a,", "a.csv:3: count: is missing"),
        ("2026-06-01T12:01:30Z,a,1", "is not the beginning of a minute"),
        ("2026-06-01T12:00:00Z,a,1", "a.csv:3: bucket_start: 'a' has this bucket already in line 2"),
        ("2026-06-01 12:01,a,1", "a.csv:3: bucket_start: '2026-06-01 12:01' has no offset"),
        ("2026-06-01T12:01:00Z,a", "a.csv:3: row: has 2 cells where the header has 3"),
    ],
)
def test_a_bad_row_fails_the_file_and_is_named(read: Read, row: str, says: str) -> None:
    with pytest.raises(Failure) as failure:
        read("2026-06-01T12:00:00Z,a,1", row)
    assert says in str(failure.value)


def test_a_bucket_off_the_others_grid_is_named(read: Read) -> None:
    hours = [f"2026-06-01T{hour:02d}:00:00Z,a,5" for hour in range(20)]
    with pytest.raises(
        Failure, match=r"a\.csv:22: bucket_start: 2026-06-02T03:07:00Z does not fit .* 60 minutes"
    ):
        read(*hours, "2026-06-02T03:07:00Z,a,5")


def test_an_empty_file_is_told(read: Read) -> None:
    with pytest.raises(Failure, match="holds no buckets"):
        read()


def test_parquet_counts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame(
        {"at": [NOON, NOON + timedelta(minutes=1)], "contact_reason": ["a", None], "count": [3, 4]}
    ).write_parquet(path)
    series = read_counts(path, mapping={"bucket_start": "at"}, zone=None)
    assert [entry[1:] for entry in series.entries()] == [("a", 3), ("unlabelled", 4)]


def at(minute: int) -> str:
    return f"{NOON + timedelta(minutes=minute):%Y-%m-%dT%H:%M:00Z}"


def test_rows_may_stand_in_any_order(read: Read) -> None:
    rows = [f"{at(minute)},{reason},{minute + 1}" for minute in range(20) for reason in "ab"]
    assert sorted(read(*rows).entries()) == sorted(read(*reversed(rows)).entries())


def test_of_two_equal_rows_both_lines_are_named(read: Read) -> None:
    with pytest.raises(Failure) as failure:
        read(f"{at(2)},a,1", f"{at(1)},a,1", f"{at(1)},b,1", f"{at(1)},a,4", f"{at(2)},a,1")
    assert "a.csv:5: bucket_start: 'a' has this bucket already in line 3;" in str(failure.value)


def test_longer_buckets_among_shorter_ones_are_named_where_they_begin(read: Read) -> None:
    minutes = [f"{at(minute)},a,1" for minute in range(300)]
    hours = [f"{at(300 + 60 * hour)},a,50" for hour in range(48)]
    with pytest.raises(Failure) as failure:
        read(*minutes, *hours)
    assert "a.csv:302: bucket_start: from 2026-06-01T17:00:00Z on, buckets are 60 minutes long" in str(
        failure.value
    )


def test_a_job_that_writes_one_ticket_on_the_hour_makes_no_buckets_of_an_hour(read: Read) -> None:
    minutes = [f"{at(minute)},a,1" for minute in range(0, 300, 7)]
    nightly = [f"{at(300 + 60 * hour)},a,1" for hour in range(48)]
    assert len(list(read(*minutes, *nightly).entries())) == len(minutes) + 48


def test_days_written_with_changing_offsets_stay_days_without_a_zone(read: Read) -> None:
    days = [f"2026-10-{day}T00:00:00{'+02:00' if day < 26 else '+01:00'},a,1440" for day in range(20, 30)]
    series = read(*days)
    assert series.until - series.first == 10 * 1440 + 60
    assert series.tickets == 10 * 1440


def test_quarters_of_a_day_stay_so_over_both_changes_of_clocks(read: Read) -> None:
    for first in (datetime(2026, 3, 20), datetime(2026, 10, 18)):  # noqa: DTZ001 - a wall's time
        starts = [first + timedelta(hours=6 * step) for step in range(60)]
        series = read(*[f"{start:%Y-%m-%d %H:%M},a,600" for start in starts], zone=BERLIN)
        per_minute = {tickets for _, _, tickets in series.entries()}
        # 600 tickets in 5, 6 or 7 hours: two in the busiest minute, never an hour's worth in one.
        assert per_minute <= {1, 2}
        assert series.tickets == 60 * 600
        assert (series.until - series.first) % 1440 in (60, 1380)


def test_a_date_years_away_from_all_others_is_named(read: Read) -> None:
    rows = [f"{at(minute)},a,1" for minute in range(10)]
    with pytest.raises(Failure, match=r"a\.csv:12: bucket_start: 2206-.* lies 180\.0 years from"):
        read(*rows, "2206-06-01T12:00:00Z,a,1")
    with pytest.raises(Failure, match=r"a\.csv:2: bucket_start: 2006-.* lies 20\.0 years from"):
        read("2006-06-01T12:00:00Z,a,1", *rows)


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("count", [1, -3], "a.parquet:2: count: expected a whole number >= 0"),
        ("count", [1.0, 2.5], "a.parquet:2: count: expected a whole number"),
        ("count", [1, None], "a.parquet:2: count: is missing"),
        ("count", [float("nan"), 1.0], "a.parquet:1: count: is missing"),
        ("count", [1, 10**12], "a.parquet:2: count: expected a whole number <= 1000000000"),
        ("bucket_start", [NOON, None], "a.parquet:2: bucket_start: is missing"),
        ("bucket_start", [NOON, NOON + timedelta(seconds=3)], "is not the beginning of a minute"),
        ("bucket_start", [NOON, NOON], "a.parquet:2: bucket_start: 'a' has this bucket already in line 1"),
        ("bucket_start", [at.replace(tzinfo=None) for at in (NOON, NOON)], "has no offset; say where"),
    ],
)
def test_a_bad_row_of_a_typed_table_is_named(
    tmp_path: Path, column: str, values: list[object], says: str
) -> None:
    path = tmp_path / "a.parquet"
    columns: dict[str, list[object]] = {
        "bucket_start": [NOON, NOON + timedelta(minutes=1)],
        "contact_reason": ["a", "a"],
        "count": [1, 1],
    }
    pl.DataFrame({**columns, column: values}).write_parquet(path)
    with pytest.raises(Failure) as failure:
        read_counts(path, mapping={}, zone=None)
    assert says in str(failure.value)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 50),
            st.sampled_from(["a", " a", "b", "", None]),
            st.sampled_from([0, 1, 17, True, -1, 2.0, 2.5, "3", None]),
        ),
        max_size=12,
    )
)
def test_json_rows_are_read_as_the_rules_say_however_often_a_value_was_seen(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str | None, object]]
) -> None:
    """The short way for cells seen before must take and refuse what the long way does."""
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    values = [
        {"bucket_start": at(minute), "contact_reason": reason, "count": count}
        for minute, reason, count in {(row[0], row[1] or ""): row for row in rows}.values()
    ]
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    expected: list[tuple[str, str, int]] = []
    with ExitStack() as stack:
        reading = read_records(
            path, stack, BucketRow, mapping={}, zone=None, required=(), nullable=("contact_reason",)
        )
        bad = None
        for line, row in reading:
            if isinstance(row, Refusal):
                bad = line
                break
            expected.append((at_of(row.bucket_start), row.contact_reason or "unlabelled", row.count))
    if bad is not None or not expected:
        with pytest.raises(Failure, match=f":{bad}:" if bad else "holds no buckets"):
            read_counts(path, mapping={}, zone=None)
        return
    found = read_rows(path, mapping={}, zone=None)
    assert [
        (at(minute - int(NOON.timestamp() // 60)), found.reasons[reason], count)
        for minute, reason, count in zip(
            found.start.tolist(), found.reason.tolist(), found.counts.tolist(), strict=True
        )
    ] == expected


def at_of(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:00Z}"
