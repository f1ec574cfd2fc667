"""What customers of the made-up webshop write about, how often and at which hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from streams.demo.webshop_tickets import Language


@dataclass(frozen=True, slots=True)
class ContactReason:
    """What customers write about: its words, tickets a day, hours of the day and dispersion (NB1)."""

    english: str
    german: str
    per_day: float
    hours: Literal["shop", "office", "evening"]
    dispersion: float

    def word(self, language: Language) -> str:
        """The reason as the helpdesk of that language calls it."""
        return self.german if language == "de" else self.english


REASONS = (
    ContactReason("voucher not working", "Gutschein ungültig", 130, "shop", 1.3),
    ContactReason("where is my order", "Wo ist meine Bestellung", 260, "office", 1.4),
    ContactReason("return label", "Retourenschein", 150, "evening", 1.2),
    ContactReason("refund pending", "Erstattung offen", 120, "office", 1.3),
    ContactReason("delivery delayed", "Lieferung verspätet", 110, "office", 1.6),
    ContactReason("size advice", "Größenberatung", 170, "evening", 1.1),
    ContactReason("product question", "Frage zum Artikel", 150, "evening", 1.2),
    ContactReason("payment failed", "Zahlung fehlgeschlagen", 70, "shop", 1.4),
    ContactReason("cancel order", "Bestellung stornieren", 60, "shop", 1.2),
    ContactReason("availability", "Verfügbarkeit", 60, "evening", 1.2),
    ContactReason("address change", "Adresse ändern", 40, "shop", 1.1),
    ContactReason("login fails", "Anmeldung klappt nicht", 40, "shop", 1.3),
    ContactReason("wrong item", "Falscher Artikel", 35, "office", 1.2),
    ContactReason("invoice", "Rechnung", 30, "office", 1.1),
    ContactReason("damaged item", "Artikel beschädigt", 30, "office", 1.2),
    ContactReason("exchange", "Umtausch", 28, "evening", 1.1),
    ContactReason("missing item", "Artikel fehlt", 25, "office", 1.2),
    ContactReason("complaint", "Beschwerde", 22, "shop", 1.3),
    ContactReason("newsletter", "Newsletter", 18, "shop", 1.2),
    ContactReason("loyalty points", "Bonuspunkte", 15, "shop", 1.1),
    ContactReason("app crashes", "App stürzt ab", 14, "evening", 1.6),
    ContactReason("parcel shop", "Paketshop", 12, "office", 1.1),
    ContactReason("gift card", "Geschenkkarte", 10, "shop", 1.1),
    ContactReason("customs", "Zoll", 4, "office", 1.1),
    ContactReason("data protection", "Datenschutz", 2.5, "office", 1.1),
    ContactReason("press", "Presse", 2, "office", 1.1),
)

HOURS: Mapping[str, tuple[float, ...]] = {
    "shop": (3, 2, 1, 1, 1, 2, 4, 8, 13, 17, 19, 18, 17, 16, 16, 16, 16, 17, 18, 19, 19, 16, 11, 6),
    "office": (1, 1, 1, 1, 1, 2, 5, 12, 21, 25, 25, 23, 19, 20, 21, 20, 18, 14, 11, 9, 8, 6, 4, 2),
    "evening": (4, 2, 1, 1, 1, 1, 3, 6, 9, 11, 12, 12, 13, 13, 13, 13, 14, 17, 20, 24, 26, 22, 15, 8),
}
"""Relative traffic at 0, 1, ... 23 o'clock, by kind of reason."""
WEEKDAYS = (1.15, 1.05, 1.02, 1.0, 0.98, 0.85, 0.8)
"""Relative traffic from Monday to Sunday."""
