"""One embedded broker: its folder, its Java process, and how to know that a process is really ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.errors import Failure

HOST = "127.0.0.1"
"""Brokers listen on loopback only: they know no passwords."""

_LOGGING = """<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One broker of a data directory, controller at once; `port` for clients, `port` + 1 for controllers."""

    data: Path
    number: int
    port: int

    @property
    def address(self) -> str:
        """What clients connect to."""
        return f"{HOST}:{self.port}"

    @property
    def folder(self) -> Path:
        """The broker's own folder: its properties, its process id, its log segments."""
        return self.data / f"node-{self.number}"

    @property
    def properties(self) -> Path:
        """The broker's configuration; its absolute path in a command line tells our processes from others."""
        return self.folder / "server.properties"

    @property
    def log(self) -> Path:
        """What the process prints."""
        return self.data / "logs" / f"broker-{self.number}.log"

    @property
    def voter(self) -> str:
        """The node as a member of the KRaft quorum."""
        return f"{self.number}@{HOST}:{self.port + 1}"

    def pid(self) -> int | None:
        """The id of the running process, None if it is not running.

        A pid file alone proves nothing, since ids are used again: the process must have been started with
        this node's properties.
        """
        try:
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if str(self.properties) in _arguments(pid) else None

    def configure(self, nodes: Sequence[Node]) -> None:
        """Write the configuration; a broker reads it only when it starts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.xml").write_text(_LOGGING, encoding="utf-8")
        lines = [f"{name}={_escaped(value)}" for name, value in _configuration(self, nodes).items()]
        self.properties.write_text("\n".join(lines) + "\n", encoding="ascii")

    def formatted(self) -> bool:
        """Whether the storage has been prepared (once in a data directory's life)."""
        return (self.folder / "data" / "meta.properties").exists()

    def format(self, java: str, libraries: Path, cluster_id: str) -> subprocess.Popen[str]:
        """Start preparing the storage; the caller waits for the process, several nodes at a time."""
        tool = [
            "kafka.tools.StorageTool",
            "format",
            "--ignore-formatted",
            "-t",
            cluster_id,
            "-c",
            str(self.properties),
        ]
        return subprocess.Popen(
            [java, *self._options(64, libraries), *tool],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environment(),
        )

    def start(self, java: str, libraries: Path, memory_mb: int) -> None:
        """Start the broker, detached: a session of its own, no pipe or terminal of the caller."""
        command = [java, *self._options(memory_mb, libraries), "kafka.Kafka", str(self.properties)]
        # Through a shell that leaves at once: the broker is nobody's child, so it neither becomes a zombie of
        # a long-lived caller nor ends with a short-lived one.
        started = subprocess.run(
            [
                "sh",
                "-c",
                'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!',
                "sh",
                str(self.log),
                *command,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            start_new_session=True,
            env=_environment(),
        )
        (self.folder / "pid").write_text(started.stdout.strip(), encoding="ascii")

    def last_error(self) -> str:
        """The line of the log that most likely says why the broker ended."""
        try:
            lines = [
                line.strip() for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            ]
        except OSError:
            return "no log"
        said = [line for line in lines if line and not line.startswith("at ")] or ["an empty log"]
        # The last error is often "Exiting": what it exits for stands behind it, as the exception's own lines.
        errors = [number for number, line in enumerate(said) if " ERROR " in line or " FATAL " in line]
        telling = said[errors[-1] :] if errors else said[-1:]
        causes = [line for line in telling if line.startswith("Caused by:")]
        return (causes[-1] if causes else " ".join(telling[:2]))[:400]

    def _options(self, memory_mb: int, libraries: Path) -> list[str]:
        # First compiler level, shared class data, one collector thread: made for brokers that live for
        # minutes on a machine that has other work.
        return [
            f"-Xmx{memory_mb}m",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            f"-Dlog4j2.configurationFile={(self.folder / 'log4j2.xml').as_uri()}",
            "-cp",
            f"{libraries}/*",
        ]


def stop(nodes: Sequence[Node], seconds: float) -> list[Node]:
    """Stop those of the nodes that run: SIGTERM, and SIGKILL for what is still there after `seconds`; waits.

    Returns:
        The nodes that were running.

    Raises:
        Failure: a process belongs to another user.
    """
    running = [node for node in nodes if node.pid() is not None]
    _signal(running, signal.SIGTERM)
    if not _gone(running, seconds):
        _signal(running, signal.SIGKILL)
        if not _gone(running, 10):
            raise Failure(f"The broker in {running[0].data} does not end even on SIGKILL; look at its disk.")
    for node in nodes:
        (node.folder / "pid").unlink(missing_ok=True)
    return running


def _signal(nodes: Sequence[Node], number: signal.Signals) -> None:
    for node in nodes:
        pid = node.pid()
        try:
            if pid is not None:
                os.kill(pid, number)
        except ProcessLookupError:
            continue
        except PermissionError:
            raise Failure(
                f"The broker with process id {pid} belongs to another user; stop it as that user."
            ) from None


def _gone(nodes: Sequence[Node], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(node.pid() is not None for node in nodes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _arguments(pid: int) -> Sequence[str]:
    """The command line of a process; empty if it is gone (a zombie has none either)."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
        except OSError:
            return []
    told = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return [told.stdout, *told.stdout.split()]


def _configuration(node: Node, nodes: Sequence[Node]) -> dict[str, str]:
    copies = str(min(3, len(nodes)))
    in_sync = "2" if len(nodes) >= 3 else "1"
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.voters": ",".join(other.voter for other in nodes),
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{node.port},CONTROLLER://{HOST}:{node.port + 1}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{node.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(node.folder / "data"),
        # A topic made by accident has one partition and its own retention; see `ticketspike topics create`.
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        # Kafka's 50 partitions each are meant for hundreds of groups; a few start and recover faster.
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.num.partitions": "8",
        "share.coordinator.state.topic.num.partitions": "8",
    }


def _escaped(value: str) -> str:
    r"""A value for a properties file, which Java reads as Latin-1 with \uXXXX, as JSON writes it.

    >>> _escaped("/tmp/Köln")
    '/tmp/K\\u00f6ln'
    """
    return json.dumps(value)[1:-1].replace('\\"', '"')


def _environment() -> dict[str, str]:
    # Java reads file names in the locale's encoding: under plain C it would not find a path with umlauts.
    return {**os.environ, "LC_ALL": "C.UTF-8"}
