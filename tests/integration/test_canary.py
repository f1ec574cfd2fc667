"""The canary travels the whole way and shows nowhere but in its age."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from shop import burst
from worker_process import WorkerProcess, eventually

from streams import markers
from streams.events import TicketCounts
from streams.markers import CANARY, canary, read_canary, read_passed_on
from streams.publish import publisher
from streams.settings import Settings
from streams.to_end import read_to_end


def sent(settings: Settings) -> set[int]:
    """The partitions that hold a canary of the worker's own."""
    lately = datetime.now(UTC) - timedelta(minutes=5)
    return {
        record.partition
        for record in read_to_end(settings, "tickets")
        if (read_canary(record.headers, record.value) or 0) > lately.timestamp()
    }


def stated(settings: Settings) -> set[int]:
    """The partitions of which count has stated a canary, and that it has read to the end.

    The burst holds tickets of half an hour ago: a partition of which that is all it knows is waited for as long.
    """
    lately = (datetime.now(UTC) - timedelta(minutes=5)).timestamp()
    statements = (
        msgspec.json.decode(record.value, type=TicketCounts)
        for record in read_to_end(settings, "ticket-counts")
    )
    return {
        statement.partition
        for statement in statements
        if statement.canary is not None and (statement.watermark or 0) > lately
    }


def passed_on(settings: Settings) -> list[float]:
    """When the canaries were sent that watch has passed on, in their order; the test's topic holds nothing else."""
    records = list(read_to_end(settings, "conditions"))
    assert all(record.value is None for record in records)
    return [read_passed_on(record.headers) or 0.0 for record in records]


def series(worker: WorkerProcess, metric: str) -> set[str]:
    """The labels with which a worker tells a metric."""
    lines = worker.get("/metrics").splitlines()
    return {line.split(" ")[0].removeprefix(metric) for line in lines if line.startswith(metric)}


def test_its_age_is_that_of_the_newest_whose_minute_was_closed_and_nobody_sees_it(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
    ticketspike: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    settings = make_settings(ticketspike_partitions=2)
    env = environment(settings)
    age = "ticketspike_canary_age_seconds"
    canaries = {"TICKETSPIKE_CANARY_SECONDS": "3600"}
    counting = WorkerProcess(executable, env, tmp_path / "count.log", "--only", "count")
    watching, notifying = (
        WorkerProcess(
            executable,
            env | canaries | {"TICKETSPIKE_DATA_DIR": str(tmp_path / stage)},
            tmp_path / f"{stage}.log",
            "--only",
            stage,
        )
        for stage in ("watch", "notify")
    )
    # A closed minute is two minutes old, so one that was sent ten minutes ago arrives at once.
    first, second = (datetime.now(UTC) - timedelta(minutes=ago) for ago in (10, 5))
    value, headers = canary(first)
    with publisher(settings, "tickets") as outlet:
        for partition in range(2):
            outlet.send(None, value, headers=headers, partition=partition)
        outlet.flush()
    counting.start()
    try:
        assert eventually(lambda: stated(settings) == {0, 1})
        watching.start()
        assert watching.metric(age) < 100  # as old as the watching, until one has come
        burst(settings)
        assert eventually(lambda: 600 <= watching.metric(age) < 1000)
        assert eventually(lambda: passed_on(settings) == [first.timestamp()])
        # What was passed on while nobody notified is read from the log, what comes now is handed over.
        notifying.start()
        assert eventually(lambda: 600 <= notifying.metric(age) < 1000)
        with publisher(settings, "conditions") as outlet:
            outlet.send(CANARY, None, headers=markers.passed_on(second.timestamp()))
            outlet.flush()
        assert eventually(lambda: 300 <= notifying.metric(age) < 600)
        assert [series(one, age) for one in (counting, watching, notifying)] == [
            set(),
            {'{stage="watch"}'},
            {'{stage="notify"}'},
        ]
        messages = tmp_path / "notify" / "messages.jsonl"
        assert eventually(messages.exists)
        assert eventually(lambda: sent(settings) == {0, 1})
        assert counting.metric("ticketspike_tickets_total") == 70
        assert watching.metric("ticketspike_contact_reasons") == 2
    finally:
        stopped = [one.stop() for one in (notifying, watching, counting) if one.process is not None]
    assert stopped == [0, 0, 0]
    assert passed_on(settings) == [first.timestamp(), second.timestamp()]
    assert "canary" not in ticketspike("counts", env=env).stdout
    assert "canary" not in messages.read_text(encoding="utf-8")
    incidents = [msgspec.json.decode(record.value) for record in read_to_end(settings, "incidents")]
    assert {tuple(one["contact_reasons"]) for one in incidents} == {("voucher <!channel>",)}
    assert not list(read_to_end(settings, "dead-letters"))
