"""A producer in memory, which is away, slow or well as a test wants; the log before it is the real one."""

from __future__ import annotations

import asyncio

import msgspec
from aiokafka.errors import KafkaConnectionError

from alerts.records import Answer


class BrokerStandIn:
    """What `AnswerLog` needs of a producer."""

    def __init__(self) -> None:
        self.records: list[tuple[str, bytes, bytes]] = []
        self.away = False
        self.delay = 0.0

    async def send_and_wait(self, topic: str, *, key: bytes, value: bytes) -> None:
        await asyncio.sleep(self.delay)
        if self.away:
            raise KafkaConnectionError("away")
        self.records.append((topic, key, value))

    async def stop(self) -> None:
        pass

    @property
    def answers(self) -> list[Answer]:
        return [msgspec.json.decode(value, type=Answer) for _, _, value in self.records]
