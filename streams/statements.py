"""Statements of *count* as records: parted by shard, split where they are too large, encoded."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from streams.events import Cell, Late, TicketCounts
from streams.shards import Shards

RECORD_BYTES = 2 * 1024 * 1024
"""A record stays well below the topic's limit of 8 MiB."""

_encode = msgspec.json.Encoder().encode


def parted(statement: TicketCounts, shards: Shards) -> Iterator[TicketCounts]:
    r"""The statement of each shard, in their order; where there is one, the statement itself.

    All bear the same stamp, watermark and canary: a shard without a ticket has its minutes closed, too.

    >>> from streams.events import Cell
    >>> cells = [Cell("AT\0voucher", 7, 2, "", {}), Cell("other\0voucher", 7, 1, "", {})]
    >>> whole = TicketCounts(partition=0, partitions=1, offset=3, watermark=480.0, cells=cells)
    >>> [(one.offset, [(cell.contact_reason, cell.count) for cell in one.cells])
    ...  for one in parted(whole, Shards(["DE", "AT"]))]
    [(3, []), (3, [('voucher', 2)]), (3, [('voucher', 1)])]
    """
    if not shards.names:
        yield statement
        return
    cells: dict[str, list[Cell]] = {shard: [] for shard in shards.names}
    late: dict[str, list[Late]] = {shard: [] for shard in shards.names}
    for cell in statement.cells:
        shard, reason = shards.parted(cell.contact_reason)
        cells[shard].append(replace(cell, contact_reason=reason))
    for one in statement.late:
        shard, reason = shards.parted(one.contact_reason)
        late[shard].append(replace(one, contact_reason=reason))
    for shard in shards.names:
        yield replace(statement, cells=cells[shard], late=late[shard])


def records(statement: TicketCounts) -> Iterator[bytes]:
    """The statement as one or several values; only the last moves the watermark.

    All parts carry the same stamp: a reader that has heard some of them holds nothing wrong, since the others
    come again until all are acknowledged.

    >>> from streams.events import Cell
    >>> cells = [Cell("x" * 3000, minute, 1, "", {}) for minute in range(1000)]
    >>> parts = list(records(TicketCounts(partition=0, partitions=1, offset=9, watermark=1.0, cells=cells)))
    >>> len(parts), [part.count(b'"watermark":1.0') for part in parts]
    (2, [0, 1])
    """
    whole = _encode(statement)
    pieces = len(statement.cells) + len(statement.late)
    if len(whole) <= RECORD_BYTES or pieces < 2:
        yield whole
        return
    cells, late = statement.cells, statement.late
    half_cells, half_late = len(cells) // 2, len(late) // 2
    yield from records(
        replace(statement, cells=cells[:half_cells], late=late[:half_late], watermark=None, drained=False)
    )
    yield from records(replace(statement, cells=cells[half_cells:], late=late[half_late:]))
