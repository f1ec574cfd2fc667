"""Tickets of the made-up webshop: customers, channels, browsers, free text, and what a helpdesk does to them.

Everything is drawn from the random generator that is given. Names, addresses and telephone numbers are from
ranges that are reserved for examples, so no ticket can ever be a real person's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Language = Literal["de", "en"]
Ticket = dict[str, Any]

REPEATED = 0.02
"""Share of tickets that the helpdesk sends twice."""
RELABELLED = 0.01
"""Share of tickets that first carry a wrong reason."""
WRITES_AGAIN = 0.04
"""Share of tickets whose customer has written shortly before."""

MAIL_DOMAIN = "kunde.example"
"""The domain of every customer's address: whatever holds it is personal data."""
TEXT_MARK = "030 23125"
"""Stands in every free text: whatever holds it has leaked."""

_WEB_CHANNELS = (("chat", 0.46), ("contact form", 0.33), ("email", 0.21))
_CHANNELS = (*((name, 0.86 * share) for name, share in _WEB_CHANNELS), ("app", 0.09), ("phone", 0.05))
_MARKETS = (("DE", 0.72), ("AT", 0.15), ("CH", 0.09), ("NL", 0.04))
_BROWSERS = (("Chrome", 0.43), ("Safari", 0.28), ("Firefox", 0.11), ("Edge", 0.1), ("Samsung Internet", 0.08))
_PAYMENTS = (("PayPal", 0.41), ("invoice", 0.33), ("card", 0.18), ("direct debit", 0.08))
_APP_VERSIONS = (("8.4.1", 0.62), ("8.4.0", 0.23), ("8.3.2", 0.15))
_DEVICES = {
    "Chrome": ("desktop", "Android"),
    "Safari": ("iPhone", "iPad", "Mac"),
    "Firefox": ("desktop", "desktop"),
    "Edge": ("desktop", "desktop"),
    "Samsung Internet": ("Android", "Android"),
}
_NAMES = ("Erika Mustermann", "Max Mustermann", "Lea Beispiel", "Jonas Beispiel", "Mia Muster", "Emil Muster")
_TEXTS = {
    "de": "Guten Tag, hier ist {name}. Es geht um: {reason}. Bitte um Rückruf: {mark} {digits:03d}.",
    "en": "Hello, this is {name}. It is about: {reason}. Please call me: {mark} {digits:03d}.",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A ticket event and when the helpdesk sends it, in epoch seconds: `created_at` or later."""

    at: float
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Writing:
    """What is decided about tickets before shoppers fill them in, one entry a ticket, in order of time.

    `instants` are epoch seconds; `browsers` names the browser where the story decides it, else None.
    """

    instants: NDArray[np.float64]
    reasons: Sequence[str]
    voucher_codes: Sequence[str | None]
    browsers: Sequence[str | None]


def arrivals(
    rng: np.random.Generator, writing: Writing, *, language: Language, zone: tzinfo, series: str
) -> list[Arrival]:
    """The events that the helpdesk sends for these tickets, in its order; ids begin with `series`.

    A repeat is the same event again, up to ten minutes later; a relabelled ticket comes under a wrong reason
    first and under its own up to an hour later.
    """
    tickets = list(_tickets(rng, writing, language, zone, series))
    events = []
    fate = rng.random(len(tickets))
    delay = rng.random(len(tickets))
    wrong = rng.integers(0, max(1, len(tickets)), len(tickets))
    for index, (at, ticket) in enumerate(zip(writing.instants.tolist(), tickets, strict=True)):
        if fate[index] < RELABELLED:
            changed = at + 60 + 3540 * float(delay[index])
            mistaken = writing.reasons[wrong[index]]
            events.append(Arrival(at, {**ticket, "contact_reason": mistaken}))
            change = {
                "kind": "relabelled",
                "changed_at": _stamp(changed, zone),
                "previous_contact_reason": mistaken,
            }
            events.append(Arrival(changed, ticket | change))
            continue
        events.append(Arrival(at, ticket))
        if fate[index] > 1 - REPEATED:
            events.append(Arrival(at + 600 * float(delay[index]), ticket))
    return sorted(events, key=lambda event: event.at)


def _tickets(
    rng: np.random.Generator, writing: Writing, language: Language, zone: tzinfo, series: str
) -> Iterator[Ticket]:
    size = len(writing.instants)
    channels, on_page = (_draw(rng, table, size) for table in (_CHANNELS, _WEB_CHANNELS))
    markets, browsers = (_draw(rng, table, size) for table in (_MARKETS, _BROWSERS))
    payments, versions = (_draw(rng, table, size) for table in (_PAYMENTS, _APP_VERSIONS))
    customers = rng.integers(100_000, 999_999, size)
    again = rng.random(size) < WRITES_AGAIN
    earlier = rng.integers(1, 40, size)
    number = rng.integers(0, 1000, size)
    for index in range(size):
        if again[index] and index >= earlier[index]:
            customers[index] = customers[index - earlier[index]]
        browser = writing.browsers[index] or browsers[index]
        # The story's browser is seen where the shop's page is: not on the telephone, not in the app.
        channel = on_page[index] if writing.browsers[index] else channels[index]
        attributes = {"payment": payments[index]}
        if channel == "app":
            attributes |= {
                "app_version": versions[index],
                "device": "iPhone" if number[index] % 2 else "Android",
            }
        elif channel != "phone":
            devices = _DEVICES[browser]
            attributes |= {"browser": browser, "device": devices[number[index] % len(devices)]}
        digits = int(number[index])
        yield {
            "id": f"{series}{index:06d}",
            "created_at": _stamp(writing.instants[index], zone),
            "contact_reason": writing.reasons[index],
            "source": "webshop",
            "customer": f"k{customers[index]}@{MAIL_DOMAIN}",
            "channel": channel,
            "market": markets[index],
            "language": "nl" if markets[index] == "NL" else "de",
            **({"voucher_code": code} if (code := writing.voucher_codes[index]) else {}),
            "attributes": attributes,
            "subject": writing.reasons[index],
            "text": _TEXTS[language].format(
                name=_NAMES[digits % len(_NAMES)],
                reason=writing.reasons[index],
                mark=TEXT_MARK,
                digits=digits,
            ),
        }


def _draw(rng: np.random.Generator, table: Sequence[tuple[str, float]], size: int) -> list[str]:
    values, shares = zip(*table, strict=True)
    return [values[index] for index in rng.choice(len(values), size, p=shares)]


def _stamp(instant: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(int(instant), zone).isoformat()
