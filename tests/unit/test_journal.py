"""The journal on the disk: whole, joined and committed pages come back, all else is left to the log."""

from __future__ import annotations

from pathlib import Path

import pytest

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
