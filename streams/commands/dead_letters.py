"""`ticketspike dead-letters`: what was refused and why, and sending it again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from streams.dead_letter_log import Letter
    from streams.settings import Settings

FILTERS = (
    click.option("--field", metavar="FIELD", help="Only where this field is at fault, such as created_at."),
    click.option("--error", metavar="TEXT", help="Only where the reason holds this text."),
    click.option("--from", "since", metavar="T", help="Only what was refused at or after this instant."),
    click.option("--to", "until", metavar="T", help="Only what was refused before this instant."),
    click.option("--limit", type=click.IntRange(min=1), help="At most so many, the oldest first."),
)


def _filtered(run: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(FILTERS):
        run = option(run)
    return run


@click.group("dead-letters", short_help="What was refused and why; send it again.")
def command() -> None:
    """See what was refused and why, and send it again after the cause is mended."""


@command.command("list")
@_filtered
@click.option("--values", is_flag=True, help="Print the refused values, too; they may hold personal data.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per dead letter and line.")
def list_(values: bool, as_json: bool, **filters: Any) -> None:
    """List the dead letters with their reason, the oldest first, and how often there is which reason.

    A record that was sent again and refused again is listed once, with its newest reason.
    """
    from collections import Counter

    import msgspec

    from streams import settings
    from streams.files.times import zone_of

    loaded = settings.load()
    letters = _wanted(loaded, **filters)
    if as_json:
        for letter in letters:
            click.echo(msgspec.json.encode(_facts(letter, values)))
        return
    if not letters:
        click.echo("There are no such dead letters.")
        return
    zone = zone_of(loaded.ticketspike_timezone)
    for letter in letters:
        again = ", again" if letter.replayed_from else ""
        click.echo(
            f"{letter.failed_at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {letter.place}  {letter.error}{again}"
        )
        if values:
            click.echo(f"    {_shown(letter.value)}")
    click.echo()
    for error, number in Counter(letter.error for letter in letters).most_common():
        click.echo(f"{number:>6} × {error}")


@command.command("replay")
@_filtered
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the sums as JSON.")
def replay_(dry_run: bool, as_json: bool, **filters: Any) -> None:
    """Send dead letters to their topic again, after the cause is mended.

    Doing it twice changes nothing: a ticket counts once by its id. What is refused again becomes a dead letter
    again and takes the place of the one before. Topics keep dead letters for 14 days.
    """
    import json

    from streams import settings
    from streams.dead_letter_log import replay
    from streams.errors import Failure
    from streams.progress import progress
    from streams.publish import publisher

    loaded = settings.load()
    tickets = loaded.topic("tickets")
    letters = _wanted(loaded, **filters)
    cut = [letter for letter in letters if letter.truncated]
    foreign = [letter for letter in letters if letter.topic != tickets]
    whole = [letter for letter in letters if letter.topic == tickets and not letter.truncated]
    if not dry_run and whole:
        with (
            publisher(loaded, "tickets") as outlet,
            progress("Sending", len(whole)) as advance,
        ):
            for number, letter in enumerate(whole, 1):
                replay(letter, outlet)
                advance(number)
            outlet.flush()
    sums = {"sent": 0 if dry_run else len(whole), "left": len(letters) - len(whole)}
    if dry_run:
        sums["would_be_sent"] = len(whole)
    said = f"{len(whole)} would be sent" if dry_run else f"{len(whole)} sent again to {tickets}"
    click.echo(json.dumps(sums) if as_json else f"{said}.")
    if cut or foreign:
        why = [f"{len(cut)} were cut when they were refused, so the source must send them anew"] * bool(cut)
        why += [f"{len(foreign)} stood on another topic than {tickets}"] * bool(foreign)
        raise Failure(f"Not sent again: {'; '.join(why)}.")


def _wanted(
    loaded: Settings,
    field: str | None,
    error: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
) -> list[Letter]:
    """The dead letters that the filters let through, the oldest first."""
    from streams.connection import require_kafka
    from streams.dead_letter_log import read_letter, standing
    from streams.files.times import instant_option, zone_of
    from streams.to_end import read_to_end

    zone = zone_of(loaded.ticketspike_timezone)
    first, last = (instant_option(name, text, zone) for name, text in (("--from", since), ("--to", until)))
    require_kafka(loaded)
    letters, foreign = [], 0
    for record in read_to_end(loaded, "dead-letters"):
        letter = read_letter(record.key, record.value, record.headers)
        if letter is None:
            foreign += 1
        else:
            letters.append(letter)
    if foreign:
        click.echo(f"{foreign} records of {loaded.topic('dead-letters')} are not ours; left out.", err=True)
    found = [
        letter
        for letter in standing(letters)
        if (field is None or letter.error_field == field)
        and (error is None or error.casefold() in letter.error.casefold())
        and (first is None or letter.failed_at >= first)
        and (last is None or letter.failed_at < last)
    ]
    return found[:limit]


def _facts(letter: Letter, values: bool) -> dict[str, Any]:
    from streams.files.times import rfc3339

    facts: dict[str, Any] = {
        name: getattr(letter, name) for name in ("topic", "partition", "offset", "error", "error_field")
    }
    facts |= {
        "failed_at": rfc3339(letter.failed_at),
        "app_version": letter.app_version,
        "bytes": len(letter.value or b""),
        "truncated": letter.truncated,
        "replayed_from": letter.replayed_from,
    }
    if values:
        text = partial(bytes.decode, errors="replace")
        facts |= {name: one and text(one) for name, one in (("key", letter.key), ("value", letter.value))}
    return facts


def _shown(value: bytes | None) -> str:
    """A value on one line, at most a thousand characters of it, without what a terminal would obey."""
    if value is None:
        return "(no value)"
    text = value[:4000].decode("utf-8", "replace")[:1000]
    plain = "".join(one if one.isprintable() else "·" for one in text)
    return plain if len(value) <= len(text.encode()) else f"{plain} … ({len(value)} bytes)"
