"""A client of aiokafka inside a block, stopped behind it in any case."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

Client = TypeVar("Client", AIOKafkaConsumer, AIOKafkaProducer, AIOKafkaAdminClient)


@asynccontextmanager
async def started(client: Client) -> AsyncGenerator[Client]:
    """Start a client, and stop it behind the block.

    Also where its start fails or is cancelled: a client that began leaves sockets and tasks. Its own `async with` stops
    nothing then.

    Raises:
        KafkaError: it cannot start.
    """
    try:
        await client.start()
        yield client
    finally:
        await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
