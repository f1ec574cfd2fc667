"""What one core of the receiver takes: signed webhooks of Zendesk to the real worker, beside a bare handler."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from alerts.records import Campaign
from benchmarks import worker
from benchmarks.report import Ratio, ratio, surroundings
from benchmarks.webhooks import CONNECTIONS, SECRET, Load
from streams import admin
from streams.publish import publisher
from streams.settings import Settings, load

ROOT = Path(__file__).resolve().parents[1]
ASKED_RATE = 1500
ASKED_P99 = 0.05
PATIENCE_SECONDS = 90
PACKAGES = ("ticketspike", "aiohttp", "aiokafka", "msgspec", "jmespath")
SOURCES = """[help]
preset = "zendesk"
secrets = ["BENCH_SECRET"]
[[help.reasons]]
like = "voucher*"
reason = "voucher not working"
[[help.reasons]]
like = "refund*"
reason = "refund"
"""

ABOUT = """# What one core of the receiver takes

One `ticketspike worker --only sources` on one core, an embedded broker, and events `ticket.created` as Zendesk signs
and sends them, over {connections} connections that stay open. Every event is checked, mapped, looked through for the
codes of a campaign and acknowledged by Kafka (acks=all) before its 200. The load comes from a process of its own on the
other cores, which has made and signed all bodies before it begins.

*Bare* is the same web server and the same Kafka client: an aiohttp handler that produces the body with acks=all and
answers 200, without a signature or a ticket. It runs right beside, by turns; what the receiver does costs what is
between the two.

*At saturation* each connection sends as soon as it is answered. At a rate the requests are due at random moments,
answered or not, and an answer's time counts from the moment at which its request was due.
"""


class Result(msgspec.Struct, frozen=True):
    """Everything that was measured, by the way it was taken."""

    measured_at: str
    receiver: list[Load]
    bare: list[Load]
    at_rate: list[Load]
    stored: int
    """Records on `tickets` in the end."""

    @property
    def rate(self) -> Ratio:
        """Events a second of one core at saturation."""
        return ratio([one.reached for one in self.receiver])

    @property
    def reached(self) -> bool:
        """Whether it takes as many as asked, answers in time at half of that, and every 200 is on Kafka."""
        return (
            self.rate.median >= ASKED_RATE
            and all(one.p99 <= ASKED_P99 for one in self.at_rate)
            and self.stored == sum(one.all_answered for one in (*self.receiver, *self.at_rate))
            and not any(one.others for one in (*self.receiver, *self.at_rate))
        )


def bench(bootstrap: str, folder: Path, seconds: float, say: Callable[[str], None]) -> tuple[Result, str]:
    """Saturate both by turns, then ask for half; return the figures and the page.

    Raises:
        RuntimeError: a process failed.
    """
    settings = load(kafka_bootstrap_servers=bootstrap)
    beside = load(kafka_bootstrap_servers=bootstrap, ticketspike_topic_prefix="bare.")
    for one in (settings, beside):
        admin.create(one)
    _campaign(settings)
    with (
        _receiver(bootstrap, folder) as (port, process),
        _bare(bootstrap, beside.topic("tickets"), folder) as (bare_port, bare_process),
    ):
        taken: dict[str, list[Load]] = {"receiver": [], "bare": []}
        for turn in range(3):
            for name, at, pid in (("receiver", port, process.pid), ("bare", bare_port, bare_process.pid)):
                taken[name].append(_load(at, pid, 0, seconds, 2 * turn))
                say(f"{name}: {_said(taken[name][-1])}")
        half = ratio([one.reached for one in taken["receiver"]]).median / 2
        at_rate = []
        for seed, rate in ((11, ASKED_RATE / 2), (12, half)):
            at_rate.append(_load(port, process.pid, rate, 2 * seconds, seed))
            say(f"receiver at {rate:.0f} a second: {_said(at_rate[-1])}")
    result = Result(
        f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        taken["receiver"],
        taken["bare"],
        at_rate,
        _stored(settings),
    )
    measured = f"- measured {result.measured_at} with `python benchmarks/run.py --only receiver`"
    page = "\n\n".join(
        [
            ABOUT.format(connections=CONNECTIONS).strip(),
            _table(result),
            _verdict(result),
            f"{measured}\n{surroundings(PACKAGES)}",
        ]
    )
    return result, page + "\n"


@contextlib.contextmanager
def _on(cores: Sequence[int]) -> Iterator[None]:
    """Start processes on these cores, where the system lets us."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _cores() -> tuple[list[int], list[int]]:
    """The receiver's core, and those of the load."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return cores[-1:], cores[:-1] or cores


@contextlib.contextmanager
def _receiver(bootstrap: str, folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    (folder / "sources.toml").write_text(SOURCES)
    environment = worker.environment_of(bootstrap, folder, "http://127.0.0.1:9/")
    environment |= {"TICKETSPIKE_SOURCES": str(folder / "sources.toml"), "BENCH_SECRET": SECRET}
    log = folder / "receiver.log"
    with log.open("wb") as said:
        with _on(_cores()[0]):
            process = worker.start(environment, said, "--only", "sources")
        try:
            worker.wait_until_ready(environment, process, log)
            yield int(environment["TICKETSPIKE_WEB_PORT"]), process
        finally:
            worker.stop(process)


@contextlib.contextmanager
def _bare(bootstrap: str, topic: str, folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "benchmarks.bare_receiver", bootstrap, topic]
    with (folder / "bare.log").open("wb") as log:
        with _on(_cores()[0]):
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline()), process
        finally:
            process.kill()
            process.communicate()


def _load(port: int, pid: int, rate: float, seconds: float, seed: int) -> Load:
    numbers = (str(pid), f"{rate:.1f}", str(seconds), str(seed))
    command = [sys.executable, "-m", "benchmarks.webhooks", str(port), "/hooks/help", *numbers]
    with _on(_cores()[1]):
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"the load failed: {done.stderr.strip()[-2000:]}")
    # The broker has a moment to finish what it was made to do.
    time.sleep(0.5)
    return msgspec.json.decode(done.stdout, type=Load)


def _campaign(settings: Settings) -> None:
    now = datetime.now(UTC)
    one = Campaign(
        id="bench",
        name="Sommer",
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=1),
        voucher_codes=["SOMMER25", "WELCOME10"],
    )
    with publisher(settings, "campaigns") as campaigns:
        campaigns.send(one.id, msgspec.json.encode(one))
        campaigns.flush()


def _stored(settings: Settings) -> int:
    from kafka import KafkaConsumer, TopicPartition

    from streams.connection import kafka_python_options

    topic = settings.topic("tickets")
    consumer = KafkaConsumer(**kafka_python_options(settings))
    try:
        parts = [TopicPartition(topic, part) for part in consumer.partitions_for_topic(topic) or ()]
        return sum(consumer.end_offsets(parts).values())
    finally:
        consumer.close()


def _said(one: Load) -> str:
    return f"{one.reached:,.0f} events/s, {one.cpu_micros:.0f} us CPU an event, p99 {1000 * one.p99:.0f} ms"


def _table(result: Result) -> str:
    rows = [
        "| | events | events/s | CPU us an event | busy | p50 | p99 | max | other answers |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    runs = [("receiver, at saturation", one) for one in result.receiver]
    runs += [("bare, at saturation", one) for one in result.bare]
    runs += [(f"receiver, {one.rate:.0f} a second", one) for one in result.at_rate]
    for name, one in runs:
        first, last, worst = 1000 * one.p50, 1000 * one.p99, 1000 * one.worst
        rows.append(
            f"| {name} | {one.answered:,} | {one.reached:,.0f} | {one.cpu_micros:.0f} "
            f"| {one.cpu_seconds / one.seconds:.0%} | {first:.1f} ms | {last:.1f} ms | {worst:.1f} ms | {one.others} |"
        )
    return "\n".join(rows)


def _verdict(result: Result) -> str:
    more = ratio(
        [ours.cpu_micros / bare.cpu_micros for ours, bare in zip(result.receiver, result.bare, strict=True)]
    )
    slower = ratio(
        [ours.reached / bare.reached for ours, bare in zip(result.receiver, result.bare, strict=True)]
    )
    sent = sum(one.all_answered for one in (*result.receiver, *result.at_rate))
    return (
        f"- asked: >= {ASKED_RATE:,} events/s on one core, p99 <= {1000 * ASKED_P99:g} ms at half of it and at half of "
        f"what is reached, each 200 on Kafka: {'reached' if result.reached else 'missed'}\n"
        f"- events/s, median (range): {result.rate.median:,.0f} ({result.rate.least:,.0f} - {result.rate.most:,.0f})\n"
        f"- beside the bare handler: {more} times its CPU an event, {slower} of its events/s\n"
        f"- {sent:,} events heard 200, {result.stored:,} records stand on `tickets`"
    )
