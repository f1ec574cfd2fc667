"""The product: the real service `streams.count.Count`, everything switched on, from the log's start to its end.

Run as `python -m benchmarks.count_product BOOTSTRAP TOPIC NUMBER NAME`, in place of a worker that holds all
partitions: validation, every ticket once, pseudonyms, distinct customers, all default facets, a statement each
second acknowledged by Kafka, offsets committed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Run, Stopwatch, pin, report
from streams import count as stage
from streams import holdings, ticket_consumer
from streams.memory import relax_collector
from streams.metrics import Metrics
from streams.settings import Settings, load


class _Timed(stage.Count):
    """The service, and the time from the first record it is fed to the commit of the last."""

    def __init__(self, settings: Settings, number: int, name: str) -> None:
        super().__init__(settings, Metrics(), name)
        self.number = number
        self.watch = Stopwatch()
        self.result: asyncio.Future[Run] = asyncio.get_running_loop().create_future()

    async def _feed(self, tp: Any, records: Sequence[Any]) -> None:
        self.watch.start()
        await super()._feed(tp, records)
        if self.result.done() or sum(counts.position for counts in self.held.counts.values()) < self.number:
            return
        # Without this the rest of the last second would be waited for, and its length is chance.
        await self._flush()
        run = self.watch.stop(self.number)
        if sum(one.offset for one in self.held.committed.values()) != self.number:
            raise RuntimeError(f"committed {self.held.committed}, not {self.number} in all")
        self.result.set_result(run)


async def product(bootstrap: str, topic: str, number: int, name: str) -> Run:
    """Count `tickets` (which may have a prefix) from its start to its end."""
    settings = load(
        kafka_bootstrap_servers=bootstrap,
        ticketspike_topic_prefix=topic.removesuffix("tickets"),
        ticketspike_hmac_key="bench",
        ticketspike_clock="event",
    )
    # Every run is a consumer group of its own: the same log is read again from its start.
    for module in (holdings, ticket_consumer):
        assert "app_id" in vars(module), "each run would share one group"
        vars(module)["app_id"] = lambda _settings, part: f"{name}-{part}"
    count = _Timed(settings, number, name)
    relax_collector()
    await count.start()
    try:
        run = await asyncio.wait_for(count.result, 120)
        tally = [counts.tally for counts in count.held.counts.values()]
        seen = sum(one.counted + one.repeated for one in tally)
        if seen != number:
            raise RuntimeError(f"{seen} tickets were counted or known, not {number}")
        return run
    finally:
        await count.stop()


if __name__ == "__main__":
    pin()
    report(asyncio.run(product(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])))
