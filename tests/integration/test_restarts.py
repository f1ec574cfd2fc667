"""A worker that is restarted disturbs nobody, and one that is told to stop stops, whatever hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from shop import burst
from worker_process import WorkerProcess, eventually

from streams import admin, broker
from streams.settings import Settings, load


async def test_a_restart_within_the_session_time_moves_no_partition_and_is_seen_in_the_metrics(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    settings = make_settings()
    workers = [
        WorkerProcess(
            executable,
            environment(settings) | {"TICKETSPIKE_DATA_DIR": str(tmp_path / name)},
            tmp_path / f"{name}.log",
        )
        for name in ("first", "second")
    ]
    first, second = workers
    rebalances = "ticketspike_rebalances_total"

    def told() -> float:
        return second.metric(rebalances)

    def held() -> list[str]:
        return sorted(line for one in workers for line in one.get("/readyz").splitlines()[:4])

    try:
        await asyncio.gather(*(asyncio.to_thread(worker.start) for worker in workers))
        await asyncio.to_thread(burst, settings)
        # count, watch and notify each told each worker at least once, and somebody has the state of each.
        assert await asyncio.to_thread(
            eventually, lambda: all(worker.metric(rebalances) >= 3 for worker in workers)
        )
        seconds = 'ticketspike_recovery_seconds{stage="%s"}'
        for stage in ("count", "watch", "notify"):
            assert await asyncio.to_thread(
                eventually,
                lambda stage=stage: any(seconds % stage in worker.get("/metrics") for worker in workers),
            )
        before, parts = told(), held()
        await asyncio.to_thread(first.kill)
        await asyncio.to_thread(first.start)
        assert (told(), held()) == (before, parts)
        assert await asyncio.to_thread(first.stop, 10) == 0
        await asyncio.to_thread(first.start)
        assert (told(), held()) == (before, parts)
    finally:
        await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))


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
        # What is not acknowledged is not committed either, so it is said again after the next start.
        assert worker.stop(10) in (0, 1)
        assert "Traceback" not in worker.said()
    finally:
        os.kill(node.pid, signal.SIGCONT)
        broker.down(tmp_path / "kafka")
