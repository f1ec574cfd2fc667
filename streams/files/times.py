"""Instants as people and exports write them, read into aware UTC datetimes; nothing is guessed.

A time without an offset is read only with a zone. Where clocks go back, the hour that comes twice is taken
the first time (summer time); where they go forward, the hour that does not exist is moved on by the gap, so
02:30 becomes 03:30. Both are what Python's `fold=0` does (PEP 495), and the same on every run.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import click

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_GERMAN = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})(?:,?[ T]+(\d\d?:\d\d(?::\d\d)?))?")
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}")
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SECONDS = range(10**8, 10**10)
_MILLISECONDS = range(10**11, 10**13)

ZONE_REMEDY = "say where the clock hung with --timezone Europe/Berlin"
FORMATS = "2026-06-01T14:05:00+02:00, 2026-06-01 14:05 (with --timezone) or seconds since 1970"


def parse_instant(value: object, zone: ZoneInfo | None, *, days: bool = False) -> datetime:
    """Read one instant.

    Args:
        value: ISO 8601 with or without seconds and offset, `01.06.2026 14:05`, seconds or milliseconds since
            1970 (recognised by their size: 1973 and later), or a datetime.
        zone: where the clock hung that showed a time without an offset; None refuses such times.
        days: also take a day alone, as its first instant.

    Raises:
        ValueError: the sentence that says what is wrong.

    >>> parse_instant("2015-02-16 23:43", ZoneInfo("America/Los_Angeles")).isoformat()
    '2015-02-17T07:43:00+00:00'
    >>> parse_instant("2026-10-25 02:30", ZoneInfo("Europe/Berlin")).isoformat()  # comes twice: the first
    '2026-10-25T00:30:00+00:00'
    >>> parse_instant("2026-03-29 02:30", ZoneInfo("Europe/Berlin")).isoformat()  # does not exist: 03:30
    '2026-03-29T01:30:00+00:00'
    >>> parse_instant(1424158980, None).isoformat()
    '2015-02-17T07:43:00+00:00'
    """
    naive = _read(value, days)
    if naive.tzinfo is None:
        if zone is None:
            raise ValueError(f"{_shown(value)} has no offset; {ZONE_REMEDY}")
        naive = naive.replace(tzinfo=zone)
    try:
        return naive.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{_shown(value)} lies beyond the years 1 to 9999") from None


def is_day(value: object) -> bool:
    """Whether this is a day without a time of day.

    >>> is_day("2026-06-01"), is_day("2026-06-01 00:00")
    (True, False)
    """
    if isinstance(value, str):
        german = _GERMAN.fullmatch(value.strip())
        return bool(_ISO_DAY.fullmatch(value.strip()) or (german and german[4] is None))
    return isinstance(value, date) and not isinstance(value, datetime)


def rfc3339(instant: datetime) -> str:
    """An instant as the records carry it.

    >>> rfc3339(datetime(2026, 6, 1, 12, tzinfo=UTC))
    '2026-06-01T12:00:00Z'
    """
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def wall_minute(value: object) -> int | None:
    """What the clock showed that wrote a time, in minutes since 1970; None where an instant does not tell.

    >>> wall_minute("1970-01-02T00:00:00+05:00"), wall_minute(1424158980)
    (1440, None)
    """
    if not isinstance(value, str | date) or (isinstance(value, str) and _EPOCH.fullmatch(value.strip())):
        return None
    try:
        shown = _read(value, days=True)
    except ValueError:
        return None
    return (shown.toordinal() - _EPOCH_DAY) * 1440 + shown.hour * 60 + shown.minute


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        click.BadParameter: there is none of that name.
    """
    if name not in available_timezones():
        reason = f"{name!r} is no time zone; allowed: an IANA name such as Europe/Berlin"
        raise click.BadParameter(reason, param_hint="--timezone")
    return ZoneInfo(name)


def instant_option(option: str, text: str | None, zone: ZoneInfo) -> datetime | None:
    """The instant of an option such as `--from`; a day alone is its first instant, no offset means the zone.

    Raises:
        click.BadParameter: it is no instant.

    >>> instant_option("--from", "2026-06-01", ZoneInfo("Europe/Berlin")).isoformat()
    '2026-05-31T22:00:00+00:00'
    """
    if text is None:
        return None
    try:
        return parse_instant(text, zone, days=True)
    except ValueError as error:
        raise click.BadParameter(f"{error}", param_hint=option) from None


def _read(value: object, days: bool) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        if days:
            return datetime.combine(value, time())
        raise ValueError(f"{value} has no time of day; write it as {FORMATS}")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{_shown(value)} is not a time; write it as {FORMATS}")
    text = str(value).strip()
    if isinstance(value, int | float) or _EPOCH.fullmatch(text):
        return _epoch(text)
    return _written(text, days)


def _written(text: str, days: bool) -> datetime:
    iso = text.removesuffix(" UTC") + "+00:00" if text.endswith(" UTC") else text
    german = _GERMAN.fullmatch(text)
    if german:
        day, month, year, clock = german.groups()
        iso = f"{year}-{month:>02}-{day:>02}"
        if clock:
            iso += f" {clock}" if clock[2] == ":" else f" 0{clock}"
    if is_day(iso) and not days:
        raise ValueError(f"{_shown(text)} has no time of day; write it as {FORMATS}")
    if not _ISO.match(iso) and not is_day(iso):
        raise ValueError(f"{_shown(text)} is not a time; write it as {FORMATS}")
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        raise ValueError(f"{_shown(text)} is not a time; write it as {FORMATS}") from None


def _epoch(text: str) -> datetime:
    try:
        number = float(text)
        whole = int(number)
    except (ValueError, OverflowError):
        raise ValueError(f"{_shown(text)} is not a time; write it as {FORMATS}") from None
    if whole in _MILLISECONDS:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)
    if whole in _SECONDS:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    raise ValueError(f"{_shown(text)} is not a time; write it as {FORMATS}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
