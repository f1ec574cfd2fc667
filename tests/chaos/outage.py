"""Kills the only broker under load and says how long after its return alerts come again."""

from __future__ import annotations

import argparse
import sys
import tempfile
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from outage import outage

from streams import admin, broker
from streams.settings import load


def main() -> int:
    """Run, report, and return 0 if nothing was lost and the one rise was told once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long it is away (default: 300)")
    parser.add_argument("--rate", type=float, default=100, help="tickets a second (default: 100)")
    parser.add_argument("--port", type=int, default=19592, help="of the embedded Kafka (default: 19592)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ticketspike-outage-"))
    addresses = broker.up(folder / "kafka", brokers=1, port=options.port)
    try:
        settings = load(
            kafka_bootstrap_servers=",".join(addresses), ticketspike_topic_prefix=f"c{uuid.uuid4().hex[:8]}."
        )
        admin.create(settings)
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
            "TICKETSPIKE_TOPIC_PREFIX": settings.ticketspike_topic_prefix,
            "TICKETSPIKE_HMAC_KEY": "chaos",
            "TICKETSPIKE_DATA_DIR": str(folder / "data"),
        }
        executable = str(Path(sys.executable).with_name("ticketspike"))
        outcome = outage(
            settings,
            environment,
            executable,
            folder,
            kafka=folder / "kafka",
            seconds=options.seconds,
            per_second=options.rate,
        )
    finally:
        broker.down(folder / "kafka")
    sys.stdout.write(
        f"away for {options.seconds:.0f} s at {options.rate:.0f} tickets/s: {outcome.lost} lost; after the return a "
        f"rise was written by {outcome.written_after:.1f} s and told by {outcome.alerted_after:.1f} s, all was counted "
        f"by {outcome.counted_after:.1f} s\n{len(outcome.roots)} messages: {outcome.roots}; logs in {folder}\n"
    )
    return 1 if outcome.lost or len(outcome.roots) != 1 else 0


if __name__ == "__main__":
    sys.exit(main())
