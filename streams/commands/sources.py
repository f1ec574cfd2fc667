"""`ticketspike sources`: try a mapping out before anything depends on it, and see what it does not know."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("sources", short_help="Try out how a helpdesk's events become tickets; list what is not mapped.")
def command() -> None:
    """See how a helpdesk's events become tickets, and which of its tags no contact reason is known for."""


@command.command("try")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--sources",
    "mappings",
    type=click.Path(path_type=Path),
    help="TOML file of mappings; the presets without it.",
)
@click.option(
    "--code", "codes", multiple=True, help="A voucher code to look for in the text; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Only the tickets or orders, as JSON lines.")
def try_(name: str, file: Path, mappings: Path | None, codes: tuple[str, ...], as_json: bool) -> None:
    """Show the tickets or orders that the body in FILE becomes by the mapping NAME, or why it becomes none.

    Where NAME is a calendar (`pull = "ical"`), FILE is an .ics file, and its campaigns are shown.

    Nothing is sent. Exit status 1 if one was refused.
    """
    import json
    from datetime import UTC, datetime

    import msgspec

    from streams.errors import Failure
    from streams.settings import SettingsError
    from streams.sources.code_finder import CodeFinder
    from streams.sources.source_files import calendar_tables, read_sources
    from streams.topic_changes import plural

    if mappings is not None and name in (calendars := calendar_tables(mappings)):
        _try_calendar(file, calendars[name].timezone, as_json=as_json)
        return
    known = read_sources(mappings)
    if name not in known:
        raise SettingsError(f"NAME={name!r} is not allowed; allowed: {', '.join(sorted(known))}")
    try:
        body = json.loads(file.read_bytes())
    except OSError as error:
        raise Failure(f"{file} cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        raise Failure(f"{file} holds no JSON.") from None
    found = known[name].map(body, CodeFinder(codes), None, datetime.now(UTC))
    topic = known[name].topic
    for key, value in found.records:
        # A mapping is read by people; no value takes back what stands under the key.
        line = value if value is not None else msgspec.json.encode({"id": key.decode(), "redacted": True})
        click.echo(line if as_json else msgspec.json.format(line).decode())
    if not as_json:
        said = [plural(len(found.records), topic.removesuffix("s")), f"{found.passed_over} passed over"]
        click.echo(f"{', '.join(said)}.")
        if found.gaps:
            click.echo(
                f"{plural(found.gaps, 'change')} without content; `ticketspike sources gaps` will list them."
            )
        if found.unmapped:
            click.echo(f"No entry of `reasons` fits: {', '.join(sorted(set(found.unmapped)))}.")
    if found.refused:
        wrong = "; ".join(f"{one.field}: {one.error}" for one in found.refused)
        raise Failure(f"{len(found.refused)} refused: {wrong}.")


def _try_calendar(file: Path, zone: str | None, *, as_json: bool) -> None:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    import msgspec

    from streams import settings
    from streams.errors import Failure
    from streams.sources.ical_url import read_text

    try:
        text = file.read_text(encoding="utf-8-sig")
        timezone = ZoneInfo(zone or settings.load().ticketspike_timezone)
        reading = read_text(text, timezone, datetime.now(UTC))
    except OSError as error:
        raise Failure(f"{file} cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise Failure(f"{file} holds no calendar ({error}).") from None
    for campaign in reading.campaigns.values():
        line = msgspec.json.encode(campaign)
        click.echo(line if as_json else msgspec.json.format(line).decode())
    if not as_json:
        click.echo(f"{len(reading.campaigns)} campaigns, {len(reading.cancelled)} cancelled.")
    for event, why in sorted(reading.doubts):
        click.echo(f"{event}: {why}", err=True)
    if reading.refused:
        wrong = "; ".join(f"{event}: {why}" for event, why in sorted(reading.refused.items()))
        raise Failure(f"{len(reading.refused)} refused: {wrong}.")


@command.command("unmapped")
@click.option("--hours", default=24.0, show_default=True, help="How far back, by when tickets came in.")
@click.option("--least", default=5, show_default=True, help="Leave out what fewer tickets bear.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per value and line.")
def unmapped_(hours: float, least: int, as_json: bool) -> None:
    """List tags and types that no entry of `reasons` fits, those on most tickets first.

    Tickets with them count as `unlabelled`. Needs no running worker.
    """
    import json
    from datetime import UTC, datetime, timedelta

    from streams import settings
    from streams.connection import require_kafka
    from streams.sources.unmapped import unmapped
    from streams.to_end import read_to_end

    loaded = settings.load()
    require_kafka(loaded)
    since = datetime.now(UTC) - timedelta(hours=hours)
    counted = unmapped(record.value for record in read_to_end(loaded, "tickets", since=since))
    rows = sorted(((number, *name) for name, number in counted.items() if number >= least), reverse=True)
    for number, source, value in rows:
        told = {"source": source, "value": value, "tickets": number}
        click.echo(json.dumps(told, ensure_ascii=False) if as_json else f"{number:>7} {source}: {value}")
    if not as_json:
        rarer = len(counted) - len(rows)
        click.echo(
            f"{len(rows)} values without an entry in `reasons`, {rarer} rarer ones left out."
            if counted
            else "Every tag fits an entry of `reasons`, or no source has any."
        )


@command.command("gaps")
@click.option("--hours", default=24.0, show_default=True, help="How far back, by when events came in.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per ticket and line.")
def gaps_(hours: float, as_json: bool) -> None:
    """List changes that a source told of without their content: which tickets to export, and since when.

    A ticket is on the list until another record says what it is. Needs no running worker.
    """
    import json
    from datetime import UTC, datetime, timedelta

    from streams import settings
    from streams.connection import require_kafka
    from streams.sources.gaps import gaps
    from streams.to_end import read_to_end

    loaded = settings.load()
    require_kafka(loaded)
    since = datetime.now(UTC) - timedelta(hours=hours)
    found = gaps(record.value for record in read_to_end(loaded, "tickets", since=since))
    for one in found:
        if as_json:
            click.echo(json.dumps(one._asdict(), ensure_ascii=False))
        else:
            click.echo(f"{one.at} {one.source}: {one.gap} {one.id}")
    if not as_json:
        click.echo(
            f"{len(found)} changes without content; export these tickets and send them (docs/sources/salesforce.md)."
            if found
            else "No source told of a change without its content."
        )
