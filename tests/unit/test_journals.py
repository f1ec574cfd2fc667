"""What a worker recalls of its partitions: a disk that refuses costs the rest of the journal, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from ticket_logs import Record

from streams.committed import Committed
from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.journals import Journals
from streams.settings import load

TP = TopicPartition("tickets", 0)
TICKET = '{"id":"%d","created_at":"2026-06-01T10:00:30Z","contact_reason":"voucher","customer":"ada"}'
HOURS, PER_HOUR = 4, 3
LOG = [
    Record(offset, 1780308031_000 + offset // PER_HOUR * 3_600_000, (TICKET % offset).encode())
    for offset in range(HOURS * PER_HOUR)
]
PSEUDONYM = pseudonymiser("key")


def begin() -> PartitionCounts:
    return PartitionCounts(0, PSEUDONYM)


def journals(folder: Path) -> Journals:
    return Journals(load(ticketspike_data_dir=folder, ticketspike_hmac_key="key"), PSEUDONYM)


def recalled(folder: Path, end: int) -> tuple[Journals, PartitionCounts]:
    found, counts = journals(folder), begin()
    asyncio.run(found.recall(TP, counts, Committed(end)))
    return found, counts


def refuse(file: Path) -> None:
    """What lies there can be neither read nor deleted, also not by root."""
    file.unlink()
    file.mkdir()


@pytest.fixture
def hours(tmp_path: Path) -> list[Path]:
    """The journal's files of three hours, and the worker is gone."""
    written, counts = recalled(tmp_path, 0)
    for record in LOG[: 3 * PER_HOUR]:
        counts.feed([record])
        written.write(TP, counts)
    files = sorted(tmp_path.rglob("*.pages"))
    assert len(files) == 3
    return files


def test_what_was_recalled_before_the_disk_refused_holds_and_the_log_has_the_rest(
    tmp_path: Path, hours: list[Path]
) -> None:
    refuse(hours[1])
    _, counts = recalled(tmp_path, 3 * PER_HOUR)
    assert (counts.position, counts.remembered) == (PER_HOUR, PER_HOUR)
    whole = begin()
    for one in (counts, whole):
        assert one.feed(LOG, restating=False) == []
    assert counts.statement(watermark=None, drained=False, partitions=1) == whole.statement(
        watermark=None, drained=False, partitions=1
    )
    assert (counts.remembered, counts.window()) == (whole.remembered, whole.window())


def test_a_journal_that_was_read_in_part_is_written_on_and_whole_again_on_a_sound_disk(
    tmp_path: Path, hours: list[Path]
) -> None:
    refuse(hours[1])
    found, counts = recalled(tmp_path, 3 * PER_HOUR)
    hours[1].rmdir()
    for record in LOG[PER_HOUR:]:
        counts.feed([record])
        found.write(TP, counts)
    assert recalled(tmp_path, len(LOG))[1].position == len(LOG)


def test_an_old_hour_that_cannot_be_deleted_stops_nothing(tmp_path: Path, hours: list[Path]) -> None:
    found, counts = recalled(tmp_path, 3 * PER_HOUR)
    refuse(hours[0])
    counts.feed([Record(len(LOG), LOG[-1].timestamp + 60 * 3_600_000, (TICKET % 99).encode())])
    assert counts.window()[0] > 0
    found.write(TP, counts)
    assert not hours[1].exists() or hours[0].is_dir()
    found.write(TP, counts)
