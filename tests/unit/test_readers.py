"""Tickets from files: what is taken, what is refused, and with which line and words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import polars as pl
import pytest

from streams.errors import Failure
from streams.events import Ticket
from streams.files.columns import parse_mapping
from streams.files.readers import FileTicket, Refusal, read_tickets
from streams.files.times import ZONE_REMEDY

BERLIN = ZoneInfo("Europe/Berlin")
Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


def read(path: Path, *pairs: str, zone: ZoneInfo | None = None) -> list[tuple[int, FileTicket | Refusal]]:
    with ExitStack() as stack:
        return list(read_tickets(path, stack, mapping=parse_mapping(pairs, Ticket), zone=zone))


def words(rows: list[tuple[int, FileTicket | Refusal]]) -> list[tuple[int, str, str]]:
    return [(row.line, row.field, row.what) for _, row in rows if isinstance(row, Refusal)]


def tickets(rows: list[tuple[int, FileTicket | Refusal]]) -> list[FileTicket]:
    return [row for _, row in rows if isinstance(row, FileTicket)]


def test_a_mapped_column_beats_the_column_of_the_fields_own_name(write: Write) -> None:
    path = write("a.csv", b"id,created_at,contact_reason,channel\n1,2026-06-01T12:00:00Z,x,Internet\n")
    (ticket,) = tickets(read(path, "contact_reason=channel"))
    assert (ticket.contact_reason, ticket.channel) == ("Internet", None)
    (ticket,) = tickets(
        read(path, "contact_reason=channel", "channel=channel", "attributes.old=contact_reason")
    )
    assert (ticket.contact_reason, ticket.channel, ticket.attributes) == (
        "Internet",
        "Internet",
        {"old": "x"},
    )


def test_free_text_is_not_even_taken_in(write: Write) -> None:
    path = write("a.csv", b"id,created_at,contact_reason,text\n1,2026-06-01T12:00:00Z,x,my secret\n")
    assert "secret" not in repr(read(path))


def test_cells_become_what_the_field_needs(write: Write) -> None:
    path = write(
        "a.csv",
        b"id,created_at,contact_reason,csat,survey_offered,handling_minutes,customer\n"
        b"7,1424158980,,4,yes, 2.5 ,0012\n",
    )
    (ticket,) = tickets(read(path))
    assert ticket.id == "7"
    assert ticket.created_at == datetime(2015, 2, 17, 7, 43, tzinfo=UTC)
    assert ticket.contact_reason is None
    assert (ticket.csat, ticket.survey_offered, ticket.handling_minutes) == (4, True, 2.5)
    assert ticket.customer == "0012"


def test_a_byte_order_mark_windows_line_ends_quotes_and_empty_lines_are_read_over(write: Write) -> None:
    path = write(
        "a.csv",
        b"\xef\xbb\xbfid,created_at,contact_reason\r\n"
        b'"1",2026-06-01T12:00:00Z,"a, ""b""\r\nc"\r\n\r\n2,bad,x\r\n',
    )
    rows = read(path)
    assert [ticket.contact_reason for ticket in tickets(rows)] == ['a, "b"\r\nc']
    assert [refusal[:2] for refusal in words(rows)] == [(5, "created_at")]


def test_semicolons_are_recognised_by_the_header(write: Write) -> None:
    path = write("a.csv", b"id;created_at;contact_reason\n1;01.06.2026 9:30;a,b\n")
    (ticket,) = tickets(read(path, zone=BERLIN))
    assert (ticket.created_at.isoformat(), ticket.contact_reason) == ("2026-06-01T07:30:00+00:00", "a,b")


def test_each_bad_row_is_named_with_its_line_and_the_rest_is_taken(write: Write) -> None:
    path = write(
        "a.csv",
        b"id,created_at,contact_reason,csat\n"
        b"1,2026-06-01T12:00:00Z,x,\n"
        b"2,2026-06-01 12:00,x,\n"
        b"3,,x,\n"
        b"4,2026-06-01T12:00:00Z,x,much\n"
        b"5,2026-06-01T12:00:00Z,x,9\n"
        b"6,2026-06-01T12:00:00Z\n"
        b"7,2026-06-01T12:00:00Z,x,1,2\n"
        b",2026-06-01T12:00:00Z,x,\n"
        b"9,2026-06-01T12:00:00Z,\xe4,\n"
        b"10,2026-06-01T12:00:00Z,x,5\n",
    )
    rows = read(path)
    assert [ticket.id for ticket in tickets(rows)] == ["1", "10"]
    assert words(rows) == [
        (
            3,
            "created_at",
            f"'2026-06-01 12:00' has no offset; {ZONE_REMEDY}",
        ),
        (4, "created_at", "is missing"),
        (5, "csat", "'much' is not a number"),
        (6, "csat", "expected a number <= 5.0"),
        (7, "row", "has 2 cells where the header has 4"),
        (8, "row", "has 5 cells where the header has 4"),
        (9, "id", "is missing"),
        (10, "row", "is not UTF-8; save the file as UTF-8"),
    ]


def test_each_bad_line_of_json_is_named_with_its_line_and_the_rest_is_taken(write: Write) -> None:
    path = write(
        "a.jsonl",
        b'{"id": "1", "created_at": "2026-06-01T12:00:00Z", "contact_reason": null}\n'
        b"\n"
        b'{"id": 3, "created_at": "2026-06-01T12:00:00Z", "contact_reason": "x"}\n'
        b'{"id": "4", "contact_reason": "x"}\n'
        b"[5]\n"
        b'{"id": "6"\n'
        b'{"id": "7", "created_at": "2026-06-01T12:00:00", "contact_reason": "x"}\n'
        b'{"id": "8", "created_at": "2026-06-01T12:00:00Z", "contact_reason": "x", "kind": "closed"}\n'
        b'{"created_at": "2026-06-01T12:00:00Z", "contact_reason": "x"}\n'
        b'{"id": "10", "created_at": "2026-06-01T14:00:00+02:00", "contact_reason": "x", "text": "a"}',
    )
    rows = read(path)
    assert [(ticket.id, ticket.created_at.hour) for ticket in tickets(rows)] == [("1", 12), ("10", 12)]
    assert [refusal[:2] for refusal in words(rows)] == [
        (3, "id"),
        (4, "created_at"),
        (5, "row"),
        (6, "row"),
        (7, "created_at"),
        (8, "kind"),
        (9, "id"),
    ]


def test_without_an_id_column_the_id_is_the_files_digest_and_the_line(write: Write) -> None:
    content = b"created_at,contact_reason\n2026-06-01T12:00:00Z,x\n\n2026-06-01T12:00:00Z,x\n"
    prefix = hashlib.sha256(content).hexdigest()[:12]
    assert [ticket.id for ticket in tickets(read(write("a.csv", content)))] == [f"{prefix}-2", f"{prefix}-4"]
    line = b'{"created_at": "2026-06-01T12:00:00Z", "contact_reason": "x", "attributes": {"id": "9"}}\n'
    prefix = hashlib.sha256(line).hexdigest()[:12]
    assert [ticket.id for ticket in tickets(read(write("a.jsonl", line)))] == [f"{prefix}-1"]


def test_an_id_column_that_is_mapped_elsewhere_is_no_id_column(write: Write) -> None:
    path = write("a.csv", b"id,created_at,contact_reason\n1,2026-06-01T12:00:00Z,x\n")
    (ticket,) = tickets(read(path, "customer=id"))
    assert ticket.customer == "1"
    assert ticket.id.endswith("-2")


def test_parquet_columns_keep_their_times_and_numbers_become_text(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame(
        {
            "ticket": [1, 2],
            "created_at": [datetime(2026, 6, 1, 12), datetime(2026, 6, 1, 13)],  # noqa: DTZ001 - naive on purpose
            "contact_reason": ["x", None],
            "csat": [float("nan"), 3.0],
        }
    ).write_parquet(path)
    rows = read(path, "id=ticket", zone=BERLIN)
    assert [(one.id, one.created_at.hour, one.contact_reason, one.csat) for one in tickets(rows)] == [
        ("1", 10, "x", None),
        ("2", 11, None, 3.0),
    ]
    assert words(read(path, "id=ticket"))[0][:2] == (1, "created_at")


@pytest.mark.parametrize(
    ("name", "content", "pairs", "says"),
    [
        (
            "a.csv",
            b"when,why\n",
            ["created_at=time"],
            "no column 'time' for created_at; its columns are: when, why",
        ),
        ("a.csv", b"when,why\n", ["created_at=when"], "name one with --map contact_reason=COLUMN"),
        ("a.csv", b"", [], "has no header line"),
        ("a.csv", b"id,id\n", [], "two columns 'id'"),
        ("a.csv", b"\xff\xfei\x00d\x00", [], "is UTF-16; save it as UTF-8"),
        ("a.parquet", b"nonsense", [], "is no Parquet file"),
        ("a.xlsx", b"", [], "is none of .jsonl, .csv, .parquet"),
    ],
)
def test_a_file_that_cannot_be_used_fails_with_one_sentence(
    write: Write, name: str, content: bytes, pairs: list[str], says: str
) -> None:
    with pytest.raises(Failure) as failure:
        read(write(name, content), *pairs)
    assert says in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"none\.csv: No such file"):
        read(tmp_path / "none.csv")


def test_an_open_quote_swallows_the_rest_and_is_named_where_it_begins(write: Write) -> None:
    path = write("a.csv", b'id,created_at,contact_reason\n1,2026-06-01T12:00:00Z,x\n2,"2026,x\n3,2026,x\n')
    rows = read(path)
    assert [one.id for one in tickets(rows)] == ["1"]
    assert [refusal[:2] for refusal in words(rows)] == [(3, "row")]


@pytest.mark.parametrize("pair", ["created_at", "=x", "created=at", "attributes.=x"])
def test_a_mapping_that_means_nothing_is_wrong_use(pair: str) -> None:
    with pytest.raises(click.UsageError):
        parse_mapping([pair], Ticket)
    with pytest.raises(click.UsageError, match="mapped twice"):
        parse_mapping(["id=a", "id=b"], Ticket)
