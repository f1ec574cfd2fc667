"""Rules of series that are refused before they are written out."""

from __future__ import annotations

from calendar import monthrange
from typing import Any

MOST_A_DAY = 24
"""Occurrences of a series on one day; there are no campaigns of a minute."""
FIRST_YEAR = 1970


def wrong_rule(event: Any) -> str | None:
    """Why a rule is not written out: it would fill the memory, or be sought for without end."""
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        often = 1
        for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
            often *= max(len(rule.get(part, [])), 1)
        frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
        if frequency in ("SECONDLY", "MINUTELY", "HOURLY") or often > MOST_A_DAY:
            return f"repeats more than {MOST_A_DAY} times a day"
        if any(int(one) < 1 for one in rule.get("INTERVAL", [])):
            return "INTERVAL is not above 0"
        days, months = rule.get("BYMONTHDAY", []), rule.get("BYMONTH", [])
        if (
            days
            and months
            and all(abs(int(day)) > monthrange(2024, int(one))[1] for day in days for one in months)
        ):
            return "names days that no month has"
        if event["DTSTART"].dt.year < FIRST_YEAR:
            return f"begins before {FIRST_YEAR}"
    return None
