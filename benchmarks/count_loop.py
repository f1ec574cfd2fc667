"""The floor: read and decode every ticket, keep nothing. aiokafka `getmany` and msgspec, as `count` reads.

Run as `python -m benchmarks.count_loop BOOTSTRAP TOPIC NUMBER NAME`.
"""

from __future__ import annotations

import asyncio
import sys

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.measure import Run, Stopwatch, pin, report
from streams.events import Ticket
from streams.memory import relax_collector
from streams.ticket_consumer import BATCH


async def loop(bootstrap: str, topic: str, number: int) -> Run:
    """Read the topic from its start until `number` tickets are decoded."""
    # The very options of `streams.count`, which is measured against this.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=BATCH,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=200,
        check_crcs=False,
    )
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()  # noqa: SLF001 - else a new consumer may not know the topic yet
        partitions = [
            TopicPartition(topic, one) for one in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        if not partitions:
            consumer.subscribe([topic])
        else:
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
        watch = Stopwatch()
        decode = msgspec.json.Decoder(Ticket).decode
        done = 0
        while done < number:
            batches = await consumer.getmany(timeout_ms=200)
            if batches:
                watch.start()
            for records in batches.values():
                for record in records:
                    decode(record.value)
                done += len(records)
        return watch.stop(done)
    finally:
        await consumer.stop()


if __name__ == "__main__":
    pin()
    relax_collector()
    report(asyncio.run(loop(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
