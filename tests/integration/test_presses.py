"""Presses in Slack, through a real worker to a real Kafka."""

from __future__ import annotations

import asyncio
import getpass
import json
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from presses import SECRET, form, pressed, signed, submitted
from slack_stand_in import SlackStandIn, until
from worker_process import WorkerProcess

from alerts.records import Answer, CampaignLink, Incident, Spike
from streams import broker
from streams.answer_log import SECONDS
from streams.events import Cell, TicketCounts
from streams.fake_slack import FakeSlack
from streams.publish import publisher
from streams.settings import Settings
from streams.to_end import read_to_end

SLACK_SECONDS = 3.0
"""Slack's own limit for an answer: a fact of the contract and not of a machine."""
Environment = Callable[[Settings], dict[str, str]]
Made = Callable[..., Settings]
REACH = {
    "SLACK_BOT_TOKEN": "xoxb-test",
    "SLACK_CHANNEL": "C000TEST",
    "SLACK_SIGNING_SECRET": SECRET,
    "SLACK_APP_TOKEN": "xapp-test",
}


def answers_on(settings: Settings) -> list[tuple[str, Answer]]:
    """Everything on the topic: key and answer."""
    return [
        (record.key.decode(), msgspec.json.decode(record.value, type=Answer))
        for record in read_to_end(settings, "answers")
    ]


async def post(worker: WorkerProcess, payload: Any, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Press at the worker's public address."""
    body = form(payload)
    url = f"http://127.0.0.1:{worker.port}/slack/interactions"
    headers = headers or signed(body, time.time())
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.text()


@asynccontextmanager
async def working(
    environment: dict[str, str], executable: str, log: Path
) -> AsyncIterator[tuple[WorkerProcess, SlackStandIn]]:
    """A worker with both ways in, and what stands for Slack."""
    async with SlackStandIn() as slack:
        reach = environment | REACH | {"SLACK_API_URL": slack.url}
        worker = WorkerProcess(executable, reach, log, "--only", "notify")
        await asyncio.to_thread(worker.start)
        try:
            yield worker, slack
        finally:
            await asyncio.to_thread(worker.stop)


def incident(settings: Settings) -> None:
    """An incident on its topic that coincides with a campaign."""
    at = datetime.now(UTC)
    held = Incident(
        incident_id="ts-1",
        revision=1,
        status="open",
        contact_reasons=["voucher"],
        spikes=[],
        opened_at=at,
        updated_at=at,
        observed=42,
        expected=11,
        excess=31,
        campaigns=[CampaignLink(id="summer", name="Summer", evidence="voucher_code")],
    )
    with publisher(settings, "incidents") as incidents:
        incidents.send("ts-1", msgspec.json.encode(held))
        incidents.flush()


async def test_a_press_stands_on_answers_when_slack_hears_200_and_a_forged_one_never_does(
    settings: Settings, environment: Environment, executable: str, tmp_path: Path
) -> None:
    incident(settings)
    async with working(environment(settings), executable, tmp_path / "worker.log") as (
        worker,
        slack,
    ):
        press = pressed("acknowledge", "ts-1")
        assert await post(worker, press) == (200, "")
        (found,) = await asyncio.to_thread(answers_on, settings)
        assert found == (
            "ts-1",
            Answer(
                incident_id="ts-1",
                kind="acknowledged",
                by="U0LEAD",
                at=datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC),
            ),
        )
        # Again, over both ways; forged; ten minutes old.
        assert await post(worker, press) == (200, "")
        assert await until(lambda: bool(slack.sockets))
        await slack.send("e1", press)
        assert await until(lambda: "e1" in slack.acknowledged)
        body = form(pressed("false_alarm", "ts-1"))
        for headers in (signed(body, time.time(), secret="wrong"), signed(body, time.time() - 600)):  # noqa: S106
            assert (await post(worker, pressed("false_alarm", "ts-1"), headers))[0] == 401
        # What is expected takes the campaign that the incident coincides with, over Socket Mode.
        await slack.send("e2", pressed("expected", "ts-1"))
        assert await until(lambda: "e2" in slack.acknowledged)
        kinds = [(one.kind, one.campaign_id) for _, one in await asyncio.to_thread(answers_on, settings)]
        assert kinds == [("acknowledged", None), ("expected", "summer")]
        ready = await asyncio.to_thread(worker.get, "/readyz")
        assert "presses: ready (signed requests at /slack/interactions, Socket Mode)\n" in ready
        assert await asyncio.to_thread(worker.metric, "ticketspike_presses_total") == 6
        assert "Traceback" not in worker.said()


def spike() -> Spike:
    """A spike that is told of at once."""
    at = datetime.now(UTC)
    return Spike(
        spike_id="s-1",
        contact_reason="voucher",
        state="raised",
        onset=at - timedelta(minutes=10),
        raised_at=at,
        window_minutes=10,
        observed=40,
        expected=5.0,
        lower=1.0,
        upper=11.0,
        uplift=8.0,
        excess=35.0,
        customers=38,
        score=20.0,
        rule="40 tickets in 10 min where ~5 are expected",
    )


async def test_a_press_changes_the_message_and_whoever_comes_second_is_told_who_was_first(
    settings: Settings, environment: Environment, executable: str, tmp_path: Path
) -> None:
    async with FakeSlack() as slack:
        reach = environment(settings) | REACH | {"SLACK_API_URL": slack.url}
        del reach["SLACK_APP_TOKEN"]
        worker = WorkerProcess(executable, reach, tmp_path / "worker.log", "--only", "notify")
        await asyncio.to_thread(worker.start)
        try:
            with publisher(settings, "spikes") as spikes:
                spikes.send("voucher", msgspec.json.encode(spike()))
                await asyncio.to_thread(spikes.flush)
            assert await until(lambda: len(slack.roots()) == 1, seconds=60), worker.said()
            root = slack.roots()[0]
            told = root.payload["metadata"]["event_payload"]
            assert '"acknowledge"' in json.dumps(root.payload)
            stamp = f"{time.time():.6f}"
            assert (await post(worker, pressed("acknowledge", told["incident_id"], action_ts=stamp)))[
                0
            ] == 200
            assert await until(lambda: root.edits > 0, seconds=60), worker.said()
            assert root.payload["metadata"]["event_payload"]["revision"] > told["revision"]
            # It says who, and does not ask again.
            assert "U0LEAD" in json.dumps(root.payload)
            assert '"acknowledge"' not in json.dumps(root.payload)
            later = f"{time.time():.6f}"
            second = pressed("acknowledge", told["incident_id"], user="U1OTHER", action_ts=later)
            assert (await post(worker, second))[0] == 200
            assert await until(lambda: bool(slack.channel.whispers), seconds=60), worker.said()
            assert len(slack.roots()) == 1
        finally:
            await asyncio.to_thread(worker.stop)


async def test_a_press_while_kafka_is_away_is_refused_politely_in_time_and_saved_when_it_is_back(
    make_settings: Made,
    environment: Environment,
    executable: str,
    free_port: Callable[[], int],
    tmp_path: Path,
) -> None:
    data = tmp_path / "kafka"
    port = free_port()
    (address,) = await asyncio.to_thread(broker.up, data, port=port)
    try:
        settings = make_settings(kafka_bootstrap_servers=address)
        async with working(environment(settings), executable, tmp_path / "worker.log") as (
            worker,
            slack,
        ):
            await asyncio.to_thread(broker.down, data)
            press = pressed("acknowledge", "ts-1", response_url=slack.hook)
            took = []
            # A machine that stalls says nothing about the worker: the fastest of some tries does.
            while not took or (min(took) >= SLACK_SECONDS and len(took) < 10):
                begin = time.monotonic()
                status, body = await post(worker, press)
                took.append(time.monotonic() - begin)
                assert status == 200
                assert "could not be saved" in json.loads(body)["text"]
            assert SECONDS < SLACK_SECONDS
            assert min(took) < SLACK_SECONDS
            assert await until(lambda: bool(slack.called("hook")))
            await asyncio.to_thread(broker.up, data, port=port)
            for _ in range(60):
                if await post(worker, press) == (200, ""):
                    break
                await asyncio.sleep(1)
            saved = await asyncio.to_thread(answers_on, settings)
            assert {answer.kind for _, answer in saved} == {"acknowledged"}
    finally:
        await asyncio.to_thread(broker.down, data)


def counted(settings: Settings) -> None:
    """Three days of one contact reason on `ticket-counts`, ten a minute at their end."""
    first = 29_671_200  # 2026-06-01T00:00:00Z
    last = first + 3 * 1440
    cells = [
        Cell("voucher", minute, 10 if minute >= last - 10 else 1, "", {})
        for minute in range(first, last)
        if minute % 10 == 0 or minute >= last - 10
    ]
    statement = TicketCounts(
        partition=0, partitions=1, offset=1, watermark=last * 60.0, drained=True, cells=cells
    )
    with publisher(settings, "ticket-counts") as counts:
        counts.send("0", msgspec.json.encode(statement))
        counts.flush()


def test_missed_stands_on_answers_once_and_prints_what_explain_prints(
    settings: Settings,
    environment: Environment,
    ticketspike: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    env = environment(settings)
    early = ticketspike("missed", "voucher", "--at", "2026-06-03T12:00:00Z", "--by", "lena", env=env)
    # Nothing is counted yet: the report stands all the same.
    assert early.returncode == 0, early.stderr
    assert "Nothing that was counted is retained" in early.stderr
    counted(settings)
    at = ("--at", "2026-06-03T23:58:00Z")
    done = ticketspike("missed", "voucher", *at, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ticketspike("explain", "voucher", *at, env=env).stdout
    wrong = ticketspike("missed", "vouchr", *at, env=env)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "voucher" in wrong.stderr
    future = ticketspike("missed", "voucher", "--at", "2099-01-01T00:00:00Z", env=env)
    assert future.returncode == 2
    (key, first), (_, second) = answers_on(settings)
    assert key == first.incident_id
    assert (first.kind, first.by, first.note) == ("missed", "lena", "voucher")
    assert second.at == datetime(2026, 6, 3, 23, 58, tzinfo=UTC)
    assert second.by == getpass.getuser()


async def test_a_spike_that_is_reported_in_slack_is_explained_there(
    settings: Settings, environment: Environment, executable: str, tmp_path: Path
) -> None:
    await asyncio.to_thread(counted, settings)
    async with working(environment(settings), executable, tmp_path / "worker.log") as (
        worker,
        slack,
    ):
        origin = {"at": "1795166102.000000", "response_url": slack.hook}
        view = {"callback_id": "missed", "private_metadata": json.dumps(origin)}
        when = int(datetime(2026, 6, 3, 23, 58, tzinfo=UTC).timestamp())
        filled = {"words": {"value": "voucher"}, "when": {"selected_date_time": when}}
        assert await post(worker, submitted(view, filled)) == (200, "")
        assert await until(lambda: bool(slack.called("hook")), seconds=60)
        assert "voucher: " in slack.called("hook")[0]["text"]
        assert "Evidence: " in slack.called("hook")[0]["text"]


async def test_a_worker_without_a_secret_takes_nothing_in_and_says_so(
    settings: Settings, environment: Environment, executable: str, tmp_path: Path
) -> None:
    worker = WorkerProcess(executable, environment(settings), tmp_path / "worker.log", "--only", "notify")
    await asyncio.to_thread(worker.start)
    try:
        assert await post(worker, pressed("acknowledge", "ts-1")) == (
            503,
            "SLACK_SIGNING_SECRET is not set\n",
        )
        ready = await asyncio.to_thread(worker.get, "/readyz")
        assert "presses: ready (off: neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN is set" in ready
        assert "presses in Slack are not answered" in worker.said()
        assert await asyncio.to_thread(answers_on, settings) == []
    finally:
        await asyncio.to_thread(worker.stop)
