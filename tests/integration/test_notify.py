"""The stage notify on real Kafka: three topics in, messages out, rows of the version before, a mended Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from told_channel import spike
from worker_process import WorkerProcess

from alerts.incident import incident_id, opened
from alerts.message import EVENT_TYPE
from alerts.records import Answer, Condition, SlackPost, Spike
from streams.app import STAMP
from streams.connection import kafka_python_options
from streams.fake_slack import CHANNEL_ID, FakeSlack
from streams.settings import Settings
from streams.topics import app_id, table_changelog

BEGUN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=12)


def produce(settings: Settings, records: Iterable[tuple[str, bytes, bytes]]) -> None:
    """Append (topic, key, value) in order."""
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    for topic, key, value in records:
        producer.send(topic, key=key, value=value)
    producer.flush()
    producer.close()


def stated(settings: Settings, *said: Spike | Condition | Answer) -> list[tuple[str, bytes, bytes]]:
    """Records of what was stated, each for its topic."""
    topics = {Spike: "spikes", Condition: "conditions", Answer: "answers"}
    return [(settings.topic(topics[type(one)]), b"key", msgspec.json.encode(one)) for one in said]


async def until(claim: Callable[[], bool], seconds: float = 40) -> bool:
    """Whether a claim becomes true in time."""
    for _ in range(int(seconds / 0.1)):
        if claim():
            return True
        await asyncio.sleep(0.1)
    return claim()


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as running:
        yield running


@pytest.fixture
def worker(
    settings: Settings,
    slack: FakeSlack,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> WorkerProcess:
    reach = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_CHANNEL": CHANNEL_ID, "SLACK_API_URL": slack.url}
    log = tmp_path / "worker.log"
    return WorkerProcess(executable, environment(settings) | reach, log, "--only", "notify")


def about(message: Any) -> dict[str, Any]:
    """A message's metadata payload."""
    payload: dict[str, Any] = message.payload["metadata"]["event_payload"]
    return payload


async def test_answers_and_conditions_change_what_the_channel_shows_and_a_crash_repeats_nothing(
    settings: Settings, slack: FakeSlack, worker: WorkerProcess
) -> None:
    raised = spike(onset=BEGUN)
    key = incident_id(raised)
    now = datetime.now(UTC)
    first = Answer(incident_id=key, kind="acknowledged", by="U1", at=now)
    second = Answer(incident_id=key, kind="acknowledged", by="U2", at=now + timedelta(seconds=1))
    total = Condition(
        kind="total_volume",
        since=BEGUN,
        raised_at=BEGUN + timedelta(minutes=5),
        stated_at=BEGUN + timedelta(minutes=6),
        observed=200,
        expected=40,
        lower=30,
        upper=55,
        rule="rule",
    )
    await asyncio.to_thread(produce, settings, stated(settings, raised))
    await asyncio.to_thread(worker.start)
    try:
        assert await until(lambda: len(slack.roots()) == 1), worker.said()
        await asyncio.to_thread(produce, settings, stated(settings, first, second, total))
        assert await until(lambda: len(slack.roots()) == 2), worker.said()
        assert await until(lambda: about(slack.roots()[0])["revision"] >= 2), worker.said()
        assert await until(lambda: len(slack.channel.whispers) == 1), worker.said()
        await asyncio.to_thread(worker.kill)
        await asyncio.to_thread(produce, settings, stated(settings, first, second, total, raised))
        await asyncio.to_thread(worker.start)
        await asyncio.sleep(5)
    finally:
        await asyncio.to_thread(worker.stop)
    assert len(slack.roots()) == 2
    assert [whisper.user for whisper in slack.channel.whispers] == ["U2"]


async def test_rows_of_the_version_before_are_taken_over_without_a_second_message(
    settings: Settings, slack: FakeSlack, worker: WorkerProcess
) -> None:
    raised = spike(onset=BEGUN)
    metadata = {
        "event_type": EVENT_TYPE,
        "event_payload": {"incident_id": incident_id(raised), "revision": 1},
    }
    stands = slack.channel.post({"channel": CHANNEL_ID, "text": "🔴 voucher invalid", "metadata": metadata})
    incident = msgspec.to_builtins(opened(raised, []))
    incident["slack"] = msgspec.to_builtins(SlackPost(channel=CHANNEL_ID, ts=stands["ts"]))
    said = {"incident_id": incident["incident_id"], "revision": 1, "observed": 14, "status": "open"}
    row = msgspec.json.encode({"incident": incident, "said": said, "attempted_at": None})
    changelog = table_changelog(app_id(settings, "notify"), "incidents")
    before = [
        (changelog, b"=voucher invalid", STAMP.pack(1) + row),
        (changelog, b"\0position", STAMP.pack(1)),
    ]
    await asyncio.to_thread(produce, settings, [*stated(settings, raised), *before])
    await asyncio.to_thread(worker.start)
    try:
        grown = spike("grown", 40, 20, onset=BEGUN)
        await asyncio.to_thread(produce, settings, stated(settings, grown))
        assert await until(lambda: slack.messages[stands["ts"]].edits > 0), worker.said()
        await asyncio.to_thread(worker.kill)
        await asyncio.to_thread(worker.start)
        over = spike("cleared", 41, 30, onset=BEGUN)
        await asyncio.to_thread(produce, settings, stated(settings, over))
        assert await until(lambda: "✅" in slack.messages[stands["ts"]].payload["text"]), worker.said()
    finally:
        await asyncio.to_thread(worker.stop)
    (root,) = slack.roots()
    assert len(slack.replies(root)) == 2


async def test_a_channel_that_was_archived_is_told_and_sending_goes_on_when_it_is_restored(
    settings: Settings, slack: FakeSlack, worker: WorkerProcess
) -> None:
    slack.state.archived = True
    await asyncio.to_thread(worker.start)
    try:
        await asyncio.to_thread(produce, settings, stated(settings, spike(onset=BEGUN)))
        assert await until(lambda: "is archived" in worker.said()), worker.said()
        assert await until(lambda: worker_says(worker, "/metrics", 'slack_trouble{error="is_archived"} 1.0'))
        assert worker_says(worker, "/readyz", "is archived; restore it")
        assert slack.roots() == []
        slack.state.archived = False
        assert await until(lambda: len(slack.roots()) == 1), worker.said()
        assert await until(lambda: worker_says(worker, "/readyz", "slack: ready"))
        assert worker.said().count("messages do not get through") == 1
        assert worker.said().count("messages get through again") == 1
    finally:
        await asyncio.to_thread(worker.stop)


def worker_says(worker: WorkerProcess, path: str, words: str) -> bool:
    """Whether a page of the worker holds these words, whatever its status."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=5)
    try:
        connection.request("GET", path)
        return words in connection.getresponse().read().decode()
    finally:
        connection.close()
