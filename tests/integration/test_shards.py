"""Two markets, two workers: each watches its own, and takes the other's over when that worker dies."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from worker_process import WorkerProcess, eventually

from alerts.records import Answer
from streams.connection import kafka_python_options
from streams.counts import Counted
from streams.fake_slack import FakeSlack
from streams.fake_slack.channel import Message
from streams.publish import publisher
from streams.settings import Settings
from streams.to_end import read_to_end

FLOODED, CALM = "DE", "AT"
REASON = "voucher"


def send(settings: Settings, tickets: list[dict[str, Any]]) -> None:
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    for one in tickets:
        producer.send(settings.topic("tickets"), key=one["id"].encode(), value=json.dumps(one).encode())
    producer.flush()
    producer.close()


def ticket(name: str, market: str | None, reason: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "created_at": at.isoformat(),
        "contact_reason": reason,
        "market": market,
        "customer": name,
        **more,
    }


def quiet_half_hour() -> list[dict[str, Any]]:
    """A ticket a minute in each market; one is relabelled, one retracted, one repeated as if of another market."""
    begin = datetime.now(UTC) - timedelta(minutes=31)
    found = [
        ticket(f"{market}-{minute}", market, "delivery", begin + timedelta(minutes=minute))
        for minute in range(30)
        for market in (FLOODED, CALM, None)
    ]
    first = {one["id"]: one for one in found}
    found.append({**first[f"{FLOODED}-3"], "contact_reason": "invoice", "kind": "relabelled", "market": CALM})
    found.append({**first[f"{CALM}-4"], "kind": "retracted", "market": None})
    found.append({**first[f"{FLOODED}-5"], "market": CALM})
    return found


def flood(first: int, number: int = 40) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [ticket(f"v-{one}", FLOODED, REASON, now) for one in range(first, first + number)]


def counted(settings: Settings) -> dict[str | None, dict[str, int]]:
    """What stands on each shard's topic, by contact reason."""
    found = {}
    for view in settings.shards:
        reader, sums = Counted(), Counter[str]()
        reader.feed(record.value for record in read_to_end(view, "ticket-counts"))
        for (reason, _), count in reader.minutes().items():
            sums[reason] += count
        found[view.shard] = {reason: count for reason, count in sums.items() if count}
    return found


def take_over(settings: Settings, incident_id: str) -> None:
    """What a press on the button leaves on `answers`, which all shards share."""
    answer = Answer(incident_id=incident_id, kind="acknowledged", by="U0LENA0001", at=datetime.now(UTC))
    with publisher(settings, "answers") as outlet:
        outlet.send(incident_id, msgspec.json.encode(answer))
        outlet.flush()


def told(root: Message) -> str:
    return str(root.payload["text"])


@pytest.fixture
def sharded(make_settings: Callable[..., Settings]) -> Settings:
    """Settings of two named markets, their topics created."""
    return make_settings(ticketspike_shard_by="market", ticketspike_markets=f"{FLOODED},{CALM}")


async def test_a_flood_in_one_market_is_told_once_and_goes_on_with_the_standby_when_its_worker_dies(
    sharded: Settings,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    by_market = {"TICKETSPIKE_SHARD_BY": "market", "TICKETSPIKE_MARKETS": f"{FLOODED},{CALM}"}
    async with FakeSlack() as slack:
        reach = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_CHANNEL": "C0TEST", "SLACK_API_URL": slack.url}
        workers = [
            WorkerProcess(
                executable,
                environment(sharded) | by_market | reach | {"TICKETSPIKE_DATA_DIR": str(tmp_path / name)},
                tmp_path / f"{name}.log",
            )
            for name in ("first", "second")
        ]

        def log() -> str:
            return "\n\n".join(worker.said() for worker in workers)

        def holds(worker: WorkerProcess, shards: str) -> bool:
            said = worker.get("/readyz").splitlines()
            return all(f"{stage}: ready (holds {shards})" in said for stage in ("watch", "notify"))

        async def becomes(claim: Callable[[], bool], seconds: float = 60) -> bool:
            return await asyncio.to_thread(eventually, claim, seconds)

        try:
            await asyncio.gather(*(asyncio.to_thread(worker.start) for worker in workers))
            assert await becomes(
                lambda: (
                    sorted(holds(worker, f"{FLOODED}, other") for worker in workers) == [False, True]
                    and sorted(holds(worker, CALM) for worker in workers) == [False, True]
                )
            ), log()
            holder, standby = sorted(workers, key=lambda worker: holds(worker, CALM))
            await asyncio.to_thread(send, sharded, quiet_half_hour() + flood(0))
            assert await becomes(lambda: len(slack.roots()) == 1), log()
            assert f" {FLOODED} · {REASON}: " in told(slack.roots()[0])
            incident_id = slack.roots()[0].payload["metadata"]["event_payload"]["incident_id"]
            await asyncio.to_thread(take_over, sharded, incident_id)
            assert await becomes(lambda: told(slack.roots()[0]).startswith("🟠")), log()

            await asyncio.to_thread(holder.kill)
            await asyncio.to_thread(send, sharded, flood(40))
            assert await becomes(lambda: holds(standby, f"{FLOODED}, {CALM}, other")), log()
            assert await becomes(lambda: "80 tickets" in told(slack.roots()[0])), log()
            assert [root.payload["metadata"]["event_payload"]["incident_id"] for root in slack.roots()] == [
                incident_id
            ]
            # Neither shard took the press for one of a stranger's incident.
            assert not slack.channel.whispers
            assert counted(sharded) == {
                FLOODED: {"delivery": 29, "invoice": 1, REASON: 80},
                CALM: {"delivery": 29},
                "other": {"delivery": 30},
            }
        finally:
            await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))
