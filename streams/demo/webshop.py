"""A seeded webshop: weeks of ordinary tickets, and one day on which a voucher code fails in one browser.

The shop is made up, its traffic is not tidy: 26 contact reasons from two to 260 tickets a day, hour-of-week
profiles, a level that drifts, overdispersed minute counts, tickets that are sent twice or first carry a wrong
reason, customers who write again, and free text that nobody behind `count` may see.

The random generator is an argument: the same seed gives the same tickets, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from alerts.records import Campaign
from streams.demo.webshop_reasons import HOURS, REASONS, WEEKDAYS
from streams.demo.webshop_tickets import Arrival, Language, Ticket, Writing, arrivals

Floats = NDArray[np.float64]

ZONE = ZoneInfo("Europe/Berlin")
HISTORY_DAYS = 42
DAY = date(2026, 7, 23)
"""The day of the story, a Thursday; no public holiday lies in the six weeks before it."""

LEVEL_SD = 0.06
"""Standard deviation of a reason's log level, which drifts from hour to hour."""
FAULT_RATE = 2.2
"""The fault's tickets a minute."""
FAULT_WITH_CODE = 0.95
"""Share of the fault's tickets that name the code."""
FAULT_IN_BROWSER = 0.92
"""Share of the fault's tickets that come from the browser in which the code fails."""

_WORDS = [reason.english for reason in REASONS]
VOUCHER = _WORDS.index("voucher not working")
NEWSLETTER = _WORDS.index("newsletter")
SPOT_REASONS = [_WORDS.index(word) for word in ("size advice", "product question", "availability")]


@dataclass(frozen=True, slots=True)
class Story:
    """What happens on the day, and when: the truth that an alert is held against."""

    voucher_code: str
    browser: str
    newsletter_at: datetime
    code_breaks_at: datetime
    code_mended_at: datetime
    spot_at: datetime
    spot_ends_at: datetime


def _at(hour: int, minute: int) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=ZONE)


STORY = Story(
    voucher_code="SOMMER25",
    browser="Safari",
    newsletter_at=_at(9, 0),
    code_breaks_at=_at(10, 17),
    code_mended_at=_at(11, 52),
    spot_at=_at(19, 55),
    spot_ends_at=_at(21, 30),
)


@dataclass(frozen=True, slots=True)
class _Stream:
    """One contact reason's tickets per minute, and what those tickets carry."""

    reason: int
    rates: Floats
    faulty: bool = False


def campaigns(language: Language) -> list[Campaign]:
    """What marketing announced for the day: the newsletter with its code, and the TV spot.

    >>> [(campaign.kind, campaign.expected_uplift) for campaign in campaigns("en")]
    [('newsletter', 1.5), ('tv', 3.0)]
    """
    german = language == "de"
    midnight = _at(0, 0) + timedelta(days=1)
    return [
        Campaign(
            id="sommer25",
            name="Sommer-Newsletter" if german else "Summer newsletter",
            starts_at=STORY.newsletter_at,
            ends_at=midnight,
            kind="newsletter",
            promise="25 % auf alles bis Mitternacht" if german else "25 % off everything until midnight",
            voucher_codes=[STORY.voucher_code],
            contact_reasons=[REASONS[VOUCHER].word(language), REASONS[NEWSLETTER].word(language)],
            expected_uplift=1.5,
        ),
        Campaign(
            id="tv-sommer",
            name="TV-Spot zur Sommerkollektion" if german else "TV spot for the summer collection",
            starts_at=STORY.spot_at,
            ends_at=STORY.spot_ends_at,
            kind="tv",
            promise="Die Sommerkollektion ist da" if german else "The summer collection is here",
            contact_reasons=[REASONS[reason].word(language) for reason in SPOT_REASONS],
            expected_uplift=3.0,
        ),
    ]


def history(rng: np.random.Generator, language: Language, days: int = HISTORY_DAYS) -> list[Arrival]:
    """The weeks before the day of the story: nothing out of the ordinary.

    >>> events = history(np.random.default_rng(1), "en", days=1)
    >>> events[0].ticket["created_at"][:10]
    '2026-07-22'
    """
    start = _at(0, 0) - timedelta(days=days)
    writing = _written(rng, language, start, _ordinary(rng, start, days))
    return arrivals(rng, writing, language=language, zone=ZONE, series="H")


def story_day(rng: np.random.Generator, language: Language) -> list[Arrival]:
    """The day of the story, from midnight to midnight, in the order in which the helpdesk sends it."""
    start = _at(0, 0)
    streams = _ordinary(rng, start, 1)
    lift(streams[VOUCHER].rates, STORY.newsletter_at, STORY.newsletter_at + timedelta(hours=10), 1.4, 1.1)
    lift(streams[NEWSLETTER].rates, STORY.newsletter_at, STORY.newsletter_at + timedelta(hours=10), 1.4, 1.0)
    for reason in SPOT_REASONS:
        lift(streams[reason].rates, STORY.spot_at, STORY.spot_ends_at, 2.9, 2.4)
    writing = _written(rng, language, start, [*streams, _Stream(VOUCHER, fault(1440), faulty=True)])
    return arrivals(rng, writing, language=language, zone=ZONE, series="D")


def lift(rates: Floats, begins: datetime, ends: datetime, first: float, last: float) -> None:
    """Multiply a day's rates between two instants, by `first` in the beginning and `last` in the end."""
    begin, end = _minute_of_day(begins), _minute_of_day(ends)
    rates[begin:end] *= np.linspace(first, last, end - begin)


def fault(minutes: int) -> Floats:
    """Tickets a minute above the ordinary: a ramp of four minutes, and a tail of half an hour after the mend.

    >>> extra = fault(1440)
    >>> [float(extra[10 * 60 + minute]) for minute in (16, 17, 20, 30)]
    [0.0, 0.55, 2.2, 2.2]
    """
    begin, end = _minute_of_day(STORY.code_breaks_at), _minute_of_day(STORY.code_mended_at)
    minute = np.arange(minutes, dtype=float)
    ramp = np.clip((minute - begin + 1) / 4, 0.0, 1.0)
    # People who had given up before the mend still write afterwards, fewer every minute.
    tail = np.where(minute < end, 1.0, np.exp(-(minute - end) / 8))
    return FAULT_RATE * ramp * np.where(minute - end > 30, 0.0, tail)


def truth(events: Iterable[Arrival]) -> dict[tuple[str, int], int]:
    """Tickets per contact reason and minute (since 1970, UTC), each once and under its last reason."""
    last: dict[str, Ticket] = {}
    for event in events:
        ticket = event.ticket
        known = last.get(ticket["id"])
        if known is None or (ticket.get("kind") == "relabelled"):
            last[ticket["id"]] = ticket
    counts: dict[tuple[str, int], int] = {}
    for ticket in last.values():
        minute = int(datetime.fromisoformat(ticket["created_at"]).timestamp() // 60)
        key = (ticket["contact_reason"], minute)
        counts[key] = counts.get(key, 0) + 1
    return counts


def _minute_of_day(instant: datetime) -> int:
    return instant.hour * 60 + instant.minute


def _ordinary(rng: np.random.Generator, start: datetime, days: int) -> list[_Stream]:
    minutes = np.arange(days * 1440)
    weekday = (start.weekday() + minutes // 1440) % 7
    streams = []
    for index, reason in enumerate(REASONS):
        hours = np.asarray(HOURS[reason.hours], dtype=float)
        # Straight lines between the middles of the hours: people do not wait for the clock to strike.
        shape = np.interp(minutes % 1440, np.arange(-30, 1500, 60), [hours[-1], *hours, hours[0]])
        weekly = shape / hours.mean() * np.asarray(WEEKDAYS)[weekday]
        streams.append(_Stream(index, reason.per_day / 1440 * weekly * _level(rng, days)))
    return streams


def _level(rng: np.random.Generator, days: int) -> Floats:
    hours = days * 24
    steps = rng.normal(0.0, LEVEL_SD * np.sqrt(1 - 0.95**2), hours)
    log_level = np.empty(hours)
    value = rng.normal(0.0, LEVEL_SD)
    for hour in range(hours):
        value = 0.95 * value + steps[hour]
        log_level[hour] = value
    return np.exp(np.repeat(log_level, 60))


def _written(
    rng: np.random.Generator, language: Language, start: datetime, streams: list[_Stream]
) -> Writing:
    minutes, reasons, faulty = [], [], []
    for stream in streams:
        excess = REASONS[stream.reason].dispersion - 1
        # NB1: the variance is dispersion * mean at every rate, so merged minutes keep their dispersion.
        counts = rng.negative_binomial(np.maximum(stream.rates, 1e-9) / excess, 1 / (1 + excess))
        minutes.append(np.repeat(np.arange(len(counts)), counts))
        reasons.append(np.full(counts.sum(), stream.reason))
        faulty.append(np.full(counts.sum(), stream.faulty))
    minute, reason, fault_of = (np.concatenate(part) for part in (minutes, reasons, faulty))
    instants = start.timestamp() + 60 * minute + rng.integers(0, 60, len(minute))
    order = np.argsort(instants, kind="stable")
    instants, reason, fault_of = instants[order], reason[order], fault_of[order]
    chance = rng.random(len(instants))
    in_browser = fault_of & (rng.random(len(instants)) < FAULT_IN_BROWSER)
    words = [one.word(language) for one in REASONS]
    return Writing(
        instants=instants,
        reasons=[words[index] for index in reason],
        voucher_codes=[
            _voucher_code(*one) for one in zip(instants, reason == VOUCHER, fault_of, chance, strict=True)
        ],
        browsers=[STORY.browser if one else None for one in in_browser],
    )


def _voucher_code(instant: float, about_vouchers: bool, faulty: bool, chance: float) -> str | None:
    """The code that a ticket names: few do outside the fault, and older codes live on beside the new one."""
    if not about_vouchers:
        return None
    if faulty:
        return STORY.voucher_code if chance < FAULT_WITH_CODE else None
    if instant >= STORY.newsletter_at.timestamp() and chance < 0.3:
        return STORY.voucher_code
    return ("WILLKOMMEN10", "DANKE5", None, None)[int(chance * 4)]
