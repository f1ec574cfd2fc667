"""Tickets at a steady rate whose own time goes faster than the clock, with the truth about them."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

REASONS = [f"reason {number:02d}" for number in range(40)]
_STEP_SECONDS = 0.05
_LATE_SECONDS = 600.0
_RECENT = 500


class Load:
    """Sends events and keeps what they must have been counted as.

    Two in a hundred are repeats, one is late by up to ten minutes, one names another contact reason than before and
    three in a thousand take a ticket back.

    Args:
        bootstrap: the brokers.
        rate: events a second.
        speed: seconds of the tickets' time in a second.
        rng: what everything is drawn from.
        begin: the tickets' time at the start (epoch seconds).
    """

    def __init__(self, bootstrap: str, rate: float, speed: float, rng: random.Random, begin: float) -> None:
        self.sent = 0
        self._bootstrap, self._rate, self._speed, self._rng, self._begin = bootstrap, rate, speed, rng, begin
        self._truth: Counter[tuple[str, int]] = Counter()
        self._recent: deque[dict[str, Any]] = deque(maxlen=_RECENT)
        self._encode = msgspec.json.Encoder().encode

    def truth(self) -> dict[tuple[str, int], int]:
        """Tickets by contact reason and minute, as they must be counted; none that are 0."""
        return {cell: count for cell, count in self._truth.items() if count}

    async def run(self, seconds: float) -> None:
        """Send for so long; what a slow moment delayed is caught up with, and bears the time it should have had."""
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        try:
            began = time.monotonic()
            while (passed := time.monotonic() - began) < seconds:
                for _ in range(int(passed * self._rate) - self.sent):
                    await self._send(producer, self._begin + self.sent / self._rate * self._speed)
                await asyncio.sleep(_STEP_SECONDS)
            await producer.flush()
        finally:
            await producer.stop()

    async def _send(self, producer: AIOKafkaProducer, now: float) -> None:
        event = self._event(now)
        self.sent += 1
        await producer.send(
            "tickets", self._encode(event), key=str(event["id"]).encode(), timestamp_ms=int(now * 1000)
        )

    def _event(self, now: float) -> dict[str, Any]:
        luck, rng = self._rng.random(), self._rng
        if luck < 0.033 and len(self._recent) == _RECENT:
            earlier = self._recent[rng.randrange(_RECENT)]
            if luck < 0.02 or "kind" in earlier:
                return earlier
            cell = earlier["contact_reason"], _minute(earlier)
            self._truth[cell] -= 1
            self._recent.remove(earlier)
            if luck >= 0.03:
                return earlier | {"kind": "retracted"}
            other = rng.choice(REASONS)
            self._truth[other, cell[1]] += 1
            return earlier | {"kind": "relabelled", "contact_reason": other}
        at = now - (rng.random() * _LATE_SECONDS if luck > 0.99 else rng.random())
        event = {
            "id": f"s-{self.sent}",
            "created_at": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
            "contact_reason": rng.choice(REASONS),
            "customer": f"customer-{rng.randrange(100_000)}@example.org",
            "channel": rng.choice(("e-mail", "chat", "phone")),
            "market": rng.choice(("de", "at", "nl")),
            "attributes": {"browser": rng.choice(("Chrome 142", "Safari 19", "Firefox 145"))},
        }
        self._truth[event["contact_reason"], _minute(event)] += 1
        self._recent.append(event)
        return event


def _minute(event: dict[str, Any]) -> int:
    return int(datetime.fromisoformat(event["created_at"]).timestamp() // 60)
