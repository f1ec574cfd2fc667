"""Counts from files: `bucket_start`, `contact_reason`, `count`; absent buckets are zero.

Rows may stand in any order. A bucket longer than a minute (`streams.files.buckets` finds out how long) is spread
over its minutes evenly, in whole tickets and the same way on every run.

A bad row fails the whole file, unlike in a file of tickets: a bucket left out would be taken for zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from streams.errors import Failure
from streams.files.buckets import IntArray, ends_of, grid_of, mixed_in, spread, wall_minutes
from streams.files.count_rows import CountRows, read_rows
from streams.files.times import rfc3339

LONGEST_GAP = 366 * 1440
"""Minutes without a bucket beyond which a date is a mistake: nobody asks what alerted in ten years of nothing."""


class CountSeries(NamedTuple):
    """Counts per minute, sparse, ordered by minute; all minutes of [first, until) were observed.

    Attributes:
        minute: minutes since 1970 that hold tickets, one entry per contact reason.
        row: the contact reason's place in `reasons`.
        counts: tickets, above 0.
        reasons: contact reasons.
        first: first observed minute.
        until: the minute after the last one.
    """

    minute: IntArray
    row: IntArray
    counts: IntArray
    reasons: tuple[str, ...]
    first: int
    until: int

    @property
    def tickets(self) -> int:
        """All tickets."""
        return int(self.counts.sum())

    def entries(self) -> Iterator[tuple[int, str, int]]:
        """The same as (minute, contact reason, count)."""
        for minute, row, count in zip(
            self.minute.tolist(), self.row.tolist(), self.counts.tolist(), strict=True
        ):
            yield minute, self.reasons[row], count


def read_counts(path: Path, *, mapping: Mapping[str, str], zone: ZoneInfo | None) -> CountSeries:
    """Read a counts file.

    Args:
        path: .jsonl, .csv or .parquet.
        mapping: field to column.
        zone: where starts without an offset belong; None refuses them. Days begin there, too.

    Raises:
        Failure: names the first row that is wrong and what is.
    """
    rows = read_rows(path, mapping=mapping, zone=zone)
    if not rows.line.size:
        raise Failure(f"{path} holds no buckets; name a file with bucket_start, contact_reason and count.")
    # Stable: of two equal rows the earlier one comes first.
    order = np.lexsort((rows.reason, rows.start))
    _refuse_repeats(path, rows, order)
    starts, places = np.unique(rows.start, return_inverse=True)
    wall = wall_minutes(starts, zone) if zone is not None else _wall_of(rows, places, starts.size)
    _refuse_gap(path, rows, starts)
    grid = grid_of(starts, wall)
    if grid.off.any():
        what = f"{{}} does not fit the other buckets, which are {grid.width} minutes long"
        raise _misplaced(path, rows, grid.off[places], what)
    tickets = np.bincount(places, weights=rows.counts, minlength=starts.size)
    mixed = mixed_in(wall if grid.on_wall and wall is not None else starts, tickets, grid.width)
    if mixed is not None:
        what = (
            f"from {{}} on, buckets are {mixed.width} minutes long, others {mixed.others}; "
            "bring them to one length, or split the file in two"
        )
        raise _misplaced(path, rows, places == mixed.place, what)
    ends = ends_of(starts, wall, grid, zone)
    row, count = rows.reason[order], rows.counts[order]
    if grid.width == 1:
        held = count > 0
        minute, row, count = rows.start[order][held], row[held], count[held]
    else:
        bucket, minute, count = spread(rows.start[order], ends[places[order]], count)
        row = row[bucket]
        order = np.argsort(minute, kind="stable")
        minute, row, count = minute[order], row[order], count[order]
    return CountSeries(minute, row, count, tuple(rows.reasons), int(starts[0]), int(ends.max()))


def _refuse_repeats(path: Path, rows: CountRows, order: IntArray) -> None:
    start, reason = rows.start[order], rows.reason[order]
    again = np.flatnonzero((start[1:] == start[:-1]) & (reason[1:] == reason[:-1])) + 1
    if not again.size:
        return
    place = again[rows.line[order[again]].argmin()]
    line, earlier = int(rows.line[order[place]]), int(rows.line[order[place - 1]])
    name = rows.reasons[int(reason[place])]
    what = f"{name!r} has this bucket already in line {earlier}; add the two up, or drop one"
    raise Failure(f"{path}:{line}: bucket_start: {what}.")


def _refuse_gap(path: Path, rows: CountRows, starts: IntArray) -> None:
    wide = np.flatnonzero(np.diff(starts) > LONGEST_GAP)
    if not wide.size:
        return
    # A wrong date stands alone: the smaller side of the gap holds it.
    place = int(wide[0])
    lonely = place if place + 1 <= starts.size / 2 else place + 1
    years = int(starts[place + 1] - starts[place]) / (365.25 * 1440)
    what = f"{{}} lies {years:.1f} years from the nearest other bucket; mend its date, or leave it out"
    raise _misplaced(path, rows, rows.start == starts[lonely], what)


def _misplaced(path: Path, rows: CountRows, which: np.typing.NDArray[np.bool_], what: str) -> Failure:
    place = int(np.flatnonzero(which)[0])
    said = what.format(rfc3339(datetime.fromtimestamp(int(rows.start[place]) * 60, UTC)))
    return Failure(f"{path}:{int(rows.line[place])}: bucket_start: {said}.")


def _wall_of(rows: CountRows, places: IntArray, distinct: int) -> IntArray | None:
    if rows.wall is None:
        return None
    wall = np.zeros(distinct, np.int64)
    wall[places] = rows.wall
    return wall
