"""Runs the stand-in for Slack alone."""

from __future__ import annotations

import asyncio

import click

from streams.fake_slack.server import FakeSlack


@click.command()
@click.option("--port", default=8085, show_default=True, help="Where to listen; 0 for any free port.")
def main(port: int) -> None:
    """Run a stand-in for Slack's Web API until interrupted."""

    async def serve() -> None:
        slack = FakeSlack()
        click.echo(await slack.start(port))
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
