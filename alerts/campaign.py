"""Which campaigns coincide with a spike, and which rise of a contact reason was announced.

A link says that a campaign *coincides with* a spike and what that rests on: a code on the tickets, the
campaign's id on them, an announcement for this contact reason, or closeness in time. None of it proves a
cause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from alerts.records import Campaign, CampaignLink, Evidence, Spike

UPLIFT_CAP = 10.0
"""The most that announcements may raise an expectation: beyond it a fault inside a campaign would stay
hidden."""

_RANK: dict[Evidence, int] = {"voucher_code": 0, "campaign_id": 1, "contact_reason": 2, "time": 3}
_AFTERMATH = timedelta(hours=6)
"""Customers write for hours after a campaign ended; longer delays (deliveries) need an announcement of their
own."""
_BEFORE_START = timedelta(minutes=30)
"""A mailing goes out a little before the hour that the calendar says."""
_NEAR = timedelta(hours=2)
_REACHES_MANY_AT_ONCE = frozenset({"voucher", "tv", "newsletter", "sale", "product"})


def candidates(spike: Spike, campaigns: Collection[Campaign], *, limit: int = 3) -> list[CampaignLink]:
    """The campaigns that coincide with a spike, the best evidence first; empty where none fits.

    Ranked by what the link rests on (voucher code on the tickets, campaign id on them, announced contact
    reason within its window, closeness in time), then by the part of the spike's excess that carries the
    code or id, then by closeness of start and onset. Closeness in time alone counts only where a campaign
    announced no contact reasons, and nothing on the tickets speaks for another code or market: with thirty
    campaigns running, one of them always started recently.

    Args:
        spike: the spike with its drivers.
        campaigns: all known campaigns, past ones too: an expired code still coincides.
        limit: how many links at most.
    """
    found: list[tuple[int, float, timedelta, str, CampaignLink]] = []
    matches = [(campaign, match) for campaign in campaigns if (match := _match(spike, campaign)) is not None]
    running = {code for campaign, _ in matches if _covers(campaign, spike.onset) for code in _codes(campaign)}
    for campaign, (evidence, weight) in matches:
        # The same code used again a year later: the campaign that is running is meant, not the old one.
        if evidence == "voucher_code" and not _covers(campaign, spike.onset) and running & _codes(campaign):
            continue
        link = CampaignLink(id=campaign.id, name=campaign.name, evidence=evidence)
        found.append((_RANK[evidence], -weight, abs(campaign.starts_at - spike.onset), campaign.id, link))
    return [link for *_, link in sorted(found, key=lambda entry: entry[:4])][:limit]


def announced_uplift(campaigns: Iterable[Campaign], contact_reason: str, at: datetime) -> float:
    """By how much campaigns running at an instant were announced to raise a contact reason; 1.0 without any.

    The announced *extra* contacts add up (x2 and x1.5 together are x2.5): multiplying would expect contacts
    that nobody announced, and so hide a fault. Capped at `UPLIFT_CAP`. A campaign that names no contact
    reasons counts for all.

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


@lru_cache(maxsize=65_536)
def fold(name: str) -> str:
    """A name as it is compared: people type codes and reasons with other case and spaces than machines.

    >>> fold("Sommer 25") == fold("SOMMER25")
    True
    """
    return "".join(name.split()).casefold()


def _match(spike: Spike, campaign: Campaign) -> tuple[Evidence, float] | None:
    codes = _codes(campaign)
    code_shares = [
        driver.excess_share
        for driver in spike.drivers
        if driver.facet == "voucher_code" and fold(driver.value) in codes
    ]
    if code_shares:
        return "voucher_code", max(code_shares)
    id_shares = [
        driver.excess_share
        for driver in spike.drivers
        if driver.facet == "campaign_id" and driver.value == campaign.id
    ]
    if id_shares:
        return "campaign_id", max(id_shares)
    if not _same_market(spike, campaign):
        return None
    if fold(spike.contact_reason) in {fold(name) for name in campaign.contact_reasons}:
        return ("contact_reason", 0.0) if _covers(campaign, spike.onset) else None
    return ("time", 0.0) if _close_in_time(spike, campaign) else None


def _codes(campaign: Campaign) -> frozenset[str]:
    return frozenset(fold(code) for code in campaign.voucher_codes)


def _covers(campaign: Campaign, onset: datetime) -> bool:
    return campaign.starts_at - _BEFORE_START <= onset <= campaign.ends_at + _AFTERMATH


def _same_market(spike: Spike, campaign: Campaign) -> bool:
    markets = {fold(driver.value) for driver in spike.drivers if driver.facet == "market"}
    return not markets or not campaign.markets or not markets.isdisjoint(map(fold, campaign.markets))


def _close_in_time(spike: Spike, campaign: Campaign) -> bool:
    if campaign.contact_reasons or campaign.kind not in _REACHES_MANY_AT_ONCE:
        return False
    if any(driver.facet in ("voucher_code", "campaign_id") for driver in spike.drivers):
        return False
    return campaign.starts_at - _BEFORE_START <= spike.onset <= campaign.starts_at + _NEAR
