"""The floor with librdkafka: confluent-kafka's batch consumer and msgspec, nothing kept.

Run as `python -m benchmarks.count_confluent BOOTSTRAP TOPIC NUMBER NAME`.
"""

from __future__ import annotations

import sys

import msgspec
from confluent_kafka import Consumer, KafkaException

from benchmarks.measure import Run, Stopwatch, pin, report
from streams.events import Ticket
from streams.memory import relax_collector

BATCH = 5000


def loop(bootstrap: str, topic: str, number: int, name: str) -> Run:
    """Read the topic from its start until `number` tickets are decoded."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": name,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    decode = msgspec.json.Decoder(Ticket).decode
    watch = Stopwatch()
    done = 0
    consumer.subscribe([topic])
    try:
        while done < number:
            messages = consumer.consume(BATCH, timeout=0.2)
            if messages:
                watch.start()
            for message in messages:
                if message.error():
                    raise KafkaException(message.error())
                decode(message.value())
            done += len(messages)
        return watch.stop(number)
    finally:
        consumer.close()


if __name__ == "__main__":
    pin()
    relax_collector()
    report(loop(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
