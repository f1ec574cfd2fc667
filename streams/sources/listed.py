"""What tools have in common that list their campaigns page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from alerts.records import Campaign, CampaignKind
from streams.files.campaign_words import said_in
from streams.sources.reading import Away, Reading, valid

WITHOUT_END = datetime(9999, 1, 1, tzinfo=UTC)
MOST_PAGES = 200
ENDLESS = "lists more pages than expected"


def listed(body: Mapping[str, Any], name: str) -> list[Any]:
    """The objects of a page. Raises Away when it holds no such list."""
    found = body.get(name)
    if not isinstance(found, list):
        raise Away("answers another JSON than expected")
    return [one for one in found if isinstance(one, dict)]


def nested(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The object that stands at a path of names; an empty one where there is none.

    >>> nested({"a": {"b": {"c": 1}}}, "a", "b"), nested({"a": 1}, "a", "b")
    ({'c': 1}, {})
    """
    found: Any = body
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def reading_of(
    found: Iterable[Any], made_of: Callable[[Any], Campaign], id_of: Callable[[Any], str]
) -> Reading:
    """All campaigns; what cannot be one is refused by its id."""
    campaigns: dict[str, Campaign] = {}
    refused: dict[str, str] = {}
    for one in found:
        try:
            made = valid(made_of(one))
            campaigns[made.id] = made
        except ValueError as error:
            refused[id_of(one)] = str(error)
        except (ArithmeticError, AttributeError, LookupError, TypeError):
            refused[id_of(one)] = "has another form"
    return Reading(campaigns, frozenset(), refused)


def campaign_from(
    name: str,
    title: object,
    starts_at: datetime,
    ends_at: datetime,
    *,
    notes: str = "",
    codes: Iterable[str] = (),
    kind: CampaignKind | None = None,
    promise: str | None = None,
) -> Campaign:
    """A campaign of what a tool says, and of what people wrote into its notes by the conventions.

    Raises:
        ValueError: the end does not lie after the start, or the uplift is no number above 0.
    """
    if ends_at <= starts_at:
        raise ValueError("its end does not lie after its start")
    said = said_in(notes)
    if said.uplift != said.uplift:
        raise ValueError("its uplift is not a number above 0")
    all_codes = list(dict.fromkeys([*said.voucher_codes, *codes]))
    return Campaign(
        id=name,
        name=str(title or name),
        starts_at=starts_at,
        ends_at=ends_at,
        kind=kind or ("voucher" if all_codes else "other"),
        owner=said.owner,
        promise=said.promise or promise,
        voucher_codes=all_codes,
        contact_reasons=said.contact_reasons,
        markets=said.markets,
        channels=said.channels,
        expected_uplift=said.uplift,
    )
