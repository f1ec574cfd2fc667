"""`ticketspike backtest`: what would have alerted on past tickets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.chosen_shards import chosen, market_option

if TYPE_CHECKING:
    from alerts.records import Campaign


@click.command("backtest", short_help="What would have alerted on past tickets.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--campaigns", "campaign_file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--learn-until", metavar="T", help="What lies before is history: learnt, never alerted.")
@click.option("--until", metavar="T", help="The instant to end before.")
@click.option(
    "--false-alarms-per-week",
    "knob",
    type=click.FloatRange(0, 1000, min_open=True),
    metavar="X",
    help="The one knob; for all reasons together.",
)
@click.option("--timezone", "zone", metavar="ZONE", help="Whose hours; also of times without an offset.")
@click.option("--holidays", metavar="H", help="A region such as DE-BY, or a file with one date per line.")
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Where a field comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@market_option
def command(
    files: tuple[Path, ...],
    out: Path,
    campaign_file: Path | None,
    learn_until: str | None,
    until: str | None,
    knob: float | None,
    zone: str | None,
    holidays: str | None,
    pairs: tuple[str, ...],
    as_json: bool,
    market: str | None,
) -> None:
    """Replay past tickets (or counts) and write what a worker would have said into DIR.

    FILE is .jsonl, .csv or .parquet: tickets, or counts with the columns bucket_start, contact_reason and
    count. DIR gets report.html, spikes.jsonl, incidents.jsonl, messages.jsonl and summary.json.
    """
    import time
    from datetime import UTC, datetime

    import msgspec

    from detectors.detector import DetectorSettings
    from streams import backtest, settings
    from streams.campaign_rows import concerning
    from streams.detection import holiday_dates
    from streams.errors import Failure
    from streams.files.campaign_files import read_campaign_list
    from streams.files.times import instant_option, zone_of
    from streams.history import read_history
    from streams.progress import progress

    began = time.perf_counter()
    loaded = settings.load()
    view, *more = chosen(loaded, market)
    if more:
        raise click.UsageError(
            "With TICKETSPIKE_SHARD_BY=market each shard has the knob to itself; name one with --market."
        )
    where = zone_of(zone or loaded.ticketspike_timezone)
    detector = DetectorSettings(
        false_alarms_per_week=knob if knob is not None else loaded.ticketspike_false_alarms_per_week,
        timezone=where.key,
        holidays=holiday_dates(holidays, said_by="--holidays")
        if holidays
        else holiday_dates(loaded.ticketspike_holidays),
    )
    learnt = instant_option("--learn-until", learn_until, where)
    end = instant_option("--until", until, where)
    key = loaded.ticketspike_hmac_key
    history = read_history(
        files,
        pairs=pairs,
        zone=where if zone else None,
        facets=loaded.ticketspike_facets,
        horizon_hours=loaded.ticketspike_horizon_hours,
        max_reasons=loaded.ticketspike_max_reasons,
        hmac_key=key.get_secret_value() if key else None,
        refuse=lambda path, refusal: click.echo(refusal.sentence(path), err=True),
        until=end,
        shards=view.sharding,
        shard=view.shard,
    )
    minutes = history.until - history.first
    if minutes < 1440:
        click.echo(
            f"There are only {minutes} minutes of data: what is usual is not known before two days are, "
            "so only a gross spike would have alerted.",
            err=True,
        )
    campaigns: tuple[Campaign, ...] = ()
    if campaign_file is not None:
        start = datetime.fromtimestamp(history.first * 60, UTC)
        given = where if zone else None
        listed = read_campaign_list(campaign_file, zone=given, calendar_zone=where, now=start)
        campaigns = concerning(listed, view)
    plan = backtest.Plan(
        detector=detector,
        language=loaded.ticketspike_language,
        min_customers=loaded.ticketspike_min_customers,
        campaigns=campaigns,
        learn_until=None if learnt is None else int(learnt.timestamp() // 60),
        tickets_url=loaded.ticketspike_tickets_url,
        shard=view.shard,
    )
    with progress("Replaying", history.until - history.first) as advance:
        summary = backtest.run(
            history, plan, out, began=began, advance=lambda minute: advance(minute - history.first)
        )
    if as_json:
        click.echo(msgspec.json.encode(summary))
    else:
        click.echo(
            f"{summary.tickets} tickets of {summary.reasons} contact reasons in {summary.minutes} minutes: "
            f"{summary.spikes} spikes, {summary.incidents} incidents, {summary.messages} messages; see "
            f"{out / 'report.html'}"
        )
    if summary.refused:
        raise Failure(f"{summary.refused} rows were refused, as said above; {out} leaves them out.")
