"""What the latency bench sends: a busy background, and floods of contact reasons that are quiet."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime

import msgspec
from aiokafka import AIOKafkaProducer

STEP_SECONDS = 0.05
FLOOD = 40
FLOOD_SECONDS = 1.9
"""A little below 2 s, so that the last acknowledgement comes within them as well."""
QUIET_AN_HOUR = 2.0
MARKETS = ("de", "at", "nl")

BUSY = [f"everyday matter {number:02d}" for number in range(30)]


def quiet_names(number: int) -> list[str]:
    """The contact reasons that are flooded, one after the other."""
    return [f"quiet matter {index:03d}" for index in range(number)]


class Traffic:
    """Sends tickets to a topic, each with a customer of its own; so many a second in the background."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, rng: random.Random, rate: int) -> None:
        self.producer = producer
        self.topic = topic
        self.rng = rng
        self.rate = rate
        self.sent = 0
        self._encode = msgspec.json.Encoder().encode

    async def send(self, reason: str, at: float, market: str | None = None) -> asyncio.Future[object]:
        """Hand one ticket over, of any market or this one; the result is done when Kafka has acknowledged it."""
        self.sent += 1
        ticket = {
            "id": f"lat-{self.sent}",
            "created_at": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
            "contact_reason": reason,
            "customer": f"customer-{self.sent}@example.org",
            "channel": self.rng.choice(("e-mail", "chat", "phone")),
            "market": market or self.rng.choice(MARKETS),
            "attributes": {"browser": self.rng.choice(("Chrome 142", "Safari 19", "Firefox 145"))},
        }
        future: asyncio.Future[object] = await self.producer.send(
            self.topic, self._encode(ticket), key=str(ticket["id"]).encode()
        )
        return future

    async def opening(self, age: float) -> None:
        """The background of the last `age` seconds, at once."""
        start = time.time() - age
        for index in range(int(age * self.rate)):
            await self.send(self.rng.choice(BUSY), start + index / self.rate)
        await self.producer.flush()

    async def background(self, stop: asyncio.Event) -> None:
        """The background until told to stop; what a slow moment delayed is caught up with."""
        started, done = time.monotonic(), 0
        while not stop.is_set():
            due = int((time.monotonic() - started) * self.rate)
            for _ in range(due - done):
                await self.send(self.rng.choice(BUSY), time.time())
            done = max(done, due)
            await asyncio.sleep(STEP_SECONDS)

    async def flood(self, reason: str, *, spread: bool, market: str | None = None) -> float:
        """Forty tickets within two seconds, evenly or all at once; returns when the last was acknowledged (epoch)."""
        started = time.monotonic()
        acknowledgements = []
        for index in range(FLOOD):
            if spread:
                await asyncio.sleep(max(0.0, started + index * FLOOD_SECONDS / FLOOD - time.monotonic()))
            acknowledgements.append(await self.send(reason, time.time(), market))
        await asyncio.gather(*acknowledgements)
        return time.time()


def history(days: int, quiet: list[str], rng: random.Random, until: float, rate: int) -> str:
    """Counts per hour of all contact reasons, as a CSV file for `learn`, up to the hour that `until` lies in.

    Flat over the day: whatever hour the bench runs at, the background is what was learnt.
    """
    busy_an_hour = rate * 3600 / len(BUSY)
    end = int(until // 3600)
    lines = ["bucket_start,contact_reason,count"]
    for hour in range(end - days * 24, end):
        start = datetime.fromtimestamp(hour * 3600, UTC).isoformat()
        lines += [f"{start},{name},{round(rng.gauss(busy_an_hour, busy_an_hour**0.5))}" for name in BUSY]
        for name in quiet:
            tickets = sum(rng.random() < QUIET_AN_HOUR / 60 for _ in range(60))
            if tickets:
                lines.append(f"{start},{name},{tickets}")
    return "\n".join(lines) + "\n"
