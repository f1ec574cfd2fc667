"""Which campaigns coincide with a spike, the best evidence first.

A link says that a campaign *coincides with* a spike and what that rests on: a code on the tickets, the
campaign's id on them, an announcement for this contact reason, or closeness in time. None of it proves a
cause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.names import fold
from alerts.records import Campaign, CampaignLink, Evidence, Spike
from detectors.facet_sets import WITH

_RANK: dict[Evidence, int] = {"voucher_code": 0, "campaign_id": 1, "contact_reason": 2, "time": 3}
_AFTERMATH = timedelta(hours=6)
"""Customers write for hours after a campaign ended; longer delays (deliveries) need an announcement of their
own."""
_BEFORE_START = timedelta(minutes=30)
"""A mailing goes out a little before the hour that the calendar says."""
_NEAR = timedelta(hours=2)
_ONSET_IS_SURE_TO = timedelta(minutes=15)
_RECENT = timedelta(days=2)
_DOUBT = 4
_HERE, _EVERYWHERE, _ELSEWHERE = range(3)
_SPEAK_AGAINST_TIME = frozenset(
    {"voucher_code", "campaign_id", "browser", "device", "app_version", "payment"}
)
_REACHES_MANY_AT_ONCE = frozenset({"voucher", "tv", "newsletter", "sale", "product"})


def candidates(spike: Spike, campaigns: Collection[Campaign], *, limit: int = 3) -> list[CampaignLink]:
    """The campaigns that coincide with a spike, the best evidence first; empty where none fits.

    Ranked by what the link rests on (voucher code on the tickets, campaign id on them, announced contact
    reason within its window, closeness in time), then by the part of the spike's excess that carries the
    code or id. Of campaigns with the same code that one comes first whose id is on the tickets, too, then the
    one in the spike's market that began or ended close to the onset. Closeness in time alone counts only where
    a campaign announced no contact reasons, and nothing on the tickets speaks for another code, market, browser,
    app version or way to pay: with thirty campaigns running, one of them always started recently.

    `benchmarks/links/planted_links.py` says how often the right one comes first. One look at each campaign: a
    few milliseconds where there are ten thousand.

    Args:
        spike: the spike with its drivers.
        campaigns: all known campaigns, past ones too: an expired code still coincides.
        limit: how many links at most.
    """
    spoken = _Spoken.of(spike)
    found: list[tuple[tuple[object, ...], Campaign, Evidence]] = []
    running: set[str] = set()
    for campaign in campaigns:
        evidence = spoken.evidence(campaign)
        if evidence is None:
            continue
        if evidence == "voucher_code" and spoken.covered_by(campaign):
            running |= spoken.codes.keys() & _codes(campaign)
        found.append((spoken.rank(campaign, evidence), campaign, evidence))
    # The same code used again a year later: the campaign that is running is meant, not the old one.
    kept = [
        entry
        for entry in found
        if entry[2] != "voucher_code" or spoken.is_near(entry[1]) or not running & _codes(entry[1])
    ]
    return [
        CampaignLink(id=campaign.id, name=campaign.name, evidence=evidence)
        for _, campaign, evidence in sorted(kept, key=lambda entry: entry[0])[:limit]
    ]


def keep_withdrawn(
    links: Sequence[CampaignLink], said: Iterable[CampaignLink], campaigns: Mapping[str, Campaign]
) -> list[CampaignLink]:
    """The links of an open incident, with those said before whose campaign was withdrawn from the calendar since.

    Without them a message would lose in silence what it told people an hour ago.

    Args:
        links: what coincides now.
        said: what the incident was linked to before.
        campaigns: the calendar as it stands.

    >>> gone = CampaignLink(id="1", name="Summer", evidence="voucher_code")
    >>> [link.name for link in keep_withdrawn([], [gone], {})]
    ['Summer']
    """
    now = {link.id for link in links}
    return [*links, *(link for link in said if link.id not in campaigns and link.id not in now)]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What a spike says of campaigns, folded once for all of them."""

    reason: str
    onset: datetime
    codes: Mapping[str, float]
    """Code -> the part of the excess that carries it."""
    ids: Mapping[str, float]
    markets: frozenset[str]
    elsewhere: bool
    """Something on the tickets speaks for another cause than a campaign: a code, a browser, a way to pay."""

    @classmethod
    def of(cls, spike: Spike) -> _Spoken:
        def carried(facet: str) -> dict[str, float]:
            shares: dict[str, float] = {}
            for driver in spike.drivers:
                if driver.facet == facet:
                    shares[fold(driver.value)] = max(shares.get(fold(driver.value), 0.0), driver.excess_share)
            return shares

        return cls(
            fold(spike.contact_reason),
            spike.onset,
            carried("voucher_code"),
            carried("campaign_id"),
            frozenset(carried("market")),
            any(driver.facet.partition(WITH)[0] in _SPEAK_AGAINST_TIME for driver in spike.drivers),
        )

    def evidence(self, campaign: Campaign) -> Evidence | None:
        """What a link with a campaign rests on; None where it does not coincide."""
        if self.codes and any(fold(code) in self.codes for code in campaign.voucher_codes):
            return "voucher_code"
        if self.ids and fold(campaign.id) in self.ids:
            return "campaign_id"
        # Times first: of ten thousand campaigns few run.
        if not self.covered_by(campaign) or self._market(campaign) == _ELSEWHERE:
            return None
        if campaign.contact_reasons:
            return "contact_reason" if self.reason in map(fold, campaign.contact_reasons) else None
        if self.elsewhere or campaign.kind not in _REACHES_MANY_AT_ONCE:
            return None
        return "time" if self.onset <= campaign.starts_at + _NEAR else None

    def rank(self, campaign: Campaign, evidence: Evidence) -> tuple[object, ...]:
        """The smaller, the better the link."""
        weight = max((self.codes.get(code, 0.0) for code in _codes(campaign)), default=0.0)
        also = self.ids.get(fold(campaign.id), 0.0)
        carried = {"voucher_code": (-weight, -also), "campaign_id": (-also, 0.0)}.get(evidence, (0.0, 0.0))
        # A campaign for one market makes tickets in that market; large ones hardly stand out, so that this is a
        # doubt and no more.
        doubt = 1 if self._market(campaign) == _HERE else _DOUBT
        near = (
            self._distance(campaign) if evidence == "voucher_code" else abs(campaign.starts_at - self.onset)
        )
        return (_RANK[evidence], *carried, (near + _ONSET_IS_SURE_TO) * doubt, campaign.id)

    def is_near(self, campaign: Campaign) -> bool:
        """Whether a campaign's code may well be meant: it runs, is just over or to come, or is named by its id."""
        return (
            self.covered_by(campaign) or self._distance(campaign) <= _RECENT or fold(campaign.id) in self.ids
        )

    def covered_by(self, campaign: Campaign) -> bool:
        """Whether the rise began while a campaign had its effect."""
        return (
            campaign.starts_at <= self.onset + _BEFORE_START and self.onset - _AFTERMATH <= campaign.ends_at
        )

    def _distance(self, campaign: Campaign) -> timedelta:
        """From the onset to the nearest time at which a code begins to work or has ceased to."""
        over = self.onset - campaign.ends_at
        begun = abs(campaign.starts_at - self.onset)
        return min(begun, over) if over >= timedelta() else begun

    def _market(self, campaign: Campaign) -> int:
        if not campaign.markets:
            return _EVERYWHERE if self.markets else _HERE
        if not self.markets:
            return _EVERYWHERE
        return _HERE if not self.markets.isdisjoint(map(fold, campaign.markets)) else _ELSEWHERE


def _codes(campaign: Campaign) -> frozenset[str]:
    return frozenset(fold(code) for code in campaign.voucher_codes)
