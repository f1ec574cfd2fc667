"""The workers of a run: each is started again whenever it ends, as a supervisor would."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from chaos_processes import Nursery, Worker

NEEDED = ("streams.worker", "streams.count", "streams.watch", "streams.notify")
STOP_SECONDS = 10.0
"""SIGTERM ends a worker within so long."""
MORE_SECONDS = 2.0
"""What it gets on top while brokers are broken: it may have begun to wait for one a moment before."""


class Post:
    """A worker's place: its data directory and log, and the process that fills it at the moment."""

    def __init__(self, nursery: Nursery, folder: Path, name: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.busy = threading.Lock()
        """Whoever does something to the worker holds it."""
        self.wanted = False
        self.worker: Worker | None = None
        self._nursery = nursery
        self._environment = {"TICKETSPIKE_DATA_DIR": str(folder / name)}

    def start(self) -> None:
        self.wanted = True
        self.worker = self._nursery.start(log=self.log, environment=self._environment)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.worker is not None and self.worker.status is None:
            os.kill(self.worker.pid, number)

    def kill(self) -> None:
        """Kill -9 and wait for its end."""
        self.wanted = False
        self.send(signal.SIGKILL)
        self._ended(10)

    def stop(self, broken: Callable[[], bool] = lambda: False) -> int | None:
        """SIGTERM; its exit status, None if it had to be killed.

        Args:
            broken: whether brokers are, or were when it was told to stop; asked when its time is over.
        """
        self.wanted = False
        self.send(signal.SIGTERM)
        status = self._ended(STOP_SECONDS)
        if status is None and broken():
            status = self._ended(MORE_SECONDS)
        if status == -signal.SIGTERM and self.worker is not None and not self.worker.is_ready():
            return 0  # so young that nobody listened yet
        if status is None:
            self.kill()
        return status

    def ready(self, seconds: float) -> bool:
        """Wait until it is ready; False if it is not by then."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.worker is not None and self.worker.is_ready():
                return True
            time.sleep(0.1)
        return False

    def _ended(self, seconds: float) -> int | None:
        if self.worker is None:
            return 0
        self.worker.wait(seconds)
        return self.worker.status


class Crew:
    """Some posts, two of which are filled from the start."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.nursery = Nursery({**os.environ, **environment}, folder / "nursery.log", *NEEDED)
        self.posts = [Post(self.nursery, folder, name) for name in ("first", "second", "third")]
        self.whole = threading.Lock()
        """Held while nobody else may touch any worker."""
        self.crashes: list[str] = []
        """What workers said that ended by themselves."""
        self._over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)

    def start(self) -> None:
        for post in self.posts[:2]:
            post.start()
        for post in self.posts[:2]:
            assert post.ready(90), post.log.read_text(errors="replace")[-4000:]
        self._supervisor.start()

    def take(self, rng: random.Random) -> Post:
        """A worker that runs and that nobody else does something to; give it back by releasing `busy`."""
        while True:
            order = rng.sample(self.posts, len(self.posts))
            with self.whole:
                for post in order:
                    if post.wanted and post.busy.acquire(blocking=False):
                        return post
            time.sleep(0.1)

    def close(self) -> list[int | None]:
        """SIGTERM to all; their exit statuses."""
        self._over.set()
        self._supervisor.join(20)
        statuses = [post.stop() for post in self.posts if post.wanted]
        self.nursery.close()
        return statuses

    def _supervise(self) -> None:
        while not self._over.wait(0.5):
            for post in self.posts:
                if not post.busy.acquire(blocking=False):
                    continue
                try:
                    if post.wanted and post.worker is not None and post.worker.status is not None:
                        said = post.log.read_bytes()[post.worker.begin :].decode(errors="replace")
                        line = (said.strip().splitlines() or ["nothing"])[-1]
                        self.crashes.append(f"{post.name} ended with {post.worker.status}: {line}")
                        post.start()
                finally:
                    post.busy.release()
