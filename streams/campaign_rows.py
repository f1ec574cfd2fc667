"""Rows of the compacted topic `campaigns` as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import structlog

from alerts.records import Campaign
from streams.errors import UNREADABLE
from streams.reading import FIRST, LAST
from streams.settings import Settings

log = structlog.get_logger("campaigns")


def campaigns_of(rows: Mapping[bytes, bytes], settings: Settings) -> tuple[Campaign, ...]:
    """The campaigns of the topic that may raise what a shard expects."""
    return concerning(decode_campaigns(rows).values(), settings)


def concerning(campaigns: Iterable[Campaign], settings: Settings) -> tuple[Campaign, ...]:
    """The campaigns of a shard's markets, and those that name no market."""
    of, shard = settings.sharding.of, settings.shard
    return tuple(
        campaign
        for campaign in campaigns
        if shard is None or not campaign.markets or any(of(market) == shard for market in campaign.markets)
    )


def decode_campaigns(rows: Mapping[bytes, bytes]) -> dict[str, Campaign]:
    """Campaigns by id; one that cannot be read, or ends before it starts, is told and left out.

    >>> decode_campaigns({})
    {}
    """
    found = {}
    for key, value in sorted(rows.items()):
        try:
            campaign = msgspec.json.decode(value, type=Campaign)
        except UNREADABLE as error:
            log.warning(
                "campaign left out: cannot be read", key=key.decode(errors="replace"), error=str(error)
            )
            continue
        if campaign.ends_at <= campaign.starts_at:
            log.warning("campaign left out: it ends before it starts", key=key.decode(errors="replace"))
            continue
        found[campaign.id] = msgspec.structs.replace(
            campaign, starts_at=max(campaign.starts_at, FIRST), ends_at=min(campaign.ends_at, LAST)
        )
    return found
