"""Campaigns' windows are those that the reference libraries give for the calendar as a whole."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from calendar_entries import KINDS, calendar, entries

from streams.files.calendar_files import AFTER, BEFORE
from streams.sources.ical_url import read_text

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def instant(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)).astimezone(UTC)


def reference(text: str) -> Counter[tuple[str, datetime, datetime]]:
    """Windows by UID: single events as they stand, series around now."""
    whole = icalendar.Calendar.from_ical(text)
    repeated = {str(one["UID"]) for one in whole.walk("VEVENT") if {"RRULE", "RDATE"} & one.keys()}
    found: list[Any] = [one for one in whole.walk("VEVENT") if str(one["UID"]) not in repeated]
    expanded = recurring_ical_events.of(whole, components=["VEVENT"]).between(NOW - BEFORE, NOW + AFTER)
    found += [one for one in expanded if str(one["UID"]) in repeated]
    return Counter((str(one["UID"]), *period(one)) for one in found if one.get("STATUS") != "CANCELLED")


def period(one: Any) -> tuple[datetime, datetime]:
    """As instants; what begins in the hour that does not exist and ends behind it would end before it began."""
    start, end = instant(one.start), instant(one.end)
    return start, end if end > start else start + (one.end - one.start)


def test_500_entries_of_every_kind_have_the_windows_of_the_reference_across_changes_of_the_clocks() -> None:
    made = list(entries(seed=20260329, number=500))
    text = calendar(one for _, one in made)
    reading = read_text(text, BERLIN, NOW)
    assert reading.refused == {}
    ours = Counter(
        (name.partition("@")[0], one.starts_at, one.ends_at) for name, one in reading.campaigns.items()
    )
    theirs = reference(text)
    assert ours == theirs
    # The test is worth something only where there is much to be wrong about.
    assert {kind for kind, _ in made} == {kind.__name__ for kind in KINDS}
    assert len(theirs) > 2000
    across = [
        one
        for one in theirs
        if one[1].astimezone(BERLIN).utcoffset() != one[2].astimezone(BERLIN).utcoffset()
    ]
    assert len(across) > 40


def test_a_series_keeps_its_hour_on_the_wall_when_the_clocks_change() -> None:
    # By hand, so that the reference is not the only judge: 20:10 in Berlin is 18:10 UTC in summer, 19:10 in winter.
    event = (
        "BEGIN:VEVENT\nUID:tv\nDTSTART;TZID=Europe/Berlin:20261023T201000\nDURATION:PT5M\n"
        "RRULE:FREQ=DAILY;COUNT=4\nEND:VEVENT\n"
    )
    found = read_text(calendar(iter([event])), BERLIN, NOW).campaigns
    assert [one.starts_at for one in found.values()] == [
        datetime(2026, 10, day, 18 if day < 25 else 19, 10, tzinfo=UTC) for day in range(23, 27)
    ]
    assert {one.ends_at - one.starts_at for one in found.values()} == {timedelta(minutes=5)}


def test_an_all_day_event_on_the_day_of_the_change_lasts_25_or_23_hours() -> None:
    days = "".join(
        f"BEGIN:VEVENT\nUID:d{day}\nDTSTART;VALUE=DATE:{day}\nEND:VEVENT\n"
        for day in ("20261025", "20270328")
    )
    found = read_text(calendar(iter([days])), BERLIN, NOW).campaigns
    assert [one.ends_at - one.starts_at for one in found.values()] == [
        timedelta(hours=25),
        timedelta(hours=23),
    ]
