"""A source that sends, as it stands in the file of sources, and what may be wrong with a body of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from streams.sources.signatures import Scheme


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the helpdesk calls it, with `*` and `?` as wildcards, whatever the case; and the contact reason."""

    like: str
    reason: str


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping as it stands in the file.

    Attributes:
        takes: what a body holds.
        fields: field of a ticket or order -> expression; `id`, `created_at` and, of tickets, `contact_reason` are
            needed. Where `id` gives a list, there is a record for each.
        each: expression that gives the tickets of a body that may hold several; the body itself without it.
        kinds: kind -> expression that is true for it; what is of no kind is passed over. Without it all are created.
        attributes: facet -> expression.
        reasons: the first that fits one of the tags gives the contact reason; without any the tag is the reason.
        arrival: the time at which a body came is the ticket's, where the body has none. Deferred deliveries then count
            in a wrong minute, so it is never the default.
        timezone: where the clock hung that wrote times without an offset.
        signed: how requests are signed; see `streams.sources.signatures`.
        secrets: names of environment variables that hold a secret, the newest first; two during a rotation.
        header: with `signed = "header"` the one that bears the secret.
        url: the address as the sender calls it, where it signs that.
    """

    takes: Literal["tickets", "orders"] = "tickets"
    fields: dict[str, str]
    each: str | None = None
    kinds: dict[str, str] = {}
    attributes: dict[str, str] = {}
    reasons: list[Reason] = []
    arrival: bool = False
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
