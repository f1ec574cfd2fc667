"""A local stand-in for Slack's Web API: keeps messages as Slack does, and fails on command.

The demo, the latency bench and the tests put the real slack-sdk in front of it. It refuses what Slack would
refuse (a wrong token, an unknown timestamp, a payload beyond Slack's limits), remembers every request with
its arrival time, and can accept a message and then lose the answer, which is where doubles come from.

`python -m streams.fake_slack --port 8085` runs it alone; point `SLACK_API_URL` at the address it prints.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import click
from aiohttp import web

from alerts.limits import TEXT_REFUSED, validate

Fault = Literal["drop_after_accept", "error_after_accept", "rate_limited", "drop_before_accept", "slow"]
"""What goes wrong: the connection drops or HTTP 500 comes although the call was carried out; 429 with
Retry-After; the connection drops and nothing was carried out; the answer takes `delay` seconds."""

CHANNEL_ID = "C0FAKESLACK"


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it came in: the method, its arguments, and when (the server's clock, seconds)."""

    method: str
    arguments: dict[str, Any]
    arrived_at: float


@dataclass(slots=True)
class Message:
    """A message as it stands now: its last arguments, its thread, and how often it was edited."""

    ts: str
    channel: str
    payload: dict[str, Any]
    thread_ts: str | None = None
    edits: int = 0


@dataclass(slots=True)
class _Fault:
    kind: Fault
    method: str
    retry_after: int
    delay: float


@dataclass(slots=True)
class FakeSlack:
    """The server; use it as an asynchronous context manager or with `start` and `stop`.

    Attributes:
        token: the only token it takes, None for any.
        errors: answers `{"ok": false, "error": ...}` for a method as long as an entry stands here.
        now: its clock.
        requests: every call, oldest first.
        messages: every message that stands in the channel, by timestamp.
        url: the base URL for slack-sdk, once started.
    """

    token: str | None = None
    now: Callable[[], float] = time.time
    errors: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    url: str = ""
    _faults: deque[_Fault] = field(default_factory=deque)
    _runner: web.AppRunner | None = None
    _last: float = 0.0

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Listen (port 0: any free one) and return the base URL."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._answer)
        app.router.add_get("/messages", self._listing)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}/api/"
        return self.url

    async def stop(self) -> None:
        """Stop listening; what was kept stays readable."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    def fail(
        self,
        fault: Fault,
        method: str = "chat.postMessage",
        *,
        times: int = 1,
        retry_after: int = 1,
        delay: float = 1.0,
    ) -> None:
        """Let the next calls of a method fail."""
        self._faults.extend(_Fault(fault, method, retry_after, delay) for _ in range(times))

    def roots(self) -> list[Message]:
        """The messages that are no replies, oldest first."""
        return [message for message in self.messages.values() if message.thread_ts is None]

    def replies(self, root: Message) -> list[Message]:
        """The replies in a root message's thread, oldest first."""
        return [message for message in self.messages.values() if message.thread_ts == root.ts]

    def delete(self, ts: str) -> None:
        """Delete a message, as a person may."""
        del self.messages[ts]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.requests.append(Request(method, arguments, self.now()))
        fault = next((one for one in self._faults if one.method == method), None)
        if fault is not None:
            self._faults.remove(fault)
            if fault.kind == "rate_limited":
                headers = {"Retry-After": str(fault.retry_after)}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            if fault.kind == "drop_before_accept":
                return _drop(request)
            if fault.kind == "slow":
                await asyncio.sleep(fault.delay)
        answer = self._refusal(request, method, arguments) or self._carry_out(method, arguments)
        if fault is not None and fault.kind == "drop_after_accept":
            return _drop(request)
        if fault is not None and fault.kind == "error_after_accept":
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        return web.json_response(answer)

    def _refusal(self, request: web.Request, method: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not given:
            return _error("not_authed")
        if self.token is not None and given != self.token:
            return _error("invalid_auth")
        if method in self.errors:
            return _error(self.errors[method])
        if method in ("chat.postMessage", "chat.update"):
            if len(arguments.get("text", "")) > TEXT_REFUSED:
                return _error("msg_too_long")
            if validate(arguments):
                return _error("invalid_blocks")
        return None

    def _carry_out(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "chat.postMessage":
                return self._post(arguments)
            case "chat.update":
                return self._update(arguments)
            case "conversations.history":
                return self._history(arguments)
            case "auth.test":
                return {"ok": True, "team": "Fake", "user": "ticketspike", "bot_id": "B0FAKE"}
            case _:
                return _error("unknown_method")

    def _post(self, arguments: dict[str, Any]) -> dict[str, Any]:
        thread_ts = arguments.get("thread_ts")
        if thread_ts is not None and thread_ts not in self.messages:
            return _error("thread_not_found")
        # Slack's timestamps are the ids of messages: unique and growing in a channel.
        self._last = max(self.now(), self._last + 1e-5)
        message = Message(f"{self._last:.6f}", _channel(arguments), _payload(arguments), thread_ts)
        self.messages[message.ts] = message
        return {
            "ok": True,
            "channel": message.channel,
            "ts": message.ts,
            "message": {"text": arguments.get("text")},
        }

    def _update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        message = self.messages.get(str(arguments.get("ts")))
        if message is None:
            return _error("message_not_found")
        # What an edit does not give: metadata stays, blocks go.
        kept = {"metadata": message.payload.get("metadata")}
        message.payload = kept | _payload(arguments)
        message.edits += 1
        return {"ok": True, "channel": message.channel, "ts": message.ts, "text": arguments.get("text")}

    def _history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        oldest, limit = float(arguments.get("oldest") or 0), int(arguments.get("limit") or 100)
        start = int(arguments.get("cursor") or 0)
        with_metadata = str(arguments.get("include_all_metadata", "")).lower() in ("1", "true")
        wanted = [one for one in reversed(self.roots()) if float(one.ts) > oldest]
        shown = []
        for message in wanted[start : start + limit]:
            entry = {"type": "message", "ts": message.ts, **message.payload}
            if not with_metadata:
                entry.pop("metadata", None)
            shown.append(entry)
        more = start + limit < len(wanted)
        cursor = str(start + limit) if more else ""
        return {"ok": True, "messages": shown, "has_more": more, "response_metadata": {"next_cursor": cursor}}

    async def _listing(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's signature
        listing = [
            {"ts": one.ts, "thread_ts": one.thread_ts, "edits": one.edits, **one.payload}
            for one in self.messages.values()
        ]
        return web.json_response(listing)


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        given: dict[str, Any] = await request.json()
        return given
    arguments: dict[str, Any] = {**request.query, **(await request.post())}
    for name in ("blocks", "metadata"):
        if isinstance(arguments.get(name), str):
            arguments[name] = json.loads(arguments[name])
    return arguments


def _payload(arguments: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key in ("text", "blocks", "metadata")}


def _channel(arguments: dict[str, Any]) -> str:
    given = str(arguments.get("channel", ""))
    return CHANNEL_ID if given.startswith("#") or not given else given


def _error(code: str) -> dict[str, Any]:
    return {"ok": False, "error": code}


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@click.command()
@click.option("--port", default=8085, show_default=True, help="Where to listen; 0 for any free port.")
def main(port: int) -> None:
    """Run a stand-in for Slack's Web API until interrupted."""

    async def serve() -> None:
        slack = FakeSlack()
        click.echo(await slack.start(port))
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
