"""Numbers that are known by their form: check digits, and the countries' plans of telephone numbers.

A number is looked for from every place where one may begin, and the longest piece that passes its check is
replaced: what stands before or behind it ("2026 4111 1111 1111 1111 12 times") must not hide it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from alerts.number_checks import is_card, is_iban, is_id, is_imei, is_phone, is_tax

Check = Callable[[str], bool]

_AMERICAN = re.compile(r"(?<![\w+])(?<!\d[.,])\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?![^\W_])")

# What numbers have in common: seven digits with little between them. Those with letters among them have signs of
# their own, which are found sooner than the numbers: hardly any text holds one.
_DENSE = re.compile(r"\d(?:[ ()/.-]{0,3}\d){6}")


class Run(NamedTuple):
    """A number of varying length: where it may begin, how it may go on, and its check."""

    start: re.Pattern[str]
    body: re.Pattern[str]
    is_one: Check


def replaced(text: str, digits: int) -> str:
    """The text without accounts, cards, devices, tax and national numbers, and telephones.

    >>> replaced("2026 4111 1111 1111 1111 12 Mal, SOMMER25, Tel. 030 901820", 33)
    '2026 [card] 12 Mal, SOMMER25, Tel. [phone]'
    """
    if digits < 6:
        return text
    dense = _DENSE.search(text) is not None
    for least, label, sign, run in _RUNS:
        if digits >= least and (dense if sign is _DENSE else sign.search(text)):
            text = _without(text, run, label)
    for label, signs, pattern, is_one in _FIXED:
        if any(dense if sign is _DENSE else sign.search(text) for sign in signs):
            text = _checked(text, pattern, is_one, label)
    # After what has check digits: the end of an account number may look like a telephone's.
    return _AMERICAN.sub("[phone]", _without(text, _PHONE, "[phone]")) if dense else text


def _checked(text: str, pattern: re.Pattern[str], is_one: Check, label: str) -> str:
    return pattern.sub(lambda match: label if is_one(match[0]) else match[0], text)


def _without(text: str, run: Run, label: str) -> str:
    parts: list[str] = []
    done = 0
    for begin in run.start.finditer(text):
        if begin.start() < done:
            continue
        end = _end(text, begin.start(), run)
        if end is not None:
            parts += [text[done : begin.start()], label]
            done = end
    return "".join([*parts, text[done:]]) if done else text


def _end(text: str, begin: int, run: Run) -> int | None:
    """Where the longest number that begins there ends; numbers end where letters and digits do."""
    body = run.body.match(text, begin)
    if body is None:
        return None
    for end in range(body.end(), begin + 6, -1):
        inside = text[end - 1].isalnum() and (end == len(text) or not text[end].isalnum())
        if inside and run.is_one(text[begin:end]):
            return end
    return None


_RUNS = (
    (
        12,
        "[iban]",
        re.compile(r"[A-Za-z]{2}\d\d"),
        Run(
            re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}(?=[ .-]?[A-Za-z0-9]{2})"),
            re.compile(r"[A-Za-z]{2}\d{2}(?:[ .-]?[A-Za-z0-9]){11,30}"),
            is_iban,
        ),
    ),
    (
        12,
        "[card]",
        _DENSE,
        Run(
            re.compile(r"(?<![^\W_])(?<!\d[.,])(?<!EAN )(?<!EAN: )(?<!GTIN )[2-6]\d{2}"),
            re.compile(r"\d(?:[ .-]?\d){12,18}"),
            is_card,
        ),
    ),
    (
        15,
        "[device]",
        _DENSE,
        Run(
            re.compile(r"(?<![^\W_])(?:01|35|86|99)\d"),
            re.compile(r"\d(?:[ -]?\d){14}"),
            is_imei,
        ),
    ),
    (
        8,
        "[tax]",
        re.compile(r"[A-Z]{2} ?[0-9A-Z]\d"),
        Run(
            re.compile(
                r"(?<![^\W_])(?:ATU|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)"
                r"(?= ?[0-9A-Z]\d)"
            ),
            re.compile(r"[A-Z]{2,3} ?[0-9A-Z](?:[ .]?[0-9A-Z]){7,11}"),
            is_tax,
        ),
    ),
)
"""(digits that a text must have, what is put in place, what each of them holds, how it is found), in this order."""

_PHONE = Run(
    re.compile(r"(?<![^\W_])(?<!\d[.,+])(?:(?:\+|%2B)\(?[1-9]|\(?0\d)"),
    re.compile(r"(?:\+|%2B)?\(?\d(?:[ ()/.-]{0,3}\d){6,16}"),
    is_phone,
)

_FIXED: tuple[tuple[str, tuple[re.Pattern[str], ...], re.Pattern[str], Check], ...] = (
    (
        "[tax]",
        (re.compile(r"/\d{3,4}/"),),
        re.compile(r"(?<![\w/])\d{2,3}/\d{3,4}/\d{4,5}(?![\w/])"),
        lambda _: True,
    ),
    (
        "[id]",
        (_DENSE, re.compile(r"[A-Z]{6}\d"), re.compile(r"\d[+A]\d{3}")),  # IT; SE and FI after 1999 and 1899
        re.compile(
            r"(?<![^\W_])(?<!\d[.,-])(?:"
            r"\d{2} ?\d{3} ?\d{3} ?\d{3}"  # DE tax id, PL
            r"|\d{2} ?\d{6} ?[A-Z] ?\d{3}"  # DE pension insurance
            r"|756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}"  # CH
            r"|[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}"  # FR
            r"|\d{8}[A-Z]|[XYZ]\d{7}[A-Z]"  # ES
            r"|[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]"  # IT
            r"|\d{6}[-+A]\d{3}[0-9A-Z]"  # SE, FI
            r"|\d{3}-\d{2}-\d{4}"  # US
            r")(?![^\W_])"
        ),
        is_id,
    ),
    (
        "[id]",  # GB national insurance: without a check digit, so only as it is printed on the card
        (re.compile(r"[A-Z] \d\d "),),
        re.compile(r"(?<![^\W_])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] \d{2} \d{2} \d{2} [A-D](?![^\W_])"),
        lambda _: True,
    ),
)
"""(what is put in place, what each of them holds one of, the form, its check), in this order."""
