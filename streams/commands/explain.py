"""`ticketspike explain`: why there is, or is not, an alert."""

from __future__ import annotations

import click


@click.command("explain", short_help="Why there is, or is not, an alert for a contact reason.")
@click.argument("reason")
@click.option("--at", metavar="T", help="The instant to look at; without it, what was counted last.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def command(reason: str, at: str | None, as_json: bool) -> None:
    """Say counts, expectation, interval, evidence against the bar, and what gates an alert for REASON.

    Replays what the topics retain through the worker's own core; needs no running worker.
    """
    import msgspec

    from streams import explain, settings
    from streams.connection import require_kafka
    from streams.files.times import instant_option, zone_of
    from streams.look import look

    loaded = settings.load()
    instant = instant_option("--at", at, zone_of(loaded.ticketspike_timezone))
    require_kafka(loaded)
    explanation = look(loaded, reason, instant)
    if as_json:
        click.echo(msgspec.json.encode(explanation))
    else:
        click.echo("\n".join(explain.sentences(explanation)))
