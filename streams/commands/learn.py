"""`ticketspike learn`: baselines from history, before going live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.chosen_shards import chosen, market_option

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from streams.events import BaselineRecord
    from streams.files.readers import Refusal
    from streams.history import History
    from streams.learning import Learnt
    from streams.settings import Settings


@click.command("learn", short_help="Learn baselines from history before going live.")
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--exclude", "periods", multiple=True, metavar="FROM..TO", help="A bad period to leave out.")
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Where a field comes from.")
@click.option("--timezone", "zone", metavar="ZONE", help="Zone of times without an offset.")
@click.option("--undo", is_flag=True, help="Take the last learning back instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@market_option
def command(
    files: tuple[Path, ...],
    periods: tuple[str, ...],
    pairs: tuple[str, ...],
    zone: str | None,
    undo: bool,
    as_json: bool,
    market: str | None,
) -> None:
    """Learn a baseline per contact reason from past tickets (or counts) and publish it; workers take it over.

    FILE is .jsonl, .csv or .parquet: tickets, or counts with the columns bucket_start, contact_reason and
    count. Hours of the week are those of TICKETSPIKE_TIMEZONE, as for the worker. Campaigns of that time are
    taken from the topic: import them before, and what they brought is not learnt as the usual week.
    With TICKETSPIKE_SHARD_BY=market each shard learns from the tickets of its markets; counts bear no market,
    so --market says whose they are.
    """
    import json

    from streams import settings
    from streams.connection import require_kafka
    from streams.errors import Failure
    from streams.files.times import zone_of
    from streams.history import parse_periods

    if undo == bool(files):
        raise click.UsageError("Name the files to learn from, or give --undo alone.")
    loaded = settings.load()
    views = chosen(loaded, market)
    if undo:
        _take_back(views, as_json)
        return
    given = zone_of(zone) if zone else None
    excluded = parse_periods(periods, given or zone_of(loaded.ticketspike_timezone))
    require_kafka(loaded)
    reasons = 0
    for view in views:
        history, learnt = _learn(
            view, files, pairs=pairs, zone=given, excluded=excluded, first=view is views[0]
        )
        if not history.has_customers and len(views) > 1:
            raise Failure("Counts bear no market; learn those of each market by itself, with --market.")
        _publish(view, learnt)
        reasons += len(learnt.baselines)
    summary = {
        "contact_reasons": reasons,
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


def _learn(
    view: Settings,
    files: tuple[Path, ...],
    *,
    pairs: tuple[str, ...],
    zone: ZoneInfo | None,
    excluded: list[tuple[int, int]],
    first: bool,
) -> tuple[History, Learnt]:
    """What a shard learns; each reads the files anew, and the first tells what is wrong with them."""
    from streams import learning
    from streams.campaign_rows import campaigns_of
    from streams.compacted import read_compacted
    from streams.detection import detector_settings
    from streams.history import read_history
    from streams.progress import progress

    detector = detector_settings(view)
    stand = {key.encode(): value for key, value in read_compacted(view, "campaigns").items()}
    key = view.ticketspike_hmac_key

    def refuse(path: Path, refusal: Refusal) -> None:
        if first:
            click.echo(refusal.sentence(path), err=True)

    history = read_history(
        files,
        pairs=pairs,
        zone=zone,
        facets=view.ticketspike_facets,
        horizon_hours=view.ticketspike_horizon_hours,
        max_reasons=view.ticketspike_max_reasons,
        hmac_key=key.get_secret_value() if key else None,
        refuse=refuse,
        shards=view.sharding,
        shard=view.shard,
    )
    with progress("Learning", history.until - history.first) as advance:
        learnt = learning.learn(
            history,
            detector,
            excluded=excluded,
            advance=lambda minute: advance(minute - history.first),
            campaigns=campaigns_of(stand, view),
        )
    return history, learnt


def _publish(view: Settings, learnt: Learnt) -> None:
    from datetime import UTC, datetime

    import msgspec

    from streams import learning
    from streams.publish import publisher

    known = _known(view)
    with publisher(view, "baselines") as outlet:
        for record in learning.publishable(learnt.baselines, known, datetime.now(UTC)):
            outlet.send(record.contact_reason, msgspec.json.encode(record))
        outlet.flush()


def _take_back(views: tuple[Settings, ...], as_json: bool) -> None:
    import json

    import msgspec

    from streams import learning
    from streams.connection import require_kafka
    from streams.errors import Failure
    from streams.publish import publisher

    require_kafka(views[0])
    undone = {view.shard: learning.taken_back(_known(view)) for view in views}
    if not any(undone.values()):
        raise Failure("Nothing was learnt, so there is nothing to take back.")
    for view in views:
        with publisher(view, "baselines") as outlet:
            for reason, record in undone[view.shard].items():
                outlet.send(reason, None if record is None else msgspec.json.encode(record))
            outlet.flush()
    records = [record for found in undone.values() for record in found.values()]
    sums = {
        "restored": sum(record is not None for record in records),
        "removed": sum(record is None for record in records),
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
