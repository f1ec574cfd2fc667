"""Sends the world's steps at a pace, whatever Kafka does: a record counts as sent when all copies have it."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import UTC, datetime
from typing import Any

from chaos_tickets import CYCLE_MINUTES, HISTORY_MINUTES, STEP_MINUTES, Sent, World

from streams.connection import kafka_python_options
from streams.markers import marker
from streams.settings import Settings

PATIENCE_SECONDS = 30.0


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
        self._producer = self._open()
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
        self._producer.close()

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
        for partition in sorted(self._producer.partitions_for(self.settings.topic("tickets"))):
            self._sent_for_sure([(Sent(b"end", value, self.world.minute * 60_000), partition, headers)])

    def _send(self, records: list[Sent]) -> None:
        self._sent_for_sure([(one, None, []) for one in records])

    def _open(self) -> Any:
        from kafka import KafkaProducer

        return KafkaProducer(**kafka_python_options(self.settings), acks="all", linger_ms=5)

    def _sent_for_sure(self, records: list[tuple[Sent, int | None, Any]]) -> None:
        from kafka.errors import KafkaError

        while records:
            records = self._unsent(records)
            self.again += len(records)
            if records:
                # After a long outage kafka-python's idempotent producer may turn in circles for ever.
                with contextlib.suppress(KafkaError):
                    self._producer.close(timeout=0)
                self._producer = self._open()

    def _unsent(self, records: list[tuple[Sent, int | None, Any]]) -> list[tuple[Sent, int | None, Any]]:
        """Send records once; those of which nobody knows whether Kafka has them."""
        from kafka.errors import KafkaError

        futures, left = [], []
        for record in records:
            one, partition, headers = record
            try:
                future = self._producer.send(
                    self.settings.topic("tickets"),
                    key=one.key,
                    value=one.value,
                    timestamp_ms=one.at,
                    partition=partition,
                    headers=headers,
                )
            except KafkaError:
                left.append(record)
            else:
                futures.append((record, future))
        until = time.monotonic() + PATIENCE_SECONDS
        for record, future in futures:
            try:
                future.get(timeout=max(0.1, until - time.monotonic()))
            except KafkaError:
                left.append(record)
        return left
