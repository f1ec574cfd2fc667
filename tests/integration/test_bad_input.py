"""A bad record never blocks its partition: it ends as a dead letter with the reason, the rest is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from worker_process import WorkerProcess, eventually

from streams.connection import kafka_python_options
from streams.counts import Counted
from streams.settings import Settings
from streams.to_end import read_to_end

NOW = datetime.now(UTC)
GOOD = {
    "id": "good",
    "created_at": NOW.isoformat(),
    "contact_reason": "voucher",
    "customer": "ada@example.com",
}
BAD: list[tuple[bytes | None, str]] = [
    (b"not json, written by ada@example.com", "value"),
    (b"[]", "value"),
    (b"", "value"),
    (None, "value"),
    (b'{"id": "' + b"x" * 5_000_000 + b'"}', "value"),
    (json.dumps(GOOD | {"id": 5}).encode(), "id"),
    (json.dumps(GOOD | {"created_at": "2026-06-01 10:00"}).encode(), "created_at"),
    (json.dumps(GOOD | {"created_at": (NOW + timedelta(hours=1)).isoformat()}).encode(), "created_at"),
    (json.dumps(GOOD | {"kind": "ada@example.com"}).encode(), "kind"),
    (json.dumps({"id": "x", "contact_reason": "a"}).encode(), "created_at"),
]


def test_bad_records_become_dead_letters_with_their_reason_and_their_neighbours_count(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    from kafka import KafkaProducer

    settings = make_settings(ticketspike_partitions=1)
    producer = KafkaProducer(**kafka_python_options(settings), acks="all", max_request_size=7_000_000)
    topic = settings.topic("tickets")
    for number, (value, _) in enumerate(BAD):
        good = GOOD | {"id": f"good-{number}"}
        producer.send(topic, key=b"good", value=json.dumps(good).encode())
        producer.send(topic, key=b"key-%d" % number, value=value, headers=[("trace", b"abc")])
    producer.flush()
    producer.close()
    worker = WorkerProcess(
        executable, environment(settings), tmp_path / "worker.log", "--only", "count"
    ).start()
    try:
        assert eventually(lambda: worker.metric("ticketspike_dead_letters_total") == len(BAD))
        assert eventually(lambda: sum(counted(settings).values()) == len(BAD))
    finally:
        assert worker.stop() == 0
    letters = list(read_to_end(settings, "dead-letters"))
    assert [letter.value for letter in letters] == [value for value, _ in BAD]
    assert [letter.key for letter in letters] == [b"key-%d" % number for number in range(len(BAD))]
    headers = [{name: value.decode() for name, value in letter.headers} for letter in letters]
    assert [one["error_field"] for one in headers] == [field for _, field in BAD]
    assert all(one["trace"] == "abc" and one["topic"] == topic and one["partition"] == "0" for one in headers)
    assert [int(one["offset"]) for one in headers] == [2 * number + 1 for number in range(len(BAD))]
    assert all({"error", "failed_at", "app_version"} <= one.keys() for one in headers)
    assert not any("ada" in " ".join(one.values()) for one in headers)
    assert "ada" not in worker.said()


def counted(settings: Settings) -> dict[tuple[str, int], int]:
    reader = Counted()
    reader.feed(record.value for record in read_to_end(settings, "ticket-counts"))
    return {cell: count for cell, count in reader.minutes().items() if count}


def test_the_worker_says_that_kafka_is_away_and_waits_for_it(
    executable: str, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    import subprocess
    import time

    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}",
        "TICKETSPIKE_HMAC_KEY": "k",
        "TICKETSPIKE_DATA_DIR": str(tmp_path / "data"),
    }
    worker = WorkerProcess(executable, environment, tmp_path / "worker.log")
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen([executable, "worker"], env=worker.environment, stdout=log, stderr=log)
    try:
        assert eventually(lambda: "waiting for Kafka" in worker.said(), seconds=60)
        time.sleep(1)
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(15) == 0
    assert "Traceback" not in worker.said()
