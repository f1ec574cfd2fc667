"""`ticketspike learn`: baselines from history, before going live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from streams.events import BaselineRecord
    from streams.settings import Settings


@click.command("learn", short_help="Learn baselines from history before going live.")
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--exclude", "periods", multiple=True, metavar="FROM..TO", help="A bad period to leave out.")
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Where a field comes from.")
@click.option("--timezone", "zone", metavar="ZONE", help="Zone of times without an offset.")
@click.option("--undo", is_flag=True, help="Take the last learning back instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    files: tuple[Path, ...],
    periods: tuple[str, ...],
    pairs: tuple[str, ...],
    zone: str | None,
    undo: bool,
    as_json: bool,
) -> None:
    """Learn a baseline per contact reason from past tickets (or counts) and publish it; workers take it over.

    FILE is .jsonl, .csv or .parquet: tickets, or counts with the columns bucket_start, contact_reason and
    count. Hours of the week are those of TICKETSPIKE_TIMEZONE, as for the worker. Campaigns of that time are
    taken from the topic: import them before, and what they brought is not learnt as the usual week.
    """
    import json
    from datetime import UTC, datetime

    import msgspec

    from streams import learning, settings
    from streams.campaign_rows import decode_campaigns
    from streams.compacted import read_compacted
    from streams.connection import require_kafka
    from streams.detection import detector_settings
    from streams.errors import Failure
    from streams.files.times import zone_of
    from streams.history import parse_periods, read_history
    from streams.progress import progress
    from streams.publish import publisher

    if undo == bool(files):
        raise click.UsageError("Name the files to learn from, or give --undo alone.")
    loaded = settings.load()
    if undo:
        _take_back(loaded, as_json)
        return
    given = zone_of(zone) if zone else None
    excluded = parse_periods(periods, given or zone_of(loaded.ticketspike_timezone))
    detector = detector_settings(loaded)
    require_kafka(loaded)
    known = _known(loaded)
    stand = {key.encode(): value for key, value in read_compacted(loaded, "campaigns").items()}
    campaigns = tuple(decode_campaigns(stand).values())
    key = loaded.ticketspike_hmac_key
    history = read_history(
        files,
        pairs=pairs,
        zone=given,
        facets=loaded.ticketspike_facets,
        horizon_hours=loaded.ticketspike_horizon_hours,
        max_reasons=loaded.ticketspike_max_reasons,
        hmac_key=key.get_secret_value() if key else None,
        refuse=lambda path, refusal: click.echo(refusal.sentence(path), err=True),
    )
    with progress("Learning", history.until - history.first) as advance:
        learnt = learning.learn(
            history,
            detector,
            excluded=excluded,
            advance=lambda minute: advance(minute - history.first),
            campaigns=campaigns,
        )
    with publisher(loaded, "baselines") as outlet:
        for record in learning.publishable(learnt.baselines, known, datetime.now(UTC)):
            outlet.send(record.contact_reason, msgspec.json.encode(record))
        outlet.flush()
    summary = {
        "contact_reasons": len(learnt.baselines),
        "tickets": history.tickets,
        "weeks": round(learnt.minutes / 10_080, 2),
        "refused": history.refused,
    }
    if as_json:
        click.echo(json.dumps(summary))
    else:
        click.echo(
            f"Learnt {summary['contact_reasons']} contact reasons from {summary['tickets']} tickets "
            f"in {summary['weeks']} weeks; take it back with `ticketspike learn --undo`."
        )
    if history.refused:
        raise Failure(f"{history.refused} rows were refused, as said above; the baselines leave them out.")


def _take_back(loaded: Settings, as_json: bool) -> None:
    import json

    import msgspec

    from streams import learning
    from streams.connection import require_kafka
    from streams.errors import Failure
    from streams.publish import publisher

    require_kafka(loaded)
    undone = learning.taken_back(_known(loaded))
    if not undone:
        raise Failure("Nothing was learnt, so there is nothing to take back.")
    with publisher(loaded, "baselines") as outlet:
        for reason, record in undone.items():
            outlet.send(reason, None if record is None else msgspec.json.encode(record))
        outlet.flush()
    sums = {
        "restored": sum(record is not None for record in undone.values()),
        "removed": sum(record is None for record in undone.values()),
    }
    if as_json:
        click.echo(json.dumps(sums))
    else:
        click.echo(
            f"Took the last learning back: {sums['restored']} contact reasons have the baseline from before, "
            f"{sums['removed']} have none from history."
        )


def _known(loaded: Settings) -> dict[str, BaselineRecord]:

    from streams import learning
    from streams.compacted import read_compacted
    from streams.errors import UNREADABLE, Failure

    try:
        return learning.decode_baselines(read_compacted(loaded, "baselines"))
    except UNREADABLE as error:
        topic = loaded.topic("baselines")
        raise Failure(
            f"{topic} holds a record that is not ours ({error}); only `learn` may write there."
        ) from None
