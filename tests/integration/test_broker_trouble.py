"""A worker among brokers that come and go needs nobody's help, and stops when it is told to."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chaos_cluster import Cluster
from worker_process import WorkerProcess, eventually

from streams import admin
from streams.errors import Failure
from streams.publish import publisher
from streams.settings import Settings, load

PATIENCE = 20.0
"""Seconds; a worker gives itself ten, and a busy machine needs some for the end of its process."""


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[tuple[Cluster, Settings]]:
    """Three brokers and the topics on them."""
    folder = tmp_path_factory.mktemp("brokers")
    brokers = Cluster(folder / "kafka", free_port())
    try:
        settings = load(
            kafka_bootstrap_servers=",".join(brokers.addresses),
            ticketspike_hmac_key="key",
            ticketspike_data_dir=folder / "data",
        )
        admin.create(settings)
        yield brokers, settings
    finally:
        brokers.down()


@contextmanager
def frozen(brokers: Cluster) -> Iterator[None]:
    """All brokers stand still: they neither answer nor close a connection."""
    for node in brokers.nodes:
        brokers.signal(node, signal.SIGSTOP)
    try:
        yield
    finally:
        for node in brokers.nodes:
            brokers.signal(node, signal.SIGCONT)


def test_a_worker_is_ready_soon_with_a_broker_down(
    cluster: tuple[Cluster, Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    brokers, settings = cluster
    # The one that everybody asks first.
    brokers.kill(brokers.nodes[0])
    try:
        worker = WorkerProcess(executable, environment(settings), tmp_path / "worker.log")
        worker.start(120)
        # Who leads has just changed: that a goodbye was not heard is no fault, but to linger is one.
        assert worker.stop(PATIENCE) in (0, 1)
    finally:
        brokers.mend()


def test_a_worker_that_waits_for_brokers_in_its_start_stops_when_it_is_told_to(
    cluster: tuple[Cluster, Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    brokers, settings = cluster
    worker = WorkerProcess(executable, environment(settings), tmp_path / "worker.log")
    worker.begin()
    assert worker.process is not None
    assert eventually(lambda: "[^Count]: Starting" in worker.said(), pause=0.02)
    with frozen(brokers):
        worker.process.terminate()
        worker.process.wait(PATIENCE)


def test_records_that_no_broker_takes_are_a_failure_in_words_and_nothing_hangs(
    cluster: tuple[Cluster, Settings],
) -> None:
    brokers, settings = cluster
    with pytest.raises(Failure, match="did not take every record"):
        cut_off(brokers, settings)


def cut_off(brokers: Cluster, settings: Settings) -> None:
    with publisher(settings, "tickets") as outlet:
        outlet.send("a", b"{}")
        outlet.flush()
        with frozen(brokers):
            outlet.send("b", b"{}")
            outlet.flush(1.0)
