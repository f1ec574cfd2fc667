"""`ticketspike restore`: puts back what `ticketspike backup` saved."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("restore", short_help="Put back what `backup` saved.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Where both have a key, the backup is right.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def command(file: Path, overwrite: bool, as_json: bool) -> None:
    """Put back what is missing of FILE, with the workers stopped; doing it twice changes nothing.

    What was learnt or answered since the backup is kept unless --overwrite is given. A file that was cut off is
    refused as a whole.
    """
    import json

    from streams import backup
    from streams.connection import require_kafka
    from streams.settings import load

    records = backup.read(file)
    loaded = load()
    require_kafka(loaded)
    told = backup.restore(loaded, records, overwrite=overwrite)
    if as_json:
        click.echo(
            json.dumps({topic: {"restored": sent, "stood": kept} for topic, (sent, kept) in told.items()})
        )
        return
    for topic, (sent, kept) in told.items():
        click.echo(f"{topic}: {sent} restored, {kept} stood there")
