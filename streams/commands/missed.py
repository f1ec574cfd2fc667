"""`ticketspike missed`: reports a spike that nobody was told of."""

from __future__ import annotations

import click

from streams.chosen_shards import chosen, market_option


@click.command("missed", short_help="Report a spike that nobody was told of.")
@click.argument("reason")
@click.option("--at", metavar="T", help="When it was; without it, now.")
@click.option("--by", metavar="NAME", help="Who reports it; without it, your login name.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
@market_option
def command(reason: str, at: str | None, by: str | None, as_json: bool, market: str | None) -> None:
    """Report that tickets of REASON rose at T and nobody was told, and say why not, as `explain` does.

    The report stands on the topic `answers` and counts against the knob. The same reason and minute is the same
    report, however often it is sent.
    """
    import getpass
    from datetime import UTC, datetime

    import msgspec

    from alerts.missed import report
    from streams import explain, settings
    from streams.connection import require_kafka
    from streams.errors import Failure
    from streams.files.times import instant_option, zone_of
    from streams.look import look_at_all, printed
    from streams.publish import publisher

    loaded = settings.load()
    now = datetime.now(UTC)
    instant = instant_option("--at", at, zone_of(loaded.ticketspike_timezone)) or now
    if instant > now and loaded.ticketspike_clock == "wall":
        raise click.BadParameter("this time is still to come", param_hint="--at")
    if not reason.strip():
        raise click.BadParameter("name a contact reason", param_hint="REASON")
    views = chosen(loaded, market)
    require_kafka(loaded)
    why: Failure | None = None
    try:
        found = look_at_all(views, reason, instant if at is not None else None)
    except explain.UnknownReason:
        # A typing error is no missed spike.
        raise
    except Failure as failure:
        # A time of which nothing is retained may well have had a spike.
        why = failure
    answer = report(reason, instant, by or getpass.getuser(), loaded.ticketspike_language)
    with publisher(loaded, "answers") as answers:
        answers.send(answer.incident_id, msgspec.json.encode(answer))
        answers.flush()
    click.echo(f"Noted as {answer.incident_id}.", err=True)
    if why is not None:
        click.echo(str(why), err=True)
        return
    for line in printed(found, as_json=as_json):
        click.echo(line)
