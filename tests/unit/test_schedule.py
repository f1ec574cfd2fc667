"""When the digest is due: once a local date, whatever the clocks do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.schedule import LATE, parse
from streams.settings import SettingsError, load

BERLIN = ZoneInfo("Europe/Berlin")


def due_dates(text: str, begin: datetime, days: int) -> dict[date, datetime]:
    """The dates that are due when one looks every quarter of an hour, and the first moment of each."""
    found: dict[date, datetime] = {}
    for step in range(days * 96):
        at = begin + timedelta(minutes=15 * step)
        day = parse(text).due(at, BERLIN)
        if day is not None:
            found.setdefault(day, at)
    return found


@pytest.mark.parametrize("clock", ["02:30", "00:00", "08:30", "23:45"])
@pytest.mark.parametrize("begin", ["2026-03-27T00:00+01:00", "2026-10-23T00:00+02:00"])
def test_every_date_has_one_moment_also_where_the_clocks_change(clock: str, begin: str) -> None:
    found = due_dates(clock, datetime.fromisoformat(begin) - timedelta(hours=12), 6)
    first = date.fromisoformat(begin[:10])
    days = [one for one in found if first <= one < first + timedelta(days=5)]
    assert days == [first + timedelta(days=step) for step in range(5)]


def test_a_time_that_a_spring_night_skips_comes_as_the_clock_goes_on() -> None:
    found = due_dates("02:30", datetime.fromisoformat("2026-03-29T00:00+01:00"), 1)
    assert found == {date(2026, 3, 29): datetime(2026, 3, 29, 1, 30, tzinfo=UTC)}


def test_of_a_time_that_an_autumn_night_has_twice_it_is_the_first() -> None:
    found = due_dates("02:30", datetime.fromisoformat("2026-10-25T00:00+02:00"), 1)
    assert found == {date(2026, 10, 25): datetime(2026, 10, 25, 0, 30, tzinfo=UTC)}


def test_only_the_named_weekdays_are_due() -> None:
    found = due_dates("Mon-Fri 08:30", datetime.fromisoformat("2026-11-16T00:00+01:00"), 14)
    assert Counter(day.weekday() for day in found) == dict.fromkeys(range(5), 2)


def test_what_is_late_is_due_for_hours_and_then_no_more_also_over_midnight() -> None:
    moment = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
    assert parse("23:30").due(moment + LATE - timedelta(seconds=1), BERLIN) == date(2026, 11, 20)
    assert parse("23:30").due(moment + LATE, BERLIN) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.integers(0, 23), st.integers(0, 59))  # noqa: DTZ001
def test_what_is_due_began_by_its_clock_and_is_not_older_than_allowed(
    at: datetime, hour: int, minute: int
) -> None:
    now = at.replace(tzinfo=UTC)
    day = parse(f"{hour:02}:{minute:02}").due(now, BERLIN)
    if day is not None:
        begin = datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN).astimezone(UTC)
        assert begin <= now < begin + LATE


@pytest.mark.parametrize(
    "text",
    ["8.30", "25:00", "08:60", "Mon-Fri", "Funday 08:30", "Mon - Fri 08:30", "08:30 Mon", "Mon-Fri 8:30 CET"],
)
def test_a_time_that_is_none_stops_the_start_and_says_what_is_allowed(text: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(ticketspike_digest_at=text)
    assert str(error.value) == (
        f"TICKETSPIKE_DIGEST_AT={text!r} is not allowed; allowed: a local time such as 08:30, with weekdays in front "
        "if you like: Mon-Fri 08:30, or Mon,Thu 08:30"
    )


def test_the_number_on_the_digest_is_one_of_three() -> None:
    with pytest.raises(
        SettingsError, match="TICKETSPIKE_DIGEST_NUMBER='clicks' is not allowed; allowed: 'useful'"
    ):
        load(ticketspike_digest_number="clicks")
