"""The peer of the receiver's bench: the same web server and Kafka client, and nothing in between.

    python -m benchmarks.bare_receiver BOOTSTRAP TOPIC

Answers 200 when all in-sync copies have the body. It checks no signature and makes no ticket.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web
from aiokafka import AIOKafkaProducer


async def serve(bootstrap: str, topic: str) -> None:
    """Serve until killed; the first line printed is the port."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
    await producer.start()

    async def take(request: web.Request) -> web.Response:
        await producer.send_and_wait(topic, await request.read())
        return web.Response(text="ok\n")

    app = web.Application()
    app.router.add_post("/hooks/help", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
