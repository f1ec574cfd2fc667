"""Counts are exact whatever happens to the worker: the truth is kept outside of the system."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from worker_process import WorkerProcess, eventually

from streams.connection import kafka_python_options
from streams.counts import Counted
from streams.settings import Settings
from streams.to_end import read_to_end

TICKETS = 30_000
REASONS = [f"reason-{number:02d}" for number in range(40)]


def counted(settings: Settings) -> dict[tuple[str, int], int]:
    """What is counted by now, per contact reason and minute, read from the topic as `counts` does."""
    reader = Counted()
    reader.feed(record.value for record in read_to_end(settings, "ticket-counts"))
    return {cell: count for cell, count in reader.minutes().items() if count}


def make_load(rng: random.Random) -> tuple[list[dict[str, Any]], dict[tuple[str, int], int]]:
    """Ticket events in the order of sending, and the truth: 2 % repeats, 1 % relabels, some retractions."""
    begin = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=90)
    events: list[dict[str, Any]] = []
    truth: Counter[tuple[str, int]] = Counter()
    recent: list[tuple[dict[str, Any], str]] = []
    for number in range(TICKETS):
        at = begin + timedelta(minutes=60 * number / TICKETS)
        reason = rng.choice(REASONS)
        ticket = {
            "id": f"t-{number}",
            "created_at": at.isoformat(),
            "contact_reason": reason,
            "customer": f"c-{number}",
        }
        events.append(ticket)
        minute = int(at.timestamp() // 60)
        truth[reason, minute] += 1
        recent = [*recent[-200:], (ticket, reason)]
        luck = rng.random()
        earlier, counted_under = recent[rng.randrange(len(recent))]
        if luck < 0.02:
            events.append(earlier)
        elif luck < 0.03 and "changed" not in earlier:
            other = rng.choice(REASONS)
            events.append(earlier | {"kind": "relabelled", "contact_reason": other})
            cell = int(datetime.fromisoformat(earlier["created_at"]).timestamp() // 60)
            truth[counted_under, cell] -= 1
            truth[other, cell] += 1
            # Changed once is enough for the truth to stay simple.
            recent = [one for one in recent if one[0] is not earlier]
        elif luck < 0.033:
            events.append(earlier | {"kind": "retracted"})
            truth[counted_under, int(datetime.fromisoformat(earlier["created_at"]).timestamp() // 60)] -= 1
            recent = [one for one in recent if one[0] is not earlier]
    return events, {cell: count for cell, count in truth.items() if count}


def send(settings: Settings, events: list[dict[str, Any]], seconds: float) -> None:
    """Send events evenly over a time, keyed by ticket id."""
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    begin = time.monotonic()
    for index, event in enumerate(events):
        if index % 200 == 0:
            time.sleep(max(0.0, begin + seconds * index / len(events) - time.monotonic()))
        producer.send(settings.topic("tickets"), key=event["id"].encode(), value=json.dumps(event).encode())
    producer.flush()
    producer.close()


def test_counts_are_exact_after_three_kills_at_random_moments_under_load(
    settings: Settings,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    rng = random.Random(20260622)
    events, truth = make_load(rng)
    worker = WorkerProcess(
        executable, environment(settings), tmp_path / "worker.log", "--only", "count"
    ).start()
    sender = threading.Thread(target=send, args=(settings, events, 24.0))
    sender.start()
    try:
        for _ in range(3):
            time.sleep(rng.uniform(1.0, 5.0))
            worker.kill()
            worker.start()
        sender.join()
        assert eventually(lambda: sum(counted(settings).values()) == sum(truth.values()), seconds=40, pause=1)
    finally:
        sender.join()
        worker.stop()
    assert counted(settings) == truth
    # Not by reading all of the log again each time.
    assert "recalled" in (tmp_path / "worker.log").read_text()


def test_two_workers_share_the_partitions_and_count_each_ticket_once(
    settings: Settings,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    events, truth = make_load(random.Random(7))
    first_environment = environment(settings)
    second_environment = first_environment | {"TICKETSPIKE_DATA_DIR": str(tmp_path / "second")}
    first = WorkerProcess(executable, first_environment, tmp_path / "first.log", "--only", "count").start()
    sender = threading.Thread(target=send, args=(settings, events, 12.0))
    sender.start()
    second = WorkerProcess(executable, second_environment, tmp_path / "second.log", "--only", "count")
    try:
        time.sleep(2)
        second.start()
        sender.join()
        assert first.stop() == 0
        assert eventually(lambda: sum(counted(settings).values()) == sum(truth.values()), seconds=60, pause=1)
        assert second.metric("ticketspike_tickets_total") > 0
    finally:
        sender.join()
        first.stop()
        second.stop()
    assert counted(settings) == truth
