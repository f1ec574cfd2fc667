"""The parts of Slack that answer to presses: response URLs, views.open, and Socket Mode's connections."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self

from aiohttp import WSMsgType, web


class SlackStandIn:
    """A server; use it as an asynchronous context manager.

    Attributes:
        url: base URL of its Web API.
        calls: what was called with what, oldest first; `hook` is a response URL.
        errors: answers `{"ok": false, "error": ...}` to a method as long as an entry stands here.
        acknowledged: what came back over WebSockets, by envelope id.
        sockets: the connections that stand.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.errors: dict[str, str] = {}
        self.acknowledged: dict[str, list[dict[str, Any]]] = {}
        self.sockets: list[web.WebSocketResponse] = []
        self.opened = 0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hook", self._hook)
        app.router.add_get("/socket/{ticket}", self._socket)
        app.router.add_post("/api/{method}", self._method)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for socket in list(self.sockets):
            await socket.close()
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def hook(self) -> str:
        """A response URL."""
        return self.url.removesuffix("api/") + "hook"

    def called(self, method: str) -> list[dict[str, Any]]:
        """What a method was called with."""
        return [arguments for name, arguments in self.calls if name == method]

    async def send(self, envelope_id: str, payload: object, kind: str = "interactive") -> None:
        """Deliver something over the newest connection."""
        envelope = {
            "type": kind,
            "envelope_id": envelope_id,
            "payload": payload,
            "accepts_response_payload": True,
        }
        await self.sockets[-1].send_str(json.dumps(envelope))

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell the newest connection that it ends, as Slack does every few hours."""
        await self.sockets[-1].send_str(json.dumps({"type": "disconnect", "reason": reason}))

    async def _hook(self, request: web.Request) -> web.Response:
        self.calls.append(("hook", await request.json()))
        return web.Response(text="ok")

    async def _method(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = await request.json() if request.content_type == "application/json" else await request.post()
        self.calls.append((method, {**request.query, **given}))
        if method in self.errors:
            return web.json_response({"ok": False, "error": self.errors[method]})
        if method == "apps.connections.open":
            self.opened += 1
            address = self.url.replace("http://", "ws://").removesuffix("api/")
            return web.json_response({"ok": True, "url": f"{address}socket/{self.opened}"})
        return web.json_response({"ok": True})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(json.dumps({"type": "hello", "num_connections": 1}))
        self.sockets.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    said = json.loads(message.data)
                    self.acknowledged.setdefault(said["envelope_id"], []).append(said)
        finally:
            self.sockets.remove(socket)
        return socket


async def until(claim: Any, seconds: float = 60.0) -> bool:
    """Whether a claim becomes true in time."""
    for _ in range(int(seconds / 0.02)):
        if claim():
            return True
        await asyncio.sleep(0.02)
    return bool(claim())
