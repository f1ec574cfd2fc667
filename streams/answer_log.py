"""Answers on their way to the topic `answers`: saved before anybody is told so, and once however often delivered."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.records import Answer
from streams.connection import aiokafka_options
from streams.settings import Settings

SECONDS = 2.5
"""How long Kafka may take to acknowledge: Slack wants to hear from us within three."""
REMEMBERED = 10_000

log = structlog.get_logger("presses")


class AnswerLog:
    """A producer for `answers` with a bounded memory of what it has saved.

    Slack delivers at least once. An answer carries its press's own time and its author, so the same press gives
    the same bytes: they are what is remembered. A delivery that comes while the first is under way shares its
    fate. What a restart forgets does no harm, since readers know an answer by the same fields.
    """

    def __init__(self, settings: Settings, *, seconds: float = SECONDS, remembered: int = REMEMBERED) -> None:
        self.settings = settings
        self.topic = settings.topic("answers")
        self.seconds = seconds
        self.remembered = remembered
        self.producer: AIOKafkaProducer | None = None
        self._saved: OrderedDict[bytes, asyncio.Task[bool]] = OrderedDict()

    async def start(self) -> None:
        """Connect. Raises KafkaError where Kafka is away; the worker waits for it before."""
        # No idempotent producer: it would hold back what follows a record that is tried again, and an answer
        # that stands there twice is one answer.
        producer = AIOKafkaProducer(
            **aiokafka_options(self.settings),
            acks="all",
            linger_ms=0,
            request_timeout_ms=int(self.seconds * 1000),
        )
        try:
            await producer.start()
        except BaseException:  # also when cancelled: a producer that began leaves sockets open
            await producer.stop()
            raise
        self.producer = producer

    async def stop(self) -> None:
        """Let what is under way end, then disconnect."""
        if self._saved:
            await asyncio.wait(self._saved.values(), timeout=self.seconds)
        if self.producer is not None:
            await self.producer.stop()

    async def save(self, answers: Sequence[Answer]) -> bool:
        """Whether Kafka has acknowledged all of them, within `seconds`. Never raises.

        False means "not known to be saved": a record under way may still arrive. Pressing again then gives a
        second answer of the same meaning, which is better than one that is lost.
        """
        tasks = [self._under_way(answer) for answer in answers]
        if not tasks:
            return True
        done, _ = await asyncio.wait(tasks, timeout=self.seconds)
        return len(done) == len(set(tasks)) and all(task.result() for task in done)

    def known(self, answers: Sequence[Answer]) -> bool:
        """Whether all of them were saved before."""
        held = [self._saved.get(msgspec.json.encode(answer)) for answer in answers]
        return bool(held) and all(task is not None and task.done() and task.result() for task in held)

    def _under_way(self, answer: Answer) -> asyncio.Task[bool]:
        key = msgspec.json.encode(answer)
        task = self._saved.get(key)
        if task is None:
            task = self._saved[key] = asyncio.create_task(self._produce(answer.incident_id, key))
        self._saved.move_to_end(key)
        while len(self._saved) > self.remembered and next(iter(self._saved.values())).done():
            self._saved.popitem(last=False)
        return task

    async def _produce(self, incident_id: str, value: bytes) -> bool:
        why = "not connected yet"
        try:
            if self.producer is not None:
                await self.producer.send_and_wait(self.topic, key=incident_id.encode(), value=value)
                return True
        except (KafkaError, OSError) as error:
            why = type(error).__name__
        log.error("an answer was not saved", why=why)
        # Not remembered, so that the next delivery is tried anew.
        self._saved.pop(value, None)
        return False
