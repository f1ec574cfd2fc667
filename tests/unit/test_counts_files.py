"""Counts from files: how long a bucket is, how it is spread, what is refused."""

from __future__ import annotations

from collections.abc import Callable
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
from streams.files.counts_files import CountSeries, read_counts

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
