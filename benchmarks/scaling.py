"""How cost grows: `count` with tickets, remembered ids and customers, `watch` with contact reasons and open minutes.

Printed for docs/scaling.md, with the parts of what *count* takes for a ticket.

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
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import msgspec

# Run as a file; its own modules are found from the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tickets import tickets as shop_tickets
from streams.counting import PartitionCounts
from streams.customers import pack, pseudonymiser
from streams.detection import detector_settings
from streams.events import Cell
from streams.facets import ReadTicket
from streams.memory import relax_collector
from streams.settings import load
from streams.statements import records
from streams.surveillance import Surveillance

BEGIN = datetime(2026, 11, 16, 8, tzinfo=UTC)
TICKETS = (100_000, 300_000, 1_000_000)
REASONS = (100, 300, 1000, 3000, 10_000)
CUSTOMERS = (1, 1000, 30_000, 300_000)
OPEN_MINUTES = (10, 100, 1000)
PARTS = (300_000,)
BATCH = 5000
MINUTES = 90


def _rss() -> int:
    """Resident bytes now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def count(tickets: int) -> dict[str, float]:
    """One partition with so many tickets within an hour, 50 contact reasons, all facets, half as many customers."""
    counts, grown, took = _counted(_batches(tickets, tickets // 2))
    return {
        "tickets": tickets,
        "us_per_ticket": (took["feed"] + took["state"]) / tickets * 1e6,
        "bytes_per_remembered_id": grown / counts.remembered,
        "stated_bytes_per_ticket": took["stated"] / tickets,
    }


def customers(number: int) -> dict[str, float]:
    """300,000 tickets within an hour of 50 contact reasons, from so many customers."""
    _, grown, took = _counted(_batches(300_000, number))
    return {"customers": number, "megabytes": grown / 1e6, "largest_cell_in_bytes": took["largest"]}


def parts(tickets: int) -> dict[str, float]:
    """Where the CPU of a ticket of the bench of *count* goes, in microseconds; the least of some turns."""
    relax_collector()
    records_of = [one for batch in _shop(tickets) for one in batch]
    texts = [one.value for one in records_of]
    decode, pseudonym = msgspec.json.Decoder(ReadTicket).decode, pseudonymiser("k")
    names = [ticket.customer or "" for ticket in map(decode, texts)]

    def least(work: Callable[[], object]) -> float:
        turns = []
        for _ in range(5):
            begun = time.process_time()
            work()
            turns.append(time.process_time() - begun)
        return min(turns) / tickets * 1e6

    turns = [_counted(_shop(tickets))[2] for _ in range(3)]
    feed, state, journal = (
        min(one[part] for one in turns) / tickets * 1e6 for part in ("feed", "state", "journal")
    )
    decoding = least(lambda: deque(map(decode, texts), maxlen=0))
    hashing = least(lambda: deque(map(pseudonym, names), maxlen=0))
    return {
        "decode_json": decoding,
        "pseudonym": hashing,
        "rest_of_counting": feed - decoding - hashing,
        "state_minutes": state,
        "journal": journal,
    }


def _batches(tickets: int, customers: int) -> Iterator[list[SimpleNamespace]]:
    apart = timedelta(hours=1) / tickets
    for first in range(0, tickets, BATCH):
        batch = []
        for number in range(first, min(first + BATCH, tickets)):
            at = BEGIN + number * apart
            ticket = {
                "id": f"ticket-{number}",
                "created_at": at.isoformat(),
                "contact_reason": f"reason {number % 50}",
                "customer": f"customer-{number % customers}@example.org",
                "voucher_code": "SOMMER25" if number % 3 == 0 else None,
                "attributes": {"browser": ("Safari", "Chrome", "Firefox")[number % 3], "device": "phone"},
            }
            stamp = int(at.timestamp() * 1000) + 500
            batch.append(
                SimpleNamespace(offset=number, timestamp=stamp, value=json.dumps(ticket).encode(), headers=())
            )
        yield batch


def _shop(number: int) -> Iterator[list[SimpleNamespace]]:
    """Tickets as `make bench` counts them."""
    made = shop_tickets(number, seed=1, until=BEGIN.timestamp())
    for first in range(0, number, BATCH):
        yield [
            SimpleNamespace(offset=first + place, timestamp=int(at * 1000) + 500, value=text, headers=())
            for place, (_, _, at, text) in enumerate(islice(made, BATCH))
        ]


def _counted(batches: Iterable[list[SimpleNamespace]]) -> tuple[PartitionCounts, float, dict[str, float]]:
    """What counted them, by how many bytes the process grew, and CPU seconds by part."""
    relax_collector()
    counts = PartitionCounts(0, pseudonymiser("k"), facets=load().ticketspike_facets)
    took = dict.fromkeys(("feed", "state", "journal", "stated", "largest"), 0.0)
    before = _rss()
    for batch in batches:
        begun = time.process_time()
        counts.feed(batch)
        fed = time.process_time()
        statement = counts.statement(watermark=None, drained=False, partitions=1)
        took["stated"] += sum(map(len, records(statement)))
        counts.settle()
        stated = time.process_time()
        for page in counts.pages():
            msgspec.msgpack.encode(page)
        took["feed"] += fed - begun
        took["state"] += stated - fed
        took["journal"] += time.process_time() - stated
        took["largest"] = max([took["largest"], *(len(cell.customers) for cell in statement.cells)])
    return counts, _rss() - before, took


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


def open_minutes(number: int) -> dict[str, float]:
    """So many minutes of 300 contact reasons before any is closed, a tenth of the reasons with tickets in each."""
    relax_collector()
    core, first = Surveillance(detector_settings(load())), int(BEGIN.timestamp() // 60)
    before = _rss()
    for minute in range(first, first + number):
        for reason in range(minute % 10, 300, 10):
            packed = pack([reason << 20 | minute, minute])
            core.add(
                Cell(f"reason {reason}", minute, 2, packed, {"browser": {"Safari": 2}}), partition=0, stamp=1
            )
    return {"open_minutes": number, "kilobytes_per_open_minute": (_rss() - before) / number / 1024}


MEASURES: dict[str, tuple[Callable[[int], dict[str, float]], tuple[int, ...]]] = {
    "count": (count, TICKETS),
    "parts": (parts, PARTS),
    "customers": (customers, CUSTOMERS),
    "watch": (watch, REASONS),
    "open_minutes": (open_minutes, OPEN_MINUTES),
}


def main() -> None:
    """Measure each size in a process of its own and print a table of each measure."""
    if len(sys.argv) == 3:
        measured = MEASURES[sys.argv[1]][0](int(sys.argv[2]))
        print(json.dumps(measured))
        return
    for what, (_, sizes) in MEASURES.items():
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
