"""Which campaigns coincide with a spike, and which rise of a contact reason was announced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from alerts.campaign_links import candidates, keep_withdrawn
from alerts.names import fold
from alerts.records import Campaign
from alerts.twins import once

__all__ = ["UPLIFT_CAP", "announced", "announced_uplift", "candidates", "fold", "keep_withdrawn", "named"]

UPLIFT_CAP = 10.0
"""The most that announcements may raise an expectation: beyond it a fault inside a campaign would stay
hidden."""


def announced_uplift(campaigns: Iterable[Campaign], contact_reason: str, at: datetime) -> float:
    """By how much campaigns running at an instant were announced to raise a contact reason; 1.0 without any.

    The announced *extra* contacts add up (x2 and x1.5 together are x2.5): multiplying would expect contacts
    that nobody announced, and so hide a fault. A campaign that is said twice counts once. Capped at `UPLIFT_CAP`.
    A campaign that names no contact reasons counts for all.

    >>> from datetime import UTC
    >>> day = [datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in range(24)]
    >>> tv = Campaign(id="1", name="TV", starts_at=day[20], ends_at=day[22], expected_uplift=3.0,
    ...     contact_reasons=["product question"])
    >>> announced_uplift([tv], "Product question", day[21]), announced_uplift([tv], "delivery", day[21])
    (3.0, 1.0)
    """
    return (announced(campaigns, [contact_reason], at) or [1.0])[0]


def announced(
    campaigns: Iterable[Campaign],
    reasons: Sequence[str],
    at: datetime,
    learnt: Mapping[str, float] = MappingProxyType({}),
) -> list[float] | None:
    """The announced uplift of each contact reason at an instant, or None when nothing is announced.

    None is the everyday answer and costs one comparison of times a campaign, whatever the number of reasons.

    Args:
        campaigns: all campaigns.
        reasons: the contact reasons asked for.
        at: the instant.
        learnt: contact reason -> how much more than announced, in parts of the usual, similar campaigns brought.
    """
    active = [one for one in campaigns if one.expected_uplift != 1.0 and one.starts_at <= at < one.ends_at]
    if not active:
        return None
    active = once(active)
    for_all = sum(one.expected_uplift - 1 for one in active if not one.contact_reasons)
    extra: dict[str, float] = {}
    for one in active:
        for name in {fold(name) for name in one.contact_reasons}:
            extra[name] = extra.get(name, 0.0) + one.expected_uplift - 1
    return [
        min(
            max(1.0 + for_all + extra.get(fold(reason), 0.0) + learnt.get(reason, 0.0), 1 / UPLIFT_CAP),
            UPLIFT_CAP,
        )
        for reason in reasons
    ]


def named(campaign: Campaign, reasons: Iterable[str]) -> list[str]:
    """Those of the contact reasons that a campaign names; all of them if it names none.

    >>> start = datetime.fromisoformat("2026-11-20T20:00Z")
    >>> sale = Campaign(id="1", name="Sale", starts_at=start, ends_at=start, contact_reasons=["Delivery late"])
    >>> named(sale, ["delivery  late", "refund"])
    ['delivery  late']
    """
    folded = {fold(name) for name in campaign.contact_reasons}
    return [reason for reason in reasons if not folded or fold(reason) in folded]
