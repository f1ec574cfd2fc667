"""Finding a campaign by what somebody types, and naming it in a menu that Slack limits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from alerts import redact
from alerts.blocks import fit, one_line
from alerts.language import Language, moment
from alerts.records import Campaign

OPTIONS = 100
LABEL = 75
KEY = 100
"""Characters of a campaign's key; with an incident's id and "|" it stays below Slack's 150 for an option's value."""


def key(campaign_id: str) -> str:
    """A campaign's id as an option may carry it: itself, or a digest where it is long or looks personal.

    >>> key("sommer-2026"), len(key("x" * 500))
    ('sommer-2026', 17)
    """
    if len(campaign_id) <= KEY and campaign_id.isprintable() and redact.safe(campaign_id) == campaign_id:
        return campaign_id
    return "#" + hashlib.sha256(campaign_id.encode("utf-8", "replace")).hexdigest()[:16]


def resolve(choice: str, campaigns: Mapping[str, Campaign]) -> str:
    """The campaign's id that an option's key stands for; a key that is not known is an id.

    >>> resolve("sommer-2026", {})
    'sommer-2026'
    """
    if choice in campaigns or not choice.startswith("#"):
        return choice
    return next((one for one in campaigns if key(one) == choice), choice)


def options(
    typed: str, campaigns: Mapping[str, Campaign], now: datetime, zone: tzinfo, language: Language
) -> tuple[dict[str, Any], ...]:
    """Campaigns whose name, code or id holds what was typed, the nearest in time first; at most 100.

    Names are words from outside: one line, guarded, cut to Slack's 75 characters with the day they start.
    """
    wanted = typed.casefold().strip()
    found = [
        one
        for one in campaigns.values()
        if any(wanted in text.casefold() for text in (one.name, one.id, *one.voucher_codes))
    ]
    found.sort(key=lambda one: (_distance(one, now), one.id))
    return tuple(_option(one, zone, language) for one in found[:OPTIONS])


def _distance(one: Campaign, now: datetime) -> float:
    if one.starts_at <= now <= one.ends_at:
        return 0.0
    return min(abs((one.starts_at - now).total_seconds()), abs((one.ends_at - now).total_seconds()))


def _option(one: Campaign, zone: tzinfo, language: Language) -> dict[str, Any]:
    day = moment(one.starts_at, zone, language).split(",")[0]
    tail = f" ({day})"
    name = fit(redact.safe(one_line(one.name)), LABEL - len(tail), language) or "–"
    return {
        "text": {"type": "plain_text", "text": name + tail, "emoji": False},
        "value": key(one.id),
    }
