"""Where somebody or their machine can be found: mail, street, coordinates, IP and MAC; and a date of birth."""

from __future__ import annotations

import ipaddress
import re

from alerts.links import folded, has

# Tried once a word: from every letter on, a long word without "@" would cost its length squared.
_MAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_HIDDEN_MAIL = re.compile(
    r"(?i)(?<![\w.+-])[\w.+-]{1,64}(?:[ _]{0,2}[\[({<][ ]?(?:at|ät|@)[ ]?[\])}>][ _]{0,2}| (?:at|@) )"
    r"[\w-]{1,63}(?:(?:[ _]{0,2}[\[({<][ ]?(?:dot|punkt|\.)[ ]?[\])}>][ _]{0,2}| (?:dot|punkt) |\.)[\w-]{2,63})+"
)
_HIDDEN_SIGNS = (
    *(bracket + gap + at for bracket in "[({<" for gap in ("", " ") for at in ("at", "ät", "@")),
    " @ ",
    " dot ",
    " punkt ",
)
_MAC = re.compile(r"(?<![^\W_])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![^\W_])")
_IP4 = re.compile(r"(?<![^\W_])(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?![^\W_]|\.\w)")
_IP6 = re.compile(r"(?<![0-9A-Fa-f:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?![^\W_]|:)")
_VERSION = re.compile(
    r"(?i)(?:(?<![^\W_])(?:v|ver|version|release|build|rev|app|api|sdk|firmware|patch|update|os|ios|ipados|macos"
    r"|android|windows|chrome|chromium|safari|firefox|edge|opera|webkit|internet|browser|plugin|theme)"
    r"[ .:/_-]{0,2}|[a-z]/)$"
)
_BIRTH = re.compile(
    r"(?i)(?<![^\W_])(?:geb(?:oren|urtsdatum|urtstag|\.)?(?: am)?|born(?: on)?|birth[ _]?(?:date|day)"
    r"|date of birth|dob)[ .:_=]{1,3}(?:(?:\d{1,2}[./-]){2}(?:19\d\d|200\d|201[0-5]|\d{2})(?!\d)"
    r"|(?:19\d\d|200\d|201[0-5])-\d\d-\d\d"
    r"|\d{1,2}\.? ?[^\W\d_]{3,9}\.? (?:19\d\d|200\d|201[0-5]))"
)
_BIRTH_SIGNS = ("geb", "born", "birth", "dob")
_HOUSE = r"[ _]?\d{1,4}(?: ?[a-z](?![^\W_]))?(?: ?[/-] ?\d{1,4}[a-z]?)?"
_CITY = r",?[ _](?:[A-Z]{1,2}-)?\d{4,5}[ _][A-ZÄÖÜ][\w-]+"
_STREET = re.compile(
    r"(?<![^\W_])[A-ZÄÖÜ][\w-]{1,40}(?:[ -]?[Ss]tra(?:ß|ss)e|[ -]?[Ss]tr\.|gasse|allee|chaussee)"
    rf"{_HOUSE}(?:{_CITY})?"
)
_STREET_SIGNS = ("traß", "tras", "tr.", "gasse", "allee", "chaussee")
# "Weg 2" and "Platz 3" may be anything: they need a town behind them.
_TOWN = re.compile(
    r"(?<![^\W_])(?:(?:Am|An der|An den|Auf dem|Auf der|Im|In der|Unter den|Zum|Zur|Alte[rsn]?|Neue[rsn]?|Vor dem"
    r"|Hinter der) [A-ZÄÖÜ][\w-]{1,40}"
    r"|[A-ZÄÖÜ][\w-]{1,40}(?:[ -]?(?:[Ww]eg|[Pp]latz|[Rr]ing|[Dd]amm|[Uu]fer|[Hh]of|[Mm]arkt|[Gg]raben|[Ss]tieg"
    rf"|[Pp]fad|[Bb]erg))){_HOUSE}{_CITY}"
)
_LANE = re.compile(
    r"(?<![^\W_])[A-ZÄÖÜ][\w-]+(?: [A-ZÄÖÜ][\w-]+){0,2} \d{1,4}[a-z]?, (?:[A-Z]{1,2}-)?\d{5} "
    r"(?!Ticket|Gutschein|Kund|Euro|Artikel|Stück|Bestell|Code|Punkt|Teiln|Gewinn|Haushalt|Order|Custom|Point)"
    r"[A-ZÄÖÜ][a-zäöüß-]{2,}"
)
_TOWN_SIGN = re.compile(r"\d{4}[ _][A-ZÄÖÜ]")
_ROAD = re.compile(
    r"(?<![^\W_])\d{1,5}[A-Za-z]? (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Drive|Boulevard|Terrace)"
    r"(?![^\W_])(?:, [A-Z][a-z]+(?: [A-Z][a-z]+)?)?(?:,? (?:[A-Z]{2} \d{5}|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}))?"
)
_ROAD_SIGNS = (" St", " Ro", " Rd", " Ave", " Lane", " Drive", " Boul", " Terr")
_COORDINATES = re.compile(r"(?<![\w.])-?\d{1,2}\.\d{4,}[ ]?[,;/][ ]?-?\d{1,3}\.\d{4,}(?!\w)")


def replaced(text: str, digits: int) -> str:
    """The text without addresses and dates of birth.

    >>> replaced("jo [at] example [dot] org, Lindenallee 3, von 192.168.178.23.", 12)
    '[mail], [place], von [ip].'
    """
    if "@" in text or "%40" in text:
        text = _MAIL.sub("[mail]", text)
    if has(folded(text), _HIDDEN_SIGNS):
        text = _HIDDEN_MAIL.sub("[mail]", text)
    if text.count(":") >= 2 or text.count("-") >= 5:
        text = _IP6.sub(_ip6, _MAC.sub("[mac]", text))
    if not digits:
        return text
    text = _places(text, digits)
    if text.count(".") >= 3:
        text = _IP4.sub(_ip4, text)
    return _BIRTH.sub("[birth]", text) if digits >= 3 and has(folded(text), _BIRTH_SIGNS) else text


def _places(text: str, digits: int) -> str:
    if has(text, _STREET_SIGNS):
        text = _STREET.sub("[place]", text)
    if digits >= 5 and _TOWN_SIGN.search(text):
        text = _LANE.sub("[place]", _TOWN.sub("[place]", text))
    if has(text, _ROAD_SIGNS):
        text = _ROAD.sub("[place]", text)
    return _COORDINATES.sub("[place]", text) if digits >= 10 and text.count(".") >= 2 else text


def _ip4(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 16) : match.start()]
    real = all(int(part) <= 255 for part in match.group().split("."))
    return "[ip]" if real and not _VERSION.search(before) else match.group()


def _ip6(match: re.Match[str]) -> str:
    text = match.group()
    for begin, end in ((0, 0), (1, 0), (0, 1), (1, 1)):  # "IP:2001:db8::1: refused"
        address = text[begin : len(text) - end]
        try:
            ipaddress.IPv6Address(address)
        except ValueError:
            continue
        return text[:begin] + "[ip]" + text[len(text) - end :] if len(address) >= 4 else text
    return text
