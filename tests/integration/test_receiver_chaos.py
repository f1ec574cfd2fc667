"""A few seconds of `make chaos-receiver`: receiver and Kafka killed while a helpdesk sends and tries again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from receiver_chaos import Chaos

from streams import admin, broker
from streams.settings import Settings


def test_every_event_that_heard_200_is_counted_once_when_receiver_and_kafka_are_killed(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    tmp_path: Path,
    free_port: Callable[[], int],
) -> None:
    port = free_port()
    addresses = broker.up(tmp_path / "kafka", brokers=1, port=port)
    try:
        settings = make_settings(topics=False, kafka_bootstrap_servers=",".join(addresses))
        admin.create(settings)
        chaos = Chaos(
            settings, environment(settings), tmp_path, kafka=tmp_path / "kafka", port=port + 10, seed=3
        )
        verdict = chaos.run(seconds=8, kills=3)
    finally:
        broker.down(tmp_path / "kafka")
    assert verdict.wrong == [], (tmp_path / "worker.log").read_text(errors="replace")[-20_000:]
    assert verdict.kills == {"the receiver": 3, "Kafka": 1}
    assert verdict.tickets > 100
