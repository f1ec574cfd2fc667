"""The load of the receiver's bench, a process of its own: signed webhooks over connections that stay open.

    python -m benchmarks.webhooks PORT PATH PID RATE SECONDS SEED

Bodies are made and signed before the first is sent, so that what is left is a write and a read each. RATE 0 sends the
next as soon as the last is answered, on every connection; any other sends at random moments, so many a second, whether
or not the ones before are answered: what an answer took counts from the moment at which its request was due.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import random
import re
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.report import percentile

SECRET = "bench"  # noqa: S105 - a throw-away
CONNECTIONS = 64
WARM_SECONDS = 2.0
MOST_A_SECOND = 6000
"""For how many bodies are made; no receiver in Python takes more on a core."""
PATIENCE_SECONDS = 15.0
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
_TICKS = os.sysconf("SC_CLK_TCK")


class Load(msgspec.Struct, frozen=True):
    """What was sent while it was warm, and heard; seconds."""

    rate: float
    """Asked, events a second; 0 for as many as go."""
    seconds: float
    answered: int
    """With 200."""
    others: int
    """With anything else, or not at all."""
    all_answered: int
    """With 200, from the first to the last."""
    cpu_seconds: float
    """User and system time of the receiver's process."""
    p50: float
    p99: float
    worst: float

    @property
    def reached(self) -> float:
        """Events a second."""
        return self.answered / self.seconds

    @property
    def cpu_micros(self) -> float:
        """Microseconds of CPU an event."""
        return self.cpu_seconds / self.answered * 1e6


def requests(number: int, path: str, rng: random.Random) -> Iterator[bytes]:
    """Whole requests with new tickets of Zendesk, signed now, in many tags and words."""
    tags = ("voucher_invalid", "voucher_expired", "refund", "delivery_late", "login")
    words = (
        "Der Gutschein SOMMER25 wird an der Kasse abgelehnt.",
        "Wo bleibt mein Paket? Es sollte seit drei Tagen da sein, und niemand sagt mir etwas.",
        "I cannot log in on my phone, the page says try again later. Please help me, it is urgent.",
        "Der Code sommer 25 geht nicht, bitte schicken Sie mir einen neuen. Vielen Dank und viele Gruesse",
    )
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    for index in range(number):
        name = str(rng.randrange(10**12))
        detail = {
            "id": name,
            "created_at": stamp,
            "requester_id": f"84473880{index:06d}",
            "subject": "Frage zu meiner Bestellung",
            "description": rng.choice(words),
            "tags": [rng.choice(tags), "lang_de"],
            "status": "NEW",
            "priority": "NORMAL",
            "brand_id": "8447346621310",
            "form_id": "8646151517822",
            "group_id": "8447320466430",
            "custom_status": "8447320465790",
            "is_public": True,
            "external_id": None,
            "updated_at": stamp,
            "via": {"channel": "web"},
        }
        event = {
            "type": "zen:event-type:ticket.created",
            "account_id": 1234567,
            "id": f"2b24ef10-19db-4740-93cf-{int(name):012x}",
            "time": stamp,
            "zendesk_event_version": "2022-11-06",
            "subject": f"zen:ticket:{name}",
            "event": {"meta": {"sequence": {"id": "01BENCH", "position": 1}}},
            "detail": detail,
        }
        body = msgspec.json.encode(event)
        signature = hmac.new(SECRET.encode(), stamp.encode() + body, hashlib.sha256).digest()
        yield (
            f"POST {path} HTTP/1.1\r\nHost: receiver.example.org\r\nUser-Agent: Zendesk Webhook\r\n"
            f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"X-Zendesk-Account-Id: 1234567\r\nX-Zendesk-Webhook-Id: 01BENCH\r\n"
            f"X-Zendesk-Webhook-Invocation-Id: 01BENCH{index}\r\n"
            f"X-Zendesk-Webhook-Signature: {base64.b64encode(signature).decode()}\r\n"
            f"X-Zendesk-Webhook-Signature-Timestamp: {stamp}\r\n\r\n"
        ).encode() + body


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.due = 0.0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(rest) < int(length[1]):
            return
        self._buffer = b""
        self.sender.answered(self, int(head[9:12]))


class Sender:
    """Sends from connections that are free, and remembers what each answer took."""

    def __init__(self, requests: list[bytes], *, endless: bool) -> None:
        self.requests = iter(requests)
        self.endless = endless
        self.free: deque[_Connection] = deque()
        self.waiting: deque[float] = deque()
        self.sent = 0
        self.heard: list[tuple[float, float, int]] = []
        """When it was due, when answered, with which status."""

    @property
    def under_way(self) -> int:
        """Due and not answered."""
        return self.sent + len(self.waiting) - len(self.heard)

    async def connect(self, port: int) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, connection = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
            self.free.append(connection)

    def send(self, due: float) -> None:
        """Send one that is due; where no connection is free it waits for one."""
        if not self.free:
            self.waiting.append(due)
            return
        self._send(self.free.popleft(), due)

    def answered(self, connection: _Connection, status: int) -> None:
        """Take an answer in."""
        now = time.monotonic()
        self.heard.append((connection.due, now, status))
        if self.endless:
            self._send(connection, now)
        elif self.waiting:
            self._send(connection, self.waiting.popleft())
        else:
            self.free.append(connection)

    def _send(self, connection: _Connection, due: float) -> None:
        self.sent += 1
        connection.send(next(self.requests), due)


async def load(port: int, path: str, pid: int, rate: float, seconds: float, seed: int) -> Load:
    """Send and measure."""
    rng = random.Random(seed)
    asked = rate or MOST_A_SECOND
    number = int(1.2 * asked * (WARM_SECONDS + seconds)) + CONNECTIONS
    sender = Sender(list(requests(number, path, rng)), endless=not rate)
    await sender.connect(port)
    begin = time.monotonic() + WARM_SECONDS
    stop = begin + seconds
    warm = asyncio.create_task(_cpu_at(pid, begin))
    last = asyncio.create_task(_cpu_at(pid, stop))
    if rate:
        due = time.monotonic()
        while due < stop:
            await asyncio.sleep(due - time.monotonic())
            while due <= time.monotonic():
                sender.send(due)
                due += rng.expovariate(rate)
    else:
        for _ in range(CONNECTIONS):
            sender.send(time.monotonic())
        await asyncio.sleep(stop - time.monotonic())
        sender.endless = False
    used = await last - await warm
    until = time.monotonic() + PATIENCE_SECONDS
    while sender.under_way and time.monotonic() < until:  # noqa: ASYNC110 - a wait that need not be quick
        await asyncio.sleep(0.01)
    # At a rate it is about what was due meanwhile; else about what was answered meanwhile.
    measured = [one for one in sender.heard if begin <= (one[0] if rate else one[1]) < stop]
    fine = [at - due for due, at, status in measured if status == 200] or [float("inf")]
    return Load(
        rate=rate,
        seconds=seconds,
        answered=sum(one[2] == 200 for one in measured),
        others=sum(one[2] != 200 for one in measured) + sender.under_way,
        all_answered=sum(one[2] == 200 for one in sender.heard),
        cpu_seconds=used,
        p50=percentile(fine, 0.5),
        p99=percentile(fine, 0.99),
        worst=max(fine),
    )


async def _cpu_at(pid: int, at: float) -> float:
    await asyncio.sleep(at - time.monotonic())
    said = Path(f"/proc/{pid}/stat").read_text()  # noqa: ASYNC240 - from memory
    fields = said.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def main() -> None:
    """Run, and hand the figures over as one line of JSON."""
    port, path, pid, rate, seconds, seed = sys.argv[1:]
    found = asyncio.run(load(int(port), path, int(pid), float(rate), float(seconds), int(seed)))
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")


if __name__ == "__main__":
    main()
