"""Kill -9 of the receiver and of Kafka under signed webhooks, whose sender tries again until it hears 200.

Everything is drawn from one seed: the tickets, their later labels, what is sent twice, and who is killed when. In the
end a worker counts what stands on `tickets`, and what it counted is held against what was sent.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from chaos_processes import Nursery
from counted_reasons import counted
from signed_zendesk import CREATED, LABELLED
from worker_process import eventually

from streams import broker
from streams.broker_layout import nodes_of, read
from streams.errors import Failure
from streams.settings import Settings
from streams.to_end import read_to_end

SECRET = "a secret of the helpdesk"  # noqa: S105 - a throw-away
SOURCES = '[help]\npreset = "zendesk"\nsecrets = ["HELP_SECRET"]\n'
REASONS = 12
LABELLED_SHARE, TWICE_SHARE = 0.1, 0.1
AT_ONCE = 64
PATIENCE_SECONDS = 10.0
"""How long a helpdesk waits for an answer."""
AGAIN_SECONDS = (0.2, 1.0)
"""How soon it tries again; a real one takes longer."""
REST_SECONDS = 90.0


@dataclass
class Verdict:
    """What was found afterwards; `wrong` is empty when all is well."""

    tickets: int = 0
    events: int = 0
    heard: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    stored: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        kills = ", ".join(f"{number} x {who}" for who, number in self.kills.most_common())
        heard = ", ".join(f"{number:,} x {what}" for what, number in self.heard.most_common())
        return [
            f"{kills} killed within {self.seconds:.0f} s",
            f"{self.tickets:,} tickets in {self.events:,} events; heard {heard}",
            f"{self.stored:,} records stand on `tickets`",
            *(self.wrong or ["every ticket counted once, under its last reason; no other"]),
        ]


class Sender:
    """A helpdesk: so many events a second, each again and again until it hears 200."""

    def __init__(self, url: str, rng: random.Random, verdict: Verdict) -> None:
        self.url = url
        self.rng = rng
        self.verdict = verdict
        self.truth: dict[str, str] = {}
        """The last reason of each ticket."""
        self.over = threading.Event()
        self.given_up = threading.Event()

    async def run(self, rate: float) -> None:
        """Send until it is over, and then what is left."""
        begin = time.monotonic()
        self.at_once = asyncio.Semaphore(AT_ONCE)
        limits = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=limits) as session,
            asyncio.TaskGroup() as underway,
        ):
            while not self.over.is_set():
                for body in self._next():
                    underway.create_task(self._deliver(session, body))
                await asyncio.sleep(begin + len(self.truth) / rate - time.monotonic())

    def _next(self) -> list[bytes]:
        """A new ticket, its label if it gets another one, and what is sent twice; in any order."""
        name = str(len(self.truth))
        now = datetime.now(UTC).isoformat()
        reason = f"reason {self.rng.randrange(REASONS)}"
        detail = CREATED["detail"] | {"id": name, "created_at": now, "requester_id": f"r{name}"}
        bodies = [
            json.dumps(CREATED | {"id": f"c{name}", "time": now, "detail": detail | {"tags": [reason]}})
        ]
        if self.rng.random() < LABELLED_SHARE:
            reason = f"reason {self.rng.randrange(REASONS)}"
            labelled = LABELLED | {"id": f"l{name}", "time": now, "detail": detail | {"tags": [reason]}}
            bodies.append(json.dumps(labelled))
        bodies += [body for body in bodies if self.rng.random() < TWICE_SHARE]
        self.rng.shuffle(bodies)
        self.truth[name] = reason
        return [body.encode() for body in bodies]

    async def _deliver(self, session: aiohttp.ClientSession, body: bytes) -> None:
        self.verdict.events += 1
        while not self.given_up.is_set():
            async with self.at_once:
                heard = await self._post(session, body)
            self.verdict.heard[heard] += 1
            if heard == "200":
                return
            await asyncio.sleep(self.rng.uniform(*AGAIN_SECONDS))

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> str:
        stamp = datetime.now(UTC).isoformat()
        digest = hmac.new(SECRET.encode(), stamp.encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        }
        try:
            async with session.post(self.url, data=body, headers=headers) as answer:
                await answer.read()
                return str(answer.status)
        except (aiohttp.ClientError, TimeoutError):
            return "no answer"


class Chaos:
    """One run, on a broker of its own.

    Args:
        settings: topics made.
        environment: of the worker.
        folder: for logs and the file of sources.
        kafka: the data directory of the only broker.
        port: where the receiver listens.
        seed: everything follows from it, but for what the machine does.
        say: told of progress.
    """

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        folder: Path,
        *,
        kafka: Path,
        port: int,
        seed: int,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.kafka = kafka
        self.rng = random.Random(seed)
        self.say = say
        self.verdict = Verdict()
        (folder / "sources.toml").write_text(SOURCES)
        own = {"HELP_SECRET": SECRET, "TICKETSPIKE_SOURCES": str(folder / "sources.toml")}
        own |= {"TICKETSPIKE_WEB_PORT": str(port), "PYTHONUNBUFFERED": "1"}
        modules = ("streams.sources.receiver", "streams.sources.source_files")
        self.nursery = Nursery({**os.environ, **environment, **own}, folder / "worker.log", *modules)
        self.sender = Sender(f"http://127.0.0.1:{port}/hooks/help", random.Random(seed + 1), self.verdict)

    def run(self, seconds: float, kills: int, rate: float = 200.0) -> Verdict:
        """Kill the receiver so often and Kafka a third as often, while events come; then count and judge."""
        hands = [
            threading.Thread(target=lambda: asyncio.run(self.sender.run(rate))),
            threading.Thread(target=self._kill_kafka, args=(self._moments(seconds, max(1, kills // 3)),)),
        ]
        moments = self._moments(seconds, kills)
        try:
            self._start_receiver()
            assert not self.worker.wait(60, self.worker.is_ready), self.nursery.tail()
            self.begin = time.monotonic()
            for hand in hands:
                hand.start()
            for number, (at, pause) in enumerate(moments, 1):
                self._sleep_until(at)
                self.worker.end(signal.SIGKILL)
                if self.worker.status != -signal.SIGKILL:
                    self.verdict.wrong.append(f"the receiver ended by itself with {self.worker.status}")
                self.verdict.kills["the receiver"] += 1
                time.sleep(pause)
                self._start_receiver()
                if number % 10 == 0:
                    self.say(f"{number} kills after {time.monotonic() - self.begin:.0f} s")
            self._sleep_until(seconds)
            self.verdict.seconds = time.monotonic() - self.begin
            self.sender.over.set()
            heard = -1
            while any(hand.is_alive() for hand in hands) and heard != self.verdict.heard["200"]:
                heard = self.verdict.heard["200"]
                for hand in hands:
                    hand.join(REST_SECONDS)
            if self.verdict.heard["200"] != self.verdict.events:
                self.verdict.wrong.append(f"{self.verdict.events - heard} events are not taken to the end")
            self.sender.given_up.set()
            for hand in hands:
                hand.join()
            self.worker.end(signal.SIGTERM)
            self._judge()
        finally:
            self.sender.over.set()
            self.sender.given_up.set()
            self.nursery.close()
        return self.verdict

    def _moments(self, seconds: float, number: int) -> list[tuple[float, float]]:
        """When somebody is killed, and how long until the next life begins."""
        return sorted(
            (self.rng.uniform(0, seconds), self.rng.choice((0.0, 0.0, 0.5, 2.0))) for _ in range(number)
        )

    def _sleep_until(self, at: float) -> None:
        time.sleep(max(0.0, self.begin + at - time.monotonic()))

    def _start_receiver(self) -> None:
        self.worker = self.nursery.start("--only", "sources")

    def _kill_kafka(self, moments: list[tuple[float, float]]) -> None:
        (node,) = nodes_of(self.kafka, read(self.kafka))
        for at, pause in moments:
            self._sleep_until(at)
            pid = node.pid()
            assert pid is not None, "Kafka ended by itself"
            os.kill(pid, signal.SIGKILL)
            self.verdict.kills["Kafka"] += 1
            time.sleep(pause)
            assert eventually(self._is_up, 60, pause=0.1), "Kafka does not come back"

    def _is_up(self) -> bool:
        try:
            broker.up(self.kafka)
        except Failure:
            return False  # what was killed holds its port for a moment
        return True

    def _judge(self) -> None:
        verdict, truth = self.verdict, self.sender.truth
        verdict.tickets = len(truth)
        odd = {
            what: number for what, number in verdict.heard.items() if what not in ("200", "503", "no answer")
        }
        if odd:
            verdict.wrong.append(f"odd answers: {odd}")
        records = list(read_to_end(self.settings, "tickets"))
        verdict.stored = len(records)
        stands = {json.loads(record.value)["id"] for record in records}
        if stands != truth.keys():
            verdict.wrong.append(
                f"{len(truth.keys() - stands)} tickets lost, {len(stands - truth.keys())} made up"
            )
        wanted = Counter(truth.values())
        worker = self.nursery.start("--only", "count")
        if not eventually(lambda: counted(self.settings) == wanted, REST_SECONDS, pause=1.0):
            verdict.wrong.append(f"counted {counted(self.settings)} instead of {dict(wanted)}")
        worker.end(signal.SIGTERM)
