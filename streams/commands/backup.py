"""`ticketspike backup`: what people and history taught, in a file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("backup", short_help="Save baselines, answers, incidents and campaigns in a file.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(file: Path, as_json: bool) -> None:
    """Save baselines, answers, incidents and campaigns in FILE, readable by you alone; workers may go on.

    Tickets and counts are not in it: they are what Kafka keeps. `ticketspike restore` puts it back.
    """
    import json

    from streams import backup
    from streams.connection import require_kafka
    from streams.settings import load

    loaded = load()
    require_kafka(loaded)
    counted = backup.write(loaded, file)
    said = ", ".join(f"{number} {topic}" for topic, number in counted.items())
    click.echo(json.dumps(counted) if as_json else f"Saved in {file}: {said}.")
