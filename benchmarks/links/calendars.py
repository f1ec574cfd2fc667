"""Campaign calendars as colleagues keep them: seeded, with all that makes a link hard to find.

Kinds begin at their own hours and last as long as such campaigns do; codes are used again a year later, or by two
campaigns at once; half of the campaigns announce no contact reason, and who announces one spells it by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from alerts.records import Campaign, CampaignKind
from streams.demo.webshop_reasons import REASONS, ContactReason

BY_ENGLISH = {reason.english: reason for reason in REASONS}
KINDS: tuple[CampaignKind, ...] = ("voucher", "tv", "newsletter", "sale", "product", "other")
_SHARES = (0.2, 0.12, 0.3, 0.14, 0.14, 0.1)
_HOURS: dict[CampaignKind, tuple[int, int]] = {
    "voucher": (1, 60 * 24),
    "tv": (1, 4),
    "newsletter": (24, 10 * 24),
    "sale": (8, 14 * 24),
    "product": (7 * 24, 60 * 24),
    "other": (2, 30 * 24),
}
"""The shortest and the longest, in hours."""
_CODE: dict[CampaignKind, float] = {
    "voucher": 1.0,
    "tv": 0.3,
    "newsletter": 0.6,
    "sale": 0.4,
    "product": 0.1,
    "other": 0.05,
}
_ANNOUNCES: dict[CampaignKind, tuple[str, ...]] = {
    "voucher": ("voucher not working", "payment failed", "gift card"),
    "tv": ("product question", "availability", "size advice", "where is my order"),
    "newsletter": ("newsletter", "voucher not working", "availability", "product question"),
    "sale": ("delivery delayed", "where is my order", "availability", "refund pending", "cancel order"),
    "product": ("product question", "size advice", "availability", "app crashes"),
    "other": ("complaint", "invoice", "loyalty points", "parcel shop", "return label"),
}
_STEMS = ("SOMMER", "HERBST", "BLACK", "FAMILY", "NEU", "DANKE", "GLUECK", "VIP", "CYBER", "ADVENT", "HALLO")
_STARTS: dict[CampaignKind, tuple[float, ...]] = {
    "voucher": (0, 0, 8, 9, 10),
    "tv": (17.75, 19.25, 20.25, 21.5, 12),
    "newsletter": (6, 7, 8, 9, 10, 17, 18),
    "sale": (0, 0, 6, 8, 10, 18),
    "product": (8, 9, 10, 12),
    "other": (0, 8, 9),
}
MARKETS: tuple[tuple[str, ...], ...] = ((), ("DE",), ("AT",), ("CH",), ("FR",), ("DE", "AT"))
_MARKET_SHARES = (0.5, 0.2, 0.1, 0.08, 0.05, 0.07)


@dataclass(frozen=True, slots=True)
class Shop:
    """What is the shop's own: the language of its reasons, and the campaigns' codes."""

    rng: np.random.Generator
    german: bool

    def spelt_by_helpdesk(self, reason: ContactReason) -> str:
        """As a helpdesk's machine writes a reason."""
        word = reason.german if self.german else reason.english
        return str(
            self.rng.choice([word, word.capitalize(), word.lower().replace(" ", "_")], p=[0.6, 0.2, 0.2])
        )

    def spelt_by_heart(self, reason: ContactReason) -> str:
        """As a colleague types a reason into the calendar; one in twelve spells it so that nobody would find it."""
        word = reason.german if self.german else reason.english
        way = self.rng.random()
        if way < 0.45:
            return word
        if way < 0.6:
            return word.upper() if self.rng.random() < 0.5 else f" {word.title()}"
        if way < 0.72:
            return word.replace(" ", "-")
        if way < 0.84:
            return _without_umlauts(word)
        if way < 0.92:
            return f"{word}."
        return word.split()[0] if " " in word else word[:-2]

    def code(self) -> str:
        """A code that nobody else has, most likely."""
        return f"{self.rng.choice(_STEMS)}{self.rng.integers(5, 100)}"

    def start_before(self, kind: CampaignKind, at: datetime) -> datetime:
        """The hour at which such a campaign begins, on the day of an instant or the day before."""
        hour = float(self.rng.choice(_STARTS[kind]))
        start = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hour)
        return start if start <= at else start - timedelta(days=1)

    def lasts(self, kind: CampaignKind) -> timedelta:
        """How long such a campaign lasts."""
        low, high = np.log(_HOURS[kind])
        return timedelta(hours=round(float(np.exp(self.rng.uniform(low, high)))))

    def campaign(
        self, name: str, start: datetime, end: datetime, kind: CampaignKind, **fields: Any
    ) -> Campaign:
        """A campaign with what such campaigns have, unless it is given."""
        rng = self.rng
        reasons: list[str] = []
        if rng.random() < 0.5:
            known = rng.choice(_ANNOUNCES[kind], size=int(rng.integers(1, 3)), replace=False)
            reasons = [self.spelt_by_heart(BY_ENGLISH[str(one)]) for one in known]
        values: dict[str, Any] = {
            "voucher_codes": [self.code()] if rng.random() < _CODE[kind] else [],
            "contact_reasons": reasons,
            "markets": list(MARKETS[int(rng.choice(len(MARKETS), p=_MARKET_SHARES))]),
            "expected_uplift": round(float(rng.uniform(1.1, 4.0)), 1) if rng.random() < 0.4 else 1.0,
        }
        return Campaign(id=name, name=name, starts_at=start, ends_at=end, kind=kind, **(values | fields))

    def kind(self) -> CampaignKind:
        """A kind of campaign, the usual ones more often."""
        return KINDS[int(self.rng.choice(len(KINDS), p=_SHARES))]

    def others(self, at: datetime) -> list[Campaign]:
        """5 to 30 campaigns that run at an instant whatever happens, some that are over, some to come."""
        rng = self.rng
        running: list[Campaign] = []
        wanted = int(rng.integers(5, 31))
        while len(running) < wanted:
            kind = self.kind()
            length = self.lasts(kind)
            start = self.start_before(kind, at - length * float(rng.random()))
            # Whoever is in the middle of a long one meets it more often: what runs at an instant is drawn by length.
            if start + length > at and rng.random() < length / timedelta(days=30) + 0.1:
                running.append(self.campaign(f"r{len(running)}", start, start + length, kind))
        made = list(running)
        for place in range(int(rng.integers(5, 40))):
            kind = self.kind()
            length = self.lasts(kind)
            over = at - timedelta(hours=float(rng.uniform(1, 24 * 365)))
            start = self.start_before(kind, over - length)
            reused = [running[int(rng.integers(len(running)))].voucher_codes] if rng.random() < 0.1 else []
            fields = {"voucher_codes": reused[0]} if reused else {}
            made.append(self.campaign(f"p{place}", start, min(start + length, over), kind, **fields))
        for place in range(int(rng.integers(2, 10))):
            kind = self.kind()
            start = at + timedelta(hours=float(rng.uniform(1, 24 * 30)))
            start = start.replace(minute=0, second=0, microsecond=0)
            made.append(self.campaign(f"f{place}", start, start + self.lasts(kind), kind))
        return made


def announces(campaign: Campaign, reason: ContactReason) -> bool:
    """Whether a person would say that a campaign announces a contact reason, however it is spelt there."""
    first = [_letters(word.split()[0]) for word in (reason.english, reason.german)]
    return any(_letters(one).startswith(tuple(first)) for one in campaign.contact_reasons)


def _letters(word: str) -> str:
    return "".join(char for char in _without_umlauts(word.casefold()) if char.isalnum())


def _without_umlauts(word: str) -> str:
    for char, plain in {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ö": "Oe", "Ä": "Ae", "Ü": "Ue"}.items():
        word = word.replace(char, plain)
    return word
