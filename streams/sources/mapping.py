"""From a helpdesk's body to tickets, by a mapping that people write: a TOML table of JMESPath expressions.

A mapping says which bodies are tickets and of which kind, where their fields stand, and how the helpdesk's tags or
types become contact reasons. What it does not name is not looked at. Free text is read for voucher codes, inside
this process, and goes nowhere.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, get_args

import msgspec

from alerts.source_records import Takes
from streams.events import Ticket, TicketKind
from streams.files.readers import FileTicket
from streams.settings import SettingsError
from streams.sources.code_candidates import CodeCandidates
from streams.sources.code_finder import CodeFinder
from streams.sources.codes_in_text import look_for_codes, words_of
from streams.sources.expressions import (
    compiled,
    instant_of,
    require_allowed,
    searched,
    split_tags,
    text_of,
    zone_of,
)
from streams.sources.plain_text import plain_text
from streams.sources.table import Refused, Table
from streams.validity import explain

NO_CODES = CodeFinder(())
KINDS: tuple[str, ...] = get_args(TicketKind)
_TIMES = frozenset({"created_at", "changed_at", "first_answered_at", "solved_at"})
_NUMBERS = frozenset({"sentiment", "csat", "nps", "handling_minutes"})
FIELDS = tuple(one for one in Ticket.__struct_fields__ if one not in ("kind", "source", "attributes"))
"""Fields of a ticket that an expression may give."""
Record = tuple[bytes, bytes | None]
"""Key and value of a record on Kafka; no value takes back what stands under the key."""
UNMAPPED, UNMAPPED_LENGTH = "unmapped", 200
"""The attribute that holds what no entry of `reasons` fits, for `ticketspike sources unmapped`; no facet, so it stays
on `tickets`."""
GAP = "gap"
"""The attribute that says that an event told of a change without its content, for `ticketspike sources gaps`."""
TEXT = "text"
"""The field whose words are looked through for voucher codes; no field of a ticket."""


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

    @property
    def records(self) -> list[Record]:
        """What stands on `tickets` for it: keys and values, without what they do not say."""
        return [(one.id.encode(), _lean(one)) for one in self.tickets]

    @property
    def gaps(self) -> int:
        """How many tell of a change without its content."""
        return sum(GAP in (one.attributes or {}) for one in self.tickets)

    @property
    def created(self) -> list[datetime]:
        """When the new tickets among them were written."""
        return [one.created_at for one in self.tickets if one.kind == "created"]


class SourceMapping:
    """The mapping of one source of tickets, ready to use.

    Args:
        source: the source's name; what `source` says in its tickets.
        table: as it stands in the file; kept as `table`.

    Raises:
        SettingsError: a wrong expression, an unknown field or kind; names it and what is allowed.

    Example:
        >>> from streams.sources.table import Reason
        >>> mapping = SourceMapping("shop", Table(
        ...     fields={"id": "nr", "created_at": "at", "contact_reason": "tags", "text": "words"},
        ...     reasons=[Reason("voucher*", "voucher not working")]))
        >>> body = {"nr": 7, "at": 1795166100, "tags": ["vip", "voucher_bad"], "words": "code SOMMER25"}
        >>> (ticket,) = mapping.map(body, CodeFinder(["SOMMER25"])).tickets
        >>> ticket.id, ticket.contact_reason, ticket.voucher_code, ticket.created_at.isoformat()
        ('7', 'voucher not working', 'SOMMER25', '2026-11-20T09:15:00+00:00')
    """

    topic: ClassVar[Takes] = "tickets"

    def __init__(self, source: str, table: Table) -> None:
        self.source = source
        self.table = table
        require_allowed(source, "fields", table.fields, (*FIELDS, TEXT))
        require_allowed(source, "kinds", table.kinds, KINDS)
        for needed in ("id", "created_at", "contact_reason"):
            if needed not in table.fields:
                raise SettingsError(f"{source}.fields lacks {needed}; say where it stands in a body")
        self._fields = {name: compiled(source, name, text) for name, text in table.fields.items()}
        self._kinds = {name: compiled(source, name, text) for name, text in table.kinds.items()}
        self._attributes = {name: compiled(source, name, text) for name, text in table.attributes.items()}
        self._each = compiled(source, "each", table.each) if table.each is not None else None
        self._zone = zone_of(source, table.timezone)

    def map(
        self,
        body: Any,
        codes: CodeFinder = NO_CODES,
        candidates: CodeCandidates | None = None,
        arrived: datetime | None = None,
    ) -> Mapped:
        """The tickets of a decoded body. Never raises for anything that a body holds.

        Args:
            body: JSON as Python values.
            codes: finds voucher codes in the text, where no field names one.
            candidates: remembers code-like words that are no known code; without it none is looked for.
            arrived: when the body came; a ticket's time only where the table says `arrival` and the body has none.
        """
        found = Mapped()
        passed_over = 0
        for one in self._parts(body, found):
            kind = self._kind(one)
            if kind is None:
                passed_over += 1
                continue
            said, wrong = self._said(one, arrived if self.table.arrival else None)
            if wrong is not None:
                found.refused.append(wrong)
                continue
            ids = said.pop("id")
            text = words_of(said.pop(TEXT, None))
            if said.get("voucher_code") is None and text:
                look_for_codes(said, text_of(ids) or "", plain_text(text), codes, candidates)
            said["contact_reason"], unmapped = self._reason(said.get("contact_reason"))
            if unmapped:
                found.unmapped.extend(unmapped)
                said["attributes"] = {**said.get("attributes", {}), UNMAPPED: _joined(unmapped)}
            for each in ids if isinstance(ids, list) else [ids]:
                self._take({**said, "id": text_of(each), "kind": kind, "source": self.source}, found)
        return Mapped(found.tickets, found.refused, passed_over, found.unmapped)

    def _parts(self, body: Any, found: Mapped) -> Sequence[Any]:
        if self._each is None:
            return [body]
        parts, wrong = searched(self._each, body)
        if wrong is not None or not isinstance(parts, list):
            found.refused.append(Refused("each", wrong or "gives no list"))
            return []
        return parts

    def _kind(self, one: Any) -> str | None:
        if not self._kinds:
            return "created"
        return next((kind for kind, holds in self._kinds.items() if searched(holds, one)[0] is True), None)

    def _said(self, one: Any, arrived: datetime | None) -> tuple[dict[str, Any], Refused | None]:
        said: dict[str, Any] = {}
        for name, expression in self._fields.items():
            value, wrong = searched(expression, one)
            if value is None and name == "created_at" and arrived is not None:
                said[name] = arrived
                continue
            if wrong is None and value is None and name in ("id", "created_at"):
                wrong = "is not in the body"
            if wrong is not None:
                return {}, Refused(name, wrong)
            try:
                said[name] = self._converted(name, value)
            except ValueError as error:
                return {}, Refused(name, str(error))
        attributes = {name: text_of(searched(one_of, one)[0]) for name, one_of in self._attributes.items()}
        if kept := {name: value for name, value in attributes.items() if value}:
            said["attributes"] = kept
        return said, None

    def _converted(self, name: str, value: Any) -> Any:
        if value is None or name in (TEXT, "contact_reason", "id", "survey_offered"):
            return value
        if name in _TIMES:
            return instant_of(value, self._zone)
        if name in _NUMBERS and isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                raise ValueError("is no number") from None
        if name in _NUMBERS:
            return value
        return text_of(value)

    def _reason(self, tags: Any) -> tuple[str | None, list[str]]:
        """The contact reason, and what no entry fits."""
        if not self.table.reasons:
            first = next(iter(tags), None) if isinstance(tags, list) else tags
            return text_of(first), []
        called = [text for text in map(text_of, tags if isinstance(tags, list) else split_tags(tags)) if text]
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


def _joined(values: list[str]) -> str:
    """The first values that find room, each whole."""
    kept = values[:1]
    for one in values[1:]:
        if sum(len(each) + 2 for each in kept) + len(one) > UNMAPPED_LENGTH:
            break
        kept.append(one)
    return ", ".join(kept)[:UNMAPPED_LENGTH]


def _lean(ticket: Ticket) -> bytes:
    return msgspec.json.encode(FileTicket(**{one: getattr(ticket, one) for one in ticket.__struct_fields__}))
