"""quixstreams: tickets per contact reason in its state store (RocksDB, with a changelog on Kafka).

Run as `python -m benchmarks.count_quix BOOTSTRAP TOPIC NUMBER NAME`. The topic is keyed by contact reason, so that
nothing has to be sent through a second topic to be grouped.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from typing import Any

from quixstreams import Application, State

from benchmarks.measure import Run, Stopwatch, pin, report


def quix(bootstrap: str, topic: str, number: int, name: str) -> Run:
    """Count the topic from its start until `number` tickets are in the state store."""
    watch = Stopwatch()
    done = 0
    outcome: list[Run] = []
    with tempfile.TemporaryDirectory() as folder:
        app = Application(
            broker_address=bootstrap,
            consumer_group=name,
            auto_offset_reset="earliest",
            state_dir=folder,
            # As often as the product states its counts.
            commit_interval=1.0,
            loglevel=logging.ERROR,
        )

        def count(ticket: dict[str, Any], state: State) -> None:
            nonlocal done
            watch.start()
            reason = ticket["contact_reason"]
            state.set(reason, state.get(reason, 0) + 1)
            done += 1
            if done == number:
                outcome.append(watch.stop(number))
                app.stop()

        tickets = app.topic(topic, value_deserializer="json")
        app.dataframe(tickets).update(count, stateful=True)
        app.run()
    return outcome[0]


if __name__ == "__main__":
    pin()
    report(quix(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
