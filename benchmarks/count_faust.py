"""A Faust agent: `counts[reason] += 1`, one event at a time, in a table or (`plain`) in memory alone.

Run as `python -m benchmarks.count_faust BOOTSTRAP TOPIC NUMBER NAME [plain]`. The topic is keyed by contact reason, so
that nothing has to be sent through a second topic to be grouped; the table's changelog topic is there already.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from typing import Any

import faust

from benchmarks.measure import Run, Stopwatch, pin, report


async def agent(bootstrap: str, topic: str, number: int, name: str, *, plain: bool) -> Run:
    """Count the topic from its start until `number` tickets are in the table or dictionary."""
    app = faust.App(
        name,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        topic_partitions=4,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
    )
    watch = Stopwatch()
    outcome: asyncio.Future[Run] = asyncio.get_running_loop().create_future()
    counts = defaultdict[str, int](int) if plain else app.Table("counts", default=int, partitions=4)
    done = 0

    async def count(tickets: Any) -> None:
        nonlocal done
        async for ticket in tickets:
            watch.start()
            counts[ticket["contact_reason"]] += 1
            done += 1
            if done == number and not outcome.done():
                outcome.set_result(watch.stop(number))

    app.agent(app.topic(topic, key_type=bytes, key_serializer="raw", value_serializer="json"))(count)
    await app.start()
    try:
        return await asyncio.wait_for(outcome, 120)
    finally:
        await app.stop()


if __name__ == "__main__":
    pin()
    bootstrap, topic, number, name, *more = sys.argv[1:]
    report(asyncio.run(agent(bootstrap, topic, int(number), name, plain=more == ["plain"])))
