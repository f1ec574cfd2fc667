"""Rows of a .jsonl, .csv or .parquet file, one by one, with their line numbers; a bad row stops nothing.

JSON is read line by line; CSV with a header, with commas, semicolons or tabs (whichever the header has most
of), quoted cells over several lines, UTF-8 with or without a mark, any line ends; Parquet by row. Empty lines
are no rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from streams.errors import UNREADABLE, Failure

if TYPE_CHECKING:
    import polars as pl

FORMATS = (".jsonl", ".csv", ".parquet")
CELL_LIMIT = 16 * 1024 * 1024


class Row(NamedTuple):
    """A row: its line (in Parquet its row) from 1, and its values, or what is wrong with it as a whole."""

    line: int
    values: Mapping[str, object] | None
    wrong: str = ""


class Table(NamedTuple):
    """An open file: its columns (None where each row names its own), its rows, how far the reading is.

    `frame` gives some columns of a file that is stored by column; None for the others.
    """

    columns: tuple[str, ...] | None
    rows: Iterator[Row]
    total: int
    position: Callable[[], int]
    frame: Callable[[Sequence[str]], pl.DataFrame] | None = None


def open_table(path: Path, stack: ExitStack) -> Table:
    """Open a file by its name's ending; `stack` closes it.

    Raises:
        Failure: the file cannot be read, has no header, or is of another kind.
    """
    openers = {".jsonl": _jsonl, ".ndjson": _jsonl, ".csv": _csv, ".parquet": _parquet}
    opener = openers.get(path.suffix.lower())
    if opener is None:
        raise Failure(f"{path} is none of {', '.join(FORMATS)}; convert it to one of them.")
    try:
        return opener(path, stack)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}; name a file that can be read.") from None


def digest(path: Path) -> str:
    """The first 12 hex digits of the file's SHA-256.

    Raises:
        Failure: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}; name a file that can be read.") from None


def has_key(path: Path, key: str) -> bool:
    """Whether any line of a .jsonl file is an object with this key."""
    quoted = b'"' + key.encode() + b'"'
    with path.open("rb") as file:
        for line in file:
            if quoted in line:
                try:
                    if key in msgspec.json.decode(line.lstrip(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw]):
                        return True
                except UNREADABLE:
                    continue
    return False


def _jsonl(path: Path, stack: ExitStack) -> Table:
    file = stack.enter_context(path.open("rb"))
    _refuse_utf16(file, path)

    def rows() -> Iterator[Row]:
        decode = msgspec.json.Decoder().decode
        for number, line in enumerate(file, 1):
            text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
            if not text:
                continue
            try:
                values = decode(text)
            except UNREADABLE as error:
                yield Row(number, None, f"is not JSON ({_first_line(error)})")
                continue
            known = isinstance(values, dict)
            yield Row(number, values if known else None, "" if known else "is not a JSON object")

    return Table(None, rows(), path.stat().st_size, file.tell)


def _csv(path: Path, stack: ExitStack) -> Table:
    binary = stack.enter_context(path.open("rb"))
    _refuse_utf16(binary, path)
    # Surrogates stand for bytes that are not UTF-8: only the rows that hold some are refused, not the file.
    text = stack.enter_context(
        io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
    )
    first = text.readline()
    text.seek(0)
    previous_limit = csv.field_size_limit(CELL_LIMIT)
    stack.callback(csv.field_size_limit, previous_limit)
    reader = csv.reader(text, delimiter=max(",;\t", key=first.count), strict=True)
    try:
        header = tuple(name.strip() for name in next(reader, []))
    except csv.Error as error:
        raise Failure(f"{path}:1: the header cannot be read ({error}); mend its quotes.") from None
    if not any(header):
        raise Failure(f"{path} has no header line; its first line must name the columns.")
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise Failure(f"{path} has two columns {twice!r}; rename one of them.")
    if not _is_utf8("".join(header)):
        raise Failure(f"{path}: the header is not UTF-8; save the file as UTF-8.")
    return Table(header, _csv_rows(reader, header), path.stat().st_size, binary.tell)


def _csv_rows(reader: csv._reader, header: tuple[str, ...]) -> Iterator[Row]:  # type: ignore[name-defined]
    width = len(header)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Row(line, None, f"is no row of a CSV file ({error})")
            continue
        if cells is None:
            return
        if not cells or cells == [""]:
            continue
        if len(cells) != width:
            yield Row(line, None, f"has {len(cells)} cells where the header has {width}")
        elif not all(map(_is_utf8, cells)):
            yield Row(line, None, "is not UTF-8; save the file as UTF-8")
        else:
            yield Row(line, dict(zip(header, cells, strict=True)))


def _parquet(path: Path, stack: ExitStack) -> Table:  # noqa: ARG001 - one signature for all openers
    import polars as pl

    path.open("rb").close()  # what cannot be opened says so in the system's words

    def frame(columns: Sequence[str] | None = None) -> pl.DataFrame:
        try:
            return pl.read_parquet(path, columns=None if columns is None else list(columns))
        except pl.exceptions.PolarsError as error:
            raise _no_parquet(path, error) from None

    try:
        columns = tuple(pl.read_parquet_schema(path))
        height = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    except pl.exceptions.PolarsError as error:
        raise _no_parquet(path, error) from None
    read = 0

    def rows() -> Iterator[Row]:
        nonlocal read
        for read, values in enumerate(frame().iter_rows(named=True), 1):
            yield Row(read, values)

    return Table(columns, rows(), height, lambda: read, frame)


def _no_parquet(path: Path, error: Exception) -> Failure:
    return Failure(f"{path} is no Parquet file ({_first_line(error)}); export it again.")


def _refuse_utf16(file: IO[bytes], path: Path) -> None:
    start = file.read(2)
    file.seek(0)
    if start in (b"\xff\xfe", b"\xfe\xff"):
        raise Failure(f"{path} is UTF-16; save it as UTF-8.")


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
