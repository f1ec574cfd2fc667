"""Numbers that are personal for the word before them: "Kundennr. 20045123", "order #4711-8899", "Tel. 4711".

They have no check digit and look like codes and counts, so the word decides. It is replaced with its number:
`[customer]` says as much.
"""

from __future__ import annotations

import re

from alerts.links import folded, has

# Starts of words, of both languages, and what a number behind them is; long ones count inside a compound, too.
_STEMS = {
    "customer": "kund kd knd knr customer cust client member mitglied konto account acct user nutzer benutzer"
    " teilnehmer patient abonnent subscriber treue bonus loyalty",
    "phone": "tel phone handy mobil fax ruf rückruf whatsapp cell",
    "parcel": "sendung paket track shipment shipping parcel package trace",
    "tax": "steuer tax ust vat tin umsatz stnr",
    "id": "ausweis perso pass reisepass sozial renten versicher sv insurance social ssn national führerschein licen"
    " driver kranken identity pesel bsn",
    "card": "cvv cvc karte kredit card credit debit",
    "iban": "iban bank",
    "device": "imei serial serien gerät device",
    "order": "bestell auftrag order rechnung invoice vorgang fall case ticket rma retour return reklam buchung booking"
    " vertrag contract beleg receipt reserv transakt transact zahlung payment ref anfrage request mandat police"
    " policy liefer erstattung refund claim schaden",
}
_KINDS = tuple((kind, tuple(stems.split())) for kind, stems in _STEMS.items())
_COMPOUND = 6
_HARMLESS = (  # noqa: SIM905 - seventy lines of one word say no more
    "artikel art article item modell model produkt product prod sku ean gtin isbn filial store shop haus house zimmer"
    " raum room seite page version build linie line charge los batch größe size teile parts katalog catalog gutschein"
    " voucher coupon code aktion kampagne campaign promo spiel game hotline service wkn isin release patch plan level"
    " kanal channel error fehler issue bug anzahl hits platz rang top postleit plz kapitel chapter"
).split()
"""Numbers of things and of what everybody shares; tickets name them all the time."""

_BEGIN, _END = r"(?:[A-Za-z]{1,4}[-_/]?)?\d", r"|[-/]?[^\W_]){2,24}+(?![^\W_])"
_MARKED = re.compile(
    r"(?<![^\W_])(?:(?P<word>[^\W\d_]{2,30})(?P<gap>[ ._-]{0,3}))??"
    r"(?P<mark>(?i:nummer|number|num\.|nr\.?|n°|no\.|no(?=[ :#])|id|kennung))(?![^\W\d_])"
    r"[\s.:#=_-]{0,4}(?:(?i:ist|is|lautet) )?"
    rf"(?P<value>{_BEGIN}(?:[ _](?=\d\d)\d{_END})"
)
_DIRECT = re.compile(
    r"(?i)(?<![^\W_])(?P<word>bestellung|auftrag|rechnung|order|invoice|booking|buchung|vertrag|contract|reservierung"
    r"|reservation|retoure|vorgang|kundin|kunde|customer|client|sendung|paket|parcel|shipment|tracking|ticket|case"
    r"|account|konto|user|member|mitglied|tel|telefon|phone|handy|mobile?|fax|whatsapp|imei|iban|steuer-id|steuerid"
    r"|ustid|svnr|ssn|pesel|bsn|knr|cvv|cvc|(?:kunden|bonus|treue)karte|personalausweis"
    r"|reisepass|passport)(?:[\s:#=_.-]{1,4}|(?: (?:ist|is|lautet))? )"
    rf"(?P<value>{_BEGIN}(?:[ _](?=\d{{3}})\d{_END})"  # not the "12" of "12 times"
    r"(?![ ]?(?:€|eur|usd|%|prozent|percent|st[ück]{1,3}k|pieces|pcs|items|artikel|tickets?|mal|times|x\b|×|min|h\b"
    r"|uhr|tage|days|punkte|points|kunden|customers|[.,:]\d))"
)
_VAGUE = frozenset({"ticket", "case", "account", "konto", "user", "member", "paket", "client"})
_MARK = re.compile(r"(?:nummer|number|num\.|nr|n°|no|id|kennung)(?![^\W\d_])")
_MARKS = ("nummer", "number", "num.", "nr", "n°", "no.", "no ", "no:", "no#", "id", "kennung")
_DIRECT_SIGNS = (  # noqa: SIM905 - as above
    "stellung auftrag rechnung order invoice buchung booking vertrag contract reserv retoure vorgang kund customer"
    " client sendung pak parcel shipment tracking ticket case account konto user member mitglied tel phone handy mobil"
    " fax whatsapp imei iban steuer ustid svnr ssn pesel bsn knr cv karte ausweis pass"
).split()
_HASH = re.compile(r"(?<![\w&#/])#(?:[A-Z]{1,3}-?)?\d{6,}(?:-\d+)?(?![^\W_])")
_AMAZON = re.compile(r"(?<![^\W_])\d{3}-\d{7}-\d{7}(?![^\W_])")
# UPS, DHL, the labels of GS1 (SSCC) and of the postal union (S10).
_PARCEL = re.compile(
    r"(?<![^\W_])(?:1Z[0-9A-Z]{16}|JJD\d{12,20}|00[0-9]{18}|[A-Z]{2}\d{9}[A-Z]{2})(?![^\W_])"
)
_STRIPE = re.compile(r"(?<![^\W_])(?:cus|acct|sub|ch|pi|pm)_[A-Za-z0-9]{8,}")
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-/](?:\d\d|20\d\d))?")
_DAY = re.compile(r"20[23]\d[-_]?(?:0[1-9]|1[0-2])[-_]?(?:0[1-9]|[12]\d|3[01])(?:T\d\d)?")


def replaced(text: str, digits: int) -> str:
    """The text without numbers that a word makes personal.

    >>> replaced("Kd.-Nr. 20045123, Order #A-4711, Artikelnummer 4711889, order 2026", 23)
    '[customer], [order], Artikelnummer 4711889, order 2026'
    """
    if "_" in text:
        text = _STRIPE.sub("[customer]", text)
    if digits < 3:
        return text
    lower = folded(text)
    if has(lower, _MARKS) and _MARK.search(lower):
        text = _MARKED.sub(_marked, text)
    # No number follows these two words, which stand in nearly every text, without a space in between.
    if has(lower.replace("tickets", " ").replace("cases", " "), _DIRECT_SIGNS):
        text = _DIRECT.sub(_direct, text)
    if "#" in text:
        text = _HASH.sub("[order]", text)
    if digits < 9:
        return text
    if text.count("-") >= 2:
        text = _AMAZON.sub("[order]", text)
    return _PARCEL.sub("[parcel]", text)


def _marked(match: re.Match[str]) -> str:
    word, mark, gap = (match["word"] or "").lower(), match["mark"].lower(), match["gap"] or ""
    digits = sum(char.isdigit() for char in match["value"])
    # "paid 5000" and "casino 5000" end like "id" and "no"; "KundenID" and "customerId" are written so.
    glued = mark in ("id", "no", "no.") and word and not gap and not match["mark"][0].isupper()
    kind = _kind(word)
    if glued:
        return match.group()
    if kind is None:
        if word.startswith(tuple(_HARMLESS)):
            return match.group()
        if mark in ("id", "no", "kennung") or digits < 6 or _DAY.fullmatch(match["value"]):
            return match.group()
        kept = match.group()[: match.start("mark") - match.start()] if gap and word else ""
        return kept + _label("order", len(match.group()) - len(kept))
    return _label(kind, len(match.group())) if digits >= 3 else match.group()


def _direct(match: re.Match[str]) -> str:
    value = match["value"]
    digits = sum(char.isdigit() for char in value)
    kind = _kind(match["word"].lower())
    sure = "#" in match.group() or kind in ("phone", "tax", "id", "device", "iban", "card")
    least = 3 if sure else 5 if match["word"].lower() in _VAGUE else 4
    if kind is None or digits < least or _YEAR.fullmatch(value) or _DAY.fullmatch(value):
        return match.group()
    return _label(kind, len(match.group()))


def _kind(word: str) -> str | None:
    for kind, stems in _KINDS:
        if word.startswith(stems):
            return kind
    for kind, stems in _KINDS:
        if any(stem in word for stem in stems if len(stem) >= _COMPOUND):
            return kind
    return None


def _label(kind: str, room: int) -> str:
    # A replacement is never longer than what it replaces.
    return f"[{kind}]" if len(kind) + 2 <= room else "[id]"
