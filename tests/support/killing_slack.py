"""A stand-in for Slack as a process of its own that kills the worker from inside a call.

Run it with a port (0 for any free one); it prints its address. `POST /switch` with `kill` arms it:
`{"kill": {"pid": 7, "method": "chat.postMessage", "thread": false, "moment": "accepted", "skip": 1}}` sends
SIGKILL to process 7 at the second root post, after it was accepted and before it is answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from aiohttp import web

from streams.fake_slack import FakeSlack, Moment


class KillingSlack(FakeSlack):
    """Kills once each time it is armed; `kills` says where."""

    def __init__(self) -> None:
        super().__init__(watch=self._kill_if_it_is_time)
        self.armed: dict[str, Any] | None = None
        self.kills: list[str] = []

    def _kill_if_it_is_time(self, moment: Moment, method: str, arguments: dict[str, Any]) -> None:
        armed = self.armed
        if armed is None or (moment, method) != (armed["moment"], armed["method"]):
            return
        if armed.get("thread") is not None and armed["thread"] != bool(arguments.get("thread_ts")):
            return
        if armed["skip"]:
            armed["skip"] -= 1
            return
        self.armed = None
        os.kill(armed["pid"], signal.SIGKILL)
        self.kills.append(f"{method} {moment}")

    async def _switch(self, request: web.Request) -> web.Response:
        given = await request.json()
        if "kill" in given:
            self.armed = given["kill"]
            return web.json_response({"kills": len(self.kills)})
        return await FakeSlack._switch(self, request)


async def main(port: int) -> None:
    """Serve until killed."""
    slack = KillingSlack()
    sys.stdout.write(await slack.start(port) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
