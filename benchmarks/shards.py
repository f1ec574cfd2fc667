"""Two shards by market on two workers: from a flood to Slack, and how soon the standby takes a dead worker's over."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec
from aiokafka import AIOKafkaProducer

from benchmarks import worker
from benchmarks.latency import OPENING_SECONDS, SETTLE_SECONDS, arrivals_of
from benchmarks.report import percentile, surroundings
from benchmarks.traffic import FLOOD, MARKETS, Traffic, quiet_names
from streams.fake_slack import FakeSlack

RATE = 200
FLOODS = 20
KILLS = 3
PREFIX = "shards."
SHARDED = MARKETS[:2]
SPREAD_SECONDS = 90.0
"""Until each worker holds a shard of its own again: a standby waits before it gives one back."""
PATIENCE_SECONDS = 120.0
SESSION_SECONDS = 10.0
"""Of the stages' consumers."""
ASKED_P99 = 3.0
PACKAGES = ("ticketspike", "aiokafka", "faust-streaming", "slack-sdk")

ABOUT = """# Two shards on two workers

Two `ticketspike worker` (all stages, default settings, wall clock) with `TICKETSPIKE_SHARD_BY=market` and
`TICKETSPIKE_MARKETS={markets}`, an embedded broker, the real slack-sdk against a local stand-in for Slack, {rate}
tickets a second of three markets in the background.

*Floods*: one after the other, every two seconds, a contact reason that nobody has seen gets {flood} tickets within two
seconds in one market, by turns in either. Measured from the broker's acknowledgement of the last one to the arrival of
the `chat.postMessage` that names it.

*Takeover*: the worker that holds the shard of `{first}` is killed with `kill -9`, and at once {flood} tickets of a new
contact reason come in that market. Measured from the kill to the message, which the other worker sends; it holds
the {session:.0f} s for which Kafka waits for the dead one. Then the dead one is started again and the
shards are spread anew.
"""


class Result(msgspec.Struct, frozen=True):
    """Everything that was measured; seconds, None where no message came."""

    measured_at: str
    floods: list[float | None]
    takeovers: list[float | None]
    cores: list[float]
    repeated: int
    asked_p99: float = ASKED_P99

    @property
    def reached(self) -> bool:
        """Whether every flood was told of once and in time, before and after each kill."""
        told = [one for one in self.floods if one is not None]
        every = len(told) == len(self.floods) and None not in self.takeovers
        return every and not self.repeated and percentile(told, 0.99) <= self.asked_p99


class _Worker:
    """One of the two workers."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment = environment
        self.log = log
        self._out: BinaryIO = log.open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = worker.start(self.environment, self._out)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            worker.stop(self.process)
        self._out.close()

    def holds(self, shard: str) -> bool:
        """Whether it is ready, and watches this shard."""
        said = (worker.answer(self.environment, "/readyz") or "").splitlines()
        held = [line.partition("(holds ")[2].rstrip(")") for line in said if line.startswith("watch: ready")]
        return any(shard in one.split(", ") for one in held)

    def cpu(self) -> float:
        """Seconds of a core it has used so far."""
        assert self.process is not None
        return worker.cpu_seconds(self.process)


def bench(bootstrap: str, folder: Path, say: Callable[[str], None]) -> tuple[Result, str]:
    """Start two workers, flood both markets, kill the holder of one; return the figures and the page.

    Raises:
        RuntimeError: a command failed, or the workers did not share the shards.
    """
    result = asyncio.run(_bench(bootstrap, folder, say))
    about = ABOUT.format(
        markets=",".join(SHARDED), rate=RATE, flood=FLOOD, first=SHARDED[0], session=SESSION_SECONDS
    )
    stamp = f"- measured {result.measured_at} with `make bench`\n{surroundings(PACKAGES)}"
    return result, "\n\n".join([about.strip(), _table(result), stamp]) + "\n"


async def _bench(bootstrap: str, folder: Path, say: Callable[[str], None]) -> Result:
    async with FakeSlack() as slack:
        workers = []
        for name in ("first", "second"):
            own = folder / name
            own.mkdir()
            environment = worker.environment_of(bootstrap, own, slack.url) | {
                "TICKETSPIKE_TOPIC_PREFIX": PREFIX,
                "TICKETSPIKE_SHARD_BY": "market",
                "TICKETSPIKE_MARKETS": ",".join(SHARDED),
            }
            workers.append(_Worker(environment, own / "worker.log"))
        await asyncio.to_thread(worker.run, workers[0].environment, "topics", "create")
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
        await producer.start()
        traffic, stop = Traffic(producer, f"{PREFIX}tickets", random.Random(7), RATE), asyncio.Event()
        background: asyncio.Task[None] | None = None
        try:
            await traffic.opening(OPENING_SECONDS)
            background = asyncio.create_task(traffic.background(stop))
            for one in workers:
                one.start()
            await _shared(workers)
            say(f"each worker holds a shard; {SETTLE_SECONDS:.0f} s to settle, then {FLOODS} floods")
            await asyncio.sleep(SETTLE_SECONDS)
            floods, cores = await _floods(slack, traffic, workers)
            takeovers = []
            for number in range(KILLS):
                takeovers.append(await _takeover(slack, traffic, workers, number))
                say(f"taken over and told after {takeovers[-1] or -1:.1f} s")
                await _shared(workers)
            stop.set()
            await background
        finally:
            stop.set()
            for one in workers:
                await asyncio.to_thread(one.stop)
            if background is not None:
                background.cancel()
            await producer.stop()
        named = [str(root.payload["text"]) for root in slack.roots()]
        names = quiet_names(FLOODS + KILLS)
        repeated = sum(max(0, sum(name in text for text in named) - 1) for name in names)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return Result(at, floods, takeovers, cores, repeated)


async def _shared(workers: list[_Worker]) -> None:
    """Wait until the two markets are held by one worker each."""
    for _ in range(int(SPREAD_SECONDS / 0.5)):
        held = [
            await asyncio.to_thread(lambda one=one, shard=shard: one.holds(shard))  # type: ignore[misc]
            for shard in SHARDED
            for one in workers
        ]
        if sorted([held[:2], held[2:]]) == [[False, True], [True, False]]:
            return
        await asyncio.sleep(0.5)
    raise RuntimeError("the workers do not hold a shard each: " + workers[0].log.read_text()[-2000:])


async def _floods(
    slack: FakeSlack, traffic: Traffic, workers: list[_Worker]
) -> tuple[list[float | None], list[float]]:
    begun, before = time.monotonic(), [one.cpu() for one in workers]
    acknowledged = {}
    for index, reason in enumerate(quiet_names(FLOODS)):
        started = time.monotonic()
        market = SHARDED[index % 2]
        acknowledged[reason] = await traffic.flood(reason, spread=index % 4 < 2, market=market)
        await asyncio.sleep(max(0.0, 2.0 - (time.monotonic() - started)))
    await asyncio.sleep(5.0)
    lasted = time.monotonic() - begun
    cores = [round((one.cpu() - used) / lasted, 3) for one, used in zip(workers, before, strict=True)]
    told = arrivals_of(slack)
    return [
        round(max(0.0, told[reason] - at), 3) if reason in told else None
        for reason, at in acknowledged.items()
    ], cores


async def _takeover(slack: FakeSlack, traffic: Traffic, workers: list[_Worker], number: int) -> float | None:
    """Kill the holder of the first market, flood it, wait for the other's message, start the dead one again."""
    [holder] = [one for one in workers if await asyncio.to_thread(one.holds, SHARDED[0])]
    reason = quiet_names(FLOODS + KILLS)[FLOODS + number]
    killed = time.time()
    await asyncio.to_thread(holder.kill)
    await traffic.flood(reason, spread=False, market=SHARDED[0])
    found: float | None = None
    for _ in range(int(PATIENCE_SECONDS / 0.1)):
        if reason in (told := arrivals_of(slack)):
            found = round(told[reason] - killed, 2)
            break
        await asyncio.sleep(0.1)
    holder.start()
    return found


def _table(result: Result) -> str:
    told = [one for one in result.floods if one is not None]
    late = [f"{one:.1f} s" if one is not None else "never" for one in result.takeovers]
    share = " and ".join(f"{one:.2f}" for one in result.cores)
    return f"""| | seen | asked |
|---|---|---|
| {len(result.floods)} floods, not told of | {len(result.floods) - len(told)} | 0 |
| p50, p99 | {percentile(told, 0.5):.2f} s, {percentile(told, 0.99):.2f} s | p99 <= {result.asked_p99:g} s |
| told twice, kills included | {result.repeated} | 0 |
| cores that the two workers took meanwhile | {share} | |
| kill -9 to the standby's message | {", ".join(late)} | |"""
