"""The last guard before a payload leaves: nothing that looks like a person's data goes out.

The first line of defence is that ticket text never reaches an alert; this one catches what producers put into
reasons, codes and facet values, and what colleagues type into campaigns. Cards and IBANs are checked by their
check digits and addresses by parsing, so that voucher codes, counts and times stay as they are. Names are
not found: no rule finds them without a model.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal

Kind = Literal["mail", "phone", "iban", "card", "ip"]

_SKIP = frozenset({"metadata", "type", "style", "user_id", "usergroup_id", "action_id", "block_id", "format"})
"""Keys whose values we made ourselves: ids and Slack's own words, which a replacement would only break."""

# Tried once a word: from every letter on, a long word without "@" would cost its length squared.
_MAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?\b")
_CARD = re.compile(r"(?<![\d.,])\d(?:[ -]?\d){12,18}(?![\d])")
_IP4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_IP6 = re.compile(r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_PHONE = re.compile(
    r"(?<![\w.,+])(?:"
    r"(?:\+|00)[1-9](?:[ ()/.-]{0,3}\d){7,13}"  # international
    r"|\(?0[1-9]\d{1,4}\)?[ /-]{0,3}\d(?:[ /-]?\d){4,9}"  # national, as Germans write it
    r"|\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}"  # North American
    r")(?!\w)"
)
_FIGURE = re.compile(r"\+\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")


def guard(payload: Mapping[str, Any]) -> tuple[dict[str, Any], Counter[Kind]]:
    """The payload with personal data replaced, and how many of each kind.

    What is replaced reads `[mail]`, `[phone]`, `[iban]`, `[card]` or `[ip]`. A replacement
    is never longer than what it replaces, so a payload within Slack's limits stays within them.

    >>> guard({"text": "mail me: jo@example.org, code SOMMER25", "metadata": {"event_type": "x"}})
    ({'text': 'mail me: [mail], code SOMMER25', 'metadata': {'event_type': 'x'}}, Counter({'mail': 1}))
    """
    found: Counter[Kind] = Counter()
    return {key: _walk(key, value, found) for key, value in payload.items()}, found


def redact(text: str) -> tuple[str, Counter[Kind]]:
    """One text with personal data replaced, and how many of each kind.

    >>> redact("call +49 170 1234567 or pay DE89 3704 0044 0532 0130 00")
    ('call [phone] or pay [iban]', Counter({'iban': 1, 'phone': 1}))
    """
    found: Counter[Kind] = Counter()
    return _redact(text, found), found


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
    # Addresses and account numbers before phones: parts of them look like a phone number.
    for kind, pattern, is_one in _RULES:

        def replaced(match: re.Match[str], kind: Kind = kind, is_one: Callable[[str], bool] = is_one) -> str:
            if not is_one(match.group()):
                return match.group()
            found[kind] += 1
            return f"[{kind}]"

        text = pattern.sub(replaced, text)
    return text


def _any(_: str) -> bool:
    return True


def _phone(text: str) -> bool:
    # "+10.000.000" is how we write ten million more tickets; nobody groups a number to call by thousands alone.
    return _FIGURE.fullmatch(text) is None


def _iban(text: str) -> bool:
    compact = text.replace(" ", "").upper()
    if not 15 <= len(compact) <= 34:
        return False
    digits = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def _luhn(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _ip(text: str) -> bool:
    if len(text) < len("[ip]"):
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_RULES: tuple[tuple[Kind, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("mail", _MAIL, _any),
    ("iban", _IBAN, _iban),
    ("card", _CARD, _luhn),
    ("ip", _IP4, _ip),
    ("ip", _IP6, _ip),
    ("phone", _PHONE, _phone),
)
