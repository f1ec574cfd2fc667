"""`ticketspike worker`."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--only", default="count,watch,notify", show_default=True, help="Stages to run, comma-separated."
)
def command(only: str) -> None:
    """Run the stages count, watch and notify until SIGTERM; several workers share the work."""
    from streams import logs, settings, worker

    stages = [part.strip() for part in only.split(",") if part.strip()]
    unknown = [stage for stage in stages if stage not in worker.STAGES]
    if unknown or not stages:
        raise click.BadParameter(
            f"{', '.join(unknown) or 'nothing'} is no stage; allowed: {', '.join(worker.STAGES)}",
            param_hint="--only",
        )
    loaded = settings.load()
    logs.configure()
    worker.run(loaded, stages)
