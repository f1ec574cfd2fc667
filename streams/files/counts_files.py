"""Counts from files: `bucket_start`, `contact_reason`, `count`; absent buckets are zero.

How long a bucket is, the file does not say; it follows from its starts: the longest usual length (1 minute
to 1 day) that the starts keep to and that is no longer than the shortest distance between two of them. A
bucket longer than a minute is spread over its minutes evenly, in whole tickets and the same way on every
run.

A bad row fails the whole file, unlike in a file of tickets: a bucket left out would be taken for zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from alerts.records import Instant
from streams.admission import UNLABELLED
from streams.errors import Failure
from streams.events import minute_of
from streams.files.columns import RefusedError, Target, converted
from streams.files.readers import Refusal, read_records
from streams.files.times import is_day, parse_instant, rfc3339

WIDTHS = (1440, 720, 480, 360, 240, 180, 120, 60, 30, 20, 15, 10, 5, 1)
"""Usual lengths of a bucket, in minutes."""
CLEARLY = 0.9
"""Part of the starts that must keep to a length before those that do not are called mistakes."""


class BucketRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a counts file."""

    bucket_start: Instant
    contact_reason: str | None
    count: Annotated[int, Meta(ge=0)]


class CountSeries(NamedTuple):
    """Counts per minute, sparse, in order: (minute, contact reason, count); all minutes of [first, until)."""

    minutes: list[tuple[int, str, int]]
    first: int
    until: int
    tickets: int


def read_counts(path: Path, *, mapping: Mapping[str, str], zone: ZoneInfo | None) -> CountSeries:
    """Read a counts file.

    Args:
        path: .jsonl, .csv or .parquet.
        mapping: field to column.
        zone: where starts without an offset belong; None refuses them. Days begin there, too.

    Raises:
        Failure: names the first row that is wrong and what is.
    """
    rows: list[tuple[int, datetime, str, int]] = []
    seen: dict[tuple[datetime, str], int] = {}
    with ExitStack() as stack:
        reading = read_records(
            path,
            stack,
            BucketRow,
            mapping=mapping,
            zone=zone,
            required=("bucket_start", "contact_reason", "count"),
            nullable=("contact_reason",),
            convert=_convert,
        )
        for line, row in reading:
            if isinstance(row, Refusal):
                raise Failure(f"{row.sentence(path)}; a missing bucket would count as zero, so mend the row.")
            reason = row.contact_reason or UNLABELLED
            if row.bucket_start.second or row.bucket_start.microsecond:
                what = f"{rfc3339(row.bucket_start)} is not the beginning of a minute"
                raise Failure(f"{path}:{line}: bucket_start: {what}.")
            earlier = seen.setdefault((row.bucket_start, reason), line)
            if earlier != line:
                what = f"{reason!r} has this bucket already in line {earlier}; add the two up, or drop one"
                raise Failure(f"{path}:{line}: bucket_start: {what}.")
            rows.append((line, row.bucket_start, reason, row.count))
    if not rows:
        raise Failure(f"{path} holds no buckets; name a file with bucket_start, contact_reason and count.")
    return _spread(path, rows, zone)


def width_of(starts: Sequence[datetime], zone: ZoneInfo | None) -> tuple[int, list[datetime]]:
    """The buckets' length in minutes, and the starts that do not keep to it.

    >>> hours = [datetime(2026, 6, 1, hour) for hour in (0, 1, 2, 5, 9)]
    >>> width_of(hours, None)
    (60, [])
    """
    distinct = sorted(set(starts))
    if len(distinct) < 2:
        return 1, []
    shortest = min(after - before for before, after in pairwise(distinct))
    clocks = [[minute_of(start) for start in distinct]]
    if zone is not None:
        clocks.append([_wall_minute(start.astimezone(zone)) for start in distinct])
        # A day on which the clocks go forward is an hour short.
        shortest += timedelta(hours=1) if shortest >= timedelta(hours=20) else timedelta()
    for width in WIDTHS:
        if timedelta(minutes=width) > shortest:
            continue
        for clock in clocks:
            (phase, keep), *_ = Counter(minute % width for minute in clock).most_common(1)
            if keep >= CLEARLY * len(distinct):
                pairs = zip(distinct, clock, strict=True)
                return width, [start for start, minute in pairs if minute % width != phase]
    return 1, []


def _wall_minute(local: datetime) -> int:
    return local.toordinal() * 1440 + local.hour * 60 + local.minute


def _spread(path: Path, rows: list[tuple[int, datetime, str, int]], zone: ZoneInfo | None) -> CountSeries:
    width, off = width_of([start for _, start, _, _ in rows], zone)
    if off:
        wrong = set(off)
        line, start = next((line, start) for line, start, _, _ in rows if start in wrong)
        what = f"{rfc3339(start)} does not fit the other buckets, which are {width} minutes long"
        raise Failure(f"{path}:{line}: bucket_start: {what}.")
    ends = {start: _end(start, width, zone) for _, start, _, _ in rows}
    minutes = [
        (minute, reason, tickets)
        for _, start, reason, count in rows
        for minute, tickets in spread(minute_of(start), ends[start], count)
    ]
    minutes.sort()
    first = min(minute_of(start) for start in ends)
    return CountSeries(minutes, first, max(ends.values()), sum(count for *_, count in rows))


def _end(start: datetime, width: int, zone: ZoneInfo | None) -> int:
    first = minute_of(start)
    if width < 1440 or zone is None:
        return first + width
    # A local day may have 23 or 25 hours.
    local = start.astimezone(zone)
    return minute_of((local.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone))


def spread(first: int, end: int, count: int) -> Iterator[tuple[int, int]]:
    """Spread tickets over the minutes [first, end) evenly, in whole tickets; empty minutes are left out.

    >>> list(spread(0, 10, 3))
    [(3, 1), (6, 1), (9, 1)]
    >>> sum(tickets for _, tickets in spread(0, 60, 1234))
    1234
    """
    width = end - first
    if count >= width:
        for step in range(width):
            yield first + step, (step + 1) * count // width - step * count // width
        return
    for ticket in range(1, count + 1):
        yield first + -(-ticket * width // count) - 1, 1


def _convert(value: object, target: Target, zone: ZoneInfo | None) -> object:
    if target.field == "bucket_start" and is_day(value):
        try:
            return rfc3339(parse_instant(value, zone, days=True))
        except ValueError as error:
            raise RefusedError(target.field, str(error)) from None
    return converted(value, target, zone)
