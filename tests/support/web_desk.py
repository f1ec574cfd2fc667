"""The whole web server of a worker in one process: sources of every way to sign, Slack's presses, Kafka in memory."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka.errors import KafkaConnectionError
from broker_stand_in import BrokerStandIn
from presses import SECRET as SLACK_SECRET
from presses import signed as signed_by_slack

from alerts.slack_replies import Replies
from streams.interactions import Interactions
from streams.metrics import Metrics
from streams.settings import load
from streams.slack_http import SlackHttp
from streams.sources.receiver import Receiver
from streams.sources.source_files import listened_to
from streams.web import Web

SECRET, OLD_SECRET = "a secret:that nobody guesses", "the one before"
PRESETS = {
    "zendesk": "zendesk",
    "zendesk-trigger": "zendesk",
    "intercom": "intercom",
    "freshdesk": "header",
    "hubspot": "hubspot",
    "salesforce": "header",
    "dixa": "basic",
    "shopify-orders": "shopify",
    "shopify-redact": "shopify",
}
"""How each preset is signed."""
HUBSPOT_URL = "https://example.org/hooks/hubspot"
SOURCES = "".join(
    f'[{name}]\npreset = "{name}"\nsecrets = ["SECRET", "OLD_SECRET"]\n'
    + f'url = "{HUBSPOT_URL}"\n' * (name == "hubspot")
    for name in PRESETS
)


def signed(name: str, body: bytes) -> dict[str, str]:
    """The headers with which the source `name` signs a body now."""

    def sha256(begin: bytes = b"", end: bytes = b"") -> str:
        return base64.b64encode(
            hmac.new(SECRET.encode(), begin + body + end, hashlib.sha256).digest()
        ).decode()

    stamp = datetime.now(UTC).isoformat()
    milliseconds = str(int(time.time() * 1000))
    headers: dict[str, Callable[[], dict[str, str]]] = {
        "zendesk": lambda: {
            "X-Zendesk-Webhook-Signature": sha256(stamp.encode()),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        },
        "intercom": lambda: {
            "X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        },
        "hubspot": lambda: {
            "X-HubSpot-Signature-v3": sha256(f"POST{HUBSPOT_URL}".encode(), milliseconds.encode()),
            "X-HubSpot-Request-Timestamp": milliseconds,
        },
        "shopify": lambda: {"X-Shopify-Hmac-SHA256": sha256()},
        "header": lambda: {"X-Webhook-Token": SECRET},
        "basic": lambda: {"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()},
    }
    return headers[PRESETS[name]]()


class Kafka(BrokerStandIn):
    """What the receiver needs of a producer, besides."""

    async def send(self, topic: str, value: bytes | None, *, key: bytes) -> asyncio.Future[None]:
        if self.away:
            raise KafkaConnectionError("away")
        self.records.append((topic, key, value or b""))
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class Answer(NamedTuple):
    """What a sender hears."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Desk:
    """The server.

    Args:
        folder: for the file of sources.
        slack_url: where words to people go.
        slack_secret: None where it is not set.
    """

    def __init__(self, folder: Path, slack_url: str, slack_secret: str | None = SLACK_SECRET) -> None:
        path = folder / "sources.toml"
        path.write_text(SOURCES)
        self.kafka = Kafka()
        self.ready = True
        metrics = Metrics()
        settings = load(ticketspike_hmac_key="key")
        self.receiver = Receiver(
            settings, metrics, listened_to(path, {"SECRET": SECRET, "OLD_SECRET": OLD_SECRET})
        )
        self.receiver._producer = self.kafka
        self.interactions = Interactions(
            settings,
            metrics,
            Replies("xoxb-test", base_url=slack_url),
            campaigns=dict,
            incident_of=lambda _: None,
        )
        self.interactions.answers.producer = self.kafka
        stages = {"sources": lambda: (self.ready, "as it is")}
        posts: dict[str, Any] = {**SlackHttp(slack_secret, self.interactions).posts()}
        self.web = Web("127.0.0.1", 0, metrics, stages, {**posts, **self.receiver.posts()})

    async def start(self) -> None:
        """Listen."""
        await self.web.on_start()

    async def stop(self) -> None:
        """Close."""
        await self.interactions.on_stop()
        await self.web.on_stop()

    async def ask(self, raw: bytes, seconds: float = 20.0) -> Answer:
        """Send bytes over a connection of its own and hear the answer.

        Raises:
            TimeoutError: none came.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.web.port)
        try:
            writer.write(raw)
            async with asyncio.timeout(seconds):
                return await _answer(reader, raw)
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader, raw: bytes) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in head[1:] if line]
    headers = {name.lower(): value for name, value in pairs}
    length = 0 if raw.startswith(b"HEAD ") else int(headers.get("content-length", 0))
    return Answer(int(head[0].split()[1]), headers, await reader.readexactly(length))


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """A request as bytes; headers are sent as they are, whatever they hold."""
    whole = {"Host": "example.org", "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in whole.items())]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def hook(name: str, body: bytes, **headers: str) -> bytes:
    """A body as the source `name` sends it; headers are as `X_Name`."""
    own = {key.replace("_", "-"): value for key, value in headers.items()}
    return request(
        "POST", f"/hooks/{name}", body, {"Content-Type": "application/json"} | signed(name, body) | own
    )


def press(path: str, body: bytes, content_type: str) -> bytes:
    """A body as Slack sends it."""
    return request("POST", path, body, signed_by_slack(body, time.time()) | {"Content-Type": content_type})
