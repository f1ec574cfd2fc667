"""What was refused can be seen, and sent again after the cause is mended, as often as one likes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from counted_reasons import counted
from worker_process import WorkerProcess, eventually

from streams import deadletters
from streams.connection import kafka_python_options
from streams.settings import Settings
from streams.to_end import read_to_end
from streams.validity import Refusal

Run = Callable[..., subprocess.CompletedProcess[str]]
NOW = datetime.now(UTC)


@pytest.fixture
def refused(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> Iterator[Settings]:
    """A worker beside what one before refused: five tickets of a kind that it did not know, and no ticket at all."""
    from kafka import KafkaProducer

    settings = make_settings(ticketspike_partitions=2)
    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    for number in range(6):
        ticket = {"id": f"t-{number}", "contact_reason": "voucher", "customer": f"c{number}"}
        ticket["created_at"] = NOW.isoformat()
        record = SimpleNamespace(
            topic=settings.topic("tickets"),
            partition=0,
            offset=9000 + number,
            value=json.dumps(ticket).encode() if number else b"ada@example.com wrote no JSON",
            key=b"t-%d" % number if number > 1 else None,
            headers=[("trace", b"abc")],
        )
        refusal = Refusal(number, "kind", "is unknown") if number else Refusal(number, "value", "is no JSON")
        letter = deadletters.letter(record, refusal, NOW.timestamp())
        producer.send(settings.topic("dead-letters"), letter.value, key=letter.key, headers=letter.headers)
    producer.flush()
    producer.close()
    worker = WorkerProcess(
        executable, environment(settings), tmp_path / "worker.log", "--only", "count"
    ).start()
    yield settings
    assert worker.stop() == 0


def test_mended_tickets_are_sent_again_and_count_once_however_often(
    refused: Settings, environment: Callable[[Settings], dict[str, str]], ticketspike: Run
) -> None:
    env = environment(refused)

    def listed(*arguments: str) -> list[dict[str, Any]]:
        done = ticketspike("dead-letters", "list", "--json", *arguments, env=env)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    assert sorted(one["error_field"] for one in listed()) == ["kind"] * 5 + ["value"]
    assert [one["error_field"] for one in listed("--error", "JSON")] == ["value"]
    shown = ticketspike("dead-letters", "list", "--field", "kind", env=env)
    assert shown.stdout.count("kind: ") == 6
    assert "     5 × kind: " in shown.stdout
    whole = ticketspike("dead-letters", "list", env=env).stdout
    assert "ada@" not in whole
    assert "ada@example.com wrote no JSON" in ticketspike("dead-letters", "list", "--values", env=env).stdout

    tried = ticketspike("dead-letters", "replay", "--dry-run", env=env)
    assert (tried.returncode, tried.stdout) == (0, "6 would be sent.\n")
    assert counted(refused) == {}
    for _ in range(2):
        done = ticketspike("dead-letters", "replay", "--json", env=env)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {"sent": 6, "left": 0}
        assert eventually(lambda: counted(refused) == {"voucher": 5}, 30)
    # What is none still is none, and is one dead letter, not three.
    assert eventually(lambda: len(list(read_to_end(refused, "dead-letters"))) == 8, 30)
    again = listed("--field", "value")
    assert len(again) == 1
    assert again[0]["replayed_from"].startswith(f"{refused.topic('tickets')}-")
    replayed = [record for record in read_to_end(refused, "tickets") if dict(record.headers).get("trace")]
    assert len(replayed) == 12


def test_there_may_be_none(
    settings: Settings, environment: Callable[[Settings], dict[str, str]], ticketspike: Run
) -> None:
    env = environment(settings)
    assert ticketspike("dead-letters", "list", env=env).stdout == "There are no such dead letters.\n"
    assert ticketspike("dead-letters", "replay", env=env).stdout.startswith("0 sent again")
    wrong = ticketspike("dead-letters", "list", "--from", "yesterday", env=env)
    assert (wrong.returncode, "--from" in wrong.stderr) == (2, True)
