"""`ticketspike doctor`: is everything there that a worker needs?"""

from __future__ import annotations

import click


@click.command("doctor", short_help="Is everything there that a worker needs?")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per finding and line.")
def command(as_json: bool) -> None:
    """Look at settings, Kafka, topics, Slack and the clock; one line each, with the remedy.

    Changes nothing. Exit status 1 if anything is wrong; a note is something that works, without something else.
    """
    import msgspec

    from streams.doctor import examine
    from streams.errors import Failure
    from streams.settings import load

    wrong = 0
    for finding in examine(load()):
        click.echo(msgspec.json.encode(finding).decode() if as_json else str(finding))
        wrong += finding.state == "wrong"
    if wrong:
        raise Failure(f"{wrong} thing{'s are' if wrong > 1 else ' is'} wrong, as said above.")
