"""`ticketspike explain`: why there is, or is not, an alert."""

from __future__ import annotations

import click

from streams.chosen_shards import chosen, market_option


@click.command("explain", short_help="Why there is, or is not, an alert for a contact reason.")
@click.argument("reason")
@click.option("--at", metavar="T", help="The instant to look at; without it, what was counted last.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
@market_option
def command(reason: str, at: str | None, as_json: bool, market: str | None) -> None:
    """Say counts, expectation, interval, evidence against the bar, and what gates an alert for REASON.

    Replays what the topics retain through the worker's own core; needs no running worker.
    """
    from streams import settings
    from streams.connection import require_kafka
    from streams.files.times import instant_option, zone_of
    from streams.look import look_at_all, printed

    loaded = settings.load()
    instant = instant_option("--at", at, zone_of(loaded.ticketspike_timezone))
    views = chosen(loaded, market)
    require_kafka(loaded)
    for line in printed(look_at_all(views, reason, instant), as_json=as_json):
        click.echo(line)
