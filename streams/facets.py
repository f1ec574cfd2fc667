"""The allow-listed facets of a ticket, as shared tuples of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from alerts import redact
from streams.events import Ticket

FACET_LENGTH = 80
Values = tuple[str | None, ...]
COMBINATIONS = 100_000
"""Combinations remembered; then it begins anew, so that texts of which each is another cannot fill the memory."""
TEXT_BYTES = 1024
"""A longer text of attributes is read each time: it does not come a million times, and must not be kept."""
TICKET_FIELDS = ("voucher_code", "campaign_id", "channel", "market", "language")


class ReadTicket(Ticket, frozen=True, kw_only=True, gc=False):
    """A ticket whose attributes were not looked into: the text they stand in, for `Facets.attributes`."""

    attributes: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]


class Facets:
    """Reads the values of allow-listed facets; tickets with the same values share their tuples.

    Shops repeat a few combinations a million times. Fields and attributes are shared apart: two small sets of
    combinations, and the few hundred texts in them, stay in the processor's cache, where statements count them
    and the next lookups compare with them; their product would not. Attributes are known again by the very bytes
    they came in, so that most are never decoded.

    Args:
        names: ticket fields, or names of attributes; nothing else leaves `count`.

    >>> from datetime import UTC, datetime
    >>> facets = Facets(["browser", "channel"])
    >>> at, raw = datetime(2026, 6, 1, tzinfo=UTC), msgspec.Raw(b'{"browser": "Safari"}')
    >>> of = ReadTicket(id="1", created_at=at, contact_reason="a", channel="mail", attributes=raw)
    >>> facets.names, facets.fields(of), facets.attributes(of)
    (('channel', 'browser'), ('mail',), ('Safari',))
    """

    __slots__ = (
        "_attribute_names",
        "_none",
        "_places",
        "_shared",
        "_values",
        "by_fields",
        "by_text",
        "names",
    )

    def __init__(self, names: Sequence[str]) -> None:
        fields = tuple(name for name in names if name in TICKET_FIELDS)
        self._attribute_names = tuple(name for name in names if name not in TICKET_FIELDS)
        self.names = fields + self._attribute_names
        self._places = tuple(TICKET_FIELDS.index(name) for name in fields)
        self._none: Values = (None,) * len(self._attribute_names)
        self._shared: dict[Values, Values] = {}
        self._values: dict[str, str] = {}
        self.by_fields: dict[Values, Values] = {}
        """What :meth:`fields` found, by all of TICKET_FIELDS, for a loop that looks here before it asks."""
        self.by_text: dict[bytes, Values] = {}
        """What :meth:`attributes` found, by their bytes, likewise."""

    def fields(self, ticket: Ticket) -> Values:
        """The values of the ticket's own fields, the first of `names`."""
        values = tuple([getattr(ticket, name) for name in TICKET_FIELDS])
        shared = self._share(tuple([values[place] for place in self._places]))
        # A longer text does not come a million times, and must not be kept.
        if all(value is None or len(value) <= FACET_LENGTH for value in values):
            _bound(self.by_fields)
            self.by_fields[values] = shared
        return shared

    def attributes(self, ticket: ReadTicket) -> Values:
        """The values of its attributes, the rest of `names`; None for what it does not have.

        Raises:
            msgspec.DecodeError: they are no object of texts; worded like the ticket's own errors.
        """
        text = bytes(ticket.attributes)
        found = _attributes_in(text) if text else None
        shared = self._share(
            tuple([found.get(name) for name in self._attribute_names]) if found else self._none
        )
        if len(text) <= TEXT_BYTES:
            _bound(self.by_text)
            self.by_text[text] = shared
        return shared

    def share(self, values: Values) -> Values:
        """The tuple that tickets with these values share, given values that this class made before."""
        shared = self._shared.get(values)
        return self._share(values) if shared is None else shared

    def _share(self, values: Values) -> Values:
        _bound(self._shared)
        _bound(self._values)
        same = self._values.setdefault
        shared = tuple(
            [same(short, short) if (short := value and _short(value)) else None for value in values]
        )
        return self._shared.setdefault(shared, shared)


def _short(value: str) -> str:
    """A value of at most FACET_LENGTH; half a telephone number at the cut would pass every guard behind it."""
    return value if len(value) <= FACET_LENGTH else redact.safe(value[: 2 * FACET_LENGTH])[:FACET_LENGTH]


def _bound(held: dict[Any, Any]) -> None:
    if len(held) > COMBINATIONS:
        held.clear()


_ATTRIBUTES: msgspec.json.Decoder[dict[str, str] | None] = msgspec.json.Decoder(dict[str, str] | None)


def _attributes_in(text: bytes) -> dict[str, str] | None:
    try:
        return _ATTRIBUTES.decode(text)
    except msgspec.ValidationError as error:
        wrong, _, path = str(error).partition(" - at `$")
        raise msgspec.ValidationError(f"{wrong} - at `$.attributes{path or '`'}") from None
