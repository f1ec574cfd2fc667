"""Embedded Apache Kafka (KRaft): start, stop and inspect the brokers of a data directory.

A real broker rather than a stand-in: it starts in seconds, and what holds on it holds in production. For more
than a laptop, a test or a trial take your own cluster or `docker compose up`.
"""

from __future__ import annotations

import fcntl
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from streams import broker_process, kafka_jars
from streams.broker_layout import agree, known, nodes_of, read
from streams.broker_process import HOST, Node
from streams.errors import Failure

DEFAULT_MEMORY_MB = 512
START_SECONDS = 120.0
"""A start takes 2-7 s; a crowded machine may need far longer, and giving up early helps nobody."""

STOP_SECONDS = 20.0


class BrokerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One broker of `kafka status`; `pid` is None while it is down."""

    node: int
    address: str
    pid: int | None
    log: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `kafka status` tells; `running` means that every broker of the directory runs."""

    data: str
    version: str
    running: bool
    bootstrap_servers: list[str]
    brokers: list[BrokerStatus]


def up(
    data: Path,
    *,
    brokers: int | None = None,
    port: int | None = None,
    memory_mb: int = DEFAULT_MEMORY_MB,
    say: Callable[[str], None] | None = None,
) -> list[str]:
    """Start the brokers of a data directory, or find them started; returns once clients can work.

    That is: a client has produced to each broker, consumed from it and committed an offset.

    Args:
        data: the directory for segments, logs and process ids; made if absent.
        brokers: 1 or 3 (replication 3, two in sync). None: as the directory has it, else 1.
        port: of the first broker; the next ones listen 10 higher each, controllers one above their broker.
            None: as the directory has it, else 9092.
        memory_mb: the heap of each broker in MiB.
        say: is told about the first download; by default it goes to stderr.

    Returns:
        The bootstrap addresses.

    Raises:
        Failure: one sentence with the remedy: no Java, no Maven, a taken port, another layout, a crash.
    """
    data = data.expanduser().resolve()
    if any(sign in str(data) for sign in ",\n"):
        raise Failure(
            f"Kafka cannot keep its data in {data}, since a comma separates directories; choose another."
        )
    data.mkdir(parents=True, exist_ok=True)
    with _lock(data):
        layout = agree(data, brokers, port)
        nodes = nodes_of(data, layout)
        idle = [node for node in nodes if node.pid() is None]
        if idle:
            java = kafka_jars.require_java()
            libraries = kafka_jars.libraries(say or _to_stderr)
            _require_free_ports(idle)
            try:
                _start(idle, nodes, java, libraries, layout.cluster_id, memory_mb)
                _wait(nodes)
            except BaseException:  # also Ctrl-C: half a cluster would hold the next one's ports
                broker_process.stop(idle, STOP_SECONDS)
                raise
        else:
            _wait(nodes)
    return [node.address for node in nodes]


def down(data: Path) -> bool:
    """Stop the brokers that `up` started in a data directory, and nothing else; their data stay.

    Returns:
        Whether anything was running.

    Raises:
        Failure: a broker belongs to another user.
    """
    data = data.expanduser().resolve()
    if not known(data):
        return False
    with _lock(data):
        return bool(broker_process.stop(nodes_of(data, read(data)), STOP_SECONDS))


def status(data: Path) -> Status:
    """The brokers of a data directory; an empty list if there never were any."""
    data = data.expanduser().resolve()
    nodes = nodes_of(data, read(data)) if known(data) else []
    brokers = [
        BrokerStatus(node=node.number, address=node.address, pid=node.pid(), log=str(node.log))
        for node in nodes
    ]
    return Status(
        data=str(data),
        version=kafka_jars.version(),
        running=bool(brokers) and all(broker.pid is not None for broker in brokers),
        bootstrap_servers=[node.address for node in nodes],
        brokers=brokers,
    )


def _require_free_ports(nodes: list[Node]) -> None:
    for node in nodes:
        for port in (node.port, node.port + 1):
            try:
                with socket.socket() as probe:
                    # As Java does it: a port whose last connections are just closing is free.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((HOST, port))
            except (OSError, OverflowError):
                raise Failure(
                    f"Port {port} is taken by another program (or not allowed); choose another with --port, "
                    f"such as `ticketspike kafka up --port {19092 if node.port < 19000 else 29092}`."
                ) from None


def _start(
    idle: list[Node], nodes: list[Node], java: str, libraries: Path, cluster_id: str, memory_mb: int
) -> None:
    for node in idle:
        node.configure(nodes)
    formatting = [(node, node.format(java, libraries, cluster_id)) for node in idle if not node.formatted()]
    told = [(node, process.communicate()[0], process.returncode) for node, process in formatting]
    for node, output, code in told:
        if code:
            line = (output.strip().splitlines() or ["no message"])[-1]
            raise Failure(
                f"The storage in {node.folder} could not be prepared ({line}); check its disk and rights."
            )
    for node in idle:
        node.log.write_text("", encoding="utf-8")
        node.start(java, libraries, memory_mb)


def _wait(nodes: list[Node]) -> None:
    from streams.broker_probe import ProbeError, produce_and_consume

    deadline = time.monotonic() + START_SECONDS
    reason = "its port does not open"
    while time.monotonic() < deadline:
        for node in nodes:
            if node.pid() is None:
                raise Failure(
                    f"Broker {node.number} at {node.address} ended while starting: {node.last_error()}; "
                    f"its log is {node.log}."
                )
        if all(_open(node) for node in nodes):
            try:
                return produce_and_consume([node.address for node in nodes])
            except ProbeError as error:
                reason = str(error)
        time.sleep(0.1)
    raise Failure(
        f"Kafka in {nodes[0].data} was not ready after {START_SECONDS:.0f} s ({reason}); "
        f"its log is {nodes[0].log}."
    )


def _open(node: Node) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, node.port)) == 0


@contextmanager
def _lock(data: Path) -> Iterator[None]:
    """One start or stop at a time in a directory; a second caller waits for the first."""
    with (data / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
