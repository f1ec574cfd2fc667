"""Seeded calendar entries of every kind, as calendar programs write them; their times cross changes of the clocks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

ZONES = ("Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata", "W. Europe Standard Time")
CHANGES = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2027, 3, 28))
"""Days on which clocks go forward or back in Berlin and London, or in New York."""


def _day(rng: random.Random) -> date:
    return rng.choice(CHANGES) + timedelta(days=rng.randint(-4, 3))


def _at(rng: random.Random) -> datetime:
    day = _day(rng)
    # Half past two is the hour that does not exist, or exists twice.
    hour, minute = rng.choice(
        [(2, 30), (0, 0), (1, 59), (3, 0), (rng.randint(5, 23), rng.choice([0, 15, 45]))]
    )
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - as a wall clock shows it


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}"


def all_day(rng: random.Random) -> str:
    day = _day(rng)
    end = f"\nDTEND;VALUE=DATE:{day + timedelta(days=rng.randint(1, 6)):%Y%m%d}" if rng.random() < 0.8 else ""
    return f"DTSTART;VALUE=DATE:{day:%Y%m%d}{end}"


def timed(rng: random.Random) -> str:
    at, zone = _at(rng), rng.choice(ZONES)
    length = timedelta(minutes=rng.choice([5, 60, 180, 1500]))
    if rng.random() < 0.5:
        return f"DTSTART;TZID={zone}:{_stamp(at)}\nDURATION:PT{length.seconds // 60 + length.days * 1440}M"
    other = rng.choice([zone, "UTC"])
    later = at + length + timedelta(days=1)
    end = f"DTEND:{_stamp(later)}Z" if other == "UTC" else f"DTEND;TZID={zone}:{_stamp(later)}"
    return f"DTSTART;TZID={zone}:{_stamp(at)}\n{end}"


def in_utc(rng: random.Random) -> str:
    at = _at(rng)
    return f"DTSTART:{_stamp(at)}Z\nDTEND:{_stamp(at + timedelta(hours=rng.randint(1, 30)))}Z"


def floating(rng: random.Random) -> str:
    at = _at(rng)
    return f"DTSTART:{_stamp(at)}\nDTEND:{_stamp(at + timedelta(hours=rng.randint(3, 30)))}"


def _rule(rng: random.Random, at: date) -> str:
    ends = rng.choice(
        [f";COUNT={rng.randint(2, 12)}", f";UNTIL={at + timedelta(days=30):%Y%m%d}T220000Z", ""]
    )
    rules = [
        f"FREQ=DAILY;INTERVAL={rng.randint(1, 3)}",
        "FREQ=WEEKLY",
        f"FREQ=WEEKLY;BYDAY={','.join(rng.sample(['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], 3))}",
        "FREQ=MONTHLY;BYDAY=-1SU",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=YEARLY",
    ]
    return f"RRULE:{rng.choice(rules)}{ends}"


def series(rng: random.Random) -> str:
    at, zone = _at(rng), rng.choice(ZONES)
    return f"DTSTART;TZID={zone}:{_stamp(at)}\nDURATION:PT{rng.choice([5, 60, 1440])}M\n{_rule(rng, at)}"


def all_day_series(rng: random.Random) -> str:
    day = _day(rng)
    rule = _rule(rng, day).replace("T220000Z", "")
    return f"DTSTART;VALUE=DATE:{day:%Y%m%d}\nDTEND;VALUE=DATE:{day + timedelta(days=2):%Y%m%d}\n{rule}"


def several_a_day(rng: random.Random) -> str:
    at, zone = _at(rng), rng.choice(ZONES)
    return f"DTSTART;TZID={zone}:{_stamp(at.replace(hour=9))}\nDURATION:PT10M\nRRULE:FREQ=DAILY;BYHOUR=9,14,20;COUNT=11"


def _daily(rng: random.Random) -> tuple[datetime, str, str]:
    at, zone = _at(rng), rng.choice(ZONES)
    return at, zone, f"DTSTART;TZID={zone}:{_stamp(at)}\nDURATION:PT30M\nRRULE:FREQ=DAILY;COUNT=8"


def left_out(rng: random.Random) -> str:
    at, zone, text = _daily(rng)
    out = ",".join(_stamp(at + timedelta(days=day)) for day in rng.sample(range(8), 3))
    return f"{text}\nEXDATE;TZID={zone}:{out}"


def added(rng: random.Random) -> str:
    at, zone, text = _daily(rng)
    more = ",".join(_stamp(at + timedelta(days=day)) for day in rng.sample(range(10, 20), 2))
    return f"{text}\nRDATE;TZID={zone}:{more}"


def moved(rng: random.Random) -> str:
    """A series with one occurrence elsewhere and one cancelled, each an event of its own."""
    at, zone, text = _daily(rng)
    one, two = (at + timedelta(days=day) for day in rng.sample(range(8), 2))
    elsewhere = one + timedelta(hours=rng.choice([-30, 3, 50]))
    return (
        f"{text}\nEND:VEVENT\nBEGIN:VEVENT\nUID:@\nRECURRENCE-ID;TZID={zone}:{_stamp(one)}\n"
        f"DTSTART;TZID={zone}:{_stamp(elsewhere)}\nDURATION:PT45M\nSEQUENCE:2\nEND:VEVENT\nBEGIN:VEVENT\nUID:@\n"
        f"RECURRENCE-ID;TZID={zone}:{_stamp(two)}\nDTSTART;TZID={zone}:{_stamp(two)}\nDURATION:PT30M\nSTATUS:CANCELLED"
    )


def cancelled(rng: random.Random) -> str:
    return f"{rng.choice([timed, all_day])(rng)}\nSTATUS:CANCELLED"


KINDS: tuple[Callable[[random.Random], str], ...] = (
    all_day,
    timed,
    in_utc,
    floating,
    series,
    all_day_series,
    several_a_day,
    left_out,
    added,
    moved,
    cancelled,
)


def entries(seed: int, number: int) -> Iterator[tuple[str, str]]:
    """So many entries in turn, each with its kind."""
    rng = random.Random(seed)
    for place in range(number):
        kind = KINDS[place % len(KINDS)]
        body = kind(rng).replace("UID:@", f"UID:e{place}\nSUMMARY:Entry")
        yield kind.__name__, f"BEGIN:VEVENT\nUID:e{place}\nSUMMARY:Entry\n{body}\nEND:VEVENT\n"


def calendar(events: Iterator[str]) -> str:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{''.join(events)}END:VCALENDAR\n"
