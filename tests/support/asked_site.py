"""A calendar or tool on the loopback, answering as it is told and remembering what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from aiohttp import web

Answer = Callable[[web.Request, bytes], web.Response]


class Site:
    """Answers every path by `answer`; `async with` starts and ends it.

    Attributes:
        answer: from a request and its body to the answer.
        asked: the requests that came, each with its body.
    """

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer: Answer = answer or (lambda *_: web.Response(status=404))
        self.asked: list[tuple[web.Request, bytes]] = []
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Site:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def says(self, text: str, status: int = 200, **headers: str) -> None:
        """Answer with a text from now on."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda *_: web.Response(text=text, status=status, headers=named)

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append((request, body))
        return self.answer(request, body)
