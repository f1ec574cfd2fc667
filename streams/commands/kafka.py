"""`ticketspike kafka up|down|status`: the embedded broker."""

from __future__ import annotations

from pathlib import Path

import click

_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Data directory; by default `kafka` in TICKETSPIKE_DATA_DIR.",
)


@click.group("kafka")
def command() -> None:
    """Start, stop and inspect an embedded Apache Kafka (KRaft, on 127.0.0.1)."""


@command.command()
@click.option("--brokers", type=click.Choice(["1", "3"]), help="1, or 3 with replication.  [default: 1]")
@click.option(
    "--port", type=click.IntRange(1, 65500), help="Of the first broker; the others +10, +20.  [default: 9092]"
)
@click.option(
    "--memory", type=click.IntRange(128, 65536), default=512, show_default=True, help="Heap per broker, MiB."
)
@_data
def up(brokers: str | None, port: int | None, memory: int, data: Path | None) -> None:
    """Start Kafka, or find it started; prints the bootstrap addresses, comma-separated."""
    from streams import broker

    addresses = broker.up(
        _directory(data), brokers=int(brokers) if brokers else None, port=port, memory_mb=memory
    )
    click.echo(",".join(addresses))


@command.command()
@_data
def down(data: Path | None) -> None:
    """Stop what `up` started, and nothing else; the data stay."""
    from streams import broker

    directory = _directory(data)
    click.echo(
        f"Stopped Kafka in {directory}." if broker.down(directory) else f"No Kafka runs in {directory}."
    )


@command.command()
@_data
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def status(data: Path | None, as_json: bool) -> None:
    """Tell which brokers of a data directory run, and where their logs are."""
    import msgspec

    from streams import broker

    found = broker.status(_directory(data))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    if not found.brokers:
        click.echo(f"There is no Kafka in {found.data}; start one with `ticketspike kafka up`.")
    for node in found.brokers:
        state = f"running, process {node.pid}" if node.pid is not None else "down"
        click.echo(f"broker {node.node}  {node.address}  {state}  log {node.log}")


def _directory(data: Path | None) -> Path:
    if data is not None:
        return data
    from streams.settings import load

    return load().ticketspike_data_dir / "kafka"
