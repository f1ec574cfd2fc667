"""Campaigns from calendars and tables."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.records import Campaign
from streams.errors import Failure
from streams.files.calendar_files import Cancelled, Doubt, Found
from streams.files.campaign_files import read_campaign_list, read_campaigns
from streams.files.readers import Refusal
from streams.files.times import rfc3339

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def read(path: Path, content: str, *, zone: ZoneInfo | None = None) -> list[Found]:
    path.write_text(content, encoding="utf-8")
    with ExitStack() as stack:
        return list(read_campaigns(path, stack, zone=zone, calendar_zone=BERLIN, now=NOW))


def calendar(tmp_path: Path, *events: str) -> list[Found]:
    def complete(event: str) -> str:
        return event if "DTEND" in event or "DURATION" in event else f"{event}\nDURATION:PT1H"

    body = "".join(f"BEGIN:VEVENT\n{complete(event)}\nEND:VEVENT\n" for event in events)
    return read(tmp_path / "a.ics", f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{body}END:VCALENDAR\n")


def campaign(found: list[Found]) -> Campaign:
    ((_, one),) = found
    assert isinstance(one, Campaign), one
    return one


def ids(found: list[Found]) -> list[str]:
    return [one.id for _, one in found if isinstance(one, Campaign)]


def test_an_all_day_event_lasts_from_local_midnight_to_the_midnight_before_its_end_day(
    tmp_path: Path,
) -> None:
    # The clocks go back on 25 October: the campaign is 25 hours longer than two days.
    one = campaign(
        calendar(tmp_path, "UID:a\nDTSTART;VALUE=DATE:20261024\nDTEND;VALUE=DATE:20261026\nSUMMARY:Sale week")
    )
    assert (rfc3339(one.starts_at), rfc3339(one.ends_at)) == ("2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z")
    assert one.kind == "sale"


def test_a_series_becomes_one_campaign_a_day_without_those_left_out(tmp_path: Path) -> None:
    found = calendar(
        tmp_path,
        "UID:tv\nDTSTART;TZID=Europe/Berlin:20261023T201000\nDURATION:PT5M\nRRULE:FREQ=DAILY;COUNT=4\n"
        "EXDATE;TZID=Europe/Berlin:20261024T201000\nSUMMARY:TV-Spot",
        # One occurrence moved to another hour keeps its id.
        "UID:tv\nRECURRENCE-ID;TZID=Europe/Berlin:20261025T201000\nDTSTART;TZID=Europe/Berlin:20261025T220000\n"
        "DURATION:PT5M\nSUMMARY:TV-Spot late",
        "UID:tv\nRECURRENCE-ID;TZID=Europe/Berlin:20261026T201000\nDTSTART;TZID=Europe/Berlin:20261026T201000\n"
        "STATUS:CANCELLED\nSUMMARY:TV-Spot",
    )
    assert [(one.id, rfc3339(one.starts_at)) for _, one in found if isinstance(one, Campaign)] == [
        ("tv@2026-10-23", "2026-10-23T18:10:00Z"),
        ("tv@2026-10-25", "2026-10-25T21:00:00Z"),
    ]
    assert [one.id for _, one in found if isinstance(one, Cancelled)] == ["tv@2026-10-26"]
    assert {one.kind for _, one in found if isinstance(one, Campaign)} == {"tv"}


def test_an_endless_series_is_written_out_around_now_only(tmp_path: Path) -> None:
    found = ids(calendar(tmp_path, "UID:w\nDTSTART:20200106T100000Z\nRRULE:FREQ=WEEKLY\nSUMMARY:Newsletter"))
    assert (found[0], found[-1], len(found)) == ("w@2026-07-06", "w@2027-11-01", 70)


def test_conventions_in_the_description_are_read_in_both_languages(tmp_path: Path) -> None:
    said = r"Hallo!\nGutschein: A1\, A2\nVersprechen: 5 EUR: sofort\nVerantwortlich: U123\nUplift: 1\,8"
    said += r"\nGründe: x\, y"
    one = campaign(
        calendar(
            tmp_path, f"UID:a\nDTSTART:20261001T100000Z\nX-VOUCHER-CODE:A0\nSUMMARY:S\nDESCRIPTION:{said}"
        )
    )
    assert one.voucher_codes == ["A0", "A1", "A2"]
    assert (one.promise, one.owner, one.expected_uplift) == ("5 EUR: sofort", "U123", 1.8)
    assert (one.contact_reasons, one.kind) == (["x", "y"], "voucher")


def test_a_line_that_is_nearly_a_convention_is_doubted_and_the_campaign_taken(tmp_path: Path) -> None:
    said = r"Vouchr: A1\nPromise: 5 EUR\nhttps://example.org\nErika: calls back\nUplft: 2"
    found = calendar(tmp_path, f"UID:a\nDTSTART:20261001T100000Z\nDESCRIPTION:{said}")
    assert [one.what for _, one in found if isinstance(one, Doubt)] == [
        "Vouchr: is not understood; is Voucher: meant?",
        "Uplft: is not understood; is Uplift: meant?",
    ]
    (one,) = [one for _, one in found if isinstance(one, Campaign)]
    assert (one.voucher_codes, one.promise, one.expected_uplift) == ([], "5 EUR", 1.0)


def test_of_two_versions_the_later_sequence_holds_and_a_cancelled_one_is_taken_back(tmp_path: Path) -> None:
    event = "UID:a\nDTSTART:20261001T100000Z\nSUMMARY:"
    found = calendar(tmp_path, f"{event}new\nSEQUENCE:3", f"{event}old\nSEQUENCE:1")
    assert campaign(found).name == "new"
    assert calendar(tmp_path, f"{event}gone\nSTATUS:CANCELLED") == [(4, Cancelled("a"))]


def test_each_bad_event_is_named_with_its_line_and_the_rest_is_taken(tmp_path: Path) -> None:
    found = calendar(
        tmp_path,
        "UID:a\nDTSTART:2026-broken",
        "UID:b\nDTSTART:20261120T100000\nDTEND:20261119T100000",
        "DTSTART:20261120T100000Z",
        "UID:d\nDTSTART:20261120T100000Z\nRRULE:FREQ=SOMETIMES",
        "UID:e\nDTSTART:20261120T100000Z\nDESCRIPTION:Uplift: 0",
        "UID:f\nSUMMARY:no time",
        "UID:g\nDTSTART:20261120T100000Z",
    )
    assert ids(found) == ["g"]
    refused = sorted((one.line, one.field) for _, one in found if isinstance(one, Refusal))
    assert refused == [
        (4, "DTSTART"),
        (9, "DTEND"),
        (14, "UID"),
        (18, "RRULE"),
        (24, "Uplift"),
        (30, "DTEND"),
    ]


@pytest.mark.parametrize(
    ("event", "field", "says"),
    [
        ("DTSTART:20261120T100000Z\nRRULE:FREQ=SECONDLY", "RRULE", "repeats more than 24 times a day"),
        (
            "DTSTART:20261120T100000Z\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5",
            "RRULE",
            "repeats more",
        ),
        ("DTSTART:20261120T100000Z\nRRULE:FREQ=DAILY;INTERVAL=0", "RRULE", "INTERVAL is not above 0"),
        (
            "DTSTART:20261120T100000Z\nRRULE:FREQ=DAILY;BYMONTH=2,4;BYMONTHDAY=31",
            "RRULE",
            "names days that no month",
        ),
        ("DTSTART:00010101T100000Z\nRRULE:FREQ=DAILY", "RRULE", "begins before 1970"),
        ("DTSTART:99991231T235959Z", "event", "cannot be read (OverflowError)"),
        ("DTSTART:20261120T100000Z\nDTSTART:20261121T100000Z", "event", "cannot be read (InvalidCalendar)"),
        ("DTSTART:20261120T100000Z\nDTEND;VALUE=DATE:20261122", "event", "cannot be read (InvalidCalendar)"),
        ("DTSTART:20261120T100000Z\nDURATION:P99999999D", "event", "cannot be read (OverflowError)"),
    ],
)
def test_an_event_that_would_fill_the_memory_or_never_end_is_refused_alone(
    tmp_path: Path, event: str, field: str, says: str
) -> None:
    found = calendar(tmp_path, f"UID:a\n{event}", "UID:b\nDTSTART:20261120T100000Z")
    (refused,) = [one for _, one in found if isinstance(one, Refusal)]
    assert (refused.line, refused.field) == (4, field)
    assert refused.what.startswith(says)
    assert ids(found) == ["b"]


def test_a_table_takes_lists_and_days_up_to_and_including_the_last(tmp_path: Path) -> None:
    one = campaign(
        read(
            tmp_path / "a.csv",
            "id;name;starts_at;ends_at;voucher_codes;contact_reasons\n1;S;2026-10-24;25.10.2026;A, B;\n",
            zone=BERLIN,
        )
    )
    assert (rfc3339(one.starts_at), rfc3339(one.ends_at)) == ("2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z")
    assert (one.voucher_codes, one.contact_reasons) == (["A", "B"], [])


def test_a_bad_row_of_a_table_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    period = '"starts_at": "2026-10-24T00:00:00Z", "ends_at": "2026-10-25T00:00:00Z"'
    found = read(
        tmp_path / "a.jsonl",
        f'{{"id": "1", "name": "a", {period}}}\n'
        '{"id": "2", "name": "b", "starts_at": "2026-10-26T00:00:00Z", "ends_at": "2026-10-25T00:00:00Z"}\n'
        f'{{"id": "3", "name": "c", {period}, "expected_uplift": 0}}\n'
        f'{{"id": "4", "name": "d", {period}, "voucher_codes": "A"}}\n'
        f'{{"id": "5", "name": "", {period}}}\n'
        '{"id": "6", "name": "f", "starts_at": "2026-10-24", "ends_at": "2026-10-25"}\n',
    )
    assert ids(found) == ["1"]
    assert [(one.line, one.field) for _, one in found if isinstance(one, Refusal)] == [
        (2, "ends_at"),
        (3, "expected_uplift"),
        (4, "voucher_codes"),
        (5, "name"),
        (6, "starts_at"),
    ]


@pytest.mark.parametrize("content", ["garbage", "", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n"])
def test_what_is_no_calendar_fails_with_one_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(Failure, match="is no iCalendar file") as failure:
        read(tmp_path / "a.ics", content)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (
            "1,S,2026-10-26T00:00:00Z,2026-10-25T00:00:00Z,2",
            "a.csv:2: ends_at: 2026-10-25T00:00:00Z does not lie",
        ),
        (
            "1,S,2026-10-25T00:00:00Z,2026-10-25T00:00:00Z,2",
            "a.csv:2: ends_at: 2026-10-25T00:00:00Z does not lie",
        ),
        (
            "1,S,2026-10-24T00:00:00Z,2026-10-25T00:00:00Z,0",
            "a.csv:2: expected_uplift: expected a number > 0",
        ),
        (
            "1,S,2026-10-24T00:00:00Z,2026-10-25T00:00:00Z,-2",
            "a.csv:2: expected_uplift: expected a number > 0",
        ),
        (
            "1,S,2026-10-24T00:00:00Z,2026-10-25T00:00:00Z,much",
            "a.csv:2: expected_uplift: 'much' is not a number",
        ),
        ("1,S,2026-10-24,2026-10-25,1.5", "a.csv:2: starts_at: '2026-10-24' has no offset"),
    ],
)
def test_a_backtest_takes_a_table_of_campaigns_whole_or_names_the_bad_row(
    tmp_path: Path, row: str, says: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"id,name,starts_at,ends_at,expected_uplift\n{row}\n")
    with pytest.raises(Failure) as failure:
        read_campaign_list(path, zone=None, calendar_zone=BERLIN, now=NOW)
    assert says in str(failure.value)
    assert str(failure.value).endswith("mend the campaign, or leave it out.")
