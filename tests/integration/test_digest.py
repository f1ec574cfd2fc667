"""The digest on real Kafka: the command reads what the topics hold, the worker sends it once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from told_channel import spike
from worker_process import WorkerProcess, eventually

from alerts.incident import opened
from alerts.records import Answer, SlackPost
from streams.connection import kafka_python_options
from streams.customers import pack
from streams.events import Cell, TicketCounts
from streams.settings import Settings

NOW = datetime.now(UTC)
ZONE = f"Etc/GMT{NOW.hour - 12:+d}"
"""Where it is about noon, whenever the tests run, so that no midnight comes while they do. Its sign is POSIX's."""
NOON = NOW.astimezone(ZoneInfo(ZONE)).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
Run = Callable[..., subprocess.CompletedProcess[str]]


def produce(settings: Settings, topic: str, records: Sequence[tuple[str, bytes, datetime | None]]) -> None:
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    for key, value, at in records:
        stamp = None if at is None else int(at.timestamp() * 1000)
        producer.send(settings.topic(topic), key=key.encode(), value=value, timestamp_ms=stamp)
    producer.flush()
    producer.close()


def counted(offset: int, day: datetime, **reasons: int) -> tuple[str, bytes, datetime]:
    """A statement of one minute, as `count` made it then."""
    minute = int(day.timestamp() // 60)
    cells = [
        Cell(name, minute, count, pack(range(1, count + 1)), {}) for name, count in reasons.items() if count
    ]
    statement = TicketCounts(partition=0, partitions=1, offset=offset, watermark=0.0, cells=cells)
    return "0", msgspec.json.encode(statement), day


def fill(settings: Settings) -> None:
    weeks = [NOON - timedelta(weeks=week) for week in range(4, 0, -1)]
    rows = [counted(1, weeks[0] - timedelta(days=1), voucher=1)]
    rows += [counted(2 + index, day, voucher=10 + index, refund=30) for index, day in enumerate(weeks)]
    produce(settings, "ticket-counts", [*rows, counted(9, NOON, voucher=42)])
    incident = opened(spike("raised", 42), ())
    told = msgspec.structs.replace(
        incident,
        opened_at=NOW - timedelta(hours=2),
        slack=SlackPost(channel="C1", ts=f"{NOW.timestamp() - 7000:.6f}"),
        acknowledged_by="U024BE7LH",
    )
    produce(settings, "incidents", [(told.incident_id, msgspec.json.encode(told), None)])
    press = Answer(incident_id=told.incident_id, kind="acknowledged", by="U024BE7LH", at=NOON)
    produce(settings, "answers", [(told.incident_id, msgspec.json.encode(press), None)] * 2)
    produce(settings, "answers", [("x", b"{", None)])
    produce(settings, "dead-letters", [("a", b"x", NOON), ("b", b"x", NOON), ("c", b"x", NOW)])


def test_the_command_tells_what_the_topics_hold_without_a_worker(
    settings: Settings, environment: Callable[[Settings], dict[str, str]], ticketspike: Run
) -> None:
    fill(settings)
    env = environment(settings) | {"TICKETSPIKE_TIMEZONE": ZONE}
    done = ticketspike("digest", "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert "as they cannot be read: 1." in done.stderr
    facts = json.loads(done.stdout)
    assert facts["day"] == NOON.date().isoformat()
    assert len(facts["usual_days"]) == 4
    assert [(one["contact_reason"], one["change"]["tickets"]) for one in facts["top"]] == [("voucher", 42)]
    change = facts["top"][0]["change"]
    assert change["usual"] == 11.5
    assert change["clear"]
    assert [one["contact_reason"] for one in facts["quiet"]] == ["refund"]
    assert facts["answers"]["by_kind"] == {"acknowledged": 1}
    assert facts["health"]["dead_letters"] == 2
    assert [one["acknowledged_by"] for one in facts["open"]] == ["U024BE7LH"]
    shown = ticketspike("digest", env=env)
    assert shown.returncode == 0, shown.stderr
    assert "voucher: 42 tickets · usually ~12 · more than usual: 3.7×" in shown.stdout
    assert "taken over by @U024BE7LH" in shown.stdout
    early = ticketspike("digest", "--json", "--at", (NOON - timedelta(days=400)).isoformat(), env=env)
    assert json.loads(early.stdout)["total"] is None


def test_a_worker_sends_the_digest_once_although_it_is_killed(
    settings: Settings,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    fill(settings)

    def messages() -> list[dict[str, Any]]:
        file = tmp_path / "data" / "messages.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        found = [one for one in map(json.loads, filter(None, lines)) if one["method"] == "chat.postMessage"]
        return [one for one in found if one["metadata"]["event_type"] == "ticketspike_digest"]

    values = environment(settings) | {
        "TICKETSPIKE_TIMEZONE": ZONE,
        "TICKETSPIKE_DIGEST_AT": f"{datetime.now(ZoneInfo(ZONE)):%H:%M}",
    }
    worker = WorkerProcess(executable, values, tmp_path / "worker.log", "--only", "notify").start()
    try:
        assert eventually(lambda: bool(messages()), 120), worker.said()
        for _ in range(2):
            worker.kill()
            worker.start()
        assert not eventually(lambda: len(messages()) > 1, 15), worker.said()
        assert "voucher (42)" in messages()[0]["text"]
    finally:
        worker.stop()
