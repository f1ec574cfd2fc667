"""The allow-listed facets of a ticket, as one shared tuple of values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from streams.events import Ticket

FACET_LENGTH = 80
TICKET_FIELDS = ("voucher_code", "campaign_id", "channel", "market", "language")


class Facets:
    """Reads the values of allow-listed facets; tickets with the same values share one tuple.

    Args:
        names: ticket fields, or names of attributes; nothing else leaves `count`.

    >>> from datetime import UTC, datetime
    >>> facets = Facets(["browser", "channel"])
    >>> at = datetime(2026, 6, 1, tzinfo=UTC)
    >>> of = Ticket(id="1", created_at=at, contact_reason="a", channel="mail", attributes={"browser": "Safari"})
    >>> facets.names, facets.of(of)
    (('channel', 'browser'), ('mail', 'Safari'))
    """

    __slots__ = (
        "_attribute_names",
        "_attributes",
        "_fields",
        "_no_attributes",
        "_shared",
        "_values",
        "names",
    )

    def __init__(self, names: Sequence[str]) -> None:
        fields = tuple(name for name in names if name in TICKET_FIELDS)
        self._attribute_names = tuple(name for name in names if name not in TICKET_FIELDS)
        self.names = fields + self._attribute_names
        self._fields = _getter(operator.attrgetter, fields)
        self._attributes = _getter(operator.itemgetter, self._attribute_names)
        self._no_attributes = (None,) * len(self._attribute_names)
        self._shared: dict[tuple[str | None, ...], tuple[str | None, ...]] = {}
        self._values: dict[str, str] = {}

    def of(self, ticket: Ticket) -> tuple[str | None, ...]:
        """A ticket's values, in the order of `names`."""
        values = self._fields(ticket)
        if self._attribute_names:
            attributes = ticket.attributes
            if attributes:
                try:
                    values += self._attributes(attributes)
                except KeyError:
                    get = attributes.get
                    values += tuple([get(name) for name in self._attribute_names])
            else:
                values += self._no_attributes
        # Shops repeat a few combinations a million times: one shared tuple each.
        return self._shared.get(values) or self._share(values)

    def _share(self, values: tuple[str | None, ...]) -> tuple[str | None, ...]:
        if len(self._shared) > 100_000:
            self._shared.clear()
            self._values.clear()
        # The combinations share their values, too: a few hundred texts stay in the processor's cache, where the
        # statements count them and the next lookups compare with them; scattered copies doubled both costs.
        same = self._values.setdefault
        shared = tuple(
            same(value[:FACET_LENGTH], value[:FACET_LENGTH]) if value else None for value in values
        )
        self._shared[shared if shared == values else values] = shared
        return shared


def _getter(get: Callable[..., Any], names: tuple[str, ...]) -> Callable[[Any], tuple[str | None, ...]]:
    """A function to the tuple of these attributes or items, in one call from C."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        only = get(names[0])
        return lambda held: (only(held),)
    getter: Callable[[Any], tuple[str | None, ...]] = get(*names)
    return getter
