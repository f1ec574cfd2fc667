"""Presses without a public address: Slack's Socket Mode, one WebSocket that this worker opens.

Any of an app's connections may get a press, and a dropped connection may get it again; both are harmless, since
a press gives the same answer wherever it is understood. It is acknowledged after Kafka has it, so a worker that
dies in between leaves it for Slack to show as unanswered.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import structlog
from mode import Service
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from streams.interactions import Interactions
from streams.metrics import Metrics

CHECK_SECONDS = 0.5
CONNECT_SECONDS = 10.0
LONGEST_PAUSE = 60.0
"""Slack allows about one new connection a minute once it is displeased."""

_REMEDIES = {
    "invalid_auth": "Slack does not know SLACK_APP_TOKEN; make an app-level token (xapp-...) under Basic Information",
    "not_authed": "SLACK_APP_TOKEN is empty; set it to the app-level token (xapp-...) of the app",
    "token_revoked": "SLACK_APP_TOKEN was revoked; make a new app-level token under Basic Information",
    "account_inactive": "the app was removed from the workspace; install it again",
    "not_allowed_token_type": "SLACK_APP_TOKEN is no app-level token: those begin with xapp-",
    "missing_scope": "SLACK_APP_TOKEN lacks the scope connections:write; make a new app-level token with it",
}

log = structlog.get_logger("presses")


class SocketMode(Service):
    """Keeps one connection open and hands over what comes.

    Args:
        token: the app-level token (xapp-...).
        interactions: what takes the presses in.
        metrics: counts calls to Slack.
        base_url: Slack's address, or a stand-in's.
        ping_seconds: how often the connection is tried; four silent ones and it is made anew.
    """

    def __init__(
        self,
        token: str,
        interactions: Interactions,
        metrics: Metrics,
        *,
        base_url: str = "https://slack.com/api/",
        ping_seconds: float = 5.0,
    ) -> None:
        super().__init__()
        self.token = token
        self.interactions = interactions
        self.metrics = metrics
        self.base_url = base_url
        self.ping_seconds = ping_seconds
        self.trouble: str | None = "connecting"
        """Why there is no connection; None while there is one."""
        self.client: SocketModeClient | None = None

    async def on_start(self) -> None:
        """Make the client; it connects in `_keep`, so that a worker starts while Slack is away."""
        logger = logging.getLogger("ticketspike.slack_sdk.socket_mode")
        # The SDK logs whole payloads and tracebacks; what matters is said below, once.
        logger.disabled = True
        web = AsyncWebClient(base_url=self.base_url, logger=logger)
        self.client = _Client(
            app_token=self.token,
            logger=logger,
            web_client=web,
            auto_reconnect_enabled=False,
            ping_interval=self.ping_seconds,
        )
        self.client.socket_mode_request_listeners.append(self._hear)  # type: ignore[arg-type]

    async def on_stop(self) -> None:
        """Close the connection."""
        client = self.client
        if client is None:
            return
        await client.close()  # type: ignore[no-untyped-call]
        tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)

    @Service.task
    async def _keep(self) -> None:
        pause = 1.0
        while not self.should_stop:
            if await self._connected():
                pause = 1.0
                await self.sleep(CHECK_SECONDS)
            else:
                await self.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _connected(self) -> bool:
        """Whether the connection stands, after one attempt to make it if it does not."""
        client = self.client
        assert client is not None  # noqa: S101 - made in on_start
        if await client.is_connected():
            self._note(None)
            return True
        client.last_ping_pong_time = None
        try:
            await client.connect_to_new_endpoint()
        except SlackApiError as error:
            data = getattr(error.response, "data", None)
            code = str(data.get("error") if isinstance(data, dict) else "http_error")
            self.metrics.slack_call("apps.connections.open", code)
            self._note(
                _REMEDIES.get(code, f"Slack refuses Socket Mode ({code}); is it turned on for the app?")
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self.metrics.slack_call("apps.connections.open", "unreachable")
            self._note(f"Slack cannot be reached ({type(error).__name__}); connecting goes on")
        else:
            self.metrics.slack_call("apps.connections.open", "ok")
        return bool(await client.is_connected())

    async def _hear(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        """Take a press in and acknowledge it; whatever else comes is acknowledged and ignored."""
        body: dict[str, Any] | None = None
        if request.type == "interactive":
            taken = await self.interactions.take(request.payload, "socket")
            body = dict(taken.body) if taken.body is not None else None
        # Without a connection it is delivered again on another one.
        with contextlib.suppress(aiohttp.ClientError, OSError, AttributeError):
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, body))

    def _note(self, trouble: str | None) -> None:
        """Say what changed, once."""
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble is None:
            log.info("Socket Mode is connected")
        else:
            log.error("Socket Mode is not connected", why=trouble)


class _Client(SocketModeClient):
    """The SDK's client, which would try one address for ever where each is good for one connection only."""

    async def connect(self) -> None:
        """Connect to the address that was just given. Raises TimeoutError where that takes too long."""
        async with asyncio.timeout(CONNECT_SECONDS):
            await super().connect()  # type: ignore[no-untyped-call]
