"""A worker that is restarted disturbs nobody, and one that is told to stop stops, whatever hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos_crew import NEEDED, Post
from chaos_faults import SESSION_SECONDS
from chaos_processes import Nursery
from shop import burst
from worker_process import WorkerProcess, WorkerWeb, eventually, said_port

from streams import admin, broker
from streams.running_stages import STOP_SECONDS
from streams.settings import Settings, load

IN_TIME = SESSION_SECONDS - 2
"""Kafka counts from the last sign of life, which is up to a second old when a worker goes."""
TRIES = 6
STAGES = ("count", "watch", "notify")
REBALANCES = "ticketspike_rebalances_total"


class Restarted(WorkerWeb):
    """A worker that is back within the session time also on a slow machine: its libraries are loaded beforehand."""

    def __init__(self, post: Post) -> None:
        self.post = post

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.post.start()
        assert self.post.worker is not None
        assert self.post.ready(120), self.post.log.read_text(errors="replace")
        self.port = said_port(self.post.log, self.post.worker.begin) or 0

    def kill(self) -> None:
        """Kill -9."""
        self.post.kill()

    def stop(self) -> None:
        """SIGTERM, which it takes well."""
        assert self.post.stop() == 0, self.post.log.read_text(errors="replace")


@pytest.fixture
def two(
    settings: Settings, environment: Callable[[Settings], dict[str, str]], tmp_path: Path
) -> Iterator[tuple[Restarted, Restarted]]:
    """Two workers for all stages, started."""
    own = {"TICKETSPIKE_WEB_PORT": "0", "PYTHONUNBUFFERED": "1"}
    nursery = Nursery({**os.environ, **environment(settings), **own}, tmp_path / "nursery.log", *NEEDED)
    first, second = (Restarted(Post(nursery, tmp_path, name)) for name in ("first", "second"))
    try:
        for worker in (first, second):
            worker.start()
        yield first, second
    finally:
        for worker in (first, second):
            worker.post.stop()
        nursery.close()


@pytest.mark.timeout(600)
def test_a_restart_within_the_session_time_moves_no_partition_and_is_seen_in_the_metrics(
    settings: Settings, two: tuple[Restarted, Restarted]
) -> None:
    first, second = two

    def told() -> float:
        return second.metric(REBALANCES)

    def held() -> list[str]:
        return sorted(line for worker in two for line in worker.get("/readyz").splitlines()[:4])

    def calm() -> bool:
        before = told(), held()
        time.sleep(5)
        return (told(), held()) == before

    def moves(go: Callable[[], None]) -> bool:
        """Whether a restart that begins so moves anything; where it comes too late for Kafka, it may."""
        assert eventually(calm, 120)
        before, parts = told(), held()
        begun = time.monotonic()
        go()
        first.start()
        seconds = time.monotonic() - begun
        moved = told() != before or not eventually(lambda: held() == parts, 10)
        assert not (moved and seconds < IN_TIME), f"moved by a restart of {seconds:.1f} s"
        return moved

    burst(settings)
    # count, watch and notify each told each worker at least once, and somebody has the state of each.
    assert eventually(lambda: all(worker.metric(REBALANCES) >= 3 for worker in two))
    for stage in STAGES:
        recovered = f'ticketspike_recovery_seconds{{stage="{stage}"}}'
        assert eventually(lambda name=recovered: any(name in worker.get("/metrics") for worker in two))
    for go in (first.kill, first.stop):
        assert not all(moves(go) for _ in range(TRIES)), (
            "no restart was back within the session time, or Kafka did not know the worker again"
        )


def test_a_worker_whose_stdout_nobody_reads_any_more_says_so_in_its_last_line(
    settings: Settings, environment: Callable[[Settings], dict[str, str]], executable: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [executable, "worker", "--only", "notify"],
            env={**os.environ, **environment(settings), "TICKETSPIKE_WEB_PORT": "0"},
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: Nobody reads the worker's stdout any more")


@pytest.fixture
def own_broker(tmp_path: Path, free_port: Callable[[], int]) -> Settings:
    """Settings for a broker that may be harmed; it ends with the test that uses it."""
    [address] = broker.up(tmp_path / "kafka", brokers=1, port=free_port() + 3, memory_mb=256)
    settings = load(kafka_bootstrap_servers=address, ticketspike_hmac_key="k")
    admin.create(settings)
    return settings


def test_a_worker_stops_within_ten_seconds_even_when_its_broker_hangs(
    own_broker: Settings,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    node = broker.status(tmp_path / "kafka").brokers[0]
    assert node.pid is not None
    worker = WorkerProcess(executable, environment(own_broker), tmp_path / "worker.log")
    try:
        worker.start()
        burst(own_broker)
        os.kill(node.pid, signal.SIGSTOP)
        # What is not acknowledged is not committed either, so it is said again after the next start. The worker's
        # own clock holds it to ten seconds; ours gives a busy machine some more for the end of the process.
        assert STOP_SECONDS < 10
        assert worker.stop(20) in (0, 1)
        assert "Traceback" not in worker.said()
    finally:
        os.kill(node.pid, signal.SIGCONT)
        broker.down(tmp_path / "kafka")
