"""Two markets, two workers: each watches its own, and takes the other's over when that worker dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import msgspec
import pytest
from shop import send
from worker_process import WorkerProcess, eventually

from alerts.records import Answer
from streams.counts import Counted
from streams.fake_slack import FakeSlack
from streams.fake_slack.channel import Message
from streams.publish import publisher
from streams.settings import Settings
from streams.to_end import read_to_end

BEGIN = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
FLOODED, CALM = "DE", "AT"
REASON = "voucher"


def ticket(name: str, market: str | None, reason: str, minute: float, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "created_at": (BEGIN + timedelta(minutes=minute)).isoformat(),
        "contact_reason": reason,
        "market": market,
        "customer": name,
        **more,
    }


def quiet(first: int, last: int) -> list[dict[str, Any]]:
    """A ticket a minute in each market."""
    return [
        ticket(f"{market}-{minute}", market, "delivery", minute)
        for minute in range(first, last)
        for market in (FLOODED, CALM, None)
    ]


def changes() -> list[dict[str, Any]]:
    """One ticket is relabelled, one retracted, one repeated as if of another market."""
    return [
        ticket(f"{FLOODED}-3", CALM, "invoice", 3, kind="relabelled"),
        ticket(f"{CALM}-4", None, "delivery", 4, kind="retracted"),
        ticket(f"{FLOODED}-5", CALM, "delivery", 5),
    ]


def flood(minute: int) -> list[dict[str, Any]]:
    return [ticket(f"v-{minute}-{one}", FLOODED, REASON, minute + one / 60) for one in range(40)]


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
    return make_settings(
        ticketspike_shard_by="market", ticketspike_markets=f"{FLOODED},{CALM}", ticketspike_clock="event"
    )


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
            try:
                said = worker.get("/readyz").splitlines()
            except HTTPError:
                return False  # not ready: in the middle of a takeover
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
            begun = quiet(0, 32) + changes() + flood(32)
            await asyncio.to_thread(send, sharded, begun, 0)
            assert await becomes(lambda: len(slack.roots()) == 1), log()
            [root] = slack.roots()
            assert f" {FLOODED} · {REASON}: 40 tickets" in told(root)
            incident_id = root.payload["metadata"]["event_payload"]["incident_id"]
            await asyncio.to_thread(take_over, sharded, incident_id)
            assert await becomes(lambda: told(root).startswith("🟠")), log()

            await asyncio.to_thread(holder.kill)
            await asyncio.to_thread(send, sharded, flood(33) + quiet(34, 120), 0)
            assert await becomes(lambda: holds(standby, f"{FLOODED}, {CALM}, other")), log()
            assert await becomes(lambda: told(root).startswith(f"✅ {FLOODED} · {REASON}: ")), log()
            assert " 80 " in told(root)
            assert slack.roots() == [root]
            assert root.payload["metadata"]["event_payload"]["incident_id"] == incident_id
            # Neither shard took the press for one of a stranger's incident.
            assert not slack.channel.whispers
            assert counted(sharded) == {
                FLOODED: {"delivery": 117, "invoice": 1, REASON: 80},
                CALM: {"delivery": 117},
                "other": {"delivery": 118},
            }
        finally:
            await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))
