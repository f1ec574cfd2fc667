"""Two real complaint streams through real Kafka: counts exact, rises alerted, worker and backtest alike.

    python tests/real/run.py DATA_DIR [--work DIR] [--only airline|comcast]

DATA_DIR holds airline_complaints_2015.csv and comcast_complaints_2015.csv. Prints every alert and every
claim; exit status 1 if a claim does not hold. Starts an embedded Kafka and stops it again.
"""

# ruff: noqa: T201 - a script that talks to a person

from __future__ import annotations

import argparse
import csv
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

READY_SECONDS = 60
SETTLE_SECONDS = 600
QUIET_SECONDS = 6
COMMAND_SECONDS = 240
TICKETSPIKE = str(Path(sys.executable).with_name("ticketspike"))

Spike = dict[str, Any]
Counts = dict[tuple[str, int], int]


@dataclass(frozen=True)
class Source:
    """A file, how it is read, and the days on which its known rise lies (local dates)."""

    name: str
    reason_column: str
    timezone: str
    options: tuple[str, ...]
    first_day: date
    story: tuple[date, ...]
    others_at_most: int | None

    @property
    def file(self) -> str:
        """The file's name in DATA_DIR."""
        return f"{self.name}_complaints_2015.csv"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the file's times."""
        return ZoneInfo(self.timezone)


SOURCES = (
    Source(
        "airline",
        "contact_reason",
        "America/Los_Angeles",
        (),
        date(2015, 2, 22),
        (date(2015, 2, 22), date(2015, 2, 23), date(2015, 2, 24)),
        5,
    ),
    Source(
        "comcast",
        "channel",
        "America/New_York",
        ("--map", "contact_reason=channel"),
        date(2015, 6, 23),
        (date(2015, 6, 23), date(2015, 6, 24), date(2015, 6, 25), date(2015, 6, 26)),
        None,
    ),
)


class Claims:
    """What was claimed so far, and whether it held."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def claim(self, holds: bool, words: str) -> None:
        """Print a claim with its result."""
        print(f"{'ok    ' if holds else 'FAILED'} {words}", flush=True)
        if holds:
            self.passed += 1
        else:
            self.failed += 1


def main() -> int:
    """Run everything; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--work", type=Path, help="keep Kafka's data, logs and results here")
    parser.add_argument("--only", choices=[source.name for source in SOURCES])
    options = parser.parse_args()
    sources = [source for source in SOURCES if options.only in (None, source.name)]
    missing = [source.file for source in sources if not (options.data / source.file).is_file()]
    if missing:
        parser.error(f"{options.data} lacks {', '.join(missing)}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    work = (options.work or Path(tempfile.mkdtemp(prefix="ticketspike-real-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    claims = Claims()
    try:
        with kafka(work / "kafka") as servers:
            for source in sources:
                check(source, options.data / source.file, work / source.name, servers, claims)
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)
    print(f"{claims.passed} passed, {claims.failed} failed")
    return 1 if claims.failed else 0


def check(source: Source, file: Path, work: Path, servers: str, claims: Claims) -> None:
    """Send one file through a worker and hold the result against the file and the backtest."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    truth = counted_from(file, source)
    port = free_port()
    env = environment(source, work, servers, port)
    reasons = {reason for reason, _ in truth}
    print(f"\n{source.file}: {sum(truth.values())} tickets, {len(reasons)} contact reasons")
    run(env, "topics", "create")
    begun = time.monotonic()
    with worker(env, work / "worker.log", port) as alive:
        run(env, "send", str(file), *source.options, "--timezone", source.timezone)
        settled = settle(env, port, truth, alive)
        took = time.monotonic() - begun
        counted = counts(env)
        spikes = by_raise(last_states(env))
    claims.claim(settled, f"{source.name}: the worker came to rest after {took:.0f} s")
    wrong = sum(truth.get(key, 0) != counted.get(key, 0) for key in truth.keys() | counted.keys())
    claims.claim(
        wrong == 0,
        f"{source.name}: {sum(counted.values())} of {sum(truth.values())} tickets counted, "
        f"{wrong} of {len(truth)} reason-minutes differ",
    )
    out = work / "backtest"
    run(env, "backtest", str(file), "--out", str(out), *source.options, "--timezone", source.timezone)
    past = by_raise(
        [json.loads(line) for line in (out / "spikes.jsonl").read_text(encoding="utf-8").splitlines()]
    )
    table(spikes, source)
    same = [essence(spike) for spike in spikes] == [essence(spike) for spike in past]
    claims.claim(
        same, f"{source.name}: {len(spikes)} spikes from the worker, {len(past)} from backtest, the same"
    )
    if not same:
        for only, them, us in (("worker", spikes, past), ("backtest", past, spikes)):
            known = [essence(spike) for spike in us]
            for spike in them:
                if essence(spike) not in known:
                    print(f"       only {only}: {essence(spike)}")
    rises = rising(truth, source)
    first = [
        spike
        for spike in spikes
        if local(spike["raised_at"], source).date() == source.first_day and spike["contact_reason"] in rises
    ]
    found = ", ".join(
        f"{spike['contact_reason']} {local(spike['raised_at'], source):%H:%M}" for spike in first
    )
    claims.claim(
        bool(first), f"{source.name}: the rise of {source.first_day} alerted that day: {found or 'nothing'}"
    )
    if source.others_at_most is not None:
        others = [spike for spike in spikes if local(spike["raised_at"], source).date() not in source.story]
        claims.claim(
            len(others) <= source.others_at_most,
            f"{source.name}: {len(others)} other alerts in the week, at most {source.others_at_most}",
        )


def counted_from(file: Path, source: Source) -> Counts:
    """Tickets per reason and minute (since 1970, UTC), counted from the file without any of our code."""
    found: Counter[tuple[str, int]] = Counter()
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["created_at"]).replace(tzinfo=source.zone)
            found[row[source.reason_column] or "unlabelled", int(at.timestamp() // 60)] += 1
    return dict(found)


def rising(truth: Counts, source: Source) -> set[str]:
    """Contact reasons with at least 1.5 times their other days' mean on the first two days of the rise."""
    per_day: Counter[tuple[str, date]] = Counter()
    for (reason, minute), count in truth.items():
        per_day[reason, datetime.fromtimestamp(minute * 60, source.zone).date()] += count
    days = {day for _, day in per_day}
    ordinary = days - set(source.story)
    found = set()
    for reason in {reason for reason, _ in per_day}:
        usual = sum(per_day[reason, day] for day in ordinary) / len(ordinary)
        if sum(per_day[reason, day] for day in source.story[:2]) / 2 >= 1.5 * max(usual, 1.0):
            found.add(reason)
    return found


def settle(env: dict[str, str], port: int, truth: Counts, alive: Callable[[], None]) -> bool:
    """Wait until every minute of the file is closed and nothing moves any more; whether it came to that."""
    newest = max(minute for _, minute in truth) * 60
    deadline = time.monotonic() + SETTLE_SECONDS
    still: float = 0.0
    seen: object = None
    while time.monotonic() < deadline:
        alive()
        closed = metric(port, "ticketspike_closed_until_seconds")
        state = closed, [essence(spike) for spike in by_raise(last_states(env))]
        if state != seen or closed is None or closed < newest:
            still, seen = time.monotonic(), state
        elif time.monotonic() - still >= QUIET_SECONDS:
            return True
        time.sleep(1)
    print(f"       closed until {closed}, the newest ticket's minute is {newest}")
    return False


def metric(port: int, name: str) -> float | None:
    """The value of a metric of the worker without labels; None if it has none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return None
    values = [float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name]
    return min(values) if values else None


def counts(env: dict[str, str]) -> Counts:
    """What `ticketspike counts` says, per reason and minute."""
    found: Counter[tuple[str, int]] = Counter()
    for line in run(env, "counts", "--by", "minute").splitlines():
        row = json.loads(line)
        minute = int(datetime.fromisoformat(row["bucket_start"]).timestamp() // 60)
        found[row["contact_reason"], minute] += row["count"]
    return {key: count for key, count in found.items() if count}


def last_states(env: dict[str, str]) -> list[Spike]:
    """The last record of each spike on the topic `spikes`."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        bootstrap_servers=env["KAFKA_BOOTSTRAP_SERVERS"], group_id=None, enable_auto_commit=False
    )
    try:
        partition = TopicPartition(env["TICKETSPIKE_TOPIC_PREFIX"] + "spikes", 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        found: dict[str, Spike] = {}
        while consumer.position(partition) < end:
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    spike = json.loads(record.value)
                    found[spike["spike_id"]] = spike
        return list(found.values())
    finally:
        consumer.close()


def by_raise(spikes: list[Spike]) -> list[Spike]:
    """Spikes in the order of their raise."""
    return sorted(spikes, key=lambda spike: (instant(spike["raised_at"]), spike["contact_reason"]))


def essence(spike: Spike) -> tuple[object, ...]:
    """What must be the same in worker and backtest."""
    cleared = spike.get("cleared_at")
    return (
        spike["contact_reason"],
        instant(spike["onset"]),
        instant(spike["raised_at"]),
        instant(cleared) if cleared else None,
        spike["observed"],
    )


def instant(text: str) -> datetime:
    """An RFC 3339 time."""
    return datetime.fromisoformat(text)


def local(text: str, source: Source) -> datetime:
    """An RFC 3339 time as the file's clock showed it."""
    return instant(text).astimezone(source.zone)


def table(spikes: list[Spike], source: Source) -> None:
    """Print all alerts."""
    print(f"{'onset':12} {'raised':12} {'cleared':12} {'observed':>8} {'expected':>8}  contact reason")
    for spike in spikes:
        times = [spike["onset"], spike["raised_at"], spike.get("cleared_at")]
        shown = [f"{local(at, source):%d.%m. %H:%M}" if at else "-" for at in times]
        print(
            f"{shown[0]:12} {shown[1]:12} {shown[2]:12} {spike['observed']:8d} {spike['expected']:8.1f}  "
            f"{spike['contact_reason']}"
        )


def environment(source: Source, work: Path, servers: str, port: int) -> dict[str, str]:
    """The environment of every command: event clock, topics and folder of its own, nothing inherited."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TICKETSPIKE_", "SLACK_", "KAFKA_"))
    }
    return inherited | {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TICKETSPIKE_CLOCK": "event",
        "TICKETSPIKE_TOPIC_PREFIX": f"{source.name}-{secrets.token_hex(3)}-",
        "TICKETSPIKE_DATA_DIR": str(work / "data"),
        "TICKETSPIKE_HMAC_KEY": secrets.token_hex(32),
        "TICKETSPIKE_TIMEZONE": source.timezone,
        "TICKETSPIKE_WEB_PORT": str(port),
    }


@contextmanager
def kafka(data: Path) -> Iterator[str]:
    """An embedded Kafka on a free port; its bootstrap address."""
    shutil.rmtree(data, ignore_errors=True)
    env = dict(os.environ)
    try:
        up = ("kafka", "up", "--data", str(data), "--port", str(free_port()), "--memory", "384")
        yield run(env, *up).splitlines()[-1]
    finally:
        run(env, "kafka", "down", "--data", str(data))


@contextmanager
def worker(env: dict[str, str], log: Path, port: int) -> Iterator[Callable[[], None]]:
    """A worker that is ready; yields a function that ends this program if the worker has ended."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [TICKETSPIKE, "worker"],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def alive() -> None:
        if process.poll() is not None:
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
            sys.exit("The worker ended:\n" + "\n".join(tail))

    try:
        deadline = time.monotonic() + READY_SECONDS
        while not ready(port):
            alive()
            if time.monotonic() > deadline:
                sys.exit(f"The worker was not ready after {READY_SECONDS} s.")
            time.sleep(0.2)
        yield alive
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ready(port: int) -> bool:
    """Whether the worker on that port says that all its stages are ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def run(env: dict[str, str], *arguments: str) -> str:
    """Run a `ticketspike` command; what it prints. Ends this program if it fails."""
    done = subprocess.run(
        [TICKETSPIKE, *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=COMMAND_SECONDS,
    )
    if done.returncode:
        sys.exit(f"ticketspike {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr.decode()}")
    return done.stdout.decode()


def free_port() -> int:
    """A port that nobody listens on; the one above is free for Kafka's controller, too."""
    while True:
        with socket.socket() as one, socket.socket() as next_one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                next_one.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
