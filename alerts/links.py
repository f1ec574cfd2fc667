"""What opens something: tokens in links, API keys, passwords. A link keeps its host and its harmless parts."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LINK = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]{1,10}://|(?<![\w@.-])(?:[\w-]+\.)+[A-Za-z]{2,}/)[^\s<>\"|]+"  # host/path too
)
_PARAMETER = re.compile(r"(?<=[?&;#])([\w.\[\]%-]{1,40})=([^&;#?\s<>|\"\[]+)")
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SEGMENT = re.compile(r"(?<=/)[\w.~%+@=:$-]+")
_USER = re.compile(r"(?<=://)[^/?#\s@]{3,}@")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_WORD = re.compile(r"[^\W_]+")

# The tail of a parameter's name, so that `access_token` and `apikey` count and `keyword` does not.
_SECRET = re.compile(
    r"(?:token|key|sig|signature|session|sessionid|sid|reset|auth|jwt|otp|pin|pass|password|passwort|pwd|secret"
    r"|hash|hmac|nonce|credential|credentials|state|magic|invite)$"
)
_PERSONAL = frozenset(
    {"email", "mail", "phone", "tel", "mobile", "user", "uid", "userid", "customer", "kunde", "kundennummer"}
    | {
        "order",
        "orderid",
        "bestellung",
        "bestellnummer",
        "account",
        "invoice",
        "iban",
        "tracking",
        "lat",
        "lon",
    }
)
_OPENING = frozenset(
    {"reset", "verify", "confirm", "token", "invite", "unsubscribe", "magic", "auth", "session"}
)
_OWNED = re.compile(
    r"(?i)(?:orders?|bestellung(?:en)?|customers?|kunden?|users?|accounts?|invoices?|tracking)"
)

_KEY = re.compile(
    r"(?<![^\W_])(?:"
    r"eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?"  # JWT, RFC 7519
    r"|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}"  # Slack
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"  # AWS
    r"|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_\w{30,}"
    r"|(?:sk|pk|rk)_(?:live|test)_\w{10,}|whsec_\w{10,}|sk-[\w-]{20,}|AIza[\w-]{30,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|(?:[A-Z0-9]{5}-){4}[A-Z0-9]{5}"  # a licence
    r"|[Bb]earer [\w.~+/-]{12,}"
    r")(?![^\W_])"
)
# A reason may read "password: reset"; what a person typed as one holds a digit or a sign.
_PASSWORD = re.compile(
    r"(?i)(?<![^\W_])(?:pass(?:wor[dt]|wd|phrase)|kennwort|pwd|api[ _-]?key|secret|token|pin|otp|tan)"
    r"[ ]?(?:[:=]|ist|is)[ ]?(?=[^\s\[]{0,40}[\d!$%&?])[^\s\[]{4,}"
    r"|(?<![^\W_])(?:PIN|TAN|OTP) \d{4,8}(?!\w)"
)
_PRIVATE = re.compile(
    r"-----BEGIN [A-Z ]{3,40}-----(?:(?!-----END).)*(?:-----END [A-Z ]{3,40}-----)?", re.DOTALL
)
_KEY_SIGNS = (
    "eyJ",
    "xox",
    "xapp",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat",
    "npm_",
    "k_",
    "sk-",
    "whsec",
    "AIza",
    "SG.",
    "earer",
)
_PASSWORD_SIGNS = (":", "=", " is", "PIN ", "TAN ", "OTP ")
_PASSWORD_WORDS = ("pass", "kennwort", "pwd", "api", "secret", "token", "pin", "otp", "tan")
_LONG = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{32,}(?![\w-])")


def replaced(text: str, digits: int) -> str:
    """The text without what opens something.

    >>> replaced("https://shop.example/reset/9f8e7d6c5b4a39281706?utm_source=mail&sig=ab12", 20)
    'https://shop.example/reset/[key]?utm_source=mail&[key]'
    >>> replaced("Bearer abcdef123456789, PIN: 4711", 13)
    '[key], [key]'
    """
    if "/" in text or "=" in text:
        text = _LINK.sub(_link, text)
        text = _PARAMETER.sub(_parameter, text)
    if len(text) > 12 and (has(text, _KEY_SIGNS) or text.count("-") >= 4):
        text = _KEY.sub("[key]", text)
    if digits >= 2 and len(text) >= 32:
        text = _LONG.sub(lambda match: "[key]" if _random(match[0]) else match[0], text)
    if has(text, _PASSWORD_SIGNS) and has(folded(text), _PASSWORD_WORDS):
        text = _PASSWORD.sub("[key]", text)
    if "-----BEGIN" in text:
        text = _PRIVATE.sub("[key]", text)
    return text


def has(text: str, signs: Iterable[str]) -> bool:
    """Whether any of the signs is in a text; faster than the pattern which it spares."""
    for sign in signs:  # noqa: SIM110 - any() takes three times as long, for every text of every message
        if sign in text:
            return True
    return False


def folded(text: str) -> str:
    """The text as a pattern that ignores case reads it: no sign in lower case is missed.

    >>> folded("PIN, P\u0131N, \u017fecret, to\u212aen")
    'pin, pin, secret, token'
    """
    return text.lower() if text.isascii() else text.casefold().replace("\u0131", "i")


def _link(match: re.Match[str]) -> str:
    link = _USER.sub("[key]@", match.group())
    head, slash, path = link.partition("://")
    if not slash:
        head, path = "", link
    previous = ""

    def segment(found: re.Match[str]) -> str:
        nonlocal previous
        text, before = found.group().rstrip(".,:!)"), previous
        previous, rest = text.lower(), found.group()[len(text) :]
        if len(text) >= 6 and (
            _UUID.search(text) or (before in _OPENING and _has_digit(text)) or _random(text)
        ):
            return "[key]" + rest
        if len(text) >= 4 and text.isdigit() and _OWNED.fullmatch(before):
            return "[id]" + rest
        return found.group()

    return head + slash + _SEGMENT.sub(segment, path)


def _parameter(match: re.Match[str]) -> str:
    name, value = match.groups()
    pieces = [piece.lower() for piece in _PIECE.findall(name)]
    secret = any(_SECRET.search(piece) for piece in pieces)
    personal = (_has_digit(value) or "@" in value) and any(piece in _PERSONAL for piece in pieces)
    if (secret or personal or _random(value) or _UUID.search(value)) and len(match.group()) >= len("[key]"):
        return "[key]"
    return match.group()


def _random(text: str) -> bool:
    """Whether a part of a link has a run of letters and digits that nobody would type."""
    for word in _WORD.findall(text):
        if len(word) >= 16 and not word.isdigit():
            digits = sum(char.isdigit() for char in word)
            if digits >= 2 or (digits and len(_PIECE.findall(word)) >= 6):
                return True
    return False


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)
