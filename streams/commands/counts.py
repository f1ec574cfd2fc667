"""`ticketspike counts`: what was counted, as JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from streams.chosen_shards import chosen, market_option

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from streams.counts import Counted
    from streams.settings import Settings


@click.command("counts", short_help="What was counted, as JSON lines.")
@click.option(
    "--from", "since", metavar="T", help="The first instant to take in; without it, all that is retained."
)
@click.option("--to", "until", metavar="T", help="The instant to end before.")
@click.option("--by", type=click.Choice(["minute", "hour", "day"]), default="minute", show_default=True)
@click.option(
    "--timezone", "zone", metavar="ZONE", help="Whose days and times; TICKETSPIKE_TIMEZONE without it."
)
@click.option("--json", "_as_json", is_flag=True, help="JSON lines; they are what is printed anyway.")
@market_option
def command(
    since: str | None, until: str | None, by: str, zone: str | None, _as_json: bool, market: str | None
) -> None:
    """Print {"contact_reason", "bucket_start", "count", "customers"} per bucket; needs no running worker.

    Reads `ticket-counts` to its end. Buckets without tickets are left out. With TICKETSPIKE_SHARD_BY=market each
    line says its "market", too, and those of a market stand together.
    """
    import msgspec

    from streams import settings
    from streams.connection import require_kafka
    from streams.files.times import instant_option, rfc3339, zone_of

    loaded = settings.load()
    where = zone_of(zone or loaded.ticketspike_timezone)
    first, last = (instant_option(name, text, where) for name, text in (("--from", since), ("--to", until)))
    views = chosen(loaded, market)
    require_kafka(loaded)
    starts = _starts(by, where)
    for view in views:
        named = {"market": view.shard} if view.shard is not None else {}
        for bucket in _counted(view).buckets(starts, since=_minute_from(first), until=_minute_from(last)):
            line = {
                **named,
                "contact_reason": bucket.contact_reason,
                "bucket_start": rfc3339(datetime.fromtimestamp(bucket.start, where)),
                "count": bucket.tickets,
                "customers": bucket.customers,
            }
            click.echo(msgspec.json.encode(line))


def _counted(settings: Settings) -> Counted:
    from streams.counts import Counted
    from streams.errors import UNREADABLE, Failure
    from streams.to_end import read_to_end

    counted = Counted()
    try:
        counted.feed(record.value for record in read_to_end(settings, "ticket-counts") if record.value)
    except UNREADABLE as error:
        topic = settings.topic("ticket-counts")
        raise Failure(
            f"{topic} holds a record that is not ours ({error}); only workers may write there."
        ) from None
    return counted


def _minute_from(instant: datetime | None) -> int | None:
    """The first minute that begins at or after an instant."""
    return None if instant is None else -int(-instant.timestamp() // 60)


def _starts(by: str, zone: ZoneInfo) -> Callable[[int], int]:
    """From a minute to the start of its bucket in epoch seconds; days and hours are the zone's."""
    if by == "minute":
        return lambda minute: minute * 60

    def start(minute: int) -> int:
        local = datetime.fromtimestamp(minute * 60, zone)
        if by == "hour":
            # Minutes back from the instant itself: the hour that comes twice in autumn stays two hours.
            return minute * 60 - local.minute * 60
        return int(local.replace(hour=0, minute=0, fold=0).timestamp())

    return start
