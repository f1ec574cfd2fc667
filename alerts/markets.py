"""Markets with incidents of their own: their name is in the ids, and stands before what is told."""

from __future__ import annotations

from alerts.kind_words import kind_words
from alerts.language import Language

OTHER = "other"
"""What stands for all markets that have no incidents of their own."""


def market_of(incident_id: str) -> str | None:
    """The market whose incident it is; None of an id that says none.

    >>> market_of("ts-DE-oroak3oat6"), market_of("ts-nl-be-oroak3oat6"), market_of("ts-oroak3oat6")
    ('DE', 'nl-be', None)
    """
    return incident_id.removeprefix("ts-").rpartition("-")[0] or None


def before(market: str | None, language: Language) -> str:
    """What stands before the subject of a message; empty where all markets share their incidents.

    >>> before("AT", "en"), before("other", "de"), before(None, "de")
    ('AT · ', 'übrige Märkte · ', '')
    """
    if market is None:
        return ""
    return f"{kind_words(language).other_markets if market == OTHER else market} · "
