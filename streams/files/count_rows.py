"""The rows of a counts file as columns: each distinct cell is read once, by the rules of every other file.

Most rows repeat a start and a contact reason that were read before, so only the count is new. Any row that is
not plain goes the long way through `streams.files.readers`, which says what is wrong with it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import Meta

from alerts.records import Instant
from streams.admission import UNLABELLED
from streams.errors import Failure
from streams.events import minute_of
from streams.files.buckets import IntArray
from streams.files.columns import RefusedError, Target, converted
from streams.files.readers import Refusal, row_reader
from streams.files.tables import Table, open_table
from streams.files.times import is_day, parse_instant, rfc3339, wall_minute

if TYPE_CHECKING:
    import polars as pl

MOST = 1_000_000_000
"""Tickets of one bucket beyond which a count is a mistake, an id in the wrong column for example."""

ReadRow = Callable[[int, Mapping[str, object]], "BucketRow | Refusal"]


class BucketRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a counts file."""

    bucket_start: Instant
    contact_reason: str | None
    count: Annotated[int, Meta(ge=0, le=MOST)]


class CountRows(NamedTuple):
    """The rows of a file in its order: line, start in UTC and as written, place in `reasons`, count.

    `wall` is None where the starts do not tell what a clock on the wall showed.
    """

    line: IntArray
    start: IntArray
    wall: IntArray | None
    reason: IntArray
    counts: IntArray
    reasons: list[str]


def read_rows(path: Path, *, mapping: Mapping[str, str], zone: ZoneInfo | None) -> CountRows:
    """Read all rows.

    Args:
        path: .jsonl, .csv or .parquet.
        mapping: field to column.
        zone: where starts without an offset belong; None refuses them.

    Raises:
        Failure: the file cannot be read, lacks a column, or has a bad row, which is named.
    """
    with ExitStack() as stack:
        table = open_table(path, stack)
        read = row_reader(
            table,
            BucketRow,
            name=str(path),
            mapping=mapping,
            zone=zone,
            required=("bucket_start", "contact_reason", "count"),
            nullable=("contact_reason",),
            convert=_convert,
        )
        columns = [mapping.get(field, field) for field in ("bucket_start", "contact_reason", "count")]
        if table.frame is not None:
            found = _from_frame(path, table.frame(columns), columns, read)
            if found is not None:
                return found
        return _from_rows(path, table, columns, read)


def _from_rows(path: Path, table: Table, columns: list[str], read: ReadRow) -> CountRows:
    at, why, number = columns
    starts: dict[object, tuple[int, int | None]] = {}
    names: dict[object, int] = {}
    reasons: dict[str, int] = {}
    lines, minutes, walls, rows, counts = (array("q") for _ in range(5))
    told = True
    for line, raw, wrong in table.rows:
        if raw is None:
            raise _failure(path, Refusal(line, "row", wrong))
        start, reason, count = raw.get(at), raw.get(why), raw.get(number)
        # A Python dict takes 1 and true for the same: only what cannot be confused is looked up.
        known = starts.get(start) if isinstance(start, str | date) else None
        row = names.get(reason) if type(reason) is str else None
        value = _plain(count, table)
        if known is None or row is None or value is None:
            known, name, value = _the_long_way(path, line, raw, read, start)
            starts[start] = known
            row = reasons.setdefault(name, len(reasons))
            if type(reason) is str:
                names[reason] = row
        lines.append(line)
        minutes.append(known[0])
        told = told and known[1] is not None
        walls.append(known[1] or 0)
        rows.append(row)
        counts.append(value)
    arrays = [np.frombuffer(one, dtype=np.int64) if one else np.zeros(0, np.int64) for one in
              (lines, minutes, walls, rows, counts)]  # fmt: skip
    return CountRows(arrays[0], arrays[1], arrays[2] if told else None, arrays[3], arrays[4], list(reasons))


def _plain(count: object, table: Table) -> int | None:
    if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST:
        return count
    if isinstance(count, str) and table.columns is not None and count.isascii() and count.isdecimal():
        return int(count) if len(count) < 10 else None
    return None


def _the_long_way(
    path: Path, line: int, raw: Mapping[str, object], read: ReadRow, start: object
) -> tuple[tuple[int, int | None], str, int]:
    row = read(line, raw)
    if isinstance(row, Refusal):
        raise _failure(path, row)
    if row.bucket_start.second or row.bucket_start.microsecond:
        what = f"{rfc3339(row.bucket_start)} is not the beginning of a minute"
        raise _failure(path, Refusal(line, "bucket_start", what))
    return (minute_of(row.bucket_start), wall_minute(start)), row.contact_reason or UNLABELLED, row.count


def _failure(path: Path, refusal: Refusal) -> Failure:
    return Failure(f"{refusal.sentence(path)}; a missing bucket would count as zero, so mend the row.")


def _from_frame(path: Path, frame: pl.DataFrame, columns: list[str], read: ReadRow) -> CountRows | None:
    """A typed table at once; None where its types call for the long way row by row."""
    import polars as pl

    at, why, number = (frame[column] for column in columns)
    zoned = isinstance(at.dtype, pl.Datetime) and at.dtype.time_zone is not None
    if not zoned or not (number.dtype.is_integer() or number.dtype.is_float()):
        return None
    if why.dtype not in (pl.String, pl.Categorical, pl.Null):
        return None
    seconds = at.dt.epoch("us")
    whole = number.cast(pl.Int64, strict=False)
    bad = (
        at.is_null()
        | (seconds % 60_000_000 != 0)
        | whole.is_null()
        | (whole != number)
        | ~whole.is_between(0, MOST)
    ).fill_null(value=True)
    if bad.any():
        place = int(bad.arg_true()[0])
        raw = frame.row(place, named=True)
        _the_long_way(path, place + 1, raw, read, raw[columns[0]])
        raise AssertionError(f"row {place + 1} is bad in columns but not alone")
    name = why.cast(pl.String).str.strip_chars()
    name = name.set(name == "", None).fill_null(UNLABELLED)
    reasons = name.unique(maintain_order=True)
    rows = name.replace_strict(reasons, pl.Series(range(len(reasons)), dtype=pl.Int64))
    wall = None
    if isinstance(at.dtype, pl.Datetime) and at.dtype.time_zone not in ("UTC", "Etc/UTC", None):
        wall = (at.dt.replace_time_zone(None).dt.epoch("us") // 60_000_000).to_numpy()
    start = (seconds // 60_000_000).to_numpy()
    line = np.arange(1, frame.height + 1, dtype=np.int64)
    return CountRows(line, start, wall, rows.to_numpy(), whole.to_numpy(), reasons.to_list())


def _convert(value: object, target: Target, zone: ZoneInfo | None) -> object:
    if target.field == "bucket_start" and is_day(value):
        try:
            return rfc3339(parse_instant(value, zone, days=True))
        except ValueError as error:
            raise RefusedError(target.field, str(error)) from None
    return converted(value, target, zone)
