"""One worker of *count* and two: how soon they have caught up with a log, and what it costs."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from aiokafka import TopicPartition

from benchmarks import worker
from benchmarks.report import Ratio, ratio, surroundings
from benchmarks.tickets import fill
from streams.committed import read_committed
from streams.connection import kafka_python_options
from streams.settings import Settings, load
from streams.topics import app_id

TICKETS = 1_500_000
TURNS = 3
PATIENCE_SECONDS = 300.0
PREFIX = "workers."
PACKAGES = ("ticketspike", "aiokafka")

ABOUT = """# One worker and two

`ticketspike worker --only count` (default settings) reads {tickets:,} tickets of one hour in 4 partitions from the
start: one process, or two that share the partitions. Measured from the first commit to the last, so that neither
start-up nor joining counts; {turns} times by turns. The embedded broker has the same two cores, so two workers and
the broker share them: with more cores two workers come closer to twice one.
"""


class Caught(msgspec.Struct, frozen=True):
    """Catching up once."""

    workers: int
    tickets: int
    seconds: float
    cpu_seconds: float


class Result(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    measured_at: str
    caught: list[Caught]
    faster: Ratio
    """Tickets a second of two workers / of one."""


def bench(bootstrap: str, folder: Path, say: Callable[[str], None]) -> tuple[Result, str]:
    """Fill the log, let one worker and two catch up with it, and return the figures and the page.

    Raises:
        RuntimeError: a command failed, or the workers did not catch up.
    """
    settings = load(kafka_bootstrap_servers=bootstrap, ticketspike_topic_prefix=PREFIX)
    environment = worker.environment_of(bootstrap, folder, "http://127.0.0.1:9/") | {
        "TICKETSPIKE_TOPIC_PREFIX": PREFIX
    }
    del environment["SLACK_BOT_TOKEN"], environment["SLACK_CHANNEL"]
    worker.run(environment, "topics", "create")
    say(f"filling {TICKETS:,} tickets")
    partitions = settings.ticketspike_partitions
    fill(bootstrap, settings.topic("tickets"), TICKETS, partitions=partitions, seed=1, until=time.time())
    caught = []
    for turn in range(TURNS):
        for number in (1, 2) if turn % 2 == 0 else (2, 1):
            one = _catch_up(settings, environment, folder, number)
            say(f"{number}: {one.tickets / one.seconds:,.0f} tickets/s, {one.cpu_seconds:.1f} s of CPU")
            caught.append(one)
    alone, both = ([held for held in caught if held.workers == number] for number in (1, 2))
    faster = ratio([first.seconds / second.seconds for first, second in zip(alone, both, strict=True)])
    result = Result(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), caught, faster)
    stamp = f"- measured {result.measured_at} with `make bench`\n{surroundings(PACKAGES)}"
    about = ABOUT.format(tickets=TICKETS, turns=TURNS).strip()
    return result, "\n\n".join([about, _table(alone, both, faster), stamp]) + "\n"


def _catch_up(settings: Settings, environment: dict[str, str], folder: Path, number: int) -> Caught:
    """Let so many workers of a group that has read nothing yet read all."""
    group = app_id(settings, "count")
    _forget(settings, group)
    running = []
    with (folder / "workers.log").open("ab") as log:
        try:
            for each in range(number):
                data = folder / f"data-{each}"
                shutil.rmtree(data, ignore_errors=True)
                own = worker.environment_of(settings.kafka_bootstrap_servers, folder, "http://127.0.0.1:9/")
                port = own["TICKETSPIKE_WEB_PORT"]
                running.append(
                    worker.start(
                        environment | {"TICKETSPIKE_DATA_DIR": str(data), "TICKETSPIKE_WEB_PORT": port},
                        log,
                        "--only",
                        "count",
                    )
                )
            return asyncio.run(_watch(settings, group, running))
        finally:
            for process in running:
                worker.stop(process)


async def _watch(settings: Settings, group: str, running: list[subprocess.Popen[bytes]]) -> Caught:
    first: tuple[float, float, int] | None = None
    deadline = time.monotonic() + PATIENCE_SECONDS
    topic = settings.topic("tickets")
    partitions = [TopicPartition(topic, number) for number in range(settings.ticketspike_partitions)]
    while time.monotonic() < deadline:
        held = await read_committed(settings, group, partitions)
        at, done = time.monotonic(), sum(one.offset for one in held.values())
        # All partitions are read by somebody from here on.
        if first is None and len(held) == settings.ticketspike_partitions:
            first = at, sum(map(worker.cpu_seconds, running)), done
        if first is not None and done >= TICKETS:
            return Caught(
                len(running), done - first[2], at - first[0], sum(map(worker.cpu_seconds, running)) - first[1]
            )
        await asyncio.sleep(0.05)
    raise RuntimeError(f"{len(running)} workers had not caught up after {PATIENCE_SECONDS:.0f} s")


def _forget(settings: Settings, group: str) -> None:
    """Let the group begin anew, once Kafka no longer waits for its members: their names outlive them by a session.

    Raises:
        RuntimeError: it still has members after a minute.
    """
    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient(**kafka_python_options(settings))
    try:
        for _ in range(60):
            if admin.delete_groups([group])[group] in ("OK", "GroupIdNotFoundError"):
                return
            time.sleep(1.0)
    finally:
        admin.close()
    raise RuntimeError(f"the group {group} still has members")


def _table(one: list[Caught], two: list[Caught], faster: Ratio) -> str:
    lines = ["| workers | tickets/s, median (range) | CPU us a ticket, median (range) |", "|---|---|---|"]
    for held in (one, two):
        rates = ratio([each.tickets / each.seconds / 1000 for each in held])
        costs = ratio([each.cpu_seconds / each.tickets * 1e6 for each in held])
        lines.append(
            f"| {held[0].workers} | {rates.median:.1f}k ({rates.least:.1f}k - {rates.most:.1f}k) "
            f"| {costs.median:.1f} ({costs.least:.1f} - {costs.most:.1f}) |"
        )
    return "\n".join([*lines, "", f"Two beside one: {faster} times as many tickets a second."])
