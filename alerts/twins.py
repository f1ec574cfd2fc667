"""Campaigns that are one, said twice: a calendar that was copied, or an event that two calendars hold."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.names import fold
from alerts.records import Campaign


def essence(campaign: Campaign) -> tuple[object, ...]:
    """What two campaigns must have in common to be one: all that a customer can notice, and what was announced."""
    return (
        fold(campaign.name),
        campaign.starts_at,
        campaign.ends_at,
        campaign.expected_uplift,
        tuple(sorted(map(fold, campaign.contact_reasons))),
        tuple(sorted(map(fold, campaign.voucher_codes))),
        tuple(sorted(campaign.markets)),
    )


def once(campaigns: Iterable[Campaign]) -> list[Campaign]:
    """Each campaign once, in the order in which they come; of twins the first.

    >>> at = [f"2026-11-20T0{hour}:00Z" for hour in range(3)]
    >>> from datetime import datetime
    >>> begin, end, later = map(datetime.fromisoformat, at)
    >>> sale = Campaign(id="1", name="Sale", starts_at=begin, ends_at=end)
    >>> copy = Campaign(id="2", name="SALE", starts_at=begin, ends_at=end)
    >>> longer = Campaign(id="3", name="Sale", starts_at=begin, ends_at=later)
    >>> [one.id for one in once([sale, copy, longer])]
    ['1', '3']
    """
    found: dict[tuple[object, ...], Campaign] = {}
    for one in campaigns:
        found.setdefault(essence(one), one)
    return list(found.values())
