"""Whether a piece of text is a number of a kind that names a person: by check digits and the countries' plans.

The form has been found before (`alerts.check_digits`); here it is judged. The libraries are loaded when a number
of their kind first comes by: most messages hold none, and loading takes a tenth of a second.
"""

from __future__ import annotations

import re
from datetime import date

_FIGURE = re.compile(r"\+\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d(?!\d)")


def _digits(text: str) -> str:
    return "".join([char for char in text if char.isdigit()])


def is_iban(text: str) -> bool:
    """Whether a text is a bank account, also a mistyped one."""
    from stdnum import iban
    from stdnum.iso7064 import mod_97_10

    compact = iban.compact(text)
    if not (15 <= len(compact) <= 34 and compact.isascii()):
        return False
    # Mistyped is somebody's, too: nothing harmless has a country's letters before so many digits.
    mistyped = len(compact) >= 18 and compact[4:].isdigit()
    return mistyped or mod_97_10.is_valid(compact[4:] + compact[:4])


def is_card(text: str) -> bool:
    """Whether a text is a payment card."""
    from stdnum import ean, luhn

    *groups, _ = [len(group) for group in re.split(r"\D", text)]
    digits = _digits(text)
    # Figures have dots between threes.
    if (
        min(groups, default=4) < (4 if "." in text else 3)
        or not luhn.is_valid(digits)
        or len(set(digits)) == 1
    ):
        return False
    # German articles begin with 4 as well and have as many digits as the oldest cards.
    if len(digits) == 13 and (digits[0] != "4" or ean.is_valid(digits)):
        return False
    return digits[0] in "3456" or 2221 <= int(digits[:4]) <= 2720


def is_imei(text: str) -> bool:
    """Whether a text is a telephone's serial number."""
    from stdnum import imei

    return (
        bool(imei.is_valid(text))
        and len(_digits(text)) == 15
        and _digits(text)[:2] in ("01", "35", "86", "99")
    )


def is_phone(text: str) -> bool:
    """Whether a text is a telephone number.

    >>> is_phone("030 901820"), is_phone("+10.000.000")
    (True, False)
    """
    # "+10.000.000" is how we write ten million more tickets; nobody groups a number to call by thousands alone.
    if _FIGURE.fullmatch(text) or _DATE.match(text):
        return False
    digits = _digits(text)
    if text.startswith(("+", "%2B")):
        return 8 <= len(digits) <= 15
    if digits.startswith("00"):
        return _known("+" + digits[2:].replace("(0)", ""), None, possible=True)
    # Two groups or more, the first an area code, as Germans write it; else it must be in a country's plan.
    if re.match(r"\(?0[1-9]\d{1,4}(?:\) ?|[ /-]{1,3})\d", text) and "." not in text:
        return 7 <= len(digits) <= 13
    regions = ("DE", "AT", "CH") if text.isdigit() else ("DE", "AT", "CH", "FR", "GB", "NL", "BE", "IT")
    return any(_known(text, region, possible=False) for region in regions)


def _known(number: str, region: str | None, *, possible: bool) -> bool:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    check = phonenumbers.is_possible_number if possible else phonenumbers.is_valid_number
    return bool(check(parsed))


def is_tax(text: str) -> bool:
    """Whether a text is a European VAT number."""
    from stdnum.eu import vat

    compact = text.replace(" ", "").replace(".", "").upper()
    try:
        date.fromisoformat(compact[2:])  # a market's letters and a day are a campaign's code
    except ValueError:
        return bool(vat.is_valid(compact))
    return False


def is_id(text: str) -> bool:
    """Whether a text passes the check of one of the countries' personal numbers."""
    from stdnum.ch import ssn as swiss
    from stdnum.de import idnr
    from stdnum.es import dni, nie
    from stdnum.fi import hetu
    from stdnum.fr import nir
    from stdnum.it import codicefiscale
    from stdnum.pl import pesel
    from stdnum.se import personnummer
    from stdnum.us import ssn

    compact = text.replace(" ", "").upper()
    digits = _digits(text)
    if len(digits) == 11 and len(compact) == 12 and compact[8].isalpha():  # German pension insurance
        return 1 <= int(digits[2:4]) <= 31 and 1 <= int(digits[4:6]) <= 12
    if len(digits) == 11 and compact.isdigit():
        return bool(idnr.is_valid(digits) or pesel.is_valid(digits))
    checks = (swiss, nir) if len(digits) > 11 else (dni, nie, codicefiscale, hetu, personnummer, ssn)
    return any(bool(one.is_valid(compact)) for one in checks)
