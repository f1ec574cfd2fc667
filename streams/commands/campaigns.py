"""`ticketspike campaigns`: import campaigns from a file, list those that there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from alerts.records import Campaign


@click.group("campaigns", short_help="Import and list campaigns.")
def command() -> None:
    """Import campaigns from a file, or list those that there are."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--timezone", "zone", metavar="ZONE", help="Where times without an offset belong.")
@click.option("--json", "as_json", is_flag=True, help="Print the sums as JSON.")
def import_(file: Path, zone: str | None, as_json: bool) -> None:
    """Publish the campaigns of FILE (.jsonl, .csv, .ics); importing again updates them."""
    import json
    from contextlib import ExitStack
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    import msgspec

    from streams import settings
    from streams.connection import require_kafka
    from streams.errors import Failure
    from streams.files.calendar_files import Cancelled, Doubt
    from streams.files.campaign_files import read_campaigns
    from streams.files.readers import Refusal
    from streams.files.times import zone_of
    from streams.publish import publisher
    from streams.to_end import partitions_of

    where = zone_of(zone) if zone else None
    loaded = settings.load()
    with ExitStack() as stack:
        calendar_zone = ZoneInfo(loaded.ticketspike_timezone)
        now = datetime.now(UTC)
        rows = list(read_campaigns(file, stack, zone=where, calendar_zone=calendar_zone, now=now))
    require_kafka(loaded)
    partitions_of(loaded, "campaigns")
    sums = {"imported": 0, "cancelled": 0, "refused": 0}
    with publisher(loaded, "campaigns") as outlet:
        for _, row in rows:
            if isinstance(row, Refusal):
                click.echo(row.sentence(file), err=True)
                sums["refused"] += 1
            elif isinstance(row, Doubt):
                click.echo(f"{file}:{row.line}: {row.what}", err=True)
            elif isinstance(row, Cancelled):
                outlet.send(row.id, None)
                sums["cancelled"] += 1
            else:
                outlet.send(row.id, msgspec.json.encode(row))
                sums["imported"] += 1
        outlet.flush()
    click.echo(
        json.dumps(sums) if as_json else ", ".join(f"{number} {fate}" for fate, number in sums.items())
    )
    if sums["refused"]:
        remedy = "mend them and import it again"
        raise Failure(f"{sums['refused']} campaigns of {file} were refused, as said above; {remedy}.")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per campaign and line.")
def list_(as_json: bool) -> None:
    """Show the campaigns that there are, by their start."""
    from zoneinfo import ZoneInfo

    import msgspec

    from alerts.records import Campaign
    from streams import settings
    from streams.compacted import read_compacted
    from streams.connection import require_kafka
    from streams.errors import UNREADABLE

    loaded = settings.load()
    require_kafka(loaded)
    campaigns = []
    for key, value in read_compacted(loaded, "campaigns").items():
        try:
            campaigns.append(msgspec.json.decode(value, type=Campaign))
        except UNREADABLE as error:
            click.echo(f"The campaign with key {key!r} cannot be read ({error}); import it again.", err=True)
    campaigns.sort(key=lambda campaign: (campaign.starts_at, campaign.id))
    if as_json:
        for campaign in campaigns:
            click.echo(msgspec.json.encode(campaign))
        return
    if not campaigns:
        click.echo("There are no campaigns; import some with `ticketspike campaigns import FILE`.")
        return
    _show(campaigns, ZoneInfo(loaded.ticketspike_timezone))


def _show(campaigns: Iterable[Campaign], zone: ZoneInfo) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table

    table = Table(caption=f"Times in {zone.key}", caption_justify="left")
    for heading in ("id", "name", "kind", "starts", "ends", "codes", "contact reasons", "uplift"):
        table.add_column(heading, overflow="fold")
    for campaign in campaigns:
        table.add_row(
            campaign.id,
            campaign.name,
            campaign.kind,
            f"{campaign.starts_at.astimezone(zone):%Y-%m-%d %H:%M}",
            f"{campaign.ends_at.astimezone(zone):%Y-%m-%d %H:%M}",
            ", ".join(campaign.voucher_codes),
            ", ".join(campaign.contact_reasons),
            f"{campaign.expected_uplift:g}",
        )
    # A pipe has no width: wide enough that nobody has to piece ids together.
    Console(width=None if sys.stdout.isatty() else 200, markup=False).print(table)
