"""Campaigns from .jsonl, .csv and .ics files, checked as the worker would and a little further."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.records import Campaign
from streams.errors import Failure
from streams.files.calendar_files import Found, read_calendar
from streams.files.columns import RefusedError, Target, converted
from streams.files.readers import Refusal, read_records
from streams.files.times import is_day, parse_instant, rfc3339


def read_campaigns(
    path: Path, stack: ExitStack, *, zone: ZoneInfo | None, calendar_zone: ZoneInfo, now: datetime
) -> Iterator[Found]:
    """The campaigns of a file, each with its line; bad ones as refusals.

    In .jsonl and .csv a day alone stands for its first instant as `starts_at` and for its last as `ends_at`
    (people mean "up to and including"); lists are separated by commas or semicolons.

    Args:
        path: the file.
        stack: closes it.
        zone: where times without an offset belong in .jsonl and .csv; None refuses them.
        calendar_zone: the same for .ics, where all-day events never have an offset.
        now: series in .ics are written out around it.

    Raises:
        Failure: the file cannot be read, or lacks a needed column.
    """
    if path.suffix.lower() == ".ics":
        rows: Iterator[Found] = read_calendar(path, zone=zone or calendar_zone, now=now)
    else:
        required = ("id", "name", "starts_at", "ends_at")
        rows = iter(
            read_records(path, stack, Campaign, mapping={}, zone=zone, required=required, convert=_convert)
        )
    return _checked(rows)


def read_campaign_list(
    path: Path, *, zone: ZoneInfo | None, calendar_zone: ZoneInfo, now: datetime
) -> tuple[Campaign, ...]:
    """All campaigns of a file that must be good as a whole; cancelled ones are left out.

    Raises:
        Failure: names the first bad row.
    """
    found = {}
    with ExitStack() as stack:
        for _, row in read_campaigns(path, stack, zone=zone, calendar_zone=calendar_zone, now=now):
            if isinstance(row, Refusal):
                raise Failure(f"{row.sentence(path)}; mend the campaign, or leave it out.")
            if isinstance(row, Campaign):
                found[row.id] = row
    return tuple(found.values())


def _checked(rows: Iterator[Found]) -> Iterator[Found]:
    for line, row in rows:
        if isinstance(row, Campaign) and row.ends_at <= row.starts_at:
            yield line, Refusal(line, "ends_at", f"{rfc3339(row.ends_at)} does not lie after starts_at")
        else:
            yield line, row


def _convert(value: object, target: Target, zone: ZoneInfo | None) -> object:
    if target.kind != "instant" or not is_day(value):
        return converted(value, target, zone)
    try:
        first = parse_instant(value, zone, days=True)
    except ValueError as error:
        raise RefusedError(target.field, str(error)) from None
    if target.field != "ends_at" or zone is None:
        return rfc3339(first)
    # The next local midnight, not 24 hours later: days with a clock change are longer or shorter.
    day: date = first.astimezone(zone).date() + timedelta(days=1)
    return rfc3339(parse_instant(day, zone, days=True))
