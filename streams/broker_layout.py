"""What a data directory of the embedded Kafka was set up with: how many brokers, at which ports."""

from __future__ import annotations

import base64
import uuid
from pathlib import Path

import msgspec

from streams.broker_process import Node
from streams.errors import Failure

DEFAULT_PORT = 9092
PORT_STEP = 10
"""Between two brokers of a directory; each needs the port above its own for its controller."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What a data directory was set up with, as it stands in its `cluster.json`."""

    cluster_id: str
    brokers: int
    port: int


def known(data: Path) -> bool:
    """Whether the directory has been set up."""
    return (data / "cluster.json").exists()


def read(data: Path) -> Layout:
    """The directory's layout.

    Raises:
        Failure: the file cannot be read.
    """
    try:
        return msgspec.json.decode((data / "cluster.json").read_bytes(), type=Layout)
    except (OSError, msgspec.DecodeError) as error:
        raise Failure(f"{data / 'cluster.json'} cannot be read ({error}); choose another one.") from None


def nodes_of(data: Path, layout: Layout) -> list[Node]:
    """The brokers of a directory.

    >>> [node.address for node in nodes_of(Path("x"), Layout(cluster_id="", brokers=3, port=9092))]
    ['127.0.0.1:9092', '127.0.0.1:9102', '127.0.0.1:9112']
    """
    return [Node(data, number + 1, layout.port + PORT_STEP * number) for number in range(layout.brokers)]


def agree(data: Path, brokers: int | None, port: int | None) -> Layout:
    """The directory's layout, made now if it is new; what is asked for must agree with what is there.

    Another port is no difference while the brokers are down: data do not depend on it.

    Raises:
        Failure: another number of brokers, or another port while they run.
    """
    if brokers not in (None, 1, 3):
        raise Failure(f"{brokers} brokers are not possible: a quorum needs 1 or 3; choose one of them.")
    # A first start that failed early leaves a layout without data: nothing to agree with yet.
    if not known(data) or not any(node.formatted() for node in nodes_of(data, read(data))):
        # Kafka wants a UUID in the URL-safe alphabet, without padding.
        # Kafka's own tools take an id that begins with a dash for an option.
        cluster_id = "k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        return _write(data, Layout(cluster_id=cluster_id, brokers=brokers or 1, port=port or DEFAULT_PORT))
    layout = read(data)
    if brokers not in (None, layout.brokers):
        holds = f"{layout.brokers} broker{'s' if layout.brokers > 1 else ''}"
        raise Failure(
            f"{data} holds the data of {holds}, not of {brokers}; "
            "leave --brokers out, or choose another directory with --data."
        )
    if port is None or port == layout.port:
        return layout
    if any(node.pid() is not None for node in nodes_of(data, layout)):
        raise Failure(
            f"Kafka in {data} is already running at port {layout.port}, not {port}; leave --port out, "
            "or stop it first with `ticketspike kafka down`."
        )
    return _write(data, msgspec.structs.replace(layout, port=port))


def _write(data: Path, layout: Layout) -> Layout:
    staging = data / "cluster.json.new"
    staging.write_bytes(msgspec.json.encode(layout))
    staging.replace(data / "cluster.json")
    return layout
