"""What a calendar or marketing tool says at one time: all of its campaigns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from alerts.records import Campaign

_CODE = re.compile(r"\b(?=[A-Z0-9-]{5,20}\b)[A-Z]{3,}[A-Z-]*[0-9]{1,4}\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """All campaigns of a source.

    Attributes:
        campaigns: by id.
        cancelled: ids that the source takes back by name.
        refused: what could not be read, by the id of its event, with the reason in a few words.
        doubts: events with a line that is nearly a convention, and what is probably meant.
    """

    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    cancelled: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    doubts: frozenset[tuple[str, str]] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether it says nothing at all, as a calendar does that somebody replaced or emptied by mistake."""
        return not (self.campaigns or self.cancelled or self.refused)


def valid(campaign: Campaign) -> Campaign:
    """The campaign, if its fields are what the contract says; a tool may answer a number where a text is due.

    Raises:
        ValueError: they are not.
    """
    try:
        return msgspec.json.decode(msgspec.json.encode(campaign), type=Campaign)
    except (msgspec.MsgspecError, UnicodeError):
        raise ValueError("has another form") from None


class Away(Exception):
    """A source did not say what it holds: why, without its address, and when to ask again.

    Args:
        why: in a few words.
        retry_after: seconds that it asked for; None where it did not.
    """

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Puller(Protocol):
    """One calendar or tool that can be asked."""

    async def read(self, now: datetime) -> Reading:
        """Ask it. Raises Away when it does not say what it holds; what it said before then still holds."""
        ...


def codes_in(text: str) -> list[str]:
    """Codes as they stand in a title or note that follows no convention: capital letters and a number behind.

    >>> codes_in("5 EUR mit SOMMER25, DE only until 20261120")
    ['SOMMER25']
    """
    return list(dict.fromkeys(_CODE.findall(text)))
