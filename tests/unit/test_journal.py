"""The journal on the disk: whole, joined and committed pages come back, all else is left to the log."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from streams.journal import Journal
from streams.pages import Page, Standing


def page(begin: int, end: int, *, opens: bool = False) -> Page:
    tables = ["voucher"], [("SUMMER", None)], [()]
    tickets = [(f"t{begin}", 7, 2**64 - 1, 0, 0, 0)]
    return Page(begin, end, 1, opens, Standing(60.0, 61.0, None, 1.0), ["voucher"], *tables, tickets, [])


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "tickets-0", "v1")
    journal.write([page(0, 5, opens=True), page(5, 9), page(9, 12, opens=True), page(12, 20)])
    return journal


def ends(journal: Journal, window: int, committed: int) -> list[int]:
    return [one.end for one in journal.read(window, committed)]


def test_pages_come_back_as_they_were_written(journal: Journal) -> None:
    assert list(journal.read(0, 20))[1] == page(5, 9)


def test_only_what_a_commit_covers_comes_back_and_the_rest_is_cut_off(journal: Journal) -> None:
    assert ends(journal, 0, 11) == [5, 9]
    assert ends(Journal(journal.folder, "v1"), 0, 20) == [5, 9]


def test_the_hours_before_the_window_are_deleted(journal: Journal) -> None:
    assert ends(journal, 9, 20) == [12, 20]
    assert [file.name for file in journal.folder.iterdir()] == ["00000000000000000009.pages"]
    journal.let_go(30)
    assert not list(journal.folder.iterdir())


def test_pages_written_after_reading_join_what_was_read(journal: Journal) -> None:
    assert ends(journal, 0, 13) == [5, 9, 12]
    journal.write([page(12, 15), page(15, 18, opens=True)])
    assert ends(Journal(journal.folder, "v1"), 0, 20) == [5, 9, 12, 15, 18]


@pytest.mark.parametrize("lost", [1, 30, 100])
def test_a_torn_end_costs_the_pages_that_are_torn_and_no_more(journal: Journal, lost: int) -> None:
    last = max(journal.folder.iterdir())
    last.write_bytes(last.read_bytes()[:-lost])
    read = ends(journal, 0, 20)
    assert read in ([5, 9, 12], [5, 9])
    journal.write([page(read[-1], 25)])
    assert ends(Journal(journal.folder, "v1"), 0, 30) == [*read, 25]


def test_a_flipped_byte_ends_the_reading_before_its_page(journal: Journal) -> None:
    first = min(journal.folder.iterdir())
    content = bytearray(first.read_bytes())
    content[-3] ^= 1
    first.write_bytes(content)
    assert ends(journal, 0, 20) == [5]


def test_pages_made_under_other_settings_are_void(journal: Journal) -> None:
    assert ends(Journal(journal.folder, "v2"), 0, 20) == []
    assert not list(journal.folder.iterdir())


def test_after_a_gap_the_journal_begins_anew_with_the_next_hour(journal: Journal) -> None:
    journal.write([page(21, 22), page(22, 25), page(25, 30, opens=True), page(30, 31)])
    assert ends(journal, 25, 40) == [30, 31]
    assert ends(journal, 0, 40) == []


def test_a_disk_that_refuses_costs_the_journal_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "tickets-0").write_text("not a folder")
    journal = Journal(tmp_path / "tickets-0", "v1")
    journal.write([page(0, 5, opens=True), page(5, 9)])
    assert ends(journal, 0, 9) == []


@contextlib.contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: the write that would is made in part and then fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("part", [1, 8, 20])
def test_a_disk_that_fills_up_in_the_middle_of_a_page_costs_the_rest_of_its_hour_and_no_more(
    tmp_path: Path, part: int
) -> None:
    journal = Journal(tmp_path / "tickets-0", "v1")
    journal.write([page(0, 5, opens=True), page(5, 9)])
    [file] = journal.folder.iterdir()
    whole = file.stat().st_size
    with room_for(whole + part), capture_logs() as said:
        journal.write([page(9, 12), page(12, 15)])
    assert file.stat().st_size == whole + part
    assert [one["event"] for one in said] == ["the journal cannot be written; after a crash the log is read"]
    # There is room again, but what comes now does not join what stands there.
    journal.write([page(15, 20)])
    assert file.stat().st_size == whole + part
    # A crash now: what is half written is cut off, and the next page read from the log joins.
    after = Journal(journal.folder, "v1")
    assert ends(after, 0, 20) == [5, 9]
    assert file.stat().st_size == whole
    after.write([page(9, 20)])
    assert ends(Journal(journal.folder, "v1"), 0, 20) == [5, 9, 20]
    # No crash: with the next hour the journal begins anew.
    journal.write([page(20, 25, opens=True), page(25, 30)])
    assert [one.name for one in journal.folder.iterdir()] == ["00000000000000000020.pages"]
    assert ends(Journal(journal.folder, "v1"), 20, 30) == [25, 30]


def test_an_hour_whose_first_page_is_half_written_is_deleted_on_reading_and_the_hours_before_it_stay(
    journal: Journal,
) -> None:
    with room_for(max(file.stat().st_size for file in journal.folder.iterdir()) // 2), capture_logs():
        journal.write([page(20, 25, opens=True)])
    assert max(journal.folder.iterdir()).name == "00000000000000000020.pages"
    after = Journal(journal.folder, "v1")
    assert ends(after, 0, 25) == [5, 9, 12, 20]
    assert len(list(journal.folder.iterdir())) == 2
    after.write([page(20, 25, opens=True)])
    assert ends(Journal(journal.folder, "v1"), 0, 25) == [5, 9, 12, 20, 25]
