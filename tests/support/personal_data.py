"""Planted personal data and harmless strings, made from a seed: nothing here belongs to anybody.

Two sets of each, with sentences and forms of their own: what the guard was tuned on (`TUNED`), and what it is
judged by (`JUDGED`), of which no line was read while its rules were written. Check digits are computed here,
not by the libraries that the guard uses.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

TUNED, JUDGED = 20261120, 77003
SETS = {"tuned": TUNED, "judged": JUDGED}


class Planted(NamedTuple):
    """A kind, a text that holds personal data, and the part of it that must not come out."""

    kind: str
    text: str
    secret: str


def planted(seed: int) -> list[Planted]:
    """At least 60 items of at least 15 kinds."""
    rng = random.Random(seed)
    judged = seed == JUDGED
    return [item for kind in KINDS for item in kind(rng, judged)]


def embedded(item: Planted, rng: random.Random) -> str:
    """The item as somebody may have typed it into a field: alone, in a sentence, joined with words."""
    return rng.choice(
        (
            "{}",
            "Frage zu {}",
            "{} geht nicht",
            "login fails for {}, urgent",
            "Gutschein ({}) ungültig",
            "2026 {} 12 Mal",
            "SOMMER25: {}.",
            "über {}; bitte melden",
        )
    ).format(item.text)


def leaks(item: Planted, text: str) -> bool:
    """Whether the secret can be read from a text, whatever stands between its letters."""
    return _bare(item.secret) in _bare(text)


def in_fields(seed: int) -> list[tuple[Planted, str]]:
    """Every item of a set, each as it stands in a field."""
    rng = random.Random(seed)
    return [(item, embedded(item, rng)) for item in planted(seed)]


def leaking(item: Planted, value: Any) -> list[str]:
    """The texts inside a payload that let the item be read, links decoded."""
    return [text for text in _strings(value) if leaks(item, text)]


def harmless(seed: int) -> list[str]:
    """At least 300 different strings that must stay as they are."""
    rng = random.Random(seed)
    makers = HARMLESS_JUDGED if seed == JUDGED else HARMLESS_TUNED
    return list(dict.fromkeys(make(rng) for make in makers for _ in range(20)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, str):
        yield unquote(value)


def _bare(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _n(rng: random.Random, digits: int, first: str = "123456789") -> str:
    return rng.choice(first) + "".join(rng.choices(string.digits, k=digits - 1))


def _token(rng: random.Random, length: int) -> str:
    # Chance without any digit happens, and looks like words; issuers' tokens are longer than ours.
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length - 3)) + "x7Q"


def _mod97(rest: str) -> str:
    return f"{98 - int(''.join(str(int(char, 36)) for char in rest)) % 97:02d}"


def _luhn(body: str) -> str:
    total = 0
    for place, char in enumerate(reversed(body)):
        doubled = int(char) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return body + str(-total % 10)


def _grouped(text: str, *sizes: int, by: str = " ") -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return by.join(part for part in [*parts, text[at:]] if part)


def _mails(rng: random.Random, judged: bool) -> Iterator[Planted]:
    who = ("p.berg", "anna_lind", "x.oe+shop") if judged else ("jo.doe", "jürgen", "m-k+news")
    for name in who:
        mail = (
            f"{name}{rng.randrange(10, 99)}@{rng.choice(('mail.example.org', 'müller.de', 'example.co.uk'))}"
        )
        yield Planted("mail", mail, mail.split("@")[0])
    hidden = (
        ("{}(at)example(dot)com", "{} [ät] example [punkt] de", "{} at example dot org")
        if judged
        else ("{} [at] example [dot] org", "{}(at)example.de", "{} @ example.org")
    )
    for form in hidden:
        name = f"ella.w{rng.randrange(10, 99)}"
        yield Planted("hidden mail", form.format(name), name)


def _phones(rng: random.Random, judged: bool) -> Iterator[Planted]:
    mobile, fixed = rng.choice(("170", "151", "176", "160")), _n(rng, 7)
    forms = (
        (
            f"+49 {mobile} / {fixed}",
            f"+49(0){mobile}-{fixed}",
            f"0{mobile} {fixed}",
            f"0043 664 {fixed}",
            f"040/{fixed}",
            f"+33 6 {_grouped(_n(rng, 8), 2, 2, 2)}",
            f"+44 7911 {_n(rng, 6)}",
            f"Handy: {fixed}",
        )
        if judged
        else (
            f"+49 {mobile} {fixed}",
            f"+49{mobile}{fixed}",
            f"0{mobile}/{fixed}",
            f"0049 {mobile} {fixed}",
            f"089 / {fixed[:4]} {fixed[4:]}",
            f"({rng.choice(('415', '212'))}) 555-{_n(rng, 4)}",
            f"Tel. {fixed}",
        )
    )
    for form in forms:
        yield Planted("phone", form, "".join(char for char in form if char.isdigit())[-6:])


def _ibans(rng: random.Random, judged: bool) -> Iterator[Planted]:
    for country, length in (
        (("AT", 16), ("FR", 23), ("DE", 18)) if judged else (("DE", 18), ("CH", 17), ("AT", 16))
    ):
        bban = _n(rng, length)
        iban = country + _mod97(bban + country + "00") + bban
        yield Planted("iban", iban, bban)
        yield Planted("iban", _grouped(iban, *[4] * 8), bban)


def _cards(rng: random.Random, judged: bool) -> Iterator[Planted]:
    visa, master, amex = _luhn("4" + _n(rng, 14)), _luhn("53" + _n(rng, 13)), _luhn("37" + _n(rng, 12))
    yield Planted("card", _grouped(visa, 4, 4, 4, 4, by="-" if judged else " "), visa)
    yield Planted("card", master if judged else _grouped(master, 4, 4, 4, 4), master)
    yield Planted("card", _grouped(amex, 4, 6, 5), amex)


def _addresses_of_machines(rng: random.Random, judged: bool) -> Iterator[Planted]:
    ip = ".".join(str(rng.randrange(100, 255)) for _ in range(4))
    yield Planted("ip", f"IP {ip}" if judged else ip, ip)
    six = ":".join(f"{rng.randrange(0x1000, 0xFFFF):x}" for _ in range(8))
    yield Planted("ip", six, six)
    six = f"2001:db8:{rng.randrange(0x1000, 0xFFFF):x}::{rng.randrange(0x1000, 0xFFFF):x}"
    yield Planted("ip", f"IP:{six}" if judged else six, six)
    mac = (":" if judged else "-").join(f"{rng.randrange(256):02X}" for _ in range(6))
    yield Planted("mac", mac, mac)


def _orders(rng: random.Random, judged: bool) -> Iterator[Planted]:
    forms = (
        (
            "Bestell-Nr.: {}",
            "order no. {}",
            "Rechnungsnummer {}",
            "invoice {}",
            "Order ID {}",
            "Auftrag #{}",
            "order number is {}",
            "bestellung_{}",
            "Vertragsnr. {}",
        )
        if judged
        else (
            "order {}",
            "Bestellung {}",
            "#{}",
            "Auftragsnr. {}",
            "Bestellnummer: {}",
            "order_id={}",
            "Ticket-Nr {}",
            "Rechnung Nr. {}",
        )
    )
    for form in forms:
        number = _n(rng, 8)
        yield Planted("order", form.format(number), number)
    parts = f"{_n(rng, 4)}-{_n(rng, 4)}"
    yield Planted("order", ("Bestellung Nr. {}" if judged else "Bestellung {}").format(parts), parts)


def _customers(rng: random.Random, judged: bool) -> Iterator[Planted]:
    forms = (
        (
            "Kd-Nr {}",
            "customer number: {}",
            "customer_id {}",
            "Mitgliedsnr. {}",
            "Kunden-ID {}",
            "account no. {}",
        )
        if judged
        else (
            "Kundennummer {}",
            "Kundennr. {}",
            "customer no. {}",
            "Kd.-Nr. {}",
            "Kunde {}",
            "Mitgliedsnummer: {}",
        )
    )
    for form in forms:
        number = _n(rng, 8)
        yield Planted("customer", form.format(number), number)
    yield Planted("customer", f"cus_{(token := _token(rng, 14))}", token)


def _parcels(rng: random.Random, judged: bool) -> Iterator[Planted]:
    number = _n(rng, 12)
    yield Planted("parcel", f"tracking number {number}" if judged else f"Sendungsnummer {number}", number)
    ups = f"1Z{_n(rng, 16)}"
    yield Planted("parcel", ups, ups)


def _links(rng: random.Random, judged: bool) -> Iterator[Planted]:
    forms = (
        (
            "https://konto.example/passwort/reset?user=7&reset_token={}",
            "https://example.org/u/{}/view",
            "www.example.org/x?access_token={}&lang=de",
            "http://example.org/#session={}",
        )
        if judged
        else (
            "https://shop.example/reset?token={}",
            "https://shop.example/reset/{}",
            "https://a.example/f?x=1&sig={}",
            "https://shop.example/login?lang=de&key={}",
        )
    )
    for form in forms:
        token = _token(rng, 24)
        yield Planted("link", form.format(token), token)
    number = _n(rng, 8)
    yield Planted("link", f"https://shop.example/{'customers' if judged else 'orders'}/{number}", number)
    yield Planted("link", f"https://shop.example/?email=jo{number}%40example.org", f"jo{number}")


def _secrets(rng: random.Random, judged: bool) -> Iterator[Planted]:
    claims = [base64.urlsafe_b64encode(rng.randbytes(size)).decode().rstrip("=") for size in (30, 60, 32)]
    yield Planted("jwt", "eyJ" + ".".join(claims), claims[1])
    upper = "".join(rng.choices(string.ascii_uppercase + string.digits, k=16))
    yield Planted("secret", f"AKIA{upper}", upper)
    token = _token(rng, 24)
    yield Planted("secret", f"ghp_{token}{token}" if judged else f"xoxb-123456789012-{token}", token)
    yield Planted("secret", f"Bearer {token}" if judged else f"sk_live_{token}", token)
    word = f"hunter{rng.randrange(100, 999)}!"
    yield Planted("password", f"password={word}" if judged else f"Passwort: {word}", word)


def _taxes(rng: random.Random, judged: bool) -> Iterator[Planted]:
    body = _n(rng, 8)
    product = 10
    for char in body:
        total = (int(char) + product) % 10 or 10
        product = total * 2 % 11
    vat = f"DE{body}{(11 - product) % 10}"
    yield Planted("tax", vat if judged else f"USt-IdNr. {vat}", vat)
    number = f"{_n(rng, 2)}/{_n(rng, 3)}/{_n(rng, 5)}"
    yield Planted("tax", f"Steuernummer {number}" if judged else number, number)


def _ids(rng: random.Random, judged: bool) -> Iterator[Planted]:
    number = rng.randrange(10**7, 10**8)
    dni = f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"
    yield Planted("id", dni, dni)
    body = f"{rng.randrange(70, 99)}{rng.randrange(10, 13)}{rng.randrange(10, 28)}"
    yield Planted("id", f"{body}-{_luhn(body + _n(rng, 3))[6:]}", body)
    ahv = "756" + _n(rng, 9)
    ahv += str(-sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(ahv)) % 10)
    yield Planted("id", _grouped(ahv, 3, 4, 4, by="."), ahv)
    insurance = f"{rng.randrange(10, 99)}{rng.randrange(10, 28)}0{rng.randrange(1, 9)}{rng.randrange(50, 99)}"
    insurance += f"{rng.choice(string.ascii_uppercase)}{_n(rng, 3)}"
    yield Planted("id", _grouped(insurance, 2, 6, 1) if judged else insurance, insurance)
    passport = f"C{_n(rng, 2)}X{_n(rng, 5)}"
    yield Planted("id", ("Reisepass-Nr. {}" if judged else "Ausweisnummer {}").format(passport), passport)


def _births(rng: random.Random, judged: bool) -> Iterator[Planted]:
    day, month, year = rng.randrange(10, 28), rng.randrange(10, 13), rng.randrange(1940, 2004)
    german, iso = f"{day}.{month}.{year}", f"{year}-{month}-{day}"
    yield Planted("birth", *((f"born {iso}", iso) if judged else (f"geb. {german}", german)))
    yield Planted("birth", f"{'Geburtsdatum:' if judged else 'date of birth'} {german}", german)


def _places(rng: random.Random, judged: bool) -> Iterator[Planted]:
    number, code = rng.randrange(10, 99), rng.randrange(10115, 80331)
    streets = (
        ("Birkenstr.", "Alte Poststraße", "Kirchweg")
        if judged
        else ("Musterstraße", "Lindenallee", "Am Markt")
    )
    for street in streets:
        yield Planted("place", f"{street} {number}, {code} Musterstadt", f"{street.split()[-1]} {number}")
    road = f"{number} {'Baker Street' if judged else 'High Road'}"
    yield Planted("place", road, road)
    spot = f"{rng.uniform(47, 54):.6f}"
    yield Planted("place", f"{spot}, {rng.uniform(6, 14):.6f}", spot)


def _devices(rng: random.Random, judged: bool) -> Iterator[Planted]:
    imei = _luhn("35" + _n(rng, 12))
    yield Planted("device", f"IMEI {imei}" if judged else imei, imei)
    serial = f"S{_n(rng, 9)}"
    yield Planted("device", f"{'serial no.' if judged else 'Seriennummer'} {serial}", serial)


KINDS: tuple[Callable[[random.Random, bool], Iterator[Planted]], ...] = (
    *(
        _mails,
        _phones,
        _ibans,
        _cards,
        _addresses_of_machines,
        _orders,
        _customers,
        _parcels,
        _links,
        _secrets,
    ),
    *(_taxes, _ids, _births, _places, _devices),
)

_REASONS = (
    "Gutschein ungültig",
    "Bestellung nicht angekommen",
    "payment failed",
    "order late",
    "Konto gesperrt",
)
_WHO = ("Kundinnen", "customers", "Bestellungen", "orders", "Tickets", "tickets", "Artikel")


def _date(rng: random.Random) -> tuple[int, int]:
    return rng.randrange(1, 29), rng.randrange(1, 13)


HARMLESS_TUNED: tuple[Callable[[random.Random], str], ...] = (
    lambda r: f"{r.choice(('SOMMER', 'WELCOME', 'NEU', 'BLACKFRIDAY'))}{r.randrange(5, 99)}",
    lambda r: f"BF-2026-{r.randrange(10, 99)}",
    lambda r: f"WELCOME{r.randrange(5, 50)}EUR",
    lambda r: (
        f"{r.randrange(2, 900)} Tickets statt ~{r.randrange(2, 99) / 10:.1f} in {r.randrange(5, 90)} min"
    ),
    lambda r: f"{r.randrange(2, 900)} tickets instead of ~{r.randrange(2, 99) / 10:.1f}",
    lambda r: f"2026-{_date(r)[1]:02d}-{_date(r)[0]:02d}T{r.randrange(24):02d}:15:00+01:00",
    lambda r: f"{_date(r)[0]:02d}.{_date(r)[1]:02d}.2026, {r.randrange(24):02d}:30 CET",
    lambda r: (
        f"<!date^{r.randrange(1_700_000_000, 1_999_999_999)}^{{date_short_pretty}} {{time}}|20 Nov 2026, 09:15 UTC>"
    ),
    lambda r: f"{r.randrange(1, 100)},{r.randrange(10)} % der Tickets",
    lambda r: f"Safari {r.randrange(10, 26)}.{r.randrange(9)}.{r.randrange(9)}",
    lambda r: f"iOS 18.{r.randrange(9)}",
    lambda r: f"Chrome {r.randrange(90, 140)}.0.{r.randrange(1000, 9999)}.{r.randrange(10, 250)}",
    lambda r: f"{r.randrange(1, 999)},99 €",
    lambda r: f"ts-{''.join(r.choices('abcdefghijklmnopqrstuvwxyz234567', k=10))}",
    lambda r: f"s-{r.randbytes(6).hex()}",
    lambda r: f"{r.choice(_REASONS)}",
    lambda r: f"{r.randrange(1, 99)}.{r.randrange(100, 999)} {r.choice(_WHO)}",
    lambda r: f"Artikelnummer {_n(r, 7)}",
    lambda r: f"Filiale {r.randrange(1, 400)}",
    lambda r: f"https://help.example/search?q=Gutschein&from=2026-{_date(r)[1]:02d}-11",
    lambda r: f"{r.randrange(2, 50)},{r.randrange(10)}× · +{r.randrange(10, 9000)} Tickets",
    lambda r: f"order {r.choice(('status', 'cancelled', 'confirmation', 'history'))} page",
    lambda r: f"{r.choice(_WHO)} {r.randrange(2020, 2027)}",
    lambda r: f"Versand in {r.randrange(1, 5)} bis {r.randrange(5, 9)} Tagen",
    lambda r: f"HTTP {r.choice((400, 404, 429, 500, 502))} an der Kasse",
    lambda r: f"Größe {r.randrange(34, 60)}",
)

HARMLESS_JUDGED: tuple[Callable[[random.Random], str], ...] = (
    lambda r: f"{r.choice(('HERBST', 'XMAS', 'FRIENDS', 'TV', 'VIP'))}{r.randrange(2024, 2028)}",
    lambda r: f"{r.choice(('NL', 'TV', 'APP'))}-{r.randrange(10, 60)}-{r.choice(('A', 'B'))}",
    lambda r: f"{r.randrange(5, 70)}OFF-{''.join(r.choices(string.ascii_uppercase, k=4))}",
    lambda r: f"{''.join(r.choices(string.ascii_uppercase + string.digits, k=8))}",
    lambda r: f"{_date(r)[0]}. Dezember 2026, {r.randrange(1, 24)} Uhr",
    lambda r: (
        f"2026/{_date(r)[1]:02d}/{_date(r)[0]:02d} {r.randrange(24):02d}:{r.randrange(60):02d}:{r.randrange(60):02d}"
    ),
    lambda r: f"KW {r.randrange(1, 53)}/2026",
    lambda r: (
        f"Android {r.randrange(9, 17)}, App {r.randrange(1, 9)}.{r.randrange(40)}.{r.randrange(9)}-rc.{r.randrange(9)}"
    ),
    lambda r: f"Firefox {r.randrange(90, 150)}.0.{r.randrange(9)}.{r.randrange(9)}",
    lambda r: f"Galaxy S{r.randrange(20, 26)} Ultra {r.choice((128, 256, 512))} GB",
    lambda r: f"iPhone {r.randrange(11, 18)} Pro",
    lambda r: f"EUR {r.randrange(1, 99)}.{r.randrange(100, 999)},{r.randrange(10, 99)}",
    lambda r: f"ab {r.randrange(20, 200)} € Bestellwert versandkostenfrei",
    lambda r: f"{r.randrange(10, 60)} % on everything until {_date(r)[0]} Nov",
    lambda r: f"Bestellung {r.choice(('stornieren', 'verspätet', 'unvollständig', 'doppelt erhalten'))}",
    lambda r: f"order number {r.choice(('missing', 'not accepted', 'unknown'))}",
    lambda r: f"Kundennummer {r.choice(('vergessen', 'ungültig', 'wird nicht erkannt'))}",
    lambda r: f"{r.choice(('Telefon', 'Hotline', 'Chat'))} besetzt, {r.randrange(5, 60)} min Wartezeit",
    lambda r: f"EAN 400{_n(r, 9)}{r.randrange(10)}",
    lambda r: f"Art.-Nr. {_n(r, 6)}",
    lambda r: f"model no. {_n(r, 5)}",
    lambda r: f"Fehlercode {r.randrange(1000, 9999)}",
    lambda r: f"error {r.randrange(100000, 999999)} at checkout",
    lambda r: f"Spitze: {r.randrange(1000, 9999)} Bestellungen pro Stunde",
    lambda r: f"{r.randrange(1, 9)} Mio. Haushalte, Spot um {r.randrange(18, 23)}:{r.randrange(10, 59)}",
    lambda r: (
        f"https://shop.example/aktion/{r.choice(('sommer', 'winter'))}-2026?utm_campaign=kw{r.randrange(10, 53)}"
    ),
    lambda r: f"order {r.randrange(2, 9)} get {r.randrange(1, 3)} free",
    lambda r: f"PLZ {r.randrange(10000, 99999)}",
    lambda r: f"campaign-{r.randbytes(4).hex()}",
    lambda r: f"{r.randrange(100, 999)} {r.randrange(100, 999)} Gewinne",
)
