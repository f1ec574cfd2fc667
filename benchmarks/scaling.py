"""How cost grows: `count` with tickets and remembered ids, `watch` with contact reasons. Printed for docs/scaling.md.

    python benchmarks/scaling.py

No Kafka and no other process, CPU time and not the clock on the wall, so it may run on a machine with other work.
Each size runs in a process of its own: memory is what that process grew by.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from streams.counting import PartitionCounts
from streams.customers import pack, pseudonymiser
from streams.detection import detector_settings
from streams.events import Cell
from streams.memory import relax_collector
from streams.settings import load
from streams.statements import records
from streams.surveillance import Surveillance

BEGIN = datetime(2026, 11, 16, 8, tzinfo=UTC)
TICKETS = (100_000, 300_000, 1_000_000)
REASONS = (100, 300, 1000, 3000, 10_000)
BATCH = 5000
MINUTES = 90


def _rss() -> int:
    """Resident bytes now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def count(tickets: int) -> dict[str, float]:
    """One partition with so many tickets within an hour, 50 contact reasons, all facets."""
    relax_collector()
    settings = load()
    counts = PartitionCounts(0, pseudonymiser("k"), facets=settings.ticketspike_facets)
    apart, before, stated = timedelta(hours=1) / tickets, _rss(), 0
    cpu = 0.0
    for first in range(0, tickets, BATCH):
        batch = []
        for number in range(first, min(first + BATCH, tickets)):
            at = BEGIN + number * apart
            ticket = {
                "id": f"ticket-{number}",
                "created_at": at.isoformat(),
                "contact_reason": f"reason {number % 50}",
                "customer": f"customer-{number % (tickets // 2)}@example.org",
                "voucher_code": "SOMMER25" if number % 3 == 0 else None,
                "attributes": {"browser": ("Safari", "Chrome", "Firefox")[number % 3], "device": "phone"},
            }
            stamp = int(at.timestamp() * 1000) + 500
            batch.append(
                SimpleNamespace(offset=number, timestamp=stamp, value=json.dumps(ticket).encode(), headers=())
            )
        begun = time.process_time()
        counts.feed(batch)
        statement = counts.statement(watermark=None, drained=False, partitions=1)
        stated += sum(map(len, records(statement)))
        counts.settle()
        cpu += time.process_time() - begun
    return {
        "tickets": tickets,
        "us_per_ticket": cpu / tickets * 1e6,
        "bytes_per_remembered_id": (_rss() - before) / counts.remembered,
        "stated_bytes_per_ticket": stated / tickets,
    }


def watch(reasons: int) -> dict[str, float]:
    """So many contact reasons, a tenth of them with tickets in any minute; the last thirty minutes are timed."""
    relax_collector()
    before = _rss()
    core = Surveillance(detector_settings(load()))
    first = int(BEGIN.timestamp() // 60)
    names = [f"reason {number}" for number in range(reasons)]
    cpu = 0.0
    for minute in range(first, first + MINUTES):
        chosen = names if minute == first else names[(minute * 7) % 10 :: 10]
        for reason in chosen:
            cell = Cell(reason, minute, 2, pack([hash(reason) & 0xFFFF, minute]), {"browser": {"Safari": 2}})
            core.add(cell, partition=0, stamp=minute)
        begun = time.process_time()
        for _ in core.close_until(minute):
            pass
        if minute >= first + MINUTES - 30:
            cpu += time.process_time() - begun
    row = len(json.dumps(core.snapshot(names[0])))
    return {
        "reasons": reasons,
        "ms_per_minute": cpu / 30 * 1e3,
        "kilobytes_per_reason": (_rss() - before) / reasons / 1024,
        "row_bytes": row,
    }


def main() -> None:
    """Measure each size in a process of its own and print two tables."""
    if len(sys.argv) == 3:
        measured = {"count": count, "watch": watch}[sys.argv[1]](int(sys.argv[2]))
        print(json.dumps(measured))
        return
    for what, sizes in (("count", TICKETS), ("watch", REASONS)):
        rows = []
        for size in sizes:
            done = subprocess.run(
                [sys.executable, __file__, what, str(size)], capture_output=True, check=True
            )
            rows.append(json.loads(done.stdout))
        print("| " + " | ".join(name.replace("_", " ") for name in rows[0]) + " |")
        print("|" + "---|" * len(rows[0]))
        for row in rows:
            print(
                "| "
                + " | ".join(f"{value:,.1f}" if value % 1 else f"{value:,.0f}" for value in row.values())
                + " |"
            )
        print()


if __name__ == "__main__":
    main()
