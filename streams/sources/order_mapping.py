"""From a shop's body to orders, by a mapping: the id, the time and what voucher codes were redeemed.

No customer, address or price is looked at. A shop's request to redact a customer becomes a tombstone for each of the
customer's orders, so that whoever keeps copies of `orders` takes them out; see docs/privacy.md for what is held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from alerts.source_records import Takes
from streams.events import Order
from streams.settings import SettingsError
from streams.sources.expressions import compiled, instant_of, require_allowed, searched, text_of, zone_of
from streams.sources.mapping import Record
from streams.sources.table import Refused, Table
from streams.validity import explain

CREATED, REDACTED = "created", "redacted"
FIELDS = tuple(one for one in Order.__struct_fields__ if one != "customer")
"""Nothing reads an order's customer, so none is taken."""
_TIMES = frozenset({"created_at", "promised_at"})


class LeanOrder(Order, frozen=True, kw_only=True, omit_defaults=True):
    """An order written without what it does not say."""


@dataclass(frozen=True, slots=True)
class MappedOrders:
    """What a shop's body gives.

    Attributes:
        orders: new ones.
        redacted: ids of orders that are to be forgotten.
        refused: what should have been one.
        passed_over: how many are of no kind that counts, such as a test order.
    """

    orders: list[LeanOrder] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    passed_over: int = 0
    unmapped: tuple[str, ...] = ()
    gaps: int = 0

    @property
    def records(self) -> list[Record]:
        """What stands on `orders` for it."""
        found: list[Record] = [(one.id.encode(), msgspec.json.encode(one)) for one in self.orders]
        return found + [(name.encode(), None) for name in self.redacted]

    @property
    def created(self) -> list[datetime]:
        """When the orders were placed."""
        return [one.created_at for one in self.orders]


class OrderMapping:
    """The mapping of one source of orders, ready to use.

    Args:
        source: the source's name.
        table: as it stands in the file; kept as `table`.

    Raises:
        SettingsError: a wrong expression, an unknown field or kind; names it and what is allowed.

    Example:
        >>> fields = {"id": "nr", "created_at": "at", "voucher_codes": "codes[].code"}
        >>> mapping = OrderMapping("shop", Table(takes="orders", fields=fields))
        >>> (order,) = mapping.map({"nr": 7, "at": 1795166100, "codes": [{"code": "SOMMER25"}]}).orders
        >>> order.id, order.voucher_codes
        ('7', ['SOMMER25'])
    """

    topic: ClassVar[Takes] = "orders"

    def __init__(self, source: str, table: Table) -> None:
        self.source = source
        self.table = table
        require_allowed(source, "fields", table.fields, FIELDS)
        require_allowed(source, "kinds", table.kinds, (CREATED, REDACTED))
        for needed in ("id", "created_at"):
            if needed not in table.fields and not (needed == "created_at" and set(table.kinds) == {REDACTED}):
                raise SettingsError(f"{source}.fields lacks {needed}; say where it stands in a body")
        for tickets_only in ("attributes", "reasons", "arrival"):
            if getattr(table, tickets_only):
                raise SettingsError(f"{source}.{tickets_only} is not allowed where orders are taken")
        self._fields = {name: compiled(source, name, text) for name, text in table.fields.items()}
        self._kinds = {name: compiled(source, name, text) for name, text in table.kinds.items()}
        self._each = compiled(source, "each", table.each) if table.each is not None else None
        self._zone = zone_of(source, table.timezone)

    def map(self, body: Any, *_: object) -> MappedOrders:
        """The orders of a decoded body. Never raises for anything that a body holds."""
        orders: list[LeanOrder] = []
        redacted: list[str] = []
        refused: list[Refused] = []
        passed_over = 0
        parts, wrong = searched(self._each, body) if self._each is not None else ([body], None)
        if wrong is not None or not isinstance(parts, list):
            return MappedOrders(refused=[Refused("each", wrong or "gives no list")])
        for one in parts:
            kind = self._kind(one)
            if kind is None:
                passed_over += 1
                continue
            found = searched(self._fields["id"], one)[0]
            ids = [
                text for each in (found if isinstance(found, list) else [found]) if (text := text_of(each))
            ]
            if kind == REDACTED:
                redacted += ids
                # A customer without orders: there is nothing to forget, and that is no fault.
                passed_over += not ids
            elif not ids:
                refused.append(Refused("id", "is not in the body"))
            else:
                try:
                    said = self._said(one)
                    orders += [msgspec.convert({**said, "id": name}, LeanOrder) for name in ids]
                except msgspec.ValidationError as error:
                    refused.append(Refused(*explain(error)))
                except ValueError as error:
                    refused.append(Refused(*error.args))
        return MappedOrders(orders, redacted, refused, passed_over)

    def _kind(self, one: Any) -> str | None:
        if not self._kinds:
            return CREATED
        return next((kind for kind, holds in self._kinds.items() if searched(holds, one)[0] is True), None)

    def _said(self, one: Any) -> dict[str, Any]:
        """Raises ValueError with the field at fault and what is wrong with it."""
        said: dict[str, Any] = {}
        for name, expression in self._fields.items():
            value, wrong = searched(expression, one)
            if wrong is None and value is None and name == "created_at":
                wrong = "is not in the body"
            if wrong is not None:
                raise ValueError(name, wrong)
            if name in _TIMES and value is not None:
                try:
                    said[name] = instant_of(value, self._zone)
                except ValueError as error:
                    raise ValueError(name, str(error)) from None
            elif name == "voucher_codes":
                codes = value if isinstance(value, list) else [value]
                said[name] = [text for each in codes if (text := text_of(each))]
            elif value is not None:
                said[name] = text_of(value)
        return said
