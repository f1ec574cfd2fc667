"""A bytewax dataflow: tickets per contact reason in its state, no recovery store.

Run as `python -m benchmarks.count_bytewax BOOTSTRAP TOPIC NUMBER NAME`.
"""

from __future__ import annotations

import sys

import bytewax.operators as op
import msgspec
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, run_main

from benchmarks.measure import Run, Stopwatch, pin, report
from streams.events import Ticket
from streams.memory import relax_collector

BATCH = 5000


def flow(bootstrap: str, topic: str, number: int) -> Run:
    """Count the topic from its start to its end, `number` tickets."""
    decode = msgspec.json.Decoder(Ticket).decode
    watch = Stopwatch()
    outcome: list[Run] = []
    done = 0

    def reason(message: KafkaSourceMessage[bytes | None, bytes]) -> tuple[str, int]:
        watch.start()
        return str(decode(message.value).contact_reason), 1

    def count(held: int | None, one: int) -> tuple[int, int]:
        nonlocal done
        done += 1
        if done == number:
            outcome.append(watch.stop(number))
        total = (held or 0) + one
        return total, total

    dataflow = Dataflow("bench")
    messages = op.input("tickets", dataflow, KafkaSource([bootstrap], [topic], tail=False, batch_size=BATCH))
    reasons = op.map("reason", messages, reason)
    op.output("counts", op.stateful_map("count", reasons, count), TestingSink([]))
    run_main(dataflow)
    return outcome[0]


if __name__ == "__main__":
    pin()
    relax_collector()
    report(flow(sys.argv[1], sys.argv[2], int(sys.argv[3])))
