"""The past from files, as the statements that `count` would have made: for `learn` and `backtest`.

Tickets go through the very class that counts them live (:class:`streams.counting.PartitionCounts`), as if all
had come through one partition in the order in which `send` sends them, each at its own time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click
import numpy as np
from msgspec.structs import replace

from streams.counted_minutes import CountedMinutes
from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.errors import Failure
from streams.events import Cell, Ticket
from streams.files.columns import parse_mapping
from streams.files.count_rows import BucketRow
from streams.files.counts_files import CountSeries, read_counts
from streams.files.readers import FileTicket, Reading, Refusal, read_tickets
from streams.files.tables import open_table
from streams.files.times import instant_option, is_day
from streams.progress import progress
from streams.send import IN_ORDER, Outgoing, prepare
from streams.shards import Shards

_FAR = datetime(9000, 1, 1, tzinfo=UTC)
DAY = 1440
_KEY = "history"
"""Without a key of its own: customers are only told apart here, and nothing of them leaves."""


class Statement(NamedTuple):
    """What was counted: cumulative cells, and the last minute that may be closed now."""

    closable: int
    stamp: int
    cells: list[Cell]


class History(NamedTuple):
    """The past: its statements in order (iterate once), its minutes [first, until), what was read.

    Files of counts are known as a whole: they are `counted`, and their statements only let minutes close. Of
    tickets `counted` is None.
    """

    statements: Iterator[Statement]
    first: int
    until: int
    tickets: int
    refused: int
    counted: CountedMinutes | None = None

    @property
    def has_customers(self) -> bool:
        """Whether distinct customers are known; counts know none."""
        return self.counted is None


@dataclass(slots=True)
class _Record:
    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


def read_history(
    files: Sequence[Path],
    *,
    pairs: Sequence[str],
    zone: ZoneInfo | None,
    facets: Sequence[str],
    horizon_hours: int,
    max_reasons: int,
    refuse: Callable[[Path, Refusal], None],
    until: datetime | None = None,
    hmac_key: str | None = None,
    shards: Shards | None = None,
    shard: str | None = None,
) -> History:
    """Read files of tickets, or files of counts.

    Args:
        files: .jsonl, .csv or .parquet; all tickets, or all counts.
        pairs: `--map` options.
        zone: where times without an offset belong; None refuses them.
        facets: allow-listed facets, as for the worker.
        horizon_hours: how long ids are remembered, as for the worker.
        max_reasons: as for the worker.
        refuse: told of every ticket that is left out.
        until: what lies at or after it is left out.
        hmac_key: the workers' key, so that estimates of many customers are the very same (while it is not changed).
        shards: how tickets are parted, as for the worker.
        shard: whose tickets are looked at; counts, which know no market, are all taken to be of this one.

    Raises:
        Failure: a file cannot be read, or lacks a column, or holds bad counts, or there is nothing at all.
        click.UsageError: the mapping means nothing.
    """
    kinds = [_holds_counts(path, pairs) for path in files]
    if any(kinds) and not all(kinds):
        raise Failure("Some files hold tickets and some hold counts; name files of one kind.")
    last = None if until is None else int(until.timestamp() // 60)
    if all(kinds):
        mapping = parse_mapping(pairs, BucketRow)
        return _from_counts([read_counts(path, mapping=mapping, zone=zone) for path in files], files, last)
    mapping = parse_mapping(pairs, Ticket)
    tickets, refused = [], 0
    for path in files:
        with ExitStack() as stack:
            reading = read_tickets(path, stack, mapping=mapping, zone=zone)
            # Nothing lies in the future of a past that is only looked at.
            batch = prepare(_before(until, reading, path.name, stack), _FAR)
        tickets += batch.tickets
        refused += len(batch.refusals)
        for refusal in batch.refusals:
            refuse(path, refusal)
    tickets.sort(key=IN_ORDER)
    if not tickets:
        raise Failure("There are no tickets to look at; check --until and the rows named above, if any.")
    counts = PartitionCounts(
        0,
        pseudonymiser(hmac_key or _KEY),
        facets=facets,
        horizon_hours=horizon_hours,
        max_reasons=max_reasons,
        shards=shards,
    )
    first = int(tickets[0].at // 60)
    end = last if last is not None else int(max(ticket.at for ticket in tickets) // 60) + 1
    statements = _from_tickets(tickets, counts, last)
    if shards is not None and shard is not None:
        statements = _of_shard(statements, shards, shard)
    return History(statements, first, end, len(tickets), refused)


def _before(
    until: datetime | None, reading: Reading[FileTicket], name: str, stack: ExitStack
) -> Iterator[tuple[int, Ticket | Refusal]]:
    """The rows of a file that are looked at, with a progress bar."""
    advance = stack.enter_context(progress(f"Reading {name}", reading.total))
    for line, row in reading:
        advance(reading.position())
        if isinstance(row, Refusal) or until is None or row.created_at < until:
            yield line, row


def _holds_counts(path: Path, pairs: Sequence[str]) -> bool:
    """Whether a file holds counts: it has (or maps) `bucket_start`, and nothing says `created_at`."""
    mapped = {pair.partition("=")[0].strip() for pair in pairs}
    if mapped & {"bucket_start", "count"}:
        return True
    with ExitStack() as stack:
        table = open_table(path, stack)
        columns: Iterable[str] = table.columns or ()
        if table.columns is None:
            columns = next((row.values for row in table.rows if row.values is not None), ())
        return "bucket_start" in columns and "created_at" not in mapped


def _from_tickets(tickets: list[Outgoing], counts: PartitionCounts, last: int | None) -> Iterator[Statement]:
    offset = 0
    for _, group in groupby(tickets, key=lambda ticket: ticket.at // 60):
        records = []
        for ticket in group:
            records.append(_Record(offset, int(ticket.at * 1000) + 999, ticket.value))
            offset += 1
        refused = counts.feed(records)
        assert not refused, refused  # noqa: S101 - all were read by the same decoder
        statement = counts.statement(watermark=None, drained=False, partitions=1)
        counts.settle()
        newest = int((counts.newest or 0.0) // 60)
        yield Statement(newest - 1, statement.offset, statement.cells)
    newest = int((counts.newest or 0.0) // 60)
    yield Statement(newest if last is None else last - 1, counts.position, [])


def _of_shard(statements: Iterator[Statement], shards: Shards, shard: str) -> Iterator[Statement]:
    for one in statements:
        parts = [(*shards.parted(cell.contact_reason), cell) for cell in one.cells]
        cells = [replace(cell, contact_reason=reason) for whose, reason, cell in parts if whose == shard]
        yield one._replace(cells=cells)


def _from_counts(series: list[CountSeries], files: Sequence[Path], last: int | None) -> History:
    first, until = min(one.first for one in series), max(one.until for one in series)
    ordered = sorted(series, key=lambda one: one.first)
    for before, after in pairwise(ordered):
        if after.first < before.until:
            raise Failure(
                f"Two of the files {', '.join(map(str, files))} hold the same time; counts would double, "
                "so join them or leave one out."
            )
    end = until if last is None else last
    joined = _joined(ordered, end)
    if not joined.counts.size:
        raise Failure("There are no tickets to look at; every bucket is 0, or lies after --until.")

    def statements() -> Iterator[Statement]:
        for minute in (*range(first + DAY, end, DAY), end):
            yield Statement(minute - 1, minute, [])

    return History(statements(), first, end, joined.tickets, 0, CountedMinutes(joined))


def _joined(ordered: Sequence[CountSeries], end: int) -> CountSeries:
    """Series that follow each other as one, up to `end`."""
    reasons: dict[str, int] = {}
    minutes, rows, counts = [], [], []
    for one in ordered:
        place = np.asarray([reasons.setdefault(name, len(reasons)) for name in one.reasons], dtype=np.int32)
        kept = slice(0, int(np.searchsorted(one.minute, end)))
        minutes.append(one.minute[kept].astype(np.int32))
        rows.append(place[one.row[kept]])
        counts.append(one.counts[kept])
    return CountSeries(
        np.concatenate(minutes),
        np.concatenate(rows),
        np.concatenate(counts),
        tuple(reasons),
        ordered[0].first,
        end,
    )


def parse_periods(options: Sequence[str], zone: ZoneInfo) -> list[tuple[int, int]]:
    """`--exclude FROM..TO` options as minutes [from, to); a day alone as TO is left out up to its end.

    Raises:
        click.BadParameter: not FROM..TO, or TO not after FROM.

    >>> parse_periods(["1970-01-02..1970-01-03"], ZoneInfo("UTC"))
    [(1440, 4320)]
    """
    periods = []
    for option in options:
        begin, separator, end = option.partition("..")
        since = instant_option("--exclude", begin.strip(), zone) if separator else None
        to = instant_option("--exclude", end.strip(), zone) if separator else None
        if since is None or to is None:
            raise click.BadParameter(
                f"{option!r} is not FROM..TO, as in 2026-05-01..2026-05-03", param_hint="--exclude"
            )
        if is_day(end):
            local = to.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
            to = local.replace(tzinfo=zone)
        if to <= since:
            raise click.BadParameter(f"{option!r} ends before it begins", param_hint="--exclude")
        periods.append((int(since.timestamp() // 60), -int(-to.timestamp() // 60)))
    return sorted(periods)
