"""The detector's settings from ours: the same for worker, backtest, learn and explain."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import holidays

from detectors.detector import DetectorSettings
from streams.settings import Settings, SettingsError


def detector_settings(settings: Settings) -> DetectorSettings:
    """What the detector is told.

    Raises:
        SettingsError: the holidays are neither a known region nor a readable file.
    """
    return DetectorSettings(
        false_alarms_per_week=settings.ticketspike_false_alarms_per_week,
        timezone=settings.ticketspike_timezone,
        holidays=holiday_dates(settings.ticketspike_holidays),
    )


def holiday_dates(name: str | None, *, said_by: str = "TICKETSPIKE_HOLIDAYS") -> frozenset[date]:
    """The dates of a region such as `DE-BY` (2000 to 2050), or of a file with one date per line.

    Args:
        name: the region or the file; None for no holidays.
        said_by: the setting or option that it comes from, for the sentence about a wrong one.

    Raises:
        SettingsError: neither.

    >>> date(2026, 1, 6) in holiday_dates("DE-BY"), date(2026, 1, 6) in holiday_dates("DE-BE")
    (True, False)
    """
    if not name:
        return frozenset()
    country, _, subdivision = name.partition("-")
    try:
        days = holidays.country_holidays(country, subdiv=subdivision or None, years=range(2000, 2051))
    except NotImplementedError:  # how `holidays` says that it knows no such region
        return _from_file(name, said_by)
    return frozenset(days)


def _from_file(name: str, said_by: str) -> frozenset[date]:
    try:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            f"{said_by}={name!r} is not allowed; allowed: a region such as DE-BY, or a file with one date per line"
        ) from None
    found = set()
    for number, line in enumerate(lines, 1):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        try:
            found.add(date.fromisoformat(text))
        except ValueError:
            raise SettingsError(
                f"{said_by}={name}: line {number} ({text[:40]!r}) is no date; write it like 2026-12-25"
            ) from None
    return frozenset(found)
