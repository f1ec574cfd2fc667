"""Why nothing comes is known where webhooks arrive, and said by another process: to the channel, and by the doctor."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import signed_zendesk
from signed_zendesk import ticket_created
from worker_process import WorkerProcess, eventually

from alerts.records import Condition
from alerts.source_records import SourceState
from streams.compacted import read_compacted
from streams.connection import kafka_python_options
from streams.fake_slack import CHANNEL_ID, FakeSlack
from streams.settings import Settings

SECRET = "webhook-secret-not-real"  # noqa: S105
SOURCES = '[help]\npreset = "zendesk"\nsecrets = ["HELP_SECRET"]\n'


def state(settings: Settings) -> SourceState:
    (value,) = read_compacted(settings, "source-health").values()
    return msgspec.json.decode(value, type=SourceState)


def say_silent(settings: Settings) -> None:
    from kafka import KafkaProducer

    since = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=12)
    said = Condition(
        kind="source_silent",
        since=since,
        raised_at=since + timedelta(minutes=11),
        stated_at=since + timedelta(minutes=12),
        observed=0,
        expected=40.0,
        lower=28.0,
        upper=53.0,
        rule="rule",
    )
    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    producer.send(settings.topic("conditions"), key=b"source_silent", value=msgspec.json.encode(said))
    producer.flush()
    producer.close()


async def test_requests_that_one_process_refuses_are_the_reason_that_another_tells_the_channel(
    settings: Settings,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    ticketspike: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES)
    named = {"TICKETSPIKE_SOURCES": str(tmp_path / "sources.toml"), "HELP_SECRET": SECRET}
    takes = environment(settings) | named | {"TICKETSPIKE_DATA_DIR": str(tmp_path / "takes")}
    taking = WorkerProcess(executable, takes, tmp_path / "taking.log", "--only", "sources")

    def knock() -> None:
        taking.start()
        body = ticket_created(id="1", created_at=datetime.now(UTC).isoformat())
        assert signed_zendesk.post(taking.port, body, SECRET, "/hooks/help")[0] == 200
        for _ in range(7):
            assert signed_zendesk.post(taking.port, body, "yesterday's", "/hooks/help")[0] == 401
        assert eventually(lambda: state(settings).refused >= 5), taking.said()

    async with FakeSlack() as slack:
        reach = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_CHANNEL": CHANNEL_ID, "SLACK_API_URL": slack.url}
        tells = environment(settings) | reach | {"TICKETSPIKE_LANGUAGE": "en"}
        telling = WorkerProcess(executable, tells, tmp_path / "telling.log", "--only", "notify")
        try:
            await asyncio.to_thread(knock)
            await asyncio.to_thread(say_silent, settings)
            await asyncio.to_thread(telling.start)
            for _ in range(900):
                if slack.roots():
                    break
                await asyncio.sleep(0.1)
            (root,) = slack.roots()
            doctor = await asyncio.to_thread(
                ticketspike, "doctor", "--json", env=environment(settings) | named
            )
        finally:
            for worker in (telling, taking):
                if worker.process is not None:
                    await asyncio.to_thread(worker.stop)
    said = json.dumps(root.payload["blocks"])
    assert "requests since then came to nothing: wrong signature" in said, telling.said()
    assert '"help"' in said
    assert SECRET not in said + taking.said() + telling.said() + doctor.stdout
    (found,) = [one for one in map(json.loads, doctor.stdout.splitlines()) if one["check"] == "source"]
    assert found["state"] == "wrong"
    assert "compare the secret" in found["text"]
