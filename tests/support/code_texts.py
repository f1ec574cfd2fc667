"""Texts that customers could have written, German and English, with the codes that are meant in them."""

from __future__ import annotations

import random
from dataclasses import dataclass

CODES = (
    "SOMMER25",
    "WELCOME10",
    "FREESHIP",
    "HERBST-15",
    "NEUKUNDE",
    "BLACK30",
    "LOVE2026",
    "VIP20",
    "KLUBI01",
    "GESCHENK5",
    "O0LALA10",
    "WINTERSALE",
)

_GERMAN = (
    "Hallo, der Code {code} geht nicht.",
    "Guten Tag, mein Gutschein {code} wird nicht angenommen{end} Viele Grüße, {name}",
    "Ich wollte {code} einlösen, es kommt nur eine Fehlermeldung.",
    "Warum ist der Rabattcode „{code}“ ungültig? Bestellung {order}",
    "im warenkorb steht {code} ungültig gutschein bitte prüfen",
    "Der Rabatt aus dem Newsletter ({code}) fehlt auf meiner Rechnung über {price}.",
    "Ich habe den Gutscheincode {code} eingegeben und nichts passiert!!!",
    "{code} funktioniert auf dem Handy nicht, welcher Code gilt denn nun?",
)
_ENGLISH = (
    "Hi, the code {code} does not work.",
    "My voucher {code} is refused at checkout{end} Best, {name}",
    "I tried to redeem {code} twice, order {order}",
    "why is coupon {code} invalid?? i ordered for {price}",
    "The discount from your newsletter ({code}) was not applied.",
    "Entered promo code {code} and nothing happens",
    "{code} is not accepted in Safari, is the code still valid?",
)
_NONE = (
    "Im Sommer 25 Grad, und mein Paket {order} kommt nicht an.",
    "Wann kommt meine Bestellung {order}? Ich warte seit 30 Tagen.",
    "You're welcome to call me, my order is {order}. Regards, {name}",
    "Ich hätte gern ein Geschenk für 5 Personen, gibt es das noch?",
    "Rücksendung {order}: Bitte erstatten Sie {price}.",
    "Love 2026 collection! When will the black 30 cm vase be back?",
    "Der Newsletter kommt doppelt, bitte abmelden: {name}@example.org",
    "The winter sale was great, but size 10 is too small. Order {order}.",
    "Mein Code ist weg, können Sie mir einen neuen Gutschein schicken?",
    "The code from last year, {other}, is expired, is there a new one?",
    "Ich bin Neukunde und finde die Rechnung nicht.",
    "Is there free shipping to Austria? {name}",
    "Der QR-Code auf dem Paket {order} ist nicht lesbar.",
    "Ich war im Herbst, am 15. September, bei Ihnen im Laden, Beleg {order}.",
    "As a VIP customer I have ordered 20 times, please call +49 170 {phone}.",
    "HILFE MEIN PAKET IST NICHT DA UND DER SOMMER IST BALD VORBEI",
)
_OTHERS = ("SOMMER24", "WELCOME15", "BLACK20", "VIP30", "HERBST-10")


@dataclass(frozen=True)
class Text:
    """What was written, and the codes that are meant."""

    text: str
    codes: tuple[str, ...]
    typo: str = ""


def texts(seed: int, number: int) -> list[Text]:
    """So many texts; two thirds name a code, a third of those with a typing error of one kind."""
    rng = random.Random(seed)
    made = []
    for _ in range(number):
        filled = {
            "name": rng.choice(["Ada", "Jörg Müller", "M. Smith", "Zoë"]),
            "order": rng.choice(["#", "", "DE-", "No. "]) + str(rng.randrange(10**6, 10**8)),
            "price": rng.choice(["25 Euro", "10,00 €", "$ 20", "30 EUR", "EUR 15"]),
            "phone": str(rng.randrange(10**6, 10**7)),
            "other": rng.choice(_OTHERS),
            "end": rng.choice([".", "!", ",", " :(", "..."]),
        }
        if rng.random() < 1 / 3:
            made.append(Text(rng.choice(_NONE).format(**filled), ()))
            continue
        code = rng.choice(CODES)
        kind, typed = _typed(code, rng) if rng.random() < 1 / 3 else ("", code)
        template = rng.choice(_GERMAN + _ENGLISH)
        made.append(Text(template.format(code=typed, **filled), (code,), kind))
    return made


def _typed(code: str, rng: random.Random) -> tuple[str, str]:
    """A code as somebody types it in a hurry: what went wrong, and what stands there."""
    letters = [place for place, one in enumerate(code) if one.isalpha()]
    place = rng.choice(letters[:-1])
    ways = {
        "case": rng.choice([code.lower(), code.title()]),
        "blank": code[: place + 1] + " " + code[place + 1 :],
        "hyphen": code[: place + 1] + "-" + code[place + 1 :],
        "O for 0": code.replace("0", "O").replace("1", "l"),
        "0 for O": code.replace("O", "0").replace("I", "1"),
        "punctuation": code + rng.choice([".", "!", ",", "?", '"', "\u200b", "\u00a0."]),
        "missing": code[:place] + code[place + 1 :],
        "doubled": code[:place] + code[place] + code[place:],
    }
    kind = rng.choice([*list(ways)[:6], *list(ways)])
    return kind, ways[kind]
