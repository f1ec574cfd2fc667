"""Sends the world's steps at a pace, whatever Kafka does: a record counts as sent when all copies have it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from chaos_tickets import CYCLE_MINUTES, HISTORY_MINUTES, STEP_MINUTES, Sent, World

from streams.connection import aiokafka_options
from streams.markers import marker
from streams.settings import Settings

# It tells of every attempt at a broker that was killed a moment ago.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
Headers = list[tuple[str, bytes]] | None
Record = tuple[Sent, int | None, Headers]


class Sender:
    """A thread that feeds `tickets`.

    Args:
        settings: topics made.
        world: what to send.
        pace: minutes of the log in a second.
    """

    def __init__(self, settings: Settings, world: World, pace: float) -> None:
        self.settings = settings
        self.world = world
        self.pace = pace
        self.again = 0
        """Records that had to be sent anew, since their outcome was unknown."""
        self.error: BaseException | None = None
        # Without idempotence, as many a producer is: a fail-over repeats records and swaps them.
        self._producer: AIOKafkaProducer | None = None
        self._loop = asyncio.new_event_loop()
        self._stop, self._pause, self._paused, self._free = (threading.Event() for _ in range(4))
        self._thread = threading.Thread(target=self._guarded, daemon=True)

    def history(self) -> None:
        """Send what is learnt from, as fast as it goes; blocks."""
        while self.world.elapsed < HISTORY_MINUTES:
            steps = range(CYCLE_MINUTES // STEP_MINUTES)
            self._send([record for _ in steps for record in self.world.step(faulty=False)])

    def start(self) -> None:
        self._thread.start()

    def pause(self, seconds: float) -> bool:
        """Stand still at the next moment when nothing rises; whether it came to that in time."""
        self._free.clear()
        self._pause.set()
        return self._paused.wait(seconds)

    def go_on(self) -> None:
        self._pause.clear()
        self._free.set()

    def finish(self, seconds: float) -> None:
        """Send the rest of the cycle and the end markers; raises what went wrong."""
        self._stop.set()
        self.go_on()
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise AssertionError("the tickets could not be sent")
        if self.error is not None:
            raise self.error
        self._loop.run_until_complete(self._close())
        self._loop.close()

    def _guarded(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self.error = error
            self._paused.set()

    def _run(self) -> None:
        due = time.monotonic()
        while not (self._stop.is_set() and self.world.elapsed % CYCLE_MINUTES == 0):
            if self._pause.is_set() and self.world.calm and not self._stop.is_set():
                self._paused.set()
                self._free.wait()
                self._paused.clear()
                due = time.monotonic()
            self._send(self.world.step())
            due += STEP_MINUTES / self.pace
            # What an outage held up does not come in one flood.
            due = max(due, time.monotonic() - 1.0)
            if not self._stop.is_set():
                time.sleep(max(0.0, due - time.monotonic()))
        value, headers = marker(datetime.fromtimestamp(self.world.minute * 60, UTC))
        end = Sent(b"end", value, self.world.minute * 60_000)
        self._sent_for_sure(
            [(end, partition, headers) for partition in range(self.settings.ticketspike_partitions)]
        )

    def _send(self, records: list[Sent]) -> None:
        self._sent_for_sure([(one, None, None) for one in records])

    def _sent_for_sure(self, records: list[Record]) -> None:
        while records:
            if records := self._loop.run_until_complete(self._unsent(records)):
                self.again += len(records)
                time.sleep(1.0)

    async def _unsent(self, records: list[Record]) -> list[Record]:
        """Send records once; those of which nobody knows whether Kafka has them."""
        if self._producer is None:
            producer = AIOKafkaProducer(**aiokafka_options(self.settings), acks="all", linger_ms=5)
            await producer.start()
            self._producer = producer
        outcomes = await asyncio.gather(*(self._sent(*record) for record in records), return_exceptions=True)
        wrong = [one for one in outcomes if isinstance(one, BaseException)]
        if any(not isinstance(one, KafkaError) for one in wrong):
            raise wrong[0]
        return [record for record, one in zip(records, outcomes, strict=True) if isinstance(one, KafkaError)]

    async def _sent(self, one: Sent, partition: int | None, headers: Headers) -> None:
        assert self._producer is not None
        await self._producer.send_and_wait(
            self.settings.topic("tickets"),
            key=one.key,
            value=one.value,
            timestamp_ms=one.at,
            partition=partition,
            headers=headers,
        )

    async def _close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
