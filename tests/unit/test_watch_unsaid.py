"""A worker that is killed between making its state safe and saying what follows from it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.records import Spike
from streams import follow
from streams.customers import pack
from streams.events import Cell, TicketCounts
from streams.metrics import Metrics
from streams.settings import Settings, load
from streams.watch import Watch

BEGIN = 29_600_000 // 1440 * 1440
BREAKS, MENDED, END = BEGIN + 4000, BEGIN + 4040, BEGIN + 4400


class Killed(Exception):
    """What stands for kill -9."""


class Table:
    """What Kafka keeps of the rows, whoever holds the shard."""

    def __init__(self) -> None:
        self.data: dict[bytes, tuple[int, bytes]] = {}

    async def put(self, rows: dict[bytes, bytes], stamp: int) -> None:
        self.data |= {key: (stamp, value) for key, value in rows.items()}

    def rows(self) -> dict[bytes, bytes]:
        return {key: value for key, (_, value) in self.data.items()}

    def stamp(self, key: bytes) -> int:
        return self.data[key][0]


class Topic:
    """Takes what is said, until the worker is killed."""

    def __init__(self, said: list[Spike], killed_at: int | None) -> None:
        self.said, self.killed_at = said, killed_at

    async def send(self, *, key: bytes, value: bytes) -> Any:  # noqa: ARG002 - as Faust's
        async def acknowledged() -> None:
            pass

        if len(self.said) == self.killed_at:
            raise Killed
        self.said.append(msgspec.json.decode(value, type=Spike))
        return acknowledged()


def log() -> list[follow.Entry]:
    """Quiet days, then one statement about hours: a flood begins in them, and ends."""

    def cells(first: int, last: int) -> list[Cell]:
        counts = [(at, 6 if BREAKS <= at < MENDED else int(at % 7 == 0)) for at in range(first, last)]
        return [
            Cell("voucher", at, one, pack(at * 100 + n for n in range(one)), {}) for at, one in counts if one
        ]

    bounds = [*range(BEGIN, BREAKS - 30, 500), BREAKS - 30, END]
    statements = [
        TicketCounts(
            partition=0, partitions=1, offset=number, watermark=last * 60.0, cells=cells(first, last)
        )
        for number, (first, last) in enumerate(pairwise(bounds))
    ]
    return [follow.Entry(at, 0.0, msgspec.json.encode(one)) for at, one in enumerate(statements)]


def worker(settings: Settings, table: Table, said: list[Spike], killed_at: int | None = None) -> Watch:
    watch = Watch(settings, Metrics(), "worker")
    watch.table = table  # type: ignore[assignment]
    watch.spikes = Topic(said, killed_at)
    watch.campaign_rows, watch.baseline_rows = {}, {}
    watch.incidents.complete.set()
    return watch


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[follow.Entry]:
    """What Kafka keeps of `ticket-counts`."""
    records = log()

    async def read(_: Settings, topic: str, start: int, end: int) -> AsyncGenerator[follow.Entry]:
        for one in records[start:end] if topic == "ticket-counts" else []:
            yield one

    monkeypatch.setattr(follow, "read", read)
    return records


async def test_a_spike_that_was_over_when_it_was_to_be_said_is_said_after_a_crash_from_its_beginning(
    kept: list[follow.Entry], tmp_path: Path
) -> None:
    settings = load(ticketspike_clock="event", ticketspike_timezone="UTC", ticketspike_data_dir=tmp_path)
    table, said = Table(), list[Spike]()
    first = worker(settings, table, said, killed_at=0)
    for one in kept[:-1]:
        await first.take(one)
    with pytest.raises(Killed):
        await first.take(kept[-1])
    assert said == []
    again = worker(settings, table, said)
    await again.take(kept[-1])
    states = list(dict.fromkeys((one.contact_reason, one.state) for one in said))
    assert states == [("voucher", "raised"), ("voucher", "cleared")]
    assert len({one.spike_id for one in said}) == 1


async def test_what_was_said_is_not_kept_to_be_said_again(kept: list[follow.Entry], tmp_path: Path) -> None:
    settings = load(ticketspike_clock="event", ticketspike_timezone="UTC", ticketspike_data_dir=tmp_path)
    table, said = Table(), list[Spike]()
    first = worker(settings, table, said)
    for one in kept:
        await first.take(one)
    assert [one.state for one in said if one.state == "raised"] == ["raised"]
    await first._checkpoint()
    told = len(said)
    again = worker(settings, table, said)
    await again.take(kept[-1])
    assert {one.state for one in said[told:]} == {"cleared"}
