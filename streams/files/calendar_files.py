"""Campaigns from an iCalendar file: single events, series, and what people write into descriptions.

* The id is the event's UID; in a series, UID, `@` and the occurrence's first day, so that a second import
updates.
* An all-day event lasts from midnight to midnight in the zone; its end day is exclusive, as in RFC 5545.
* A series (RRULE, RDATE, EXDATE, moved and cancelled occurrences) is written out from 90 days before to 400
days
  after the import: import again once a quarter.
* `STATUS:CANCELLED` takes the campaign back.
* Voucher codes come from `X-VOUCHER-CODE` and from description lines `Voucher: CODE`; further lines are
  `Promise:`, `Owner:`, `Uplift:`, `Reasons:`, `Markets:`, `Channels:` (German: Gutschein, Versprechen,
  Verantwortlich, Anstieg, Gründe, Märkte, Kanäle).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from alerts.records import Campaign, CampaignKind
from streams.errors import Failure
from streams.files.readers import Refusal

BEFORE = timedelta(days=90)
AFTER = timedelta(days=400)

_LABELS = {
    "voucher": "voucher", "code": "voucher", "gutschein": "voucher", "gutscheincode": "voucher",
    "promise": "promise", "versprechen": "promise",
    "owner": "owner", "verantwortlich": "owner",
    "uplift": "uplift", "anstieg": "uplift",
    "reasons": "reasons", "gründe": "reasons", "kontaktgründe": "reasons",
    "markets": "markets", "märkte": "markets",
    "channels": "channels", "kanäle": "channels",
}  # fmt: skip
_LINE = re.compile(r"\s*([^\W\d_]+)\s*:\s*(.+)")
_KINDS: dict[str, CampaignKind] = {
    "voucher": "voucher", "gutschein": "voucher", "tv": "tv",
    "newsletter": "newsletter", "email": "newsletter", "e-mail": "newsletter",
    "sale": "sale", "product": "product", "produkt": "product",
}  # fmt: skip


class Cancelled(NamedTuple):
    """A campaign that the calendar takes back."""

    id: str


Found = tuple[int, Campaign | Cancelled | Refusal]


def read_calendar(path: Path, *, zone: ZoneInfo, now: datetime) -> Iterator[Found]:
    """The campaigns of an .ics file, each with the line on which its event begins.

    Args:
        path: the file.
        zone: for all-day events and times without a zone of their own.
        now: series are written out around it.

    Raises:
        Failure: the file cannot be read, or is no calendar.
    """
    import icalendar

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror or error}; name a file that can be read.") from None
    except UnicodeDecodeError:
        raise Failure(f"{path} is not UTF-8; export the calendar again.") from None
    try:
        calendar = icalendar.Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError) as error:
        raise Failure(
            f"{path} is no iCalendar file ({str(error).splitlines()[0][:80]}); export it again."
        ) from None
    series: dict[str, list[tuple[int, Any]]] = {}
    for line, event in zip(_lines(text), calendar.walk("VEVENT"), strict=False):
        uid = str(event.get("UID", "")).strip()
        if not uid:
            yield (
                line,
                Refusal(line, "UID", "is missing; without it a second import could not update the campaign"),
            )
        elif event.errors:
            field, what = event.errors[0]
            yield line, Refusal(line, str(field or "event"), str(what))
        else:
            series.setdefault(uid, []).append((line, event))
    for uid, events in series.items():
        try:
            yield from list(_campaigns(uid, _newest(events), zone, now))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # Of a form that nobody thought of, such as the year 1 or two beginnings: the other events are fine.
            yield events[0][0], Refusal(events[0][0], "event", f"cannot be read ({type(error).__name__})")


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
    repeated = any("RRULE" in event or "RDATE" in event or "RECURRENCE-ID" in event for _, event in events)
    if not repeated:
        yield line, _campaign(line, uid, events[0][1], zone)
        return
    for occurrence in _occurrences([event for _, event in events], now):
        if isinstance(occurrence, str):
            yield line, Refusal(line, "RRULE", occurrence)
            return
        original = occurrence.get("RECURRENCE-ID")
        day = (
            _instant(original.dt if original is not None else occurrence.start, zone).astimezone(zone).date()
        )
        yield line, _campaign(line, f"{uid}@{day.isoformat()}", occurrence, zone)


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


def _campaign(line: int, campaign_id: str, event: Any, zone: ZoneInfo) -> Campaign | Cancelled | Refusal:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return Cancelled(campaign_id)
    said = _description(str(event.get("DESCRIPTION", "")))
    codes = _split(str(event.get("X-VOUCHER-CODE", ""))) + _split(said.get("voucher", ""))
    name = str(event.get("SUMMARY", "")).strip() or campaign_id
    try:
        uplift = float(said.get("uplift", "1").replace(",", "."))
    except ValueError:
        uplift = float("nan")
    if not 0 < uplift < float("inf"):
        return Refusal(line, "Uplift", f"{said['uplift']!r} is not a number above 0")
    return Campaign(
        id=campaign_id,
        name=name,
        starts_at=_instant(event.start, zone),
        ends_at=_instant(event.end, zone),
        kind=_kind(event, name, codes),
        owner=said.get("owner"),
        promise=said.get("promise"),
        voucher_codes=list(dict.fromkeys(codes)),
        contact_reasons=_split(said.get("reasons", "")),
        markets=_split(said.get("markets", "")),
        channels=_split(said.get("channels", "")),
        expected_uplift=uplift,
        url=str(event["URL"]) if "URL" in event else None,
    )


def _description(text: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        label = _LABELS.get(match[1].lower()) if match else None
        if match and label:
            said[label] = (
                f"{said[label]}, {match[2].strip()}"
                if label == "voucher" and label in said
                else match[2].strip()
            )
    return said


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;]", text) if part.strip()]


def _kind(event: Any, name: str, codes: list[str]) -> CampaignKind:
    if "CATEGORIES" in event:
        listed = event["CATEGORIES"]
        for group in listed if isinstance(listed, list) else [listed]:
            for category in group.cats:
                kind = _KINDS.get(str(category).strip().lower())
                if kind:
                    return kind
    if codes:
        return "voucher"
    for word in re.findall(r"[\w-]+", name.lower()):
        kind = _KINDS.get(word) or _KINDS.get(word.partition("-")[0])
        if kind:
            return kind
    return "other"


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
