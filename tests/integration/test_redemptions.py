"""Orders on real Kafka: counted from every partition, from before the start and after it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streams import redemptions
from streams.connection import kafka_python_options
from streams.redemptions import Redemptions
from streams.settings import Settings


def send(settings: Settings, values: list[bytes | None]) -> None:
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    for index, value in enumerate(values):
        producer.send(settings.topic("orders"), key=str(index).encode(), value=value)
    producer.flush()
    producer.close()


def order(name: str, at: datetime, *codes: str) -> bytes:
    return json.dumps(
        {"id": name, "created_at": at.isoformat(), "voucher_codes": codes, "customer": "c", "total": 12.5}
    ).encode()


async def until(condition: Callable[[], Any]) -> None:
    for _ in range(600):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about within 30 s")


def counted(held: Redemptions, at: datetime) -> tuple[int, int]:
    found = held.facts(["SOMMER25"], at).get("sommer25")
    return (sum(found.redemptions.counts), sum(found.orders.counts)) if found else (0, 0)


async def test_orders_from_before_the_start_and_after_it_count_once_and_bad_ones_are_passed_over(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redemptions, "EMPTY_SECONDS", 0.1)
    now = datetime.now(UTC)
    held = Redemptions(settings)
    task = asyncio.create_task(held.run())
    try:
        await until(lambda: held.caught_up)
        assert held.facts(["SOMMER25"], now) == {}
        values = [order(f"o{index}", now - timedelta(minutes=index), "sommer 25") for index in range(40)]
        bad = [b"", None, b"{", b'{"id": "x"}', order("future", now + timedelta(days=30), "SOMMER25")]
        await asyncio.to_thread(send, settings, [*values, *bad, values[0], order("plain", now)])
        await until(lambda: counted(held, now) == (40, 41))
        again = Redemptions(settings.model_copy(update={"ticketspike_clock": "event"}))
        other = asyncio.create_task(again.run())
        await until(lambda: again.caught_up)
        assert counted(again, now) == (40, 41)
        other.cancel()
        await asyncio.to_thread(send, settings, [order("later", now, "SOMMER25")])
        await until(lambda: counted(held, now) == (41, 42))
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_with_shards_by_market_orders_count_for_their_own_market(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redemptions, "EMPTY_SECONDS", 0.1)
    settings = make_settings(ticketspike_shard_by="market", ticketspike_markets="DE,AT")
    now = datetime.now(UTC)
    values = [
        json.dumps(json.loads(order(f"o{index}", now, "SOMMER25")) | {"market": market}).encode()
        for index, market in enumerate(["DE", "de", "AT", "CH", None, "DE"])
    ]
    await asyncio.to_thread(send, settings, [*values])
    held = {view.shard: Redemptions(view) for view in settings.shards}
    tasks = [asyncio.create_task(one.run()) for one in held.values()]
    try:
        await until(lambda: all(counted(one, now) != (0, 0) for one in held.values()))
        assert {shard: counted(one, now)[0] for shard, one in held.items()} == {"DE": 3, "AT": 1, "other": 2}
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
