"""The records that come in: tickets, orders, counts of tickets.

A ticket that cannot be read into :class:`Ticket` becomes a dead letter; nothing is guessed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alerts.records import Instant, Name

TicketKind = Literal["created", "relabelled", "retracted", "updated"]


class Ticket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A ticket event, as it stands on `tickets`.

    Free text (`text`, `subject`) and whatever else a helpdesk sends is not a field here, so it is never
    even decoded.
    """

    id: Name
    created_at: Instant
    contact_reason: str | None
    kind: TicketKind = "created"
    changed_at: Instant | None = None
    previous_contact_reason: str | None = None
    source: Name = "default"
    customer: str | None = None
    channel: str | None = None
    market: str | None = None
    language: str | None = None
    voucher_code: str | None = None
    campaign_id: str | None = None
    order_id: str | None = None
    sentiment: Annotated[float, Meta(ge=-1, le=1)] | None = None
    csat: Annotated[float, Meta(ge=1, le=5)] | None = None
    nps: Annotated[float, Meta(ge=0, le=10)] | None = None
    first_answered_at: Instant | None = None
    solved_at: Instant | None = None
    handling_minutes: Annotated[float, Meta(ge=0)] | None = None
    survey_offered: bool | None = None
    attributes: dict[str, str] | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order of the shop, as it stands on `orders`."""

    id: Name
    created_at: Instant
    customer: str | None = None
    market: str | None = None
    channel: str | None = None
    voucher_codes: list[str] = []
    campaign_id: str | None = None
    promised_at: Instant | None = None


class Cell(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one partition of `tickets` holds of one contact reason in one minute.

    `minute` counts minutes since 1970 in UTC. `customers` is a packed set or sketch (`streams.customers`).
    `facets` maps a facet to the number of tickets of each of its values.
    """

    contact_reason: str
    minute: int
    count: int
    customers: str
    facets: dict[str, dict[str, int]]


class Late(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One ticket (or its withdrawal, `count` -1) for a minute that `count` no longer holds whole."""

    offset: int
    contact_reason: str
    minute: int
    count: int


class TicketCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What `count` knows of one partition of `tickets`, as it stands on `ticket-counts`.

    Every cell is cumulative: it includes all tickets below `offset`, so of two statements about a cell the
    one with the larger `offset` holds, and hearing one again changes nothing. `watermark` is the event time
    (epoch seconds) before which this partition is complete; `drained` says that it was read to its end and has
    been quiet since. `partitions` is how many `tickets` has. `canary` is when the newest canary below `offset` was
    sent (epoch seconds). `keys` are the marks (`streams.customers.key_mark`) of the keys that customers are stated
    under.
    """

    partition: int
    partitions: int
    offset: int
    watermark: float | None = None
    drained: bool = False
    cells: list[Cell] = []
    late: list[Late] = []
    canary: float | None = None
    keys: tuple[str, ...] = ()


class BaselineRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What `learn` found for one contact reason, as it stands on `baselines`.

    `baseline` is the detector's own snapshot; `previous` is what it replaced, for `learn --undo`.
    """

    contact_reason: str
    version: int
    learnt_at: Instant
    baseline: dict[str, object]
    previous: dict[str, object] | None = None


def minute_of(instant: datetime) -> int:
    """The minute that an instant falls into, counted from 1970 in UTC.

    >>> from datetime import UTC
    >>> minute_of(datetime(1970, 1, 1, 1, 2, 59, tzinfo=UTC))
    62
    """
    return int(instant.timestamp() // 60)
