"""`ticketspike demo`: the whole story on real Kafka, in a minute."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import FrameType
from typing import Literal

import click


@click.command(name="demo")
@click.option(
    "--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Of the made-up webshop."
)
@click.option(
    "--language",
    type=click.Choice(["de", "en"]),
    default=None,
    help="Of the story and the messages; else TICKETSPIKE_LANGUAGE, else en.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Folder for slack.html.",
)
@click.option("--keep", is_flag=True, help="Keep the tickets, logs and data in the folder, too.")
def command(seed: int, language: Literal["de", "en"] | None, out: Path, keep: bool) -> None:
    """A made-up webshop on real Kafka: a voucher code fails, the alert appears, the incident resolves.

    Needs no settings: without KAFKA_BOOTSTRAP_SERVERS it starts an embedded Kafka and stops it again.
    Slack is never asked; the messages are shown here and in slack.html. Exit status 0 only if the day came
    out as it must.
    """
    from streams.demo.play import play
    from streams.errors import Failure

    # Also `kill` and a closed terminal must leave nothing running.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    chosen = language or ("de" if os.environ.get("TICKETSPIKE_LANGUAGE") == "de" else "en")
    if not play(seed=seed, language=chosen, out=out, keep=keep):
        raise Failure("The day did not come out as it must; the lines with a cross say what failed.")


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    raise KeyboardInterrupt
