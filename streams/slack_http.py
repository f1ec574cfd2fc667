"""Slack's requests at a public address: `POST /slack/interactions` and `POST /slack/events`, each signed.

Nothing of a body is looked at before its signature is checked, and nothing of it is ever said back or logged.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qs

import msgspec
import structlog
from aiohttp import web
from slack_sdk.signature import Clock, SignatureVerifier

from streams.errors import UNREADABLE
from streams.interactions import Interactions
from streams.web import body_of

READ_SECONDS = 2.0
_TIMESTAMP = re.compile(r"[0-9]{1,12}")

Handler = Callable[[web.Request], Awaitable[web.Response]]

log = structlog.get_logger("presses")


class SlackClock(Clock):
    """The clock that a signature's age is told by; Slack's requests are good for five minutes."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        """Epoch seconds."""
        return self._now()


class SlackHttp:
    """The two handlers.

    Args:
        secret: the app's signing secret; None answers 503 to everything, which an operator sees in a browser.
        interactions: what takes the presses in.
        now: wall time, epoch seconds.
    """

    def __init__(
        self, secret: str | None, interactions: Interactions, *, now: Callable[[], float] = time.time
    ) -> None:
        self.interactions = interactions
        self.verifier = SignatureVerifier(secret, SlackClock(now)) if secret and secret.strip() else None

    def posts(self) -> Mapping[str, Handler]:
        """The handlers by path, all for POST."""
        return {"/slack/interactions": self.interact, "/slack/events": self.hear}

    async def interact(self, request: web.Request) -> web.Response:
        """Answer a press: 200 when it is saved or politely refused, 400 when nobody could read it."""
        body = await self._signed(request)
        if request.content_type != "application/x-www-form-urlencoded":
            return _plain(415, "expected a form")
        payload = _payload(body)
        if payload is None:
            self.interactions.metrics.presses.labels("http", "malformed").inc()
            return _plain(400, "the payload cannot be read")
        taken = await self.interactions.take(payload.value, "http")
        if not taken.readable:
            return _plain(400, "the payload cannot be read")
        return web.json_response(taken.body) if taken.body is not None else web.Response()

    async def hear(self, request: web.Request) -> web.Response:
        """Answer Slack's check of the address; events are acknowledged and ignored."""
        body = await self._signed(request)
        event = _json(body)
        if event is None or not isinstance(event.value, dict):
            return _plain(400, "the event cannot be read")
        challenge = event.value.get("challenge")
        if event.value.get("type") == "url_verification" and isinstance(challenge, str):
            return web.json_response({"challenge": challenge})
        return web.Response()

    async def _signed(self, request: web.Request) -> bytes:
        """The body, if Slack signed it in the last five minutes.

        Raises:
            web.HTTPException: 401 for anything else, 503 without a secret; 400, 408 or 413 for a body that breaks
                off, does not come or is too large.
        """
        if self.verifier is None:
            raise web.HTTPServiceUnavailable(text="SLACK_SIGNING_SECRET is not set\n")
        body = await body_of(request, READ_SECONDS)
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not _is_valid(self.verifier, body, timestamp, signature):
            self.interactions.metrics.presses.labels("http", "forged").inc()
            raise web.HTTPUnauthorized(text="not signed by Slack\n")
        return body


class _Json(msgspec.Struct, frozen=True):
    """A decoded value, told apart from "cannot be decoded" even where it is null."""

    value: object


def _is_valid(verifier: SignatureVerifier, body: bytes, timestamp: str, signature: str) -> bool:
    # The SDK trips over anything but figures and ASCII there.
    if not _TIMESTAMP.fullmatch(timestamp) or not signature.isascii():
        return False
    try:
        return bool(verifier.is_valid(body, timestamp, signature))
    except UnicodeDecodeError:
        return False


def _payload(body: bytes) -> _Json | None:
    try:
        fields = parse_qs(body.decode(), max_num_fields=20, errors="strict")
    except ValueError:
        return None
    given = fields.get("payload", [])
    return _json(given[0].encode("utf-8", "replace")) if len(given) == 1 else None


def _json(body: bytes) -> _Json | None:
    try:
        return _Json(msgspec.json.decode(body))
    except UNREADABLE:
        return None


def _plain(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=words + "\n")
