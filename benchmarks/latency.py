"""From the last ticket of a flood to the request that reaches Slack: the real worker, on the wall clock."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer

from benchmarks import worker
from benchmarks.report import percentile, surroundings
from benchmarks.traffic import BUSY, FLOOD, Traffic, history, quiet_names
from streams.fake_slack import FakeSlack

RATES = (10, 200, 1000)
"""Tickets a second in the background."""
DAYS = 14
OPENING_SECONDS = 1200.0
"""A worker on a new log scores the running minute once it has closed one, and leaves three minutes for late tickets.
It is given the last minutes of background, so that it need not wait for that; a gap before the present would be an
outage to it."""
SETTLE_SECONDS = 15.0
PATIENCE_SECONDS = 20.0
ASKED_P99 = 3.0
PACKAGES = ("ticketspike", "aiokafka", "faust-streaming", "slack-sdk")

ABOUT = """# Latency

One `ticketspike worker` (all stages, default settings, wall clock), an embedded broker, the real slack-sdk against a
local stand-in for Slack. Tickets over {busy} contact reasons go on all the time, so many a second as the table says;
{quiet} others have about two tickets an hour in the {days} days that `learn` has read. One after the other, every two
seconds, each of them gets {flood} tickets of as many customers: by turns spread evenly over two seconds, or all at
once. The log begins with twenty minutes of background, so that the worker is past its first three minutes, in which it
only listens.

Measured on one clock, from the broker's acknowledgement of the last of the {flood} tickets to the arrival of the
`chat.postMessage` that names the contact reason. A flood that was found before its last ticket counts as 0.
"""


class Flood(msgspec.Struct, frozen=True):
    """One flooded contact reason; `seconds` is None if no message came, negative if it came before the last ticket."""

    contact_reason: str
    spread: bool
    seconds: float | None


class AtRate(msgspec.Struct, frozen=True):
    """What was measured at one rate of tickets in the background."""

    rate: int
    floods: list[Flood]
    p50: float
    p99: float
    worst: float
    early: int
    missed: int
    other_messages: int
    tickets: int
    asked_p99: float = ASKED_P99

    @property
    def reached(self) -> bool:
        """Whether every flood was told of, 99 in 100 in time."""
        return self.missed == 0 and self.p99 <= self.asked_p99


class Result(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    measured_at: str
    at: list[AtRate]

    @property
    def reached(self) -> bool:
        """Whether it was reached at all rates."""
        return all(one.reached for one in self.at)


def bench(
    bootstrap: str, folder: Path, spikes: int, rates: Sequence[int], say: Callable[[str], None]
) -> tuple[Result, str]:
    """Learn, start a worker, and flood, at one rate after the other; return the figures and the page.

    Raises:
        RuntimeError: a command failed, or a worker did not become ready.
    """
    found = []
    for rate in rates:
        own = folder / str(rate)
        own.mkdir()
        found.append(asyncio.run(_bench(bootstrap, own, spikes, rate, say)))
    result = Result(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), found)
    page = "\n\n".join(
        [
            ABOUT.format(busy=len(BUSY), quiet=spikes, days=DAYS, flood=FLOOD).strip(),
            _table(found),
            "\n".join(_verdict(one) for one in found),
            f"- measured {result.measured_at} with `make bench`\n{surroundings(PACKAGES)}",
        ]
    )
    return result, page + "\n"


async def _bench(bootstrap: str, folder: Path, spikes: int, rate: int, say: Callable[[str], None]) -> AtRate:
    rng = random.Random(7)
    quiet = quiet_names(spikes)
    async with FakeSlack() as slack:
        prefix = f"at-{rate}."
        environment = worker.environment_of(bootstrap, folder, slack.url)
        environment["TICKETSPIKE_TOPIC_PREFIX"] = prefix
        say(f"{rate} tickets a second: learning {DAYS} days of {len(BUSY) + len(quiet)} contact reasons")
        past = folder / "history.csv"
        past.write_text(history(DAYS, quiet, rng, time.time() - 60, rate), encoding="utf-8")
        await asyncio.to_thread(worker.run, environment, "topics", "create")
        await asyncio.to_thread(worker.run, environment, "learn", str(past))
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
        await producer.start()
        log = (folder / "worker.log").open("wb")
        process = await asyncio.to_thread(worker.start, environment, log)
        stop = asyncio.Event()
        try:
            traffic = Traffic(producer, f"{prefix}tickets", rng, rate)
            await traffic.opening(OPENING_SECONDS)
            background = asyncio.create_task(traffic.background(stop))
            await asyncio.to_thread(worker.wait_until_ready, environment, process, folder / "worker.log")
            say(f"the worker is ready; {SETTLE_SECONDS:.0f} s to settle, then {spikes} floods")
            await asyncio.sleep(SETTLE_SECONDS)
            acknowledged: list[tuple[str, bool, float]] = []
            for index, reason in enumerate(quiet):
                started = time.monotonic()
                spread = index % 2 == 0
                acknowledged.append((reason, spread, await traffic.flood(reason, spread=spread)))
                await asyncio.sleep(max(0.0, 2.0 - (time.monotonic() - started)))
            await _all_told(slack, quiet)
            stop.set()
            await background
        finally:
            stop.set()
            await asyncio.to_thread(worker.stop, process)
            log.close()
            await producer.stop()
        result = _result(slack, acknowledged, traffic.sent, rate)
        if result.missed:
            say(f"{result.missed} floods were not told of; the worker's last lines:")
            say((folder / "worker.log").read_text(errors="replace")[-2000:])
        return result


async def _all_told(slack: FakeSlack, quiet: Sequence[str]) -> None:
    for _ in range(int(PATIENCE_SECONDS / 0.2)):
        if set(quiet) <= arrivals_of(slack).keys():
            return
        await asyncio.sleep(0.2)


def arrivals_of(slack: FakeSlack) -> dict[str, float]:
    """When the first root message about each contact reason came in."""
    known = {*BUSY, *quiet_names(1000)}
    arrivals: dict[str, float] = {}
    for request in slack.requests:
        if request.method != "chat.postMessage" or request.arguments.get("thread_ts"):
            continue
        text = str(request.arguments.get("text", ""))
        for name in known:
            if name in text:
                arrivals.setdefault(name, request.arrived_at)
    return arrivals


def _result(
    slack: FakeSlack, acknowledged: Sequence[tuple[str, bool, float]], tickets: int, rate: int
) -> AtRate:
    arrivals = arrivals_of(slack)
    floods = [
        Flood(reason, spread, round(arrivals[reason] - at, 3) if reason in arrivals else None)
        for reason, spread, at in acknowledged
    ]
    found = [max(0.0, flood.seconds) for flood in floods if flood.seconds is not None] or [float("inf")]
    return AtRate(
        rate=rate,
        floods=floods,
        p50=percentile(found, 0.5),
        p99=percentile(found, 0.99),
        worst=max(found),
        early=sum(flood.seconds is not None and flood.seconds < 0 for flood in floods),
        missed=sum(flood.seconds is None for flood in floods),
        other_messages=len(arrivals.keys() - {reason for reason, _, _ in acknowledged}),
        tickets=tickets,
    )


def _verdict(result: AtRate) -> str:
    return (
        f"- {result.rate} tickets a second: p99 asked <= {ASKED_P99:g} s: "
        f"{'reached' if result.reached else 'missed'}. Messages about other contact reasons meanwhile: "
        f"{result.other_messages}. Tickets sent: {result.tickets:,}."
    )


def _table(results: Sequence[AtRate]) -> str:
    lines = [
        "| tickets a second | floods | number | p50 | p99 | max | found before the last ticket | not told of |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        groups = {
            "all": list(result.floods),
            "spread over two seconds": [one for one in result.floods if one.spread],
            "all at once": [one for one in result.floods if not one.spread],
        }
        lines += [f"| {result.rate} | {name} | {_figures(held)} |" for name, held in groups.items()]
    return "\n".join(lines)


def _figures(floods: Sequence[Flood]) -> str:
    seconds = [one.seconds for one in floods if one.seconds is not None]
    told = [max(0.0, one) for one in seconds]
    figures = (
        f"{percentile(told, 0.5):.2f} s | {percentile(told, 0.99):.2f} s | {max(told):.2f} s"
        if told
        else "- | - | -"
    )
    return f"{len(floods)} | {figures} | {sum(one < 0 for one in seconds)} | {len(floods) - len(seconds)}"
