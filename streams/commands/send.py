"""`ticketspike send`: tickets from a file onto `tickets`."""

from __future__ import annotations

from pathlib import Path

import click


def _speed(_ctx: click.Context, _param: click.Parameter, value: str) -> float | None:
    if value == "max":
        return None
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise click.BadParameter(f"{value!r} is not allowed; allowed: max, or a number above 0 such as 60")
    return speed


@click.command("send", short_help="Publish tickets from a file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Where a field comes from.")
@click.option("--timezone", "zone", metavar="ZONE", help="Zone of times without an offset.")
@click.option(
    "--speed", default="max", callback=_speed, metavar="max|N", help="N times as fast as the tickets came."
)
@click.option("--no-end", is_flag=True, help="Write no end markers: more follows.")
@click.option("--json", "as_json", is_flag=True, help="Print the sums as JSON.")
def command(
    file: Path, pairs: tuple[str, ...], zone: str | None, speed: float | None, no_end: bool, as_json: bool
) -> None:
    """Publish the tickets of FILE (.jsonl, .csv, .parquet) in the order of their own times.

    Bad rows are named with their line, the rest is sent. FIELD is any field of a ticket or attributes.NAME;
    a column that bears a field's name needs no --map. Without an id column, ids are made of the file's
    digest and the line.
    """
    import json
    import time
    from contextlib import ExitStack
    from datetime import UTC, datetime

    from streams import send, settings
    from streams.connection import require_kafka
    from streams.errors import Failure
    from streams.events import Ticket
    from streams.files.columns import parse_mapping
    from streams.files.readers import read_tickets
    from streams.files.times import rfc3339, zone_of
    from streams.progress import progress
    from streams.publish import publisher
    from streams.to_end import partitions_of

    mapping = parse_mapping(pairs, Ticket)
    where = zone_of(zone) if zone else None
    loaded = settings.load()
    with ExitStack() as stack:
        reading = read_tickets(file, stack, mapping=mapping, zone=where)
        require_kafka(loaded)
        partitions = partitions_of(loaded, "tickets")
        advance = stack.enter_context(progress(f"Reading {file.name}", reading.total))

        def rows() -> send.Rows:
            for row in reading:
                advance(reading.position())
                yield row

        batch = send.prepare(rows(), datetime.now(UTC))
    for refusal in batch.refusals:
        click.echo(refusal.sentence(file), err=True)
    with publisher(loaded, "tickets") as outlet, progress("Sending", len(batch.tickets)) as advance:
        for sent, ticket in enumerate(send.paced(batch.tickets, speed, time.monotonic, time.sleep), 1):
            outlet.send(ticket.key, ticket.value)
            advance(sent)
        outlet.flush()
        if batch.newest is not None and not no_end:
            send.end(outlet, partitions, batch.newest)
    sums = {"sent": len(batch.tickets), "refused": len(batch.refusals)}
    newest = rfc3339(batch.newest) if batch.newest else None
    click.echo(
        json.dumps({**sums, "newest": newest})
        if as_json
        else f"{sums['sent']} sent, {sums['refused']} refused"
    )
    if batch.refusals:
        remedy = "mend them and send them in a file of their own"
        raise Failure(f"{sums['refused']} rows of {file} were refused, as said above; {remedy}.")
