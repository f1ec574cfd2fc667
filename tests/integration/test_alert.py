"""From tickets on Kafka to messages: once, in the right order, the same after a crash."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shop import BREAKS, burst, send, shop, spikes_on
from worker_process import WorkerProcess, eventually

from alerts.records import Spike
from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.detection import detector_settings
from streams.fake_slack import FakeSlack
from streams.settings import Settings
from streams.surveillance import Surveillance


def expected_spikes(settings: Settings, tickets: list[dict[str, Any]]) -> dict[str, Spike]:
    """What the pure core says of these tickets: the last statement of every spike."""

    class Record:
        headers: tuple[()] = ()
        timestamp = 1 << 42

        def __init__(self, offset: int, value: bytes) -> None:
            self.offset, self.value = offset, value

    counts = PartitionCounts(
        0, pseudonymiser("test-key"), facets=settings.ticketspike_facets, horizon_hours=999
    )
    counts.feed(Record(index, json.dumps(one).encode()) for index, one in enumerate(tickets))
    core = Surveillance(detector_settings(settings), language=settings.ticketspike_language)
    for cell in counts.statement(watermark=None, drained=False, partitions=1).cells:
        core.add(cell, partition=0, stamp=1)
    last = int(datetime.fromisoformat(tickets[-1]["created_at"]).timestamp() // 60)
    found = {}
    for said in core.close_until(last):
        for spike in said:
            found[spike.spike_id] = spike
    return found


def differences(found: dict[str, Spike], truth: dict[str, Spike]) -> str:
    """Which spikes differ in what, for a reader of a failed test."""
    lines = [f"only found: {name}" for name in found.keys() - truth.keys()]
    lines += [f"never found: {name}" for name in truth.keys() - found.keys()]
    for name in found.keys() & truth.keys():
        lines += [
            f"{name}.{field}: {getattr(found[name], field)!r} instead of {getattr(truth[name], field)!r}"
            for field in Spike.__struct_fields__
            if getattr(found[name], field) != getattr(truth[name], field)
        ]
    return "\n".join(lines)


def test_a_replay_with_kills_gives_the_spikes_of_the_pure_core_and_each_incident_one_message(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    settings = make_settings(ticketspike_clock="event")
    tickets = shop(3)
    truth = expected_spikes(settings, tickets)
    assert any(
        spike.contact_reason == "voucher" and BREAKS <= spike.raised_at <= BREAKS + timedelta(minutes=30)
        for spike in truth.values()
    )
    rng = random.Random(11)
    worker = WorkerProcess(executable, environment(settings), tmp_path / "worker.log").start()
    sender = threading.Thread(target=send, args=(settings, tickets, 20.0))
    sender.start()
    try:
        for _ in range(3):
            time.sleep(rng.uniform(2.0, 5.0))
            worker.kill()
            worker.start()
        sender.join()
        last = datetime.fromisoformat(tickets[-1]["created_at"]).timestamp() // 60 * 60
        assert eventually(lambda: worker.metric("ticketspike_closed_until_seconds") > last, seconds=60)
        assert eventually(lambda: spikes_on(settings) == truth, seconds=40, pause=2), (
            f"{differences(spikes_on(settings), truth)}\n{worker.said()}"
        )
    finally:
        sender.join()
        worker.stop()
    calls = [json.loads(line) for line in (tmp_path / "data" / "messages.jsonl").read_text().splitlines()]
    roots = [
        call["metadata"]["event_payload"]["incident_id"]
        for call in calls
        if call["method"] == "chat.postMessage" and "thread_ts" not in call
    ]
    assert roots
    assert len(roots) == len(set(roots))


async def test_a_burst_on_the_wall_clock_reaches_slack_through_the_real_client(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    import asyncio

    settings = make_settings()
    async with FakeSlack() as slack:
        reach = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_CHANNEL": "C0TEST", "SLACK_API_URL": slack.url}
        worker = WorkerProcess(executable, environment(settings) | reach, tmp_path / "worker.log")
        await asyncio.to_thread(worker.start)
        try:
            await asyncio.to_thread(burst, settings)
            # A machine that stalls for seconds makes the worker listen anew each time before it judges.
            for _ in range(900):
                if slack.roots():
                    break
                await asyncio.sleep(0.1)
            assert len(slack.roots()) == 1, worker.said()
            payload = slack.roots()[0].payload
            # As words that call nobody: plain text with a joiner in the blocks, escaped in what is notified.
            named = {"type": "plain_text", "text": "voucher <\u2060!channel>", "emoji": False}
            assert named in [block.get("text") for block in payload["blocks"] if block["type"] == "section"]
            assert "voucher &lt;!channel&gt;" in payload["text"]
            assert "<!channel>" not in json.dumps(payload, ensure_ascii=False)
            await asyncio.to_thread(worker.kill)
            await asyncio.to_thread(worker.start)
            await asyncio.sleep(5)
            assert len(slack.roots()) == 1
        finally:
            await asyncio.to_thread(worker.stop)
