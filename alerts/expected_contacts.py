"""How many contacts a campaign is expected to bring, as a range: what was announced, and how wrong that tends to be."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

from alerts.records import Campaign

_KIND, _REASON, _CAMPAIGN = 0.12, 0.12, 0.15
"""Scatter of the logarithm of what campaigns brought against their announcement: what all of a kind have in common,
what is a contact reason's, what is each campaign's own; see `detectors.campaign_effect`."""
_EIGHT_IN_TEN = 1.2816


@dataclass(frozen=True, slots=True)
class ExpectedContacts:
    """How many times the usual contacts, in about eight campaigns of ten between `low` and `high`.

    `learnt` says whether what campaigns of the kind brought before is known; `more` is how many contacts more than
    usual that is in all, where the usual is known.
    """

    low: float
    high: float
    learnt: bool
    more: tuple[int, int] | None = None


def expected_contacts(
    campaign: Campaign, *, learnt: float | None = None, usual: float | None = None
) -> ExpectedContacts | None:
    """What to expect of a campaign; None where it announced neither more contacts nor fewer.

    Args:
        campaign: with `expected_uplift`.
        learnt: how many times the announced contacts campaigns of its kind brought (`campaign_effect.correction`).
        usual: contacts that its reasons usually have in its window.

    >>> from datetime import datetime
    >>> day = datetime.fromisoformat("2026-11-20T00:00Z")
    >>> sale = Campaign(id="1", name="Sale", starts_at=day, ends_at=day, expected_uplift=2.0)
    >>> found = expected_contacts(sale, usual=100)
    >>> round(found.low, 1), round(found.high, 1), found.more
    (1.5, 2.7, (50, 167))
    """
    if campaign.expected_uplift == 1.0:
        return None
    scatter = _CAMPAIGN if learnt is not None else sqrt(_KIND**2 + _REASON**2 + _CAMPAIGN**2)
    middle = campaign.expected_uplift * (1.0 if learnt is None else learnt)
    spread = exp(_EIGHT_IN_TEN * scatter)
    low, high = middle / spread, middle * spread
    if campaign.expected_uplift > 1.0:
        low = max(low, 1.0)
    more = None if usual is None else (round((low - 1.0) * usual), round((high - 1.0) * usual))
    return ExpectedContacts(low, high, learnt is not None, more)
