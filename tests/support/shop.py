"""A little webshop whose voucher fails on its fourth day, sent to real Kafka."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from alerts.records import Spike
from streams.connection import kafka_python_options
from streams.markers import marker
from streams.settings import Settings
from streams.to_end import partitions_of, read_to_end

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
BREAKS = BEGIN + timedelta(days=3, hours=10)


def shop(seed: int) -> list[dict[str, Any]]:
    """Four days of six contact reasons; on the fourth the voucher fails for two hours."""
    rng = random.Random(seed)
    tickets = []
    for minute in range(4 * 1440):
        at = BEGIN + timedelta(minutes=minute)
        awake = 1.0 if 8 <= at.hour < 22 else 0.2
        for place, reason in enumerate(["voucher", "delivery", "return", "invoice", "size", "payment"]):
            rate = 0.06 * (1 + place % 3) * awake
            broken = reason == "voucher" and BREAKS <= at < BREAKS + timedelta(hours=2)
            for _ in range(sum(rng.random() < (0.9 if broken else rate) for _ in range(1))):
                tickets.append(
                    {
                        "id": f"t-{len(tickets)}",
                        "created_at": (at + timedelta(seconds=rng.randrange(60))).isoformat(),
                        "contact_reason": reason,
                        "customer": f"c-{len(tickets)}",
                        "voucher_code": "SOMMER25" if broken else None,
                        "attributes": {
                            "browser": "Safari" if broken else rng.choice(["Chrome", "Firefox", "Safari"])
                        },
                    }
                )
    return sorted(tickets, key=lambda one: one["created_at"])


def send(settings: Settings, tickets: list[dict[str, Any]], seconds: float) -> None:
    """Send in order over some seconds, then an end marker into every partition."""
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    topic, begin = settings.topic("tickets"), time.monotonic()
    for index, one in enumerate(tickets):
        if index % 50 == 0:
            time.sleep(max(0.0, begin + seconds * index / len(tickets) - time.monotonic()))
        producer.send(topic, key=one["id"].encode(), value=json.dumps(one).encode())
    producer.flush()
    value, headers = marker(datetime.fromisoformat(tickets[-1]["created_at"]))
    for partition in partitions_of(settings, "tickets"):
        producer.send(topic, value=value, headers=headers, partition=partition)
    producer.flush()
    producer.close()


def spikes_on(settings: Settings) -> dict[str, Spike]:
    """The last statement of every spike on the topic."""
    found = {}
    for record in read_to_end(settings, "spikes"):
        spike = msgspec.json.decode(record.value, type=Spike)
        found[spike.spike_id] = spike
    return found


def burst(
    settings: Settings,
    before: Sequence[bytes] = (),
    market: str | None = None,
    *,
    ids: str = "t",
    rising: str = "voucher <!channel>",
) -> None:
    """Half a quiet hour of another reason, then forty tickets of one that nobody has seen, all of one market."""
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    for value in before:
        producer.send(settings.topic("tickets"), value=value)
    now = datetime.now(UTC)
    quiet = [now - timedelta(minutes=30 - number) for number in range(30)]
    for number, at in enumerate([*quiet, *[now] * 40]):
        reason = "delivery" if number < 30 else rising
        ticket = {
            "id": f"{ids}-{number}",
            "created_at": at.isoformat(),
            "contact_reason": reason,
            "customer": f"c-{number}",
            "market": market,
        }
        producer.send(settings.topic("tickets"), key=ticket["id"].encode(), value=json.dumps(ticket).encode())
    producer.flush()
    producer.close()
