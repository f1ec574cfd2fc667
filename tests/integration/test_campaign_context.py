"""A worker that notifies, on real Kafka: a campaign ahead is told of once, and redemptions stand in the message."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from worker_process import WorkerProcess, eventually

from alerts.records import Campaign, Driver, Spike
from streams.connection import kafka_python_options
from streams.settings import Settings

CODE = "SOMMER25"


def produce(settings: Settings, topic: str, records: dict[str, bytes]) -> None:
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    for key, value in records.items():
        producer.send(settings.topic(topic), key=key.encode(), value=value)
    producer.flush()
    producer.close()


def orders(onset: datetime) -> dict[str, bytes]:
    """Six hours with ten orders in five minutes, every third with the code; none with it since the onset."""
    made = {}
    for minute in range(-360, 30):
        for place in range(2):
            at = onset + timedelta(minutes=minute)
            codes = [CODE] if minute < 0 and (minute + place) % 3 == 0 else []
            name = f"o{minute}-{place}"
            made[name] = json.dumps(
                {"id": name, "created_at": at.isoformat(), "voucher_codes": codes}
            ).encode()
    return made


def spike(onset: datetime) -> Spike:
    return Spike(
        spike_id="s-1",
        contact_reason="voucher not working",
        state="raised",
        onset=onset,
        raised_at=onset + timedelta(minutes=20),
        window_minutes=30,
        observed=42,
        expected=11,
        lower=5,
        upper=18,
        uplift=3.8,
        excess=31,
        customers=38,
        score=9,
        rule="rule",
        drivers=[
            Driver(
                facet="voucher_code", value=CODE, tickets=38, share=0.9, usual_share=0.02, excess_share=0.97
            )
        ],
    )


def test_a_worker_tells_of_a_campaign_ahead_once_and_that_a_code_is_redeemed_no_more(
    settings: Settings,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    onset = (now - timedelta(minutes=30)).replace(second=0, microsecond=0)
    running = Campaign(
        id="c1",
        name="Summer",
        starts_at=onset - timedelta(days=1),
        ends_at=now + timedelta(days=3),
        voucher_codes=[CODE],
    )
    ahead = Campaign(
        id="c2",
        name="Black Friday",
        starts_at=now + timedelta(hours=5),
        ends_at=now + timedelta(days=2),
        expected_uplift=2.0,
    )
    produce(settings, "campaigns", {one.id: msgspec.json.encode(one) for one in (running, ahead)})
    produce(settings, "orders", orders(onset))

    def messages() -> list[dict[str, Any]]:
        file = tmp_path / "data" / "messages.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [one for one in map(json.loads, filter(None, lines)) if one["method"] == "chat.postMessage"]

    def of(event_type: str) -> list[dict[str, Any]]:
        return [one for one in messages() if one["metadata"]["event_type"] == event_type]

    values = environment(settings) | {"TICKETSPIKE_CAMPAIGN_NOTICE_HOURS": "24"}
    worker = WorkerProcess(executable, values, tmp_path / "worker.log", "--only", "notify").start()
    try:
        assert eventually(lambda: bool(of("ticketspike_campaign_notice"))), worker.said()
        produce(settings, "spikes", {"s-1": msgspec.json.encode(spike(onset))})
        assert eventually(lambda: bool(of("ticketspike_incident"))), worker.said()
        (told,) = of("ticketspike_incident")
        text = json.dumps(told["blocks"])
        assert "Likely fails for everyone" in text
        assert "Not redeemed at all" in text
        worker.kill()
        worker.start()
        moved = msgspec.structs.replace(ahead, promise="20 %")
        produce(settings, "campaigns", {"c2": msgspec.json.encode(moved)})

        def edited() -> bool:
            return "Campaign ahead, changed" in (tmp_path / "data" / "messages.jsonl").read_text(
                encoding="utf-8"
            )

        assert eventually(edited), worker.said()
        (notice,) = of("ticketspike_campaign_notice")
        assert "Black Friday" in notice["text"]
    finally:
        worker.stop()
