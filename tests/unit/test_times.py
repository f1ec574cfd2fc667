"""Times as exports write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.files.times import parse_instant, rfc3339

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "zone", "meant"),
    [
        ("2026-06-01T12:00:00Z", None, "2026-06-01T12:00:00Z"),
        ("2026-06-01T12:00:00.25+02:00", None, "2026-06-01T10:00:00.250000Z"),
        ("2026-06-01 12:00:00 UTC", BERLIN, "2026-06-01T12:00:00Z"),
        ("2026-06-01 12:00", BERLIN, "2026-06-01T10:00:00Z"),
        ("2026-06-01 12:00:30", BERLIN, "2026-06-01T10:00:30Z"),
        ("1.6.2026 9:05", BERLIN, "2026-06-01T07:05:00Z"),
        ("01.06.2026, 09:05:30", BERLIN, "2026-06-01T07:05:30Z"),
        ("1780315200", None, "2026-06-01T12:00:00Z"),
        (1780315200000, None, "2026-06-01T12:00:00Z"),
        (1780315200.5, None, "2026-06-01T12:00:00.500000Z"),
    ],
)
def test_common_ways_of_writing_are_read(written: object, zone: ZoneInfo | None, meant: str) -> None:
    assert rfc3339(parse_instant(written, zone)) == meant


@pytest.mark.parametrize(
    "written",
    ["", "yesterday", "2026-06-01", "2026-13-01 12:00", "20260601", "12:00", "06/01/2026 12:00", True,
     5, None, "nan", "2026-W23-1", "31.02.2026 12:00", "9" * 400],
)  # fmt: skip
def test_what_is_not_clearly_an_instant_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="write it as"):
        parse_instant(written, BERLIN)


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="years"):
        parse_instant("0001-01-01 00:00", ZoneInfo("Asia/Tokyo"))


@given(st.timedeltas(timedelta(days=3700), timedelta(days=44_000)))
def test_an_instant_survives_writing_and_reading(since_1970: timedelta) -> None:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + since_1970
    assert parse_instant(rfc3339(instant), None) == instant
    assert abs(parse_instant(instant.timestamp(), None) - instant) < timedelta(milliseconds=1)
