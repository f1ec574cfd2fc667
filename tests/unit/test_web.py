"""What a probe hears."""

from __future__ import annotations

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
