"""From a file's columns to a record's fields: `--map FIELD=COLUMN`, and what a cell's text becomes.

A column that bears a field's own name is taken as it is, unless it is mapped elsewhere or the field comes
from another column; all other columns are ignored (free text among them).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import click
import msgspec
import msgspec.inspect as shape

from streams.errors import UNREADABLE, Failure
from streams.files.times import parse_instant, rfc3339

Kind = Literal["text", "number", "instant", "flag", "list", "map", "attribute"]
ATTRIBUTE = "attributes."
_YES = ("true", "yes", "ja", "1")
_NO = ("false", "no", "nein", "0")


class RefusedError(Exception):
    """A value cannot become what its field needs: the field, and what is wrong in words."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")
        self.field = field
        self.what = what


class Target(NamedTuple):
    """A field of the record, the column it comes from, and what it must become."""

    field: str
    column: str
    kind: Kind
    mapped: bool


@functools.cache
def kinds(record: type[msgspec.Struct]) -> dict[str, Kind]:
    """What each field of a record must become, from its own type.

    >>> from streams.events import Ticket
    >>> kinds(Ticket)["created_at"], kinds(Ticket)["csat"], kinds(Ticket)["attributes"]
    ('instant', 'number', 'map')
    """
    described = shape.type_info(record)
    assert isinstance(described, shape.StructType)  # noqa: S101 - for the type checker
    return {field.name: _kind(field.type) for field in described.fields}


def _kind(described: shape.Type) -> Kind:
    if isinstance(described, shape.Metadata):
        return _kind(described.type)
    if isinstance(described, shape.UnionType):
        return _kind(next(part for part in described.types if not isinstance(part, shape.NoneType)))
    if isinstance(described, shape.DateTimeType):
        return "instant"
    if isinstance(described, shape.FloatType | shape.IntType):
        return "number"
    if isinstance(described, shape.BoolType):
        return "flag"
    if isinstance(described, shape.ListType):
        return "list"
    return "map" if isinstance(described, shape.DictType) else "text"


def parse_mapping(pairs: Iterable[str], record: type[msgspec.Struct]) -> dict[str, str]:
    """Read `--map FIELD=COLUMN` options into a mapping of field to column.

    Raises:
        click.UsageError: not FIELD=COLUMN, no field of that name, or a field mapped twice.

    >>> from streams.events import Ticket
    >>> parse_mapping(["contact_reason=channel", "attributes.state=state"], Ticket)
    {'contact_reason': 'channel', 'attributes.state': 'state'}
    """
    mapping: dict[str, str] = {}
    fields = kinds(record)
    for pair in pairs:
        field, separator, column = pair.partition("=")
        field, column = field.strip(), column.strip()
        if not separator or not field or not column:
            raise click.UsageError(f"--map {pair!r} is not FIELD=COLUMN, as in contact_reason=category.")
        attribute = field.startswith(ATTRIBUTE) and "attributes" in fields and len(field) > len(ATTRIBUTE)
        if field not in fields and not attribute:
            allowed = ", ".join(fields) + (", attributes.NAME" if "attributes" in fields else "")
            raise click.UsageError(f"--map {pair!r}: there is no field {field!r}; allowed: {allowed}.")
        if field in mapping:
            raise click.UsageError(f"--map {pair!r}: {field} is mapped twice; name one column.")
        mapping[field] = column
    return mapping


def targets(
    record: type[msgspec.Struct],
    columns: Collection[str],
    mapping: Mapping[str, str],
    *,
    name: str,
    required: Collection[str],
) -> list[Target]:
    """Which field comes from which column of a file that has a header.

    Raises:
        Failure: a mapped or required column is not there; names it and the columns there are.
    """
    there = ", ".join(columns) or "none"
    for field, column in mapping.items():
        if column not in columns:
            raise Failure(f"{name} has no column {column!r} for {field}; its columns are: {there}.")
    found = _targets(record, columns, mapping)
    fields = {target.field for target in found}
    for field in required:
        if field not in fields:
            remedy = f"name one with --map {field}=COLUMN"
            raise Failure(f"{name} has no column {field!r}; its columns are: {there}; {remedy}.")
    return found


def targets_of_object(
    record: type[msgspec.Struct], keys: Collection[str], mapping: Mapping[str, str]
) -> list[Target]:
    """Which field comes from which key of a JSON object; a key that is not there is no field."""
    present = {field: column for field, column in mapping.items() if column in keys}
    return _targets(record, keys, present, mapping)


def _targets(
    record: type[msgspec.Struct],
    columns: Collection[str],
    mapping: Mapping[str, str],
    taken: Mapping[str, str] | None = None,
) -> list[Target]:
    fields = kinds(record)
    taken = mapping if taken is None else taken
    used = set(taken.values())
    found = [
        Target(field, column, fields.get(field, "attribute"), mapped=True)
        for field, column in mapping.items()
    ]
    found += [
        Target(column, column, fields[column], mapped=False)
        for column in columns
        if column in fields and column not in taken and column not in used
    ]
    return found


def converted(value: object, target: Target, zone: ZoneInfo | None) -> object:
    """What a cell becomes in JSON: None for nothing, else what its field needs.

    Raises:
        RefusedError: it cannot become that.

    >>> converted(" 4.5 ", Target("csat", "rating", "number", True), None)
    4.5
    >>> converted("A, B", Target("voucher_codes", "codes", "list", True), None)
    ['A', 'B']
    """
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        return _CONVERT[target.kind](value, zone)
    except ValueError as error:
        raise RefusedError(target.field, str(error)) from None


def _text(value: object, _: ZoneInfo | None = None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # an export that has empty cells turns whole numbers into floats
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float | Decimal | date):
        return str(value)
    raise ValueError(f"a {type(value).__name__} is not text")


def _number(value: object, _: ZoneInfo | None) -> float:
    if not isinstance(value, bool) and isinstance(value, int | float | Decimal | str):
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if math.isfinite(number):
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
    raise ValueError(f"{value!r} is not a number")


def _instant(value: object, zone: ZoneInfo | None) -> str:
    return rfc3339(parse_instant(value, zone))


def _flag(value: object, _: ZoneInfo | None) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(f"{value!r} is neither true nor false")


def _list(value: object, _: ZoneInfo | None) -> object:
    if isinstance(value, list):
        return [_text(part) for part in value if part is not None]
    text = _text(value)
    if text.startswith("["):
        return _json(text, list[str], "a list of texts")
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]


def _map(value: object, _: ZoneInfo | None) -> object:
    if isinstance(value, dict):
        return {str(key): _text(part) for key, part in value.items() if part is not None}
    return _json(_text(value), dict[str, str], "a JSON object of texts")


def _json(text: str, wanted: Any, words: str) -> object:
    try:
        return msgspec.json.decode(text.encode(), type=wanted)
    except UNREADABLE:
        raise ValueError(f"is not {words}") from None


_CONVERT: dict[Kind, Callable[[object, ZoneInfo | None], object]] = {
    "text": _text,
    "number": _number,
    "instant": _instant,
    "flag": _flag,
    "list": _list,
    "map": _map,
    "attribute": _text,
}
