"""`ticketspike topics create|check`: the topics of the contract on the cluster."""

from __future__ import annotations

import click

_json = click.option("--json", "as_json", is_flag=True, help="As JSON lines.")


@click.group("topics")
def command() -> None:
    """Create the topics, or name every difference."""


@command.command()
@_json
def create(as_json: bool) -> None:
    """Create missing topics and adjust settings that differ; may be run again at any time."""
    import msgspec

    from streams import admin
    from streams.connection import require_kafka
    from streams.errors import Failure
    from streams.settings import load

    settings = load()
    require_kafka(settings)
    actions = admin.create(settings)
    for action in actions:
        click.echo(msgspec.json.encode(action).decode() if as_json else str(action))
    refused = [action for action in actions if action.outcome == "refused"]
    if refused:
        raise Failure(f"{refused[0].topic}: {refused[0].detail}.")


@command.command()
@_json
def check(as_json: bool) -> None:
    """Name every difference from what the topics should be; exit status 1 if there is one."""
    import msgspec

    from streams import admin
    from streams.connection import require_kafka
    from streams.errors import Failure
    from streams.settings import load

    settings = load()
    require_kafka(settings)
    found = admin.check(settings)
    for difference in found:
        click.echo(msgspec.json.encode(difference).decode() if as_json else str(difference))
    if found:
        raise Failure(
            f"{len(found)} difference{'s' if len(found) > 1 else ''} in the topics; "
            "mend what can be mended with `ticketspike topics create`."
        )
    if not as_json:
        click.echo("All topics are as they should be.")
