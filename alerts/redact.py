"""The last guard before anything leaves: nothing that looks like a person's data goes out.

The first line of defence is that ticket text never reaches an alert; this one catches what producers put into
reasons, codes and facet values, and what colleagues type into campaigns. It stands at every way out: Slack,
log lines, headers of dead letters, labels of metrics. What it finds, by what means and for what reason:

| kind | what | found by |
|---|---|---|
| mail | e-mail addresses, also "jo [at] example [dot] org" | form (RFC 5321, less its quoted forms) |
| phone | telephone numbers | `phonenumbers` (Google's plans of all countries), or a word like "Tel." |
| iban | bank accounts | ISO 13616 check digits; length and digits where those are mistyped |
| card | payment cards | issuer prefix (ISO/IEC 7812) and Luhn |
| ip | IPv4 and IPv6 addresses | parsing; CJEU C-582/14: personal. Versions of programs are told by their name |
| mac | addresses of network cards | form (IEEE 802) |
| device | IMEI, serial numbers | 3GPP TS 23.003 (Luhn); a word before it |
| order | order, invoice, case, contract numbers | a word before it, or "#" and six digits |
| customer | customer, member, account numbers | a word before it; ids of Stripe (cus_...) |
| parcel | tracking numbers: they open the address | a word before it; UPS' form |
| tax | VAT ids (a sole trader's is personal), tax numbers | `python-stdnum`; a word before it |
| id | national, insurance, passport numbers | `python-stdnum` (DE, AT, CH, FR, ES, IT, PL, SE, FI, US); a word |
| birth | dates of birth | a word before a date of 1900 to 2015 |
| place | street and house number, coordinates | German and English form |
| key | tokens in links, JWT, API keys, passwords | parameter's name, chance in its letters, vendors' prefixes |

Names are not found: no rule finds them without a model. BICs and number plates are left: a BIC names a bank, and
plates look like voucher codes. See docs/privacy.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, get_args

from alerts import addresses, check_digits, links, numbered

Kind = Literal[
    "mail",
    "phone",
    "iban",
    "card",
    "ip",
    "mac",
    "device",
    "order",
    "customer",
    "parcel",
    "tax",
    "id",
    "birth",
    "place",
    "key",
]

_SKIP = frozenset({"metadata", "type", "style", "user_id", "usergroup_id", "action_id", "block_id", "format"})
"""Keys whose values we made ourselves: ids and Slack's own words, which a replacement would only break."""

_REPLACED = re.compile(rf"\[({'|'.join(get_args(Kind))})\]")
_PLAIN: dict[int, int | None] = {
    **{0xFF01 + place: 0x21 + place for place in range(94)},  # full width
    **dict.fromkeys((0xA0, 0x202F, 0x3000, *range(0x2000, 0x200B)), ord(" ")),
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212), ord("-")),
    **dict.fromkeys((0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)),
}
"""What looks the same, or like nothing, read as what it looks like; no text becomes longer."""
_DIGIT = re.compile(r"\d")


def guard(payload: Mapping[str, Any]) -> tuple[dict[str, Any], Counter[Kind]]:
    """The payload with personal data replaced, and how many of each kind.

    What is replaced reads `[mail]`, `[phone]`, `[order]`, ... A replacement is never longer than what it
    replaces, so a payload within Slack's limits stays within them. Counted is what stands there replaced in
    the end, so what was replaced before a long text was cut counts, too.

    >>> guard({"text": "mail me: jo@example.org, code SOMMER25", "metadata": {"event_type": "x"}})
    ({'text': 'mail me: [mail], code SOMMER25', 'metadata': {'event_type': 'x'}}, Counter({'mail': 1}))
    """
    found: Counter[Kind] = Counter()
    return {key: _walk(key, value, found) for key, value in payload.items()}, found


def redact(text: str) -> tuple[str, Counter[Kind]]:
    """One text with personal data replaced, and how many of each kind.

    >>> redact("call +49 170 1234567 or pay DE89 3704 0044 0532 0130 00")
    ('call [phone] or pay [iban]', Counter({'phone': 1, 'iban': 1}))
    >>> redact("Bestellung 4711-8899, Code BF-2026-10: see https://shop.example/reset?token=x8Gt2b")[0]
    '[order], Code BF-2026-10: see https://shop.example/reset?[key]'
    """
    found: Counter[Kind] = Counter()
    return _redact(text, found), found


def safe(text: str) -> str:
    """One text with personal data replaced, for where nobody counts.

    >>> safe("Order #10023344 of jo@example.org")
    '[order] of [mail]'
    """
    return redact(text)[0]


def _walk(key: str, value: Any, found: Counter[Kind]) -> Any:
    if key in _SKIP:
        return value
    if isinstance(value, str):
        return _redact(value, found)
    if isinstance(value, Mapping):
        return {inner: _walk(inner, part, found) for inner, part in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(key, part, found) for part in value]
    return value


def _redact(text: str, found: Counter[Kind]) -> str:
    clear = _clear(text)
    if "[" in clear:
        found.update(_REPLACED.findall(clear))
    return clear


@lru_cache(maxsize=4096)
def _clear(text: str) -> str:
    """The text with what is personal replaced; remembered, since labels and figures come with every message."""
    # Most texts hold few digits and no "@": what cannot be in them is not looked for.
    plain = text if text.isascii() else text.translate(_PLAIN)
    digits = len(_DIGIT.findall(plain))
    # Links before what stands in them; what has a check digit before what a word announces, since a word may
    # announce a card, too.
    clear = links.replaced(plain, digits)
    clear = addresses.replaced(clear, digits)
    clear = check_digits.replaced(clear, digits)
    clear = numbered.replaced(clear, digits)
    return text if clear == plain else clear
