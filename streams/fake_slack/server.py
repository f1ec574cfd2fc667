"""The stand-in's HTTP side: arguments in, faults and refusals, answers out; every request is remembered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

from alerts.limits import TEXT_REFUSED, validate
from streams.fake_slack.channel import Answer, Channel, Message, error
from streams.fake_slack.faults import Fault, RandomFaults, Scripted, State, Trouble

Moment = Literal["arrived", "accepted", "answering"]
"""Where a call stands: it came in; it was carried out; its answer is about to leave."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it came in: the method, its arguments, and when (the server's clock, seconds)."""

    method: str
    arguments: dict[str, Any]
    arrived_at: float


@dataclass(slots=True)
class FakeSlack:
    """The server; use it as an asynchronous context manager or with `start` and `stop`.

    It refuses what Slack would refuse (a wrong token, an unknown timestamp, a payload beyond Slack's limits),
    and can accept a message and then lose the answer, which is where doubles come from.

    Attributes:
        token: the only token it takes, None for any.
        now: its clock.
        requests: every call, oldest first.
        channel: the messages.
        state: troubles that last until they are switched off.
        random: faults at random, None for none.
        watch: told of every call at every moment, before it goes on.
        url: the base URL for slack-sdk, once started.
    """

    token: str | None = None
    now: Callable[[], float] = time.time
    requests: list[Request] = field(default_factory=list)
    channel: Channel = field(default_factory=Channel)
    state: State = field(default_factory=State)
    random: RandomFaults | None = None
    watch: Callable[[Moment, str, dict[str, Any]], None] | None = None
    url: str = ""
    _scripted: Scripted = field(default_factory=Scripted)
    _runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        self.channel.now = self.now

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Listen (port 0: any free one) and return the base URL."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._answer)
        app.router.add_get("/messages", self._listing)
        app.router.add_get("/requests", self._requests)
        app.router.add_post("/switch", self._switch)
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

    @property
    def messages(self) -> dict[str, Message]:
        """Every message that stands in the channel, by timestamp."""
        return self.channel.messages

    @property
    def errors(self) -> dict[str, str]:
        """Refusals by method, as long as an entry stands here."""
        return self.state.errors

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
        self._scripted.waiting.extend((method, Trouble(fault, retry_after, delay)) for _ in range(times))

    def roots(self) -> list[Message]:
        """The messages that are no replies, oldest first."""
        return self.channel.roots()

    def replies(self, root: Message) -> list[Message]:
        """The replies in a root message's thread, oldest first."""
        return self.channel.replies(root)

    def delete(self, ts: str) -> None:
        """Delete a message, as a person may."""
        self.channel.delete(ts)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        now = self.now()
        self.requests.append(Request(method, arguments, now))
        self._tell("arrived", method, arguments)
        if self.state.outage:
            return web.Response(status=503, text="Service Unavailable")
        trouble = self._scripted.take(method) or (self.random.take(method, now) if self.random else None)
        kind = trouble.kind if trouble else None
        if trouble is not None and kind == "rate_limited":
            headers = {"Retry-After": str(trouble.retry_after)}
            return web.json_response(error("ratelimited"), status=429, headers=headers)
        if kind == "drop_before_accept":
            return _drop(request)
        if trouble is not None and kind == "slow":
            await asyncio.sleep(trouble.delay)
        answer = self._refusal(request, method, arguments) or self._carry_out(method, arguments)
        self._tell("accepted", method, arguments)
        if kind == "drop_after_accept":
            return _drop(request)
        if kind == "error_after_accept":
            return web.json_response(error("internal_error"), status=500)
        if trouble is not None and kind == "slow_answer":
            await asyncio.sleep(trouble.delay)
        if self.state.delay:
            await asyncio.sleep(self.state.delay)
        self._tell("answering", method, arguments)
        scopes = {"x-oauth-scopes": ",".join(sorted(self.state.scopes))}
        return web.json_response(answer, headers=scopes)

    def _tell(self, moment: Moment, method: str, arguments: dict[str, Any]) -> None:
        if self.watch is not None:
            self.watch(moment, method, arguments)

    def _refusal(self, request: web.Request, method: str, arguments: dict[str, Any]) -> Answer | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.token is not None and given and given != self.token:
            return error("invalid_auth")
        refused = self.state.refusal(method, given)
        if refused is None and arguments.get("channel") in self.state.closed:
            return error("not_in_channel")
        if refused is None and method in ("chat.postMessage", "chat.update"):
            if len(arguments.get("text", "")) > TEXT_REFUSED:
                return error("msg_too_long")
            if validate(arguments):
                return error("invalid_blocks")
        return refused

    def _carry_out(self, method: str, arguments: dict[str, Any]) -> Answer:
        match method:
            case "chat.postMessage":
                return self.channel.post(arguments)
            case "chat.update":
                return self.channel.update(arguments)
            case "chat.delete":
                return self.channel.remove(arguments)
            case "chat.postEphemeral":
                return self.channel.whisper(arguments)
            case "conversations.history":
                return self.channel.history(arguments)
            case "conversations.replies":
                return self.channel.thread(arguments)
            case "conversations.info":
                about = {"is_archived": self.state.archived, "is_member": self.state.member}
                return {"ok": True, "channel": {"id": arguments.get("channel"), **about}}
            case "auth.test":
                return {"ok": True, "url": "https://fake.slack.com/", "team": "Fake", "bot_id": "B0FAKE"}
            case _:
                return error("unknown_method")

    async def _listing(self, request: web.Request) -> web.Response:
        """What stands in the channel; `?deleted=1` what stood there once, `?whispers=1` what was whispered."""
        listed = list(self.messages.values())
        if "deleted" in request.query:
            listed = self.channel.deleted
        elif "whispers" in request.query:
            listed = self.channel.whispers
        return web.json_response([one.listed() for one in listed])

    async def _requests(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's signature
        calls = [{"method": one.method, "arrived_at": one.arrived_at} for one in self.requests]
        return web.json_response(calls)

    async def _switch(self, request: web.Request) -> web.Response:
        """Change what is given of the state, e.g. `{"outage": true}`; `random` takes the figures of a plan."""
        given = await request.json()
        if "random" in given:
            plan = given.pop("random")
            self.random = None if plan is None else RandomFaults(**plan)
        if "history_lag" in given:
            self.channel.history_lag = float(given.pop("history_lag"))
        for name, value in given.items():
            setattr(self.state, name, frozenset(value) if name == "scopes" else value)
        return web.json_response({"ok": True})


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        given: dict[str, Any] = await request.json()
        return given
    arguments: dict[str, Any] = {**request.query, **(await request.post())}
    for name in ("blocks", "metadata"):
        if isinstance(arguments.get(name), str):
            arguments[name] = json.loads(arguments[name])
    return arguments


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
