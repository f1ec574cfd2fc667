"""`ticketspike worker`."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--only",
    metavar="STAGES",
    help="Comma-separated: count, watch, notify, and sources, which takes webhooks and asks calendars. Without it the "
    "first three, and sources where TICKETSPIKE_SOURCES is set.",
)
def command(only: str | None) -> None:
    """Run the stages count, watch and notify until SIGTERM; several workers share the work."""
    from streams import logs, settings, worker
    from streams.running_stages import SOURCES, STAGES

    stages = [part.strip() for part in only.split(",") if part.strip()] if only is not None else None
    allowed = (*STAGES, SOURCES)
    unknown = [stage for stage in stages or [] if stage not in allowed]
    if unknown or stages == []:
        raise click.BadParameter(
            f"{', '.join(unknown) or 'nothing'} is no stage; allowed: {', '.join(allowed)}",
            param_hint="--only",
        )
    loaded = settings.load()
    logs.configure()
    worker.run(loaded, stages)
