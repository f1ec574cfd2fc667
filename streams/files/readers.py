"""Records from files: a row becomes a record by the decoder that the worker uses, or a refusal in words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from streams.errors import UNREADABLE
from streams.events import Ticket
from streams.files.columns import RefusedError, Target, converted, targets, targets_of_object
from streams.files.tables import Table, digest, has_key, open_table
from streams.files.times import ZONE_REMEDY

R = TypeVar("R", bound=msgspec.Struct)
Converter = Callable[[object, Target, ZoneInfo | None], object]


class Refusal(NamedTuple):
    """Why a row is not taken: its line, the field at fault (or "row") and what is wrong."""

    line: int
    field: str
    what: str

    def sentence(self, path: Path) -> str:
        """The line that a person sees.

        >>> Refusal(7, "created_at", "is missing").sentence(Path("may.csv"))
        'may.csv:7: created_at: is missing'
        """
        return f"{path}:{self.line}: {self.field}: {self.what}"


class FileTicket(Ticket, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A ticket from a file: read by the same rules as any, written without what it does not say."""


@dataclass(slots=True)
class Reading(Generic[R]):
    """The records of one file. Iterate once: pairs of line number and record or refusal.

    `total` and `position()` tell how far the reading is, in bytes or rows.
    """

    rows: Iterator[tuple[int, R | Refusal]]
    total: int
    position: Callable[[], int]

    def __iter__(self) -> Iterator[tuple[int, R | Refusal]]:
        return self.rows


def read_tickets(
    path: Path, stack: ExitStack, *, mapping: Mapping[str, str], zone: ZoneInfo | None
) -> Reading[FileTicket]:
    """The tickets of a .jsonl, .csv or .parquet file.

    A file without an id column gets ids of its own: the first 12 hex digits of its SHA-256, and the line. So
    the same file sent twice counts once, and a changed file counts anew.

    Args:
        path: the file.
        stack: closes it.
        mapping: field to column, as `streams.files.columns.parse_mapping` reads it.
        zone: where the clock hung that showed times without an offset; None refuses them.

    Raises:
        Failure: the file cannot be read, or lacks a column that is mapped or needed.
    """
    prefix: list[str] = []

    def number(line: int, values: dict[str, object]) -> None:
        if prefix:
            values["id"] = f"{prefix[0]}-{line}"

    reading = read_records(
        path,
        stack,
        FileTicket,
        mapping=mapping,
        zone=zone,
        required=("created_at", "contact_reason"),
        nullable=("contact_reason",),
        finish=number,
    )
    if not _has_id(path, mapping):
        prefix.append(digest(path))
    return reading


def read_records(
    path: Path,
    stack: ExitStack,
    record: type[R],
    *,
    mapping: Mapping[str, str],
    zone: ZoneInfo | None,
    required: Collection[str],
    nullable: Collection[str] = (),
    convert: Converter = converted,
    finish: Callable[[int, dict[str, object]], None] = lambda _line, _values: None,
) -> Reading[R]:
    """The records of a file, of any type.

    In .jsonl a field of its own name is taken as it stands (only times may be written in any known way): JSON
    has types, and a wrong one is a fault of the sender. Everything else is converted to what the field needs.

    Args:
        path: the file.
        stack: closes it.
        record: what a row becomes.
        mapping: field to column.
        zone: where the clock hung that showed times without an offset; None refuses them.
        required: fields that a file with a header must have.
        nullable: fields whose empty cell is a null, not an absence.
        convert: from a cell to a JSON value.
        finish: may add to a row's JSON values, given its line.

    Raises:
        Failure: the file cannot be read, or lacks a column that is mapped or required.
    """
    table = open_table(path, stack)
    read = row_reader(
        table,
        record,
        name=str(path),
        mapping=mapping,
        zone=zone,
        required=required,
        nullable=nullable,
        convert=convert,
        finish=finish,
    )

    def rows() -> Iterator[tuple[int, R | Refusal]]:
        for line, raw, wrong in table.rows:
            yield line, Refusal(line, "row", wrong) if raw is None else read(line, raw)

    return Reading(rows(), table.total, table.position)


def row_reader(
    table: Table,
    record: type[R],
    *,
    name: str,
    mapping: Mapping[str, str],
    zone: ZoneInfo | None,
    required: Collection[str],
    nullable: Collection[str] = (),
    convert: Converter = converted,
    finish: Callable[[int, dict[str, object]], None] = lambda _line, _values: None,
) -> Callable[[int, Mapping[str, object]], R | Refusal]:
    """What makes a record, or a refusal, of a line and its values; for whoever goes through the rows himself.

    Args:
        table: the open file.
        record: as the other arguments, as in `read_records`.
        name: of the file, for the sentence about a column that is not there.
        mapping: field to column.
        zone: as there.
        required: as there.
        nullable: as there.
        convert: as there.
        finish: as there.

    Raises:
        Failure: the file lacks a column that is mapped or required.
    """
    fixed = None
    if table.columns is not None:
        fixed = targets(record, table.columns, mapping, name=name, required=required)
    of_object = lru_cache(1024)(lambda keys: targets_of_object(record, keys, mapping))
    encode = msgspec.json.Encoder().encode
    decode = msgspec.json.Decoder(record).decode

    def read(line: int, raw: Mapping[str, object]) -> R | Refusal:
        try:
            typed = fixed is None
            wanted = fixed if fixed is not None else of_object(tuple(raw))
            values = _values(raw, wanted, zone, convert, nullable, typed=typed)
            finish(line, values)
            return decode(encode(values))
        except RefusedError as refused:
            return Refusal(line, refused.field, refused.what)
        except (*UNREADABLE, UnicodeError) as error:
            return Refusal(line, *explain(error))

    return read


def explain(error: Exception) -> tuple[str, str]:
    """The field at fault (or "row") and what is wrong with it.

    >>> explain(msgspec.ValidationError("Object missing required field `id`"))
    ('id', 'is missing')
    >>> explain(msgspec.ValidationError("Expected `str`, got `int` - at `$.id`"))
    ('id', 'expected text, got a whole number')
    """
    text, _, path = str(error).partition(" - at `")
    missing = "Object missing required field `"
    if text.startswith(missing):
        return text.removeprefix(missing).rstrip("`"), "is missing"
    field = path.rstrip("`").removeprefix("$").lstrip(".") or "row"
    if text.startswith("Expected `datetime` with a timezone"):
        return field, f"has no offset; {ZONE_REMEDY}"
    for name, words in _WORDS.items():
        text = text.replace(f"`{name}`", words)
    return field, text[:1].lower() + text[1:]


_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
    "datetime": "a time",
}


def _has_id(path: Path, mapping: Mapping[str, str]) -> bool:
    if "id" in mapping:
        return True
    with ExitStack() as stack:
        columns = open_table(path, stack).columns
    return has_key(path, "id") if columns is None else "id" in columns and "id" not in mapping.values()


def _values(
    raw: Mapping[str, object],
    wanted: Collection[Target],
    zone: ZoneInfo | None,
    convert: Converter,
    nullable: Collection[str],
    *,
    typed: bool,
) -> dict[str, object]:
    values: dict[str, object] = {}
    attributes: dict[str, object] = {}
    for target in wanted:
        value = raw[target.column]
        as_it_stands = typed and not target.mapped and not (target.kind == "instant" and _timelike(value))
        if not as_it_stands:
            value = convert(value, target, zone)
            if value is None and target.field not in nullable:
                continue
        if target.kind == "attribute":
            attributes[target.field.partition(".")[2]] = value
        else:
            values[target.field] = value
    if attributes:
        given = values.get("attributes")
        values["attributes"] = {**given, **attributes} if isinstance(given, dict) else attributes
    return values


def _timelike(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
