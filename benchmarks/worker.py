"""The real worker of a bench: its environment, its process, what its web server says."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

from streams.fake_slack import CHANNEL_ID


def environment_of(bootstrap: str, folder: Path, slack_url: str) -> dict[str, str]:
    """The environment of a worker on a broker, with a web server at a free port and a stand-in for Slack."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TICKETSPIKE_", "KAFKA_", "SLACK_"))
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return inherited | {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "TICKETSPIKE_HMAC_KEY": "bench",
        "TICKETSPIKE_DATA_DIR": str(folder / "worker"),
        "TICKETSPIKE_TIMEZONE": "UTC",
        "TICKETSPIKE_WEB_PORT": str(port),
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_CHANNEL": CHANNEL_ID,
        "SLACK_API_URL": slack_url,
    }


def run(environment: dict[str, str], *arguments: str) -> None:
    """Run a command of ticketspike.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(
        [_command(), *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"ticketspike {' '.join(arguments)} failed: {done.stderr.strip()[-2000:]}")


def start(environment: dict[str, str], log: BinaryIO, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a worker; it may not be ready yet."""
    return subprocess.Popen([_command(), "worker", *arguments], env=environment, stdout=log, stderr=log)


def stop(worker: subprocess.Popen[bytes]) -> None:
    """Ask a worker to stop, and kill it if it does not."""
    if worker.poll() is None:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def wait_until_ready(environment: dict[str, str], worker: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until all stages are ready.

    Raises:
        RuntimeError: the worker ended, or is not ready after a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and worker.poll() is None:
        if answer(environment, "/readyz") is not None:
            return
        time.sleep(0.2)
    raise RuntimeError(f"the worker did not become ready: {log.read_text(errors='replace')[-2000:]}")


def metric(environment: dict[str, str], name: str, label: str = "") -> float:
    """The sum of a metric over its labels, or where a label is such; 0 where not set or nobody answers."""
    lines = (answer(environment, "/metrics") or "").splitlines()
    found = (line for line in lines if line.split("{")[0].split(" ")[0] == name and label in line)
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)


def cpu_seconds(worker: subprocess.Popen[bytes]) -> float:
    """Seconds of a core that a worker has used so far."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(worker: subprocess.Popen[bytes]) -> float:
    """The most resident memory that a worker has had so far."""
    status = Path(f"/proc/{worker.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def _command() -> str:
    return str(Path(sys.executable).with_name("ticketspike"))


def answer(environment: dict[str, str], path: str) -> str | None:
    """What the web server answers with 200; None for anything else."""
    url = f"http://127.0.0.1:{environment['TICKETSPIKE_WEB_PORT']}{path}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except (OSError, urllib.error.HTTPError):
        return None  # its web server is not there yet, or says that it is not ready
