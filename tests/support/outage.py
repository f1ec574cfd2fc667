"""The only broker is killed under load and comes back: what the same worker, on the wall clock, makes of it."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chaos_processes import Server
from worker_process import WorkerProcess, eventually

from streams import broker
from streams.broker_layout import nodes_of, read
from streams.connection import kafka_python_options
from streams.counts import Counted
from streams.settings import Settings
from streams.to_end import read_to_end

RISES = 60
"""Tickets of the contact reason that rises as soon as the broker is back."""


@dataclass
class Outcome:
    """What came of it; seconds since the broker took records again, infinite where it did not come to it."""

    lost: int
    written_after: float
    counted_after: float
    alerted_after: float
    roots: list[str]


class Load:
    """A thread that sends old tickets, as a helpdesk's import does: they are counted, but nothing rises by them."""

    def __init__(self, settings: Settings, per_second: float) -> None:
        from kafka import KafkaProducer

        self.truth: Counter[str] = Counter()
        self._settings = settings
        self._topic = settings.topic("tickets")
        self._pause = 1 / per_second
        # Longer than any outage here: an application that must not lose tickets waits.
        self._producer = KafkaProducer(
            **kafka_python_options(settings),
            acks="all",
            delivery_timeout_ms=1_200_000,
            max_block_ms=1_200_000,
        )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def rise(self, reason: str, number: int) -> None:
        """Send a burst and wait until Kafka has it; through a client of its own, that has no outage to get over."""
        from kafka import KafkaProducer

        producer = KafkaProducer(**kafka_python_options(self._settings), acks="all")
        for future in [self._send(reason, datetime.now(UTC), producer) for _ in range(number)]:
            future.get(timeout=120)
        producer.close()

    def past(self, minutes: int) -> None:
        """Some quiet time before, so that a rise stands out."""
        now = datetime.now(UTC)
        for back in range(minutes, 0, -1):
            self._send("delivery", now - timedelta(minutes=back))

    def stop(self) -> None:
        self._over.set()
        self._thread.join(600)
        self._producer.flush(600)
        self._producer.close()

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            number = self.truth.total()
            self._send(f"reason {number % 20}", datetime.now(UTC) - timedelta(minutes=90 + number % 900))

    def _send(self, reason: str, at: datetime, producer: Any = None) -> Any:
        ticket = {
            "id": f"{reason}-{self.truth[reason]}",
            "created_at": at.isoformat(),
            "contact_reason": reason,
        }
        self.truth[reason] += 1
        value = json.dumps(ticket).encode()
        return (producer or self._producer).send(self._topic, key=ticket["id"].encode(), value=value)


def outage(
    settings: Settings,
    environment: dict[str, str],
    executable: str,
    folder: Path,
    *,
    kafka: Path,
    seconds: float,
    per_second: float = 100.0,
) -> Outcome:
    """Kill the broker in `kafka` for so long under load; the topics are made."""
    server = Server(folder / "slack.log")
    reach = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_CHANNEL": "C0TEST", "SLACK_API_URL": server.url}
    worker = WorkerProcess(executable, environment | reach, folder / "worker.log")
    try:
        worker.start(120)
        load = Load(settings, per_second)
        load.past(30)
        # What is older than the first minute that was closed is not judged.
        assert eventually(lambda: worker.metric("ticketspike_closed_until_seconds") > 0, seconds=120)
        load.start()
        time.sleep(5)
        (node,) = nodes_of(kafka, read(kafka))
        pid = node.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        time.sleep(seconds)
        broker.up(kafka)
        back = time.monotonic()
        load.rise("voucher", RISES)
        risen = time.monotonic() - back
        alerted = _seconds(back, lambda: any("voucher" in one["text"] for one in _roots(server)))
        load.stop()
        counted = _seconds(back, lambda: _counted(settings) == load.truth)
        time.sleep(2)
        assert worker.process is not None
        assert worker.process.poll() is None, worker.said()[-4000:]
        lost = sum(abs(_counted(settings)[reason] - number) for reason, number in load.truth.items())
        return Outcome(lost, risen, counted, alerted, [one["text"] for one in _roots(server)])
    finally:
        worker.stop()
        server.stop()


def _seconds(since: float, claim: Any) -> float:
    return time.monotonic() - since if eventually(claim, seconds=120, pause=0.2) else float("inf")


def _roots(server: Server) -> list[dict[str, Any]]:
    return [one for one in server.get("/messages") if one["thread_ts"] is None]


def _counted(settings: Settings) -> Counter[str]:
    counted = Counted()
    counted.feed(record.value for record in read_to_end(settings, "ticket-counts"))
    found: Counter[str] = Counter()
    for (reason, _), number in counted.minutes().items():
        found[reason] += number
    return found
