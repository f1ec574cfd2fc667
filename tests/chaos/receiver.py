"""Kills the receiver and Kafka under signed webhooks and says what was counted: `make chaos-receiver`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from receiver_chaos import Chaos

from streams import admin, broker
from streams.settings import load


def main() -> int:
    """Run, report, and return 0 if all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180, help="how long events come (default: 180)")
    parser.add_argument(
        "--kills", type=int, default=30, help="of the receiver; of Kafka a third (default: 30)"
    )
    parser.add_argument("--rate", type=float, default=200, help="tickets a second (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="what everything is drawn from (default: 1)")
    parser.add_argument("--port", type=int, default=19792, help="of the embedded Kafka (default: 19792)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ticketspike-chaos-"))
    addresses = broker.up(folder / "kafka", brokers=1, port=options.port)
    try:
        settings = load(
            kafka_bootstrap_servers=",".join(addresses),
            ticketspike_topic_prefix=f"c{uuid.uuid4().hex[:8]}.",
        )
        admin.create(settings)
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
            "TICKETSPIKE_TOPIC_PREFIX": settings.ticketspike_topic_prefix,
            "TICKETSPIKE_HMAC_KEY": "chaos",
            "TICKETSPIKE_DATA_DIR": str(folder / "data"),
        }
        _say(f"{options.kills} kills with seed {options.seed}; logs in {folder}")
        chaos = Chaos(
            settings,
            environment,
            folder,
            kafka=folder / "kafka",
            port=options.port + 5,
            seed=options.seed,
            say=_say,
        )
        verdict = chaos.run(options.seconds, options.kills, options.rate)
    finally:
        broker.down(folder / "kafka")
    for line in verdict.lines():
        _say(line)
    return 1 if verdict.wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
