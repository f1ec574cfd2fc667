"""The worker's web server: `/healthz`, `/readyz` per stage, `/metrics`, Slack's presses; nothing else answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from mode import Service

from streams.errors import Failure
from streams.metrics import Metrics

Ready = Callable[[], tuple[bool, str]]
"""Whether a stage is ready, and in a few words why."""

Handler = Callable[[web.Request], Awaitable[web.Response]]

BODY_LIMIT = 512 * 1024
"""Bytes of a request. A press carries the whole message that it was made in, percent-encoded."""

IDLE_SECONDS = 75.0
"""How long a connection may be without a whole request header, from its beginning or since the last answer.

Longer than the 60 s after which nginx and load balancers let go of theirs: whoever closes first while a request is
under way loses it, so that is to be the proxy.
"""


async def body_of(request: web.Request, seconds: float) -> bytes:
    """The whole body, as it came.

    Raises:
        web.HTTPException: 400 for one that breaks off, 408 for one that does not come in time, 413 for one larger
            than `BODY_LIMIT`. Nobody is to fill the log with tracebacks by hanging up.
    """
    try:
        async with asyncio.timeout(seconds):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body did not come\n") from None
    except web.HTTPRequestEntityTooLarge:
        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, text="the body is too large\n") from None
    except (ConnectionError, web.RequestPayloadError):
        raise web.HTTPBadRequest(text="the body breaks off\n") from None


def _unquoted(record: logging.LogRecord) -> bool:
    """Let aiohttp say that a request was no HTTP in a line of its own, without the bytes that it quotes."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.msg, record.args, record.exc_info = "a request that is no HTTP was refused", (), None
    return True


class Web(Service):
    """Answers on one address.

    Args:
        host: address to listen on; loopback unless told otherwise.
        port: 0 takes a free one.
        metrics: what `/metrics` shows.
        stages: readiness by stage.
        posts: what else answers, to POST only, by path.
        idle_seconds: how long a connection may be without a whole request header.
    """

    def __init__(
        self,
        host: str,
        port: int,
        metrics: Metrics,
        stages: Mapping[str, Ready],
        posts: Mapping[str, Handler] | None = None,
        *,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        super().__init__()
        self.host = host
        self.port = port
        self.metrics = metrics
        self.stages = stages
        self.posts = posts or {}
        self.idle_seconds = idle_seconds
        self._runner: web.AppRunner | None = None

    async def on_start(self) -> None:
        """Listen.

        Raises:
            Failure: the port is taken.
        """
        logging.getLogger("aiohttp.server").addFilter(_unquoted)
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._readiness)
        app.router.add_get("/metrics", self._metrics)
        for path, handler in self.posts.items():
            app.router.add_post(path, handler)
        # Signatures are over the bytes as they came, and nobody is to send a little that becomes a lot.
        # aiohttp's clock for idle connections does not stop while a header trickles in, so it bounds that, too.
        self._runner = web.AppRunner(
            app, access_log=None, auto_decompress=False, keepalive_timeout=self.idle_seconds
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise Failure(
                f"Port {self.port} on {self.host} is taken; set TICKETSPIKE_WEB_PORT to a free one (0 picks one)."
            ) from None
        self.port = self._runner.addresses[0][1]

    async def on_stop(self) -> None:
        """Close."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readiness(self, request: web.Request) -> web.Response:
        """All lines, or with `?stage=NAME` that one: an orchestrator must not hold a stage back for Slack's sake."""
        asked = request.query.getall("stage", [])
        unknown = [stage for stage in asked if stage not in self.stages]
        if unknown:
            return web.Response(text=f"no such stage; there are: {', '.join(self.stages)}\n", status=404)
        said = {stage: self.stages[stage]() for stage in asked or self.stages}
        lines = "".join(
            f"{stage}: {'ready' if ok else 'not ready'} ({why})\n" for stage, (ok, why) in said.items()
        )
        return web.Response(text=lines, status=200 if all(ok for ok, _ in said.values()) else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        for stage, ready in self.stages.items():
            self.metrics.ready.labels(stage).set(ready()[0])
        return web.Response(body=self.metrics.text(), content_type="text/plain", charset="utf-8")
