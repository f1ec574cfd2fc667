"""What a probe hears."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest

from streams.metrics import Metrics
from streams.web import Web


@pytest.fixture
async def address() -> AsyncIterator[str]:
    stages = {"watch": lambda: (True, "holds the shard"), "slack": lambda: (False, "token was revoked")}
    web = Web("127.0.0.1", 0, Metrics(), stages)
    await web.on_start()
    yield f"http://127.0.0.1:{web.port}"
    await web.on_stop()


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 503, "watch: ready (holds the shard)\nslack: not ready (token was revoked)\n"),
        ("?stage=watch", 200, "watch: ready (holds the shard)\n"),
        (
            "?stage=watch&stage=slack",
            503,
            "watch: ready (holds the shard)\nslack: not ready (token was revoked)\n",
        ),
        ("?stage=count", 404, "no such stage; there are: watch, slack\n"),
    ],
)
async def test_readiness_is_told_of_all_stages_or_of_those_that_were_asked_for(
    address: str, query: str, status: int, said: str
) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{address}/readyz{query}") as answer:
        assert (answer.status, await answer.text()) == (status, said)


@pytest.mark.parametrize("before", [b"", b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"])
async def test_a_connection_whose_header_never_ends_is_closed_however_it_trickles(before: bytes) -> None:
    web = Web("127.0.0.1", 0, Metrics(), {}, idle_seconds=0.5)
    await web.on_start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(before + b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ")

        async def trickle() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"a")
                    await writer.drain()
                    await asyncio.sleep(0.05)

        trickling = asyncio.ensure_future(trickle())
        try:
            # Without a limit this waits for an hour.
            said = await asyncio.wait_for(_all(reader), 20)
        finally:
            trickling.cancel()
            writer.close()
        assert said.count(b"200 OK") == bool(before)
    finally:
        await web.on_stop()


async def _all(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side closes."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(4096):
            said += part
    return said
