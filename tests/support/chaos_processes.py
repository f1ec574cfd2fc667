"""The processes of a chaos run: the stand-in for Slack, and workers that are killed."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class Server:
    """The stand-in's process."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "killing_slack.py"), "0"],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self._base = self.url.removesuffix("/api/")

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self._base + path, timeout=30) as answer:  # noqa: S310 - ours
            return json.loads(answer.read())

    def switch(self, **state: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310 - ours
            self._base + "/switch", json.dumps(state).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - ours
            return json.loads(answer.read())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log.close()


class Worker:
    """One `ticketspike worker`; from `begin` on its log is its own."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None
        self.log = Path(os.devnull)
        self.begin = 0

    def is_ready(self) -> bool:
        """Whether it says that it is ready."""
        with self.log.open("rb") as log:
            log.seek(self.begin)
            return b"\nready: " in b"\n" + log.read()

    def wait(self, seconds: float, claim: Callable[[], bool] = lambda: False) -> bool:
        """Wait for its death or the claim; True if it died."""
        until = time.monotonic() + seconds
        while self.status is None and time.monotonic() < until and not claim():
            time.sleep(0.02)
        return self.status is not None

    def end(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs, and wait for its end."""
        if self.status is None:
            os.kill(self.pid, number)
        if not self.wait(20):
            os.kill(self.pid, signal.SIGKILL)
            self.wait(20)


class Nursery:
    """Where workers come from.

    Args:
        environment: of the workers.
        log: where they write, unless they have a log of their own.
        modules: what they will need, loaded once.
    """

    def __init__(self, environment: Mapping[str, str], log: Path, *modules: str) -> None:
        self.log = log
        self.log.touch()
        self._starting = threading.Lock()
        self._workers: dict[int, Worker] = {}
        self._started: queue.Queue[Worker] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "nursery.py"), *modules],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def start(
        self,
        *arguments: str,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Worker:
        """Start a worker with these arguments, a log and settings of its own."""
        assert self._process.stdin is not None
        log = log or self.log
        log.touch()
        with self._starting:
            begin = log.stat().st_size
            order = {"log": str(log), "environment": dict(environment or {}), "arguments": arguments}
            self._process.stdin.write(json.dumps(order) + "\n")
            worker = self._started.get(timeout=120)
        worker.log, worker.begin = log, begin
        return worker

    def tail(self) -> str:
        """The last lines of the log."""
        return self.log.read_text(errors="replace")[-4000:]

    def close(self) -> None:
        """End it; its workers were ended before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._reader.join(20)
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, pid, *status = line.split()
            worker = self._workers.setdefault(int(pid), Worker(int(pid)))
            if word == "started":
                self._started.put(worker)
            else:
                worker.status = int(status[0])
