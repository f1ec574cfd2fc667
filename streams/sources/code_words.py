"""The words by which people say that they write about a voucher code, and those by which a number is something else."""

from __future__ import annotations

ABOUT_CODES = (
    "code",
    "gutschein",
    "voucher",
    "coupon",
    "kupon",
    "rabatt",
    "promo",
    "aktionscode",
    "discount",
    "einlös",
    "einloes",
    "eingelöst",
    "eingeloest",
    "redeem",
    "eingeb",
    "eingegeben",
)
"""Beginnings and endings of words, German and English, folded: `Rabattcode`, `Gutscheine`, `vouchers`."""

_COUNTED = """
    % ° € $ £ euro eur chf franken cent cents dollar dollars pound pounds percent prozent grad degrees uhr am pm
    tag tage tagen woche wochen monat monate monaten jahr jahre jahren day days week weeks month months year years
    hour hours stunde stunden minute minuten minutes stück stueck pieces mal times x kg g ml l cm mm m km
    kunden personen people teile artikel items paar pairs
"""
COUNTED = frozenset(_COUNTED.split())
"""What a number counts: after it, `Sommer 25` is a summer and not a code."""


def is_about_codes(word: str) -> bool:
    """Whether a folded word says that codes are what it is about.

    >>> [is_about_codes(word) for word in ("rabattcode", "gutscheine", "eingelöst", "sommer", "decode")]
    [True, True, True, False, True]
    """
    return word.startswith(ABOUT_CODES) or word.endswith(ABOUT_CODES)
