"""What a source's reading changes on `campaigns`, and what it must leave alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts.records import Campaign
from streams.campaign_rows import decode_campaigns
from streams.sources.campaign_changes import HISTORY, Changes, changes
from streams.sources.hubspot_campaigns import hubspot_campaign
from streams.sources.ical_url import read_text
from streams.sources.listed import campaign_from, reading_of
from streams.sources.reading import Reading

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def campaign(name: str, ends_at: datetime = NOW + DAY, **more: object) -> Campaign:
    return Campaign(id=name, name=name, starts_at=ends_at - DAY, ends_at=ends_at, **more)  # type: ignore[arg-type]


def compared(
    reading: Reading,
    held: list[Campaign],
    *,
    by_people: tuple[str, ...] = (),
    by_others: tuple[str, ...] = (),
) -> Changes:
    rows = {one.id.encode(): msgspec.json.encode(one) for one in held}
    origins = {key: "other" if key.decode() in by_others else "marketing" for key in rows}
    for name in by_people:
        del origins[name.encode()]
    return changes("marketing", reading, rows, origins, NOW)


def reading(*campaigns: Campaign, cancelled: tuple[str, ...] = (), **refused: str) -> Reading:
    return Reading({one.id: one for one in campaigns}, frozenset(cancelled), refused)


def test_what_stands_there_already_is_not_written_again() -> None:
    held = [campaign("a"), campaign("b")]
    found = compared(reading(campaign("a"), campaign("b", promise="5 EUR")), held)
    assert (list(found.updates), found.withdrawn) == (["b"], ())


def test_what_the_calendar_dropped_or_cancelled_is_withdrawn() -> None:
    held = [campaign("a"), campaign("b"), campaign("c")]
    found = compared(reading(campaign("a"), cancelled=("b",)), held)
    assert (dict(found.updates), found.withdrawn) == ({}, ("b", "c"))


def test_what_a_person_or_another_source_wrote_is_neither_changed_nor_withdrawn() -> None:
    held = [campaign("a"), campaign("b"), campaign("c")]
    said = reading(campaign("a", promise="x"), campaign("b", promise="x"), campaign("d"), cancelled=("c",))
    found = compared(said, held, by_people=("a", "c"), by_others=("b",))
    assert (list(found.updates), found.withdrawn, found.left_alone) == (["d"], (), ("a", "b"))


def test_a_calendar_that_says_nothing_withdraws_nothing_and_it_is_counted() -> None:
    found = compared(reading(), [campaign("a"), campaign("b")])
    assert (found.withdrawn, found.kept) == ((), 2)


def test_a_calendar_whose_last_event_is_cancelled_withdraws_it() -> None:
    assert compared(reading(cancelled=("a",)), [campaign("a")]).withdrawn == ("a",)


def test_an_event_that_cannot_be_read_keeps_its_campaign_and_those_of_its_series() -> None:
    held = [
        campaign("a@x.org"),
        campaign("tv@x.org@2026-11-20"),
        campaign("tv@x.org@2026-11-21T18:00"),
        campaign("b"),
    ]
    found = compared(Reading({}, frozenset(), {"a@x.org": "no time", "tv@x.org": "RRULE"}), held)
    assert found.withdrawn == ("b",)


def test_what_ended_long_ago_is_history_and_stays_when_the_calendar_forgets_it() -> None:
    held = [campaign("old", NOW - HISTORY - DAY), campaign("recent", NOW - HISTORY + DAY)]
    assert compared(reading(campaign("a")), held).withdrawn == ("recent",)
    assert compared(reading(campaign("a"), cancelled=("old",)), held).withdrawn == ("old", "recent")


def test_texts_that_kafka_would_refuse_keep_nothing_else_from_being_written() -> None:
    found = compared(reading(campaign("a", promise="x" * 2_000_000), campaign("b")), [campaign("a")])
    assert (list(found.updates), found.withdrawn, found.too_large) == (["b"], (), ("a",))


def test_a_calendar_that_is_there_twice_is_written_once_and_a_copy_with_other_ids_is_told() -> None:
    held = [campaign("a"), campaign("b")]
    second = compared(reading(campaign("a"), campaign("b")), held, by_others=("a", "b"))
    assert (dict(second.updates), second.withdrawn, second.left_alone) == ({}, (), ("a", "b"))
    twin = Campaign(id="copy", name="A", starts_at=NOW, ends_at=NOW + DAY)
    assert compared(reading(twin, campaign("c")), held, by_others=("a", "b")).doubled == ("copy",)
    assert compared(reading(campaign("a"), twin), []).doubled == ("a", "copy")
    assert compared(reading(campaign("a"), campaign("b")), []).doubled == ()


BACKWARDS = {
    "ical": lambda: read_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:a\nDTSTAMP:20261101T000000Z\nSUMMARY:Sale\n"
        "DTSTART:20261121T100000Z\nDTEND:20261121T090000Z\nEND:VEVENT\nEND:VCALENDAR\n",
        ZoneInfo("Europe/Berlin"),
        NOW,
    ),
    "hubspot": lambda: reading_of(
        [
            {
                "id": "a",
                "properties": {"hs_name": "S", "hs_start_date": "2026-11-21", "hs_end_date": "2026-11-19"},
            }
        ],
        lambda one: hubspot_campaign(one, ZoneInfo("Europe/Berlin")),
        lambda one: str(one["id"]),
    ),
    "shopify": lambda: reading_of(
        [{"id": "a"}],
        lambda _: campaign_from("a", "Sale", NOW + DAY, NOW),
        lambda one: str(one["id"]),
    ),
}


@pytest.mark.parametrize("source", BACKWARDS)
def test_an_end_before_the_start_is_refused_by_name_and_the_campaign_of_before_stays(source: str) -> None:
    said = BACKWARDS[source]()
    assert "not lie after" in said.refused["a"], said
    found = compared(said, [campaign("a"), campaign("b")])
    assert (dict(found.updates), found.withdrawn) == ({}, ("b",))


def test_an_end_before_the_start_that_stands_on_the_topic_is_left_out_and_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = Campaign(id="a", name="Sale", starts_at=NOW, ends_at=NOW - DAY)
    rows = {one.id.encode(): msgspec.json.encode(one) for one in (wrong, campaign("b"))}
    assert list(decode_campaigns(rows)) == ["b"]
    assert "it ends before it starts" in capsys.readouterr().out
