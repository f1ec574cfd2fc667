"""The stage on which the demo plays: a Kafka with topics of its own, a folder, `ticketspike` processes.

Whatever happens inside, leaving the stage stops every process and takes the topics away again.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from streams import broker, settings
from streams.errors import Failure
from streams.settings import Settings

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
BROKER_MEMORY_MB = 384


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo runs: its folder, its settings and the environment of its processes."""

    folder: Path
    settings: Settings
    environment: dict[str, str]
    web_port: int
    embedded: bool
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The worker's data directory, where `messages.jsonl` grows."""
        return self.settings.ticketspike_data_dir

    def run(self, *arguments: str) -> str:
        """Run a `ticketspike` command to its end and return what it prints. Blocks.

        Raises:
            Failure: it failed; says what it said.
        """
        done = subprocess.run(
            [_ticketspike(), *arguments], env=self.environment, capture_output=True, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise Failure(_failed(arguments, done.returncode, done.stderr.decode(errors="replace")))
        return done.stdout.decode()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a `ticketspike` command that `finish` or leaving the stage ends; it writes into NAME.log."""
        log = self.folder / f"{arguments[0]}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [_ticketspike(), *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for us: we stop the worker in our order, and not twice.
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def finish(self, process: subprocess.Popen[bytes], *arguments: str) -> None:
        """Take a process that has ended by itself off the stage.

        Raises:
            Failure: it failed; says what its log says.
        """
        code = process.wait()
        self.processes.remove(process)
        if code:
            log = self.folder / f"{arguments[0]}.log"
            raise Failure(_failed(arguments, code, log.read_text(encoding="utf-8", errors="replace")))

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start the worker and return once all its stages are ready. Blocks for a minute at most.

        Raises:
            Failure: the worker ended, or is not ready in time.
        """
        process = self.start("worker")
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(f"http://127.0.0.1:{self.web_port}/readyz"):
            if process.poll() is not None:
                self.finish(process, "worker")
                raise Failure(
                    "The worker ended before it was ready; run the demo with --keep and read worker.log."
                )
            if time.monotonic() > deadline:
                raise Failure(
                    f"The worker was not ready after {READY_SECONDS:.0f} s; run the demo with --keep."
                )
            time.sleep(0.1)
        return process

    def stop(self) -> None:
        """Stop every process of the stage; one that does not heed SIGTERM is killed."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()


@contextmanager
def staged(folder: Path, language: str, *, keep: bool) -> Iterator[Stage]:
    """A stage in an empty folder: Kafka answers, the topics exist.

    Kafka is the one of the settings if they name one, else an embedded one on a free port. The topics carry a
    prefix that nobody else has. Slack's settings are left out: a made-up incident does not belong into a real
    channel.

    Args:
        folder: for logs, data and files.
        language: of the messages, `de` or `en`.
        keep: leave the topics of a Kafka that is not ours.

    Raises:
        Failure: Kafka does not start or is not reachable.
        SettingsError: a setting is wrong.
    """
    given = settings.load()
    embedded = "kafka_bootstrap_servers" not in given.model_fields_set
    stack = ExitStack()
    try:
        if embedded:
            stack.callback(broker.down, folder / "kafka")
            servers = ",".join(_up(folder / "kafka"))
        else:
            servers = given.kafka_bootstrap_servers
        stage = _stage(folder, given, servers, language, embedded=embedded)
        stage.run("topics", "create")
        if not embedded and not keep:
            stack.callback(_delete_topics, stage)
        stack.callback(stage.stop)
        yield stage
    finally:
        with _undisturbed():
            stack.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore a second Ctrl-C: an impatient one would leave running what the first one is stopping."""
    usual = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def _up(data: Path) -> list[str]:
    reason = ""
    for _ in range(5):
        port = free_port()
        try:
            return broker.up(data, port=port, memory_mb=BROKER_MEMORY_MB)
        except Failure as error:
            # Another program may have taken the port, or the controller's beside it, in between.
            reason = str(error)
            if "taken" not in reason:
                raise
            shutil.rmtree(data, ignore_errors=True)
    raise Failure(reason)


def _stage(folder: Path, given: Settings, servers: str, language: str, *, embedded: bool) -> Stage:
    prefix = f"demo-{secrets.token_hex(4)}-"
    port = free_port()
    ours = {
        "kafka_bootstrap_servers": servers,
        "ticketspike_clock": "event",
        "ticketspike_topic_prefix": prefix,
        "ticketspike_data_dir": folder / "worker",
        "ticketspike_hmac_key": SecretStr(secrets.token_hex(32)),
        "ticketspike_language": language,
        "ticketspike_timezone": "Europe/Berlin",
        "ticketspike_flush_seconds": 0.2,
        "ticketspike_web_port": port,
    }
    kafka = {name: getattr(given, name) for name in given.model_fields_set if name.startswith("kafka_")}
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("TICKETSPIKE_", "SLACK_", "KAFKA_"))
    }
    for name, value in (kafka | ours).items():
        environment[name.upper()] = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    defaults = Settings.model_construct(**kafka | ours)
    return Stage(folder, defaults, environment, port, embedded)


def free_port() -> int:
    """A port on which nothing listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _ticketspike() -> str:
    """The command beside this Python: a stray folder of the same name cannot come before it."""
    return str(Path(sys.executable).with_name("ticketspike"))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - always http://127.0.0.1
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _delete_topics(stage: Stage) -> None:
    from streams.connection import open_admin
    from streams.topics import specs

    with open_admin(stage.settings) as admin:
        admin.delete_topics([spec.name for spec in specs(stage.settings, 1)])


def _failed(arguments: tuple[str, ...], code: int, said: str) -> str:
    line = (said.strip().splitlines() or ["it said nothing"])[-1].removeprefix("Error: ")
    return f"`ticketspike {' '.join(arguments[:2])}` ended with {code}: {line}"
