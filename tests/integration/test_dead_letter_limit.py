"""A bad deploy upstream: counting stands still instead of moving everything into dead-letters, and loses nothing."""

from __future__ import annotations

import asyncio
import json
import urllib.error
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import TopicPartition
from counted_reasons import counted
from worker_process import WorkerProcess, eventually

from streams.committed import read_committed
from streams.connection import kafka_python_options
from streams.settings import Settings
from streams.to_end import read_to_end
from streams.topics import app_id

RUN = 20


def send(settings: Settings, *, good: int = 0, bad: int = 0) -> None:
    """Tickets that can be read, then some whose sender names a field otherwise since its last deploy."""
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    for number in range(good + bad):
        ticket = {"id": f"{good}-{bad}-{number}", "contact_reason": "voucher"}
        ticket["created_at" if number < good else "createdAt"] = datetime.now(UTC).isoformat()
        producer.send(settings.topic("tickets"), json.dumps(ticket).encode(), key=b"k", partition=0)
    producer.flush()
    producer.close()


def readiness(worker: WorkerProcess) -> str:
    try:
        return worker.get("/readyz")
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"


def test_a_bad_deploy_stops_the_flow_and_a_mended_one_lets_it_go_on_with_every_record_once(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    settings = make_settings(ticketspike_partitions=1)
    limited = environment(settings) | {"TICKETSPIKE_DEAD_LETTER_RUN": str(RUN)}
    worker = WorkerProcess(executable, limited, tmp_path / "worker.log", "--only", "count").start()

    def refused() -> list[int]:
        """Whose letters there are, in their order; a kill between letter and commit may write one again."""
        headers = [dict(letter.headers) for letter in read_to_end(settings, "dead-letters")]
        return list(dict.fromkeys(int(one["offset"]) for one in headers))

    def committed() -> set[int]:
        partition = TopicPartition(settings.topic("tickets"), 0)
        held = asyncio.run(read_committed(settings, app_id(settings, "count"), [partition]))
        return {one.offset for one in held.values()}

    try:
        send(settings, good=5, bad=90)
        assert eventually(lambda: worker.metric("ticketspike_halted_partitions") == 1)
        assert eventually(lambda: refused() == list(range(5, 5 + RUN)))
        why = f"stands still at {settings.topic('tickets')}-0@{5 + RUN}: {RUN} records one after the other"
        assert readiness(worker).startswith(f"503 count: ready (1 partitions)\ntickets: not ready ({why}")
        assert "created_at: is missing" in readiness(worker)
        assert "counting stands still" in worker.said()

        # A restart is a try: it goes as far again, stands still again, and skips nothing. It begins at the commit.
        assert eventually(lambda: committed() == {5 + RUN})
        worker.kill()
        worker.start()
        assert eventually(lambda: worker.metric("ticketspike_halted_partitions") == 1)
        assert eventually(lambda: refused() == list(range(5, 5 + 2 * RUN)))
        assert eventually(lambda: counted(settings) == {"voucher": 5})

        send(settings, good=25)
        assert eventually(lambda: counted(settings) == {"voucher": 30})
        assert eventually(lambda: readiness(worker).endswith("tickets: ready (can be read)\n"))
        assert eventually(lambda: not readiness(worker).startswith("503"))
        assert eventually(lambda: refused() == list(range(5, 95)))
        assert eventually(lambda: worker.metric("ticketspike_halted_partitions") == 0)
        assert "counting goes on" in worker.said()
    finally:
        assert worker.stop() == 0
