"""From a helpdesk's body to tickets, by a mapping that people write: a TOML table of JMESPath expressions.

A mapping says which bodies are tickets and of which kind, where their fields stand, and how the helpdesk's tags or
types become contact reasons. What it does not name is not looked at. Free text is read for voucher codes, inside
this process, and goes nowhere.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args
from zoneinfo import ZoneInfo, available_timezones

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError

from streams.events import Ticket, TicketKind
from streams.files.times import parse_instant
from streams.settings import SettingsError
from streams.sources.code_finder import CodeFinder
from streams.sources.plain_text import plain_text
from streams.sources.signatures import Scheme
from streams.validity import explain

NO_CODES = CodeFinder(())
KINDS: tuple[str, ...] = get_args(TicketKind)
_TIMES = frozenset({"created_at", "changed_at", "first_answered_at", "solved_at"})
_NUMBERS = frozenset({"sentiment", "csat", "nps", "handling_minutes"})
FIELDS = tuple(one for one in Ticket.__struct_fields__ if one not in ("kind", "source", "attributes"))
"""Fields of a ticket that an expression may give."""
TEXT = "text"
"""The field whose words are looked through for voucher codes; no field of a ticket."""


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the helpdesk calls it, with `*` and `?` as wildcards, whatever the case; and the contact reason."""

    like: str
    reason: str


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping as it stands in the file.

    Attributes:
        fields: field of a ticket -> expression; `id`, `created_at` and `contact_reason` are needed. Where `id`
            gives a list, there is a ticket for each.
        each: expression that gives the tickets of a body that may hold several; the body itself without it.
        kinds: kind -> expression that is true for it; a ticket of no kind is passed over. Without it all are created.
        attributes: facet -> expression.
        reasons: the first that fits one of the tags gives the contact reason; without any the tag is the reason.
        timezone: where the clock hung that wrote times without an offset.
        signed: how requests are signed; see `streams.sources.signatures`.
        secrets: names of environment variables that hold a secret, the newest first; two during a rotation.
        header: with `signed = "header"` the one that bears the secret.
        url: the address as the sender calls it, where it signs that.
    """

    fields: dict[str, str]
    each: str | None = None
    kinds: dict[str, str] = {}
    attributes: dict[str, str] = {}
    reasons: list[Reason] = []
    timezone: str | None = None
    signed: Scheme | None = None
    secrets: list[str] = []
    header: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a body gives no ticket: the field at fault and what is wrong, without a word of the body."""

    field: str
    error: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a body gives.

    Attributes:
        tickets: in the body's order.
        refused: what should have been one.
        passed_over: how many are of no kind that counts, such as a ping.
        unmapped: what the helpdesk called tickets that no entry of `reasons` fits.
    """

    tickets: list[Ticket] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    passed_over: int = 0
    unmapped: list[str] = field(default_factory=list)


class SourceMapping:
    """The mapping of one source, ready to use.

    Args:
        source: the source's name; what `source` says in its tickets.
        table: as it stands in the file; kept as `table`.

    Raises:
        SettingsError: a wrong expression, an unknown field or kind; names it and what is allowed.

    Example:
        >>> mapping = SourceMapping("shop", Table(
        ...     fields={"id": "nr", "created_at": "at", "contact_reason": "tags", "text": "words"},
        ...     reasons=[Reason("voucher*", "voucher not working")]))
        >>> body = {"nr": 7, "at": 1795166100, "tags": ["vip", "voucher_bad"], "words": "code SOMMER25"}
        >>> (ticket,) = mapping.map(body, CodeFinder(["SOMMER25"])).tickets
        >>> ticket.id, ticket.contact_reason, ticket.voucher_code, ticket.created_at.isoformat()
        ('7', 'voucher not working', 'SOMMER25', '2026-11-20T09:15:00+00:00')
    """

    def __init__(self, source: str, table: Table) -> None:
        self.source = source
        self.table = table
        _allowed(source, "fields", table.fields, (*FIELDS, TEXT))
        _allowed(source, "kinds", table.kinds, KINDS)
        for needed in ("id", "created_at", "contact_reason"):
            if needed not in table.fields:
                raise SettingsError(f"{source}.fields lacks {needed}; say where it stands in a body")
        self._fields = {name: _compiled(source, name, text) for name, text in table.fields.items()}
        self._kinds = {name: _compiled(source, name, text) for name, text in table.kinds.items()}
        self._attributes = {name: _compiled(source, name, text) for name, text in table.attributes.items()}
        self._each = _compiled(source, "each", table.each) if table.each is not None else None
        if table.timezone is not None and table.timezone not in available_timezones():
            raise SettingsError(
                f"{source}.timezone={table.timezone!r} is not allowed; allowed: an IANA name such as Europe/Berlin"
            )
        self._zone = ZoneInfo(table.timezone) if table.timezone else None

    def map(self, body: Any, codes: CodeFinder = NO_CODES) -> Mapped:
        """The tickets of a decoded body. Never raises for anything that a body holds.

        Args:
            body: JSON as Python values.
            codes: finds voucher codes in the text, where no field names one.
        """
        found = Mapped()
        passed_over = 0
        for one in self._parts(body, found):
            kind = self._kind(one)
            if kind is None:
                passed_over += 1
                continue
            said, wrong = self._said(one)
            if wrong is not None:
                found.refused.append(wrong)
                continue
            if said.get("voucher_code") is None and (text := _words(said.pop(TEXT, None))):
                said["voucher_code"] = next(iter(codes.find(plain_text(text))), None)
            said.pop(TEXT, None)
            said["contact_reason"], unmapped = self._reason(said.get("contact_reason"))
            found.unmapped.extend(unmapped)
            ids = said.pop("id")
            for each in ids if isinstance(ids, list) else [ids]:
                self._take({**said, "id": _text(each), "kind": kind, "source": self.source}, found)
        return Mapped(found.tickets, found.refused, passed_over, found.unmapped)

    def _parts(self, body: Any, found: Mapped) -> Sequence[Any]:
        if self._each is None:
            return [body]
        parts, wrong = _searched(self._each, body)
        if wrong is not None or not isinstance(parts, list):
            found.refused.append(Refused("each", wrong or "gives no list"))
            return []
        return parts

    def _kind(self, one: Any) -> str | None:
        if not self._kinds:
            return "created"
        return next((kind for kind, holds in self._kinds.items() if _searched(holds, one)[0] is True), None)

    def _said(self, one: Any) -> tuple[dict[str, Any], Refused | None]:
        said: dict[str, Any] = {}
        for name, expression in self._fields.items():
            value, wrong = _searched(expression, one)
            if wrong is None and value is None and name in ("id", "created_at"):
                wrong = "is not in the body"
            if wrong is not None:
                return {}, Refused(name, wrong)
            try:
                said[name] = self._converted(name, value)
            except ValueError as error:
                return {}, Refused(name, str(error))
        attributes = {name: _text(_searched(one_of, one)[0]) for name, one_of in self._attributes.items()}
        if kept := {name: value for name, value in attributes.items() if value}:
            said["attributes"] = kept
        return said, None

    def _converted(self, name: str, value: Any) -> Any:
        if value is None or name in (TEXT, "contact_reason", "id", "survey_offered"):
            return value
        if name in _TIMES:
            try:
                return parse_instant(value, self._zone)
            except (ValueError, TypeError):
                needed = "" if self._zone else " with an offset; set `timezone` where it has none"
                raise ValueError(f"is no time{needed}") from None
        if name in _NUMBERS and isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                raise ValueError("is no number") from None
        if name in _NUMBERS:
            return value
        return _text(value)

    def _reason(self, tags: Any) -> tuple[str | None, list[str]]:
        """The contact reason, and what no entry fits."""
        if not self.table.reasons:
            first = next(iter(tags), None) if isinstance(tags, list) else tags
            return _text(first), []
        called = [text for text in map(_text, tags if isinstance(tags, list) else _split(tags)) if text]
        folded = [one.casefold() for one in called]
        for entry in self.table.reasons:
            if any(fnmatch.fnmatchcase(one, entry.like.casefold()) for one in folded):
                return entry.reason, []
        return None, called

    def _take(self, values: dict[str, Any], found: Mapped) -> None:
        try:
            found.tickets.append(msgspec.convert(values, Ticket))
        except msgspec.ValidationError as error:
            found.refused.append(Refused(*explain(error)))


def _searched(expression: Any, value: Any) -> tuple[Any, str | None]:
    try:
        return expression.search(value), None
    except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # The library quotes the value that it could not take.
        return None, f"the expression cannot be applied ({type(error).__name__})"


def _compiled(source: str, name: str, text: str) -> Any:
    try:
        return jmespath.compile(text)
    except JMESPathError as error:
        said = str(error).splitlines()[0]
        raise SettingsError(f"{source}: the expression of {name}, {text!r}, is wrong: {said}") from None


def _allowed(source: str, part: str, given: Iterable[str], allowed: Sequence[str]) -> None:
    for name in given:
        if name not in allowed:
            raise SettingsError(f"{source}.{part} names {name!r}; allowed: {', '.join(allowed)}")


def _text(value: Any) -> str | None:
    """A value as text: helpdesks send ids as numbers or as strings."""
    if value is None or isinstance(value, Mapping | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def _split(tags: Any) -> list[Any]:
    """Tags in one text, as Freshdesk sends them: separated by commas."""
    return tags.split(",") if isinstance(tags, str) else [tags]


def _words(text: Any) -> str:
    parts = text if isinstance(text, list) else [text]
    return "\n".join(part for part in parts if isinstance(part, str))
