"""What a digest tells, read from the topics; needs no running worker.

`ticket-counts`, `incidents` and `answers` are read to their end, `dead-letters` are counted by their offsets. It
loads the statistics and takes seconds of CPU, so the worker lets a process of its own do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import click
import msgspec

from alerts import digest
from alerts.context import Context
from alerts.digested import Digest, Health, Silence
from alerts.north_star import star
from alerts.reason_changes import WEEKS, changes, quiet, usual_days
from alerts.records import Answer, Incident
from alerts.source_records import SourceState
from alerts.source_standing import gaps_since, gone_quiet
from alerts.week_answers import count_answers
from streams.compacted import read_compacted
from streams.counts import Statement
from streams.day_counts import DayCounts, DayTally, midnight
from streams.detection import holiday_dates
from streams.errors import UNREADABLE, Failure
from streams.reading import read
from streams.settings import Settings
from streams.to_end import appended_between, read_to_end

_BEFORE = timedelta(days=2)
"""How much is read before the first usual day, to know whether it was counted from its beginning."""

T = TypeVar("T", bound=msgspec.Struct)


def gather(settings: Settings, at: datetime | None = None) -> Digest:
    """Read what a digest tells.

    Args:
        settings: where Kafka is, zone, holidays, the knob, which number.
        at: the instant that "open" and "yesterday" are meant from; None is now, on the event clock what was
            counted last.

    Raises:
        Failure: a topic is missing or holds foreign records, or Kafka does not answer.
        SettingsError: the holidays are wrong.
    """
    zone, holidays = ZoneInfo(settings.ticketspike_timezone), holiday_dates(settings.ticketspike_holidays)
    at = at or _now(settings)
    rows = read_compacted(settings, "incidents").values()
    incidents = list(_readable(rows, Incident, settings, "incidents"))
    day = at.astimezone(zone).date() - timedelta(days=1)
    begin, end = (midnight(one, zone) for one in (day, day + timedelta(days=1)))
    counted = _counted(settings, day, zone, at)
    usual = usual_days(day, counted_from=_counted_from(counted, zone), holidays=holidays)
    least = settings.ticketspike_min_customers
    total, top = changes(counted.days, day, usual, min_customers=least)
    context = Context(now=at, wall=at, timezone=zone)
    shown = [one for one in incidents if one.opened_at <= at and digest.shown(one, context)]
    sources = list(
        _readable(read_compacted(settings, "source-health").values(), SourceState, settings, "source-health")
    )
    answers = (record.value for record in read_to_end(settings, "answers") if record.value)
    return Digest(
        made_at=at,
        day=day,
        usual_days=usual,
        open=sorted(shown, key=lambda one: (one.opened_at, one.incident_id)),
        total=total,
        top=top,
        quiet=quiet(counted.days, day, usual, counted.last_at, min_customers=least),
        answers=count_answers(
            (
                one
                for one in _readable(answers, Answer, settings, "answers")
                if settings.keeps(one.incident_id)
            ),
            begin,
            end,
            at,
            knob=settings.ticketspike_false_alarms_per_week,
        ),
        star=star(incidents, at, settings.ticketspike_digest_number),
        health=Health(
            last_ticket_at=counted.newest_at,
            silences=silences(incidents, begin, at),
            dead_letters=appended_between(settings, "dead-letters", begin, end),
            quiet_sources=gone_quiet(sources, at),
            gaps=gaps_since(sources, begin),
        ),
    )


def silences(incidents: Iterable[Incident], begin: datetime, at: datetime) -> list[Silence]:
    """The times without tickets that reach into the time from `begin` to `at`, the earliest first."""
    found = [
        Silence(since=one.opened_at, until=one.resolved_at)
        for one in incidents
        if one.kind == "source_silent"
        and one.opened_at <= at
        and (one.resolved_at is None or one.resolved_at > begin)
    ]
    return sorted(found, key=lambda one: one.since)


def _counted(settings: Settings, day: date, zone: ZoneInfo, at: datetime) -> DayCounts:
    wanted = [day, *usual_days(day, counted_from=date.min)]
    tally = DayTally(wanted, zone, until=at)
    # On the event clock a record's own time is when it was replayed, and says nothing of the tickets in it.
    since = None
    if settings.ticketspike_clock == "wall":
        since = midnight(day - timedelta(weeks=WEEKS), zone) - _BEFORE
    for statement in _statements(settings, since):
        tally.add(statement)
    return tally.counted()


def _statements(settings: Settings, since: datetime | None) -> Iterator[Statement]:
    decode = msgspec.json.Decoder(Statement).decode
    try:
        for record in read_to_end(settings, "ticket-counts", since=since):
            if record.value:
                yield decode(record.value)
    except UNREADABLE as error:
        topic = settings.topic("ticket-counts")
        raise Failure(
            f"{topic} holds a record that is not ours ({error}); only workers may write there."
        ) from None


def _readable(values: Iterable[bytes], kind: type[T], settings: Settings, topic: str) -> Iterator[T]:
    """Records that can be read; others are told and passed over, as the stage does: counts are sums, these are not."""
    refused = 0
    for value in values:
        record = read(value, kind)
        if record is None:
            refused += 1
        else:
            yield record
    if refused:
        name = settings.topic(topic)
        click.echo(f"Passed over in {name}, as they cannot be read: {refused}.", err=True)


def _now(settings: Settings) -> datetime:
    if settings.ticketspike_clock == "event":
        minutes = (cell.minute for one in _statements(settings, None) for cell in one.cells if cell.count)
        newest = max(minutes, default=None)
        if newest is not None:
            return datetime.fromtimestamp((newest + 1) * 60, UTC)
    return datetime.now(UTC)


def _counted_from(counted: DayCounts, zone: ZoneInfo) -> date | None:
    """The first local date that was counted from its beginning: the one after the first ticket's."""
    first = counted.first_at
    return None if first is None else first.astimezone(zone).date() + timedelta(days=1)
