"""`ticketspike digest`: what is open, what yesterday was about, and whether all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from streams.chosen_shards import chosen, market_option

if TYPE_CHECKING:
    from datetime import datetime

    from streams.settings import Settings


@click.command("digest", short_help="What is open, what yesterday was about, and whether all is well.")
@click.option("--at", metavar="T", help="The instant to look back from; without it, now.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON and send nothing.")
@market_option
def command(at: str | None, as_json: bool, market: str | None) -> None:
    """Send the digest to Slack where SLACK_BOT_TOKEN is set, else print it.

    Says open incidents, the contact reasons of yesterday against the usual, what people answered, and how the source
    does. Needs no running worker. TICKETSPIKE_DIGEST_AT lets the worker send it by itself.
    """
    from streams import settings
    from streams.connection import require_kafka
    from streams.files.times import instant_option, zone_of

    loaded = settings.load()
    instant = instant_option("--at", at, zone_of(loaded.ticketspike_timezone))
    views = chosen(loaded, market)
    require_kafka(loaded)
    for view in views:
        _send(view, instant, as_json=as_json)


def _send(loaded: Settings, instant: datetime | None, *, as_json: bool) -> None:
    import asyncio
    from zoneinfo import ZoneInfo

    import msgspec

    from alerts import digest, redact
    from alerts.context import Context
    from alerts.terminal import plain
    from streams.digest_facts import gather
    from streams.digest_sending import send

    facts = gather(loaded, instant)
    if as_json:
        click.echo(msgspec.json.encode(facts))
        return
    context = Context(
        now=facts.made_at,
        language=loaded.ticketspike_language,
        timezone=ZoneInfo(loaded.ticketspike_timezone),
        min_customers=loaded.ticketspike_min_customers,
        market=loaded.shard,
    )
    # Another id than the one of the schedule, so that looking early takes nothing away from the others.
    of = f"-{loaded.shard}" if loaded.shard is not None else ""
    payload = digest.digest(facts, context, f"by-hand-{facts.made_at:%Y%m%dT%H%M%SZ}{of}")
    if loaded.slack_bot_token is None:
        click.echo(plain(redact.guard(payload)[0]))
    else:
        asyncio.run(send(loaded, payload))
        click.echo(f"Sent to {loaded.slack_channel}.", err=True)
