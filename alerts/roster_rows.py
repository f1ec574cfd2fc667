"""The tables `[[roster]]` of the settings file as rows of the roster, or a sentence that says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from typing import Any

import msgspec

from alerts.blocks import is_group, is_user
from alerts.roster import Hours, Row
from alerts.schedule import read_weekdays

_CHANNEL = re.compile(r"[CG][A-Z0-9]{5,20}")
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)")
_IDS = "ids of Slack users or groups, such as U024BE7LH or S0614TZR7"


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table as it is written; the defaults say "always" and "all"."""

    ping: list[str] = []
    escalate: list[str] = []
    reasons: list[str] = msgspec.field(default_factory=lambda: ["*"])
    days: str = "Mon-Sun"
    hours: str = ""
    quiet: bool = False
    markets: list[str] = []
    brands: list[str] = []
    channel: str | None = None


def read(tables: object) -> tuple[Row, ...]:
    """Read the roster.

    Args:
        tables: a list of tables, as TOML or JSON gives it.

    Raises:
        ValueError: what is not allowed, and what is.

    >>> (row,) = read([{"ping": ["S0614TZR7"], "reasons": ["voucher*"], "days": "Mon-Fri", "hours": "08:00-18:00"}])
    >>> row.ping, row.hours
    (('S0614TZR7',), Hours(begin=datetime.time(8, 0), end=datetime.time(18, 0)))
    >>> read([{"ping": ["@channel"]}])
    Traceback (most recent call last):
    ...
    ValueError: roster[1].ping='@channel' is not allowed; allowed: ids of Slack users or groups, such as U024BE7LH or
    S0614TZR7
    """
    if not isinstance(tables, Sequence) or isinstance(tables, str | bytes):
        raise ValueError(f"roster={tables!r} is not allowed; allowed: tables [[roster]], see docs/roster.md")
    return tuple(_row(f"roster[{number}]", table) for number, table in enumerate(tables, 1))


def _row(name: str, table: object) -> Row:
    try:
        one = msgspec.convert(table, type=_Table)
    except msgspec.ValidationError as error:
        fields = ", ".join(_Table.__struct_fields__)
        raise ValueError(f"{name} is not allowed ({error}); allowed fields: {fields}") from None
    for field, ids in (("ping", one.ping), ("escalate", one.escalate)):
        for wrong in (each for each in ids if not (is_user(each) or is_group(each))):
            raise _wrong(f"{name}.{field}", wrong, _IDS)
    if not one.reasons or not all(each.strip() for each in one.reasons):
        raise _wrong(f"{name}.reasons", one.reasons, "contact reasons, with * and ?; leave it out for all")
    if one.channel is not None and _CHANNEL.fullmatch(one.channel) is None:
        raise _wrong(f"{name}.channel", one.channel, "the id of a Slack channel, such as C0123456789")
    if one.channel is not None and not (one.markets or one.brands):
        raise _wrong(f"{name}.channel", one.channel, "a channel together with markets or brands")
    if one.quiet and (one.ping or one.escalate):
        raise _wrong(f"{name}.quiet", one.quiet, "quiet without ping and escalate: nobody is pinged then")
    if not (one.ping or one.escalate or one.quiet or one.channel):
        raise _wrong(name, table, "at least one of ping, escalate, quiet = true, channel")
    try:
        weekdays = read_weekdays(one.days)
    except ValueError:
        raise _wrong(f"{name}.days", one.days, "weekdays such as Mon-Fri or Sat,Sun") from None
    return Row(
        ping=tuple(one.ping),
        escalate=tuple(one.escalate),
        reasons=tuple(one.reasons),
        weekdays=weekdays,
        hours=_hours(f"{name}.hours", one.hours) if one.hours else None,
        quiet=one.quiet,
        markets=tuple(one.markets),
        brands=tuple(one.brands),
        channel=one.channel,
    )


def _hours(name: str, text: str) -> Hours:
    found = _HOURS.fullmatch(text.replace(" ", ""))
    if found is None:
        raise _wrong(name, text, "local hours such as 08:00-18:00, or 22:00-06:00 over midnight")
    end = time(int(found[3]), int(found[4])) if found[3] else time(0)
    return Hours(time(int(found[1]), int(found[2])), end)


def _wrong(name: str, value: Any, allowed: str) -> ValueError:
    return ValueError(f"{name}={value!r} is not allowed; allowed: {allowed}")
