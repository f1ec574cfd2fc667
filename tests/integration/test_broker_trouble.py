"""A worker among brokers that come and go needs nobody's help, and stops when it is told to."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from chaos_cluster import Cluster
from worker_process import WorkerProcess, eventually

from streams import admin
from streams.settings import Settings, load

PATIENCE = 15.0
"""Seconds; a worker gives itself ten."""


def test_a_worker_is_ready_soon_with_a_broker_down_and_stops_in_time_with_all_of_them_frozen(
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    free_port: Callable[[], int],
    tmp_path: Path,
) -> None:
    cluster = Cluster(tmp_path / "kafka", free_port())
    try:
        settings = load(
            kafka_bootstrap_servers=",".join(cluster.addresses),
            ticketspike_hmac_key="key",
            ticketspike_data_dir=tmp_path / "data",
        )
        admin.create(settings)
        # The one that everybody asks first.
        cluster.kill(cluster.nodes[0])
        worker = WorkerProcess(executable, environment(settings), tmp_path / "worker.log")
        worker.start(120)
        assert worker.stop() == 0
        cluster.mend()
        starting = WorkerProcess(executable, environment(settings), tmp_path / "starting.log")
        starting.begin()
        assert eventually(lambda: "[^Count]: Starting" in starting.said(), pause=0.02)
        for node in cluster.nodes:
            cluster.signal(node, signal.SIGSTOP)
        assert starting.process is not None
        os.kill(starting.process.pid, signal.SIGTERM)
        starting.process.wait(PATIENCE)
    finally:
        cluster.down()
