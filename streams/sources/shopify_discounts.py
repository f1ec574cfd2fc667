"""Discounts of Shopify that have codes, listed whole at every reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from alerts.records import Campaign
from streams.files.times import parse_instant
from streams.sources.listed import ENDLESS, MOST_PAGES, WITHOUT_END, campaign_from, listed, nested, reading_of
from streams.sources.pull_http import fetch
from streams.sources.reading import Away, Reading

_DISCOUNT = "title status startsAt endsAt codes(first: 100) { nodes { code } }"
_QUERY = (
    "query($after: String) { codeDiscountNodes(first: 50, after: $after) { nodes { id codeDiscount { "
    f"... on DiscountCodeBasic {{ {_DISCOUNT} }} ... on DiscountCodeBxgy {{ {_DISCOUNT} }} "
    f"... on DiscountCodeFreeShipping {{ {_DISCOUNT} }} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)


@dataclass(frozen=True, slots=True)
class ShopifyDiscounts:
    """Discounts with codes, by GraphQL: title, period, and the first hundred codes of each."""

    session: aiohttp.ClientSession
    base: str
    token: str

    async def read(self, now: datetime) -> Reading:  # noqa: ARG002 - all are listed
        """All discounts. Raises Away."""
        found: list[Any] = []
        after = None
        head = {"X-Shopify-Access-Token": self.token}
        for _ in range(MOST_PAGES):
            url = f"{self.base.rstrip('/')}/admin/api/2026-07/graphql.json"
            asked = {"query": _QUERY, "variables": {"after": after}}
            body = (await fetch(self.session, url, method="POST", json=asked, headers=head)).json()
            nodes = nested(body, "data", "codeDiscountNodes")
            if not nodes:
                # GraphQL answers 200 also when it refuses, for one when it was asked too much.
                raise Away("refuses the query")
            found += listed(nodes, "nodes")
            page = nested(nodes, "pageInfo")
            if not page.get("hasNextPage"):
                return reading_of([one for one in found if one.get("codeDiscount")], shopify_discount, _id)
            after = page.get("endCursor")
        raise Away(ENDLESS)


def shopify_discount(one: Mapping[str, Any]) -> Campaign:
    """Raises ValueError where it has no start.

    >>> codes = {"nodes": [{"code": "SOMMER25"}]}
    >>> one = {"title": "Summer", "startsAt": "2026-11-20T08:00:00Z", "endsAt": None, "codes": codes}
    >>> made = shopify_discount({"id": "gid://shopify/DiscountCodeNode/1", "codeDiscount": one})
    >>> made.id, made.voucher_codes, made.ends_at.year
    ('shopify-1', ['SOMMER25'], 9999)
    """
    said = one["codeDiscount"]
    if not said.get("startsAt"):
        raise ValueError("it has no start")
    ends_at = parse_instant(said["endsAt"], None) if said.get("endsAt") else WITHOUT_END
    codes = [node["code"] for node in said["codes"]["nodes"]]
    return campaign_from(
        _id(one), said.get("title"), parse_instant(said["startsAt"], None), ends_at, codes=codes
    )


def _id(one: Mapping[str, Any]) -> str:
    return f"shopify-{str(one.get('id')).rpartition('/')[2]}"
