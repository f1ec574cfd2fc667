"""Campaigns from an iCalendar file: single events, series, and what people write into descriptions.

* The id is the event's UID; in a series, UID, `@` and the occurrence's first day, so that a second import
  updates; further occurrences of one day bear their local time, too.
* An all-day event lasts from midnight to midnight in the zone; its end day is exclusive, as in RFC 5545.
* A series (RRULE, RDATE, EXDATE, moved and cancelled occurrences) is written out from 90 days before to 400
  days after the reading: import again once a quarter.
* `STATUS:CANCELLED` takes the campaign back.
* Voucher codes come from `X-VOUCHER-CODE` and from description lines `Voucher: CODE`; more conventions are in
  `streams.files.campaign_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from alerts.records import Campaign
from streams.errors import Failure
from streams.files.calendar_rules import wrong_rule
from streams.files.campaign_words import kind_of, misspelt_in, said_in, split
from streams.files.readers import Refusal

BEFORE = timedelta(days=90)
AFTER = timedelta(days=400)


class Cancelled(NamedTuple):
    """A campaign that the calendar takes back."""

    id: str


class Doubt(NamedTuple):
    """A line of an event's description that is nearly one of the conventions, and so counts for nothing."""

    line: int
    what: str


Outcome = Campaign | Cancelled | Doubt | Refusal
Found = tuple[int, Outcome]


def read_calendar(path: Path, *, zone: ZoneInfo, now: datetime) -> Iterator[Found]:
    """The campaigns of an .ics file, each with the line on which its event begins.

    Args:
        path: the file.
        zone: for all-day events and times without a zone of their own.
        now: series are written out around it.

    Raises:
        Failure: the file cannot be read, or is no calendar.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}; name a file that can be read.") from None
    except UnicodeDecodeError:
        raise Failure(f"{path} is not UTF-8; export the calendar again.") from None
    try:
        events = calendar_events(text, zone=zone, now=now)
    except ValueError as error:
        raise Failure(f"{path} is no iCalendar file ({error}); export it again.") from None
    for line, _, row in events:
        yield line, row


def calendar_events(text: str, *, zone: ZoneInfo, now: datetime) -> Iterator[tuple[int, str, Outcome]]:
    """The campaigns of a calendar's text, each with its event's line and UID ("" where it has none).

    Args:
        text: the whole calendar.
        zone: for all-day events and times without a zone of their own.
        now: series are written out around it.

    Raises:
        ValueError: it is no calendar; says why.
    """
    import icalendar

    try:
        calendar = icalendar.Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError) as error:
        raise ValueError(str(error).splitlines()[0][:80] if str(error) else type(error).__name__) from None
    return _read(text, calendar, zone, now)


def _read(text: str, calendar: Any, zone: ZoneInfo, now: datetime) -> Iterator[tuple[int, str, Outcome]]:
    series: dict[str, list[tuple[int, Any]]] = {}
    for line, event in zip(_lines(text), calendar.walk("VEVENT"), strict=False):
        uid = str(event.get("UID", "")).strip()
        if not uid:
            wrong = Refusal(
                line, "UID", "is missing; without it a second import could not update the campaign"
            )
            yield line, uid, wrong
        elif event.errors:
            field, what = event.errors[0]
            yield line, uid, Refusal(line, str(field or "event"), str(what))
        else:
            series.setdefault(uid, []).append((line, event))
    for uid, events in series.items():
        try:
            found = list(_campaigns(uid, _newest(events), zone, now))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # Of a form that nobody thought of, such as the year 1 or two beginnings: the other events are fine.
            line = events[0][0]
            found = [(line, Refusal(line, "event", f"cannot be read ({type(error).__name__})"))]
        for line, row in found:
            yield line, uid, row
        for line, event in events:
            for said, meant in misspelt_in(str(event.get("DESCRIPTION", ""))):
                yield line, uid, Doubt(line, f"{said}: is not understood; is {meant.capitalize()}: meant?")


def _lines(text: str) -> list[int]:
    begin = re.compile(r"BEGIN:VEVENT\s*", re.IGNORECASE)
    return [number for number, line in enumerate(text.splitlines(), 1) if begin.fullmatch(line)]


def _newest(events: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """Of several versions of one event (same RECURRENCE-ID) the one with the greatest SEQUENCE."""
    newest: dict[str, tuple[int, Any]] = {}
    for line, event in events:
        recurrence = event.get("RECURRENCE-ID")
        key = str(recurrence.dt) if recurrence is not None else ""
        known = newest.get(key)
        if known is None or int(event.get("SEQUENCE", 0)) >= int(known[1].get("SEQUENCE", 0)):
            newest[key] = line, event
    return list(newest.values())


def _campaigns(uid: str, events: list[tuple[int, Any]], zone: ZoneInfo, now: datetime) -> Iterator[Found]:
    line = events[0][0]
    for number, event in events:
        wrong = _wrong_period(event, zone)
        if wrong:
            yield number, Refusal(number, "DTEND", wrong)
            return
        if (wrong := wrong_rule(event)) is not None:
            yield number, Refusal(number, "RRULE", wrong)
            return
    repeated = any("RRULE" in event or "RDATE" in event or "RECURRENCE-ID" in event for _, event in events)
    if not repeated:
        yield line, _campaign(line, uid, events[0][1], zone)
        return
    taken: set[str] = set()
    for occurrence in _occurrences([event for _, event in events], now):
        if isinstance(occurrence, str):
            yield line, Refusal(line, "RRULE", occurrence)
            return
        original = occurrence.get("RECURRENCE-ID")
        local = _instant(original.dt if original is not None else occurrence.start, zone).astimezone(zone)
        name = f"{uid}@{local.date().isoformat()}"
        if name in taken:
            name = f"{name}T{local:%H:%M}"
        taken.add(name)
        yield line, _campaign(line, name, occurrence, zone)


def _occurrences(events: list[Any], now: datetime) -> Iterator[Any]:
    import icalendar
    import recurring_ical_events
    from recurring_ical_events.errors import InvalidCalendar

    calendar = icalendar.Calendar()
    for event in events:
        calendar.add_component(event)
    try:
        found = recurring_ical_events.of(calendar, components=["VEVENT"]).between(now - BEFORE, now + AFTER)
    except (InvalidCalendar, ValueError, TypeError) as error:
        yield str(error).splitlines()[0]
        return
    yield from found


def _wrong_period(event: Any, zone: ZoneInfo) -> str | None:
    # The recurrence library turns a backward period round in silence; people should hear of it.
    if "DTSTART" not in event:
        return "there is no DTSTART"
    if "DTEND" in event and _instant(event["DTEND"].dt, zone) <= _instant(event["DTSTART"].dt, zone):
        return "does not lie after DTSTART"
    return None


def _campaign(line: int, campaign_id: str, event: Any, zone: ZoneInfo) -> Outcome:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return Cancelled(campaign_id)
    said = said_in(str(event.get("DESCRIPTION", "")))
    codes = split(str(event.get("X-VOUCHER-CODE", ""))) + said.voucher_codes
    name = str(event.get("SUMMARY", "")).strip() or campaign_id
    if said.uplift != said.uplift:
        return Refusal(line, "Uplift", f"{said.uplift_said!r} is not a number above 0")
    starts_at, ends_at = _period(event, zone)
    return Campaign(
        id=campaign_id,
        name=name,
        starts_at=starts_at,
        ends_at=ends_at,
        kind=kind_of(_categories(event), name, codes),
        owner=said.owner,
        promise=said.promise,
        voucher_codes=list(dict.fromkeys(codes)),
        contact_reasons=said.contact_reasons,
        markets=said.markets,
        channels=said.channels,
        expected_uplift=said.uplift,
        url=str(event["URL"]) if "URL" in event else None,
    )


def _period(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    starts_at, ends_at = _instant(event.start, zone), _instant(event.end, zone)
    if ends_at <= starts_at and event.end > event.start:
        # From 02:30 on a day without that hour, for a few minutes: the wall clock says more than the instants do.
        ends_at = starts_at + (event.end - event.start)
    return starts_at, ends_at


def _categories(event: Any) -> list[str]:
    listed = event.get("CATEGORIES", [])
    groups = listed if isinstance(listed, list) else [listed]
    return [str(category) for group in groups for category in group.cats]


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
