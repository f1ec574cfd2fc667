"""While the key of pseudonyms is changed: what is set, what is kept on the disk, who agrees with whom."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from ticket_logs import Record

from streams.committed import Committed
from streams.counting import PartitionCounts
from streams.customers import key_mark, pseudonymiser
from streams.events import Cell, TicketCounts
from streams.journals import Journals
from streams.key_agreement import KeyAgreement
from streams.pages import MOST
from streams.settings import Settings, SettingsError, load
from streams.shards import Shards
from streams.statements import parted, records

TP = TopicPartition("tickets", 0)
TICKET = '{"id":"%d","created_at":"2026-06-01T10:00:30Z","contact_reason":"voucher","customer":"ada"}'


def settings(folder: Path, **keys: str) -> Settings:
    return load(ticketspike_data_dir=folder, **keys)


def counted(number: int) -> PartitionCounts:
    counts = PartitionCounts(0, pseudonymiser("new", "old"))
    assert not counts.feed([Record(each, 1780308031_000, (TICKET % each).encode()) for each in range(number)])
    return counts


@pytest.mark.parametrize("blank", ["", "   "])
def test_a_key_emptied_in_the_file_is_none(
    blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ticketspike.toml"
    file.write_text(f'TICKETSPIKE_HMAC_KEY = "k"\nTICKETSPIKE_HMAC_KEY_OLD = "{blank}"\n')
    monkeypatch.setenv("TICKETSPIKE_CONFIG", str(file))
    assert load().ticketspike_hmac_key_old is None
    file.write_text(f'TICKETSPIKE_HMAC_KEY = "{blank}"\n')
    assert load().ticketspike_hmac_key is None


def test_the_same_key_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is the same as TICKETSPIKE_HMAC_KEY; allowed"):
        settings(tmp_path, ticketspike_hmac_key="k", ticketspike_hmac_key_old="k")


def test_a_change_leaves_no_page_of_the_old_key_on_the_disk_and_writes_none(tmp_path: Path) -> None:
    before = Journals(settings(tmp_path, ticketspike_hmac_key="old"), pseudonymiser("old"))
    first = PartitionCounts(0, pseudonymiser("old"))
    first.feed([Record(0, 1780308031_000, (TICKET % 0).encode())])
    asyncio.run(before.recall(TP, PartitionCounts(0, pseudonymiser("old")), Committed()))
    before.write(TP, first)
    assert list(tmp_path.rglob("*.pages"))

    both = settings(tmp_path, ticketspike_hmac_key="new", ticketspike_hmac_key_old="old")
    journals = Journals(both, pseudonymiser("new", "old"))
    asyncio.run(journals.recall(TP, counted(0), Committed()))
    assert not (tmp_path / "journal").exists()
    counts = counted(5)
    journals.write(TP, counts)
    assert not (tmp_path / "journal").exists()
    # Taken and thrown away, so that they do not pile up.
    assert not counts.pages()


def test_pages_that_nobody_takes_are_let_go_also_where_only_changes_come() -> None:
    counts = counted(1)
    change = (
        '{"id":"0","created_at":"2026-06-01T10:00:30Z","contact_reason":"%s","kind":"relabelled",'
        '"changed_at":"2026-06-01T10:%02d:%02d.%06dZ"}'
    )
    held = counts._pages
    for number in range(1, 40):
        counts.feed(
            [Record(number, 1780308031_000, (change % (f"r{number}", 0, 30, number)).encode())],
            restating=False,
        )
    assert len(held.changes) == 39
    held.changes *= MOST // 39 + 1
    assert held.many


def test_shards_and_parts_of_a_statement_keep_the_marks() -> None:
    cells = [Cell("DE\0" + "x" * 3000, minute, 1, "", {}) for minute in range(1000)]
    whole = TicketCounts(
        partition=0, partitions=1, offset=9, cells=cells, keys=(key_mark("a"), key_mark("b"))
    )
    parts = [record for statement in parted(whole, Shards(["DE"])) for record in records(statement)]
    assert len(parts) > 2
    assert all(f'"keys":["{key_mark("a")}","{key_mark("b")}"]'.encode() in part for part in parts)


def test_a_difference_is_news_once_until_it_is_over() -> None:
    keys = KeyAgreement()
    keys.hear(0, ["a1b2"])
    keys.hear(1, [])  # of an older version
    assert not keys.news()
    keys.hear(1, ["c3d4"])
    assert [keys.news(), keys.news(), keys.differ] == [True, False, True]
    keys.hear(1, ["a1b2"])
    assert [keys.news(), keys.differ] == [False, False]
    keys.hear(1, ["c3d4"])
    assert keys.news()
