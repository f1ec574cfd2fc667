"""A worker as its users run it: a process, started, watched, killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path


class WorkerWeb:
    """What a worker's web server at `port` says."""

    port = 0

    def get(self, path: str) -> str:
        """What it answers. Raises OSError where it does not, or says that something is not ready."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels; 0 where it has not been set. Raises OSError as `get` does."""
        lines = [
            line for line in self.get("/metrics").splitlines() if line.split("{")[0].split(" ")[0] == name
        ]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


class WorkerProcess(WorkerWeb):
    """One `ticketspike worker`; its log is `log`, its web server's port `port`."""

    def __init__(self, executable: str, environment: dict[str, str], log: Path, *arguments: str) -> None:
        self.executable = executable
        self.environment = {**os.environ, **environment, "TICKETSPIKE_WEB_PORT": "0", "PYTHONUNBUFFERED": "1"}
        self.log = log
        self.arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> int:
        """Start it; where its log begins."""
        with self.log.open("ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                [self.executable, "worker", *self.arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        return begin

    def start(self, seconds: float = 120) -> WorkerProcess:
        """Start and wait until it says that it is ready."""
        begin = self.begin()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            port = said_port(self.log, begin)
            if port is not None:
                self.port = port
                return self
            if self.process.poll() is not None:
                raise AssertionError(f"the worker ended with {self.process.returncode}:\n{self.said()}")
            time.sleep(0.1)
        raise AssertionError(f"the worker was not ready after {seconds} s:\n{self.said()}")

    def said(self) -> str:
        """Everything it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds: float = 30) -> int:
        """Ask it to stop and return its exit status; TimeoutExpired if it does not, long after its own ten seconds."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise


def said_port(log: Path, begin: int) -> int | None:
    """The port that a worker named when it said that it is ready; None while it has not.

    Args:
        log: what the worker writes to.
        begin: the byte of the log at which this worker's own words begin.
    """
    with log.open("rb") as said:
        said.seek(begin)
        # The last line may be half written.
        lines = said.read().split(b"\n")[:-1]
    return next((int(line.rsplit(b":", 1)[1]) for line in lines if line.startswith(b"ready: ")), None)


def eventually(claim: Callable[[], bool], seconds: float = 60, pause: float = 0.3) -> bool:
    """Whether a claim becomes true in time.

    A claim that cannot be asked, since a process is busy or what it looks at is not there yet, is not true yet.
    Where that lasts until the time is over, the last try raises its error, so that the reason is seen.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError, HTTPException):
            if claim():
                return True
        time.sleep(pause)
    return claim()
