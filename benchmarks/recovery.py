"""After kill -9: how soon a new ticket is counted, with much to be remembered."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks import worker
from benchmarks.own_time import let_tickets_bear_their_time
from benchmarks.report import surroundings
from benchmarks.tickets import many_reasons, publish, tickets
from streams.connection import kafka_python_options
from streams.counts import Statement
from streams.settings import load

PARTITIONS = 4
KILLS = 3
PATIENCE_SECONDS = 300.0
PACKAGES = ("ticketspike", "aiokafka", "faust-streaming")
FEW = 50
CASES = (
    ("1 million tickets of 800,000 customers", 1_000_000, FEW, 10.0, None),
    ("5 million tickets", 5_000_000, FEW, 20.0, None),
    ("300 contact reasons, 100,000 tickets", 100_000, 300, 10.0, 250.0),
    ("10,000 contact reasons, 500,000 tickets", 500_000, 10_000, 20.0, 700.0),
)
"""What is remembered, tickets, contact reasons, seconds asked, megabytes asked."""

ABOUT = """# Recovery

A `ticketspike worker` (all stages, default settings) has counted the tickets of the last hours and remembers them, so
that none counts twice. It is killed with `kill -9`, and started again at once; a ticket that is sent between is
new. Measured from the kill until the statement about that ticket is on `ticket-counts`, {kills} times each. That
holds the start of Python and the recalling of all that is to be remembered. Memory is the whole worker's, after the
last start.
"""


class Case(msgspec.Struct, frozen=True):
    """One amount to be remembered."""

    name: str
    seconds: list[float]
    megabytes: float
    asked: float
    megabytes_asked: float | None

    @property
    def reached(self) -> bool:
        """Whether the slowest was soon enough, and all fits into the memory."""
        fits = self.megabytes_asked is None or self.megabytes <= self.megabytes_asked
        return fits and max(self.seconds) <= self.asked


class Result(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    measured_at: str
    cases: list[Case]

    @property
    def reached(self) -> bool:
        """Whether all were."""
        return all(case.reached for case in self.cases)


def bench(bootstrap: str, folder: Path, part: float, say: Callable[[str], None]) -> tuple[Result, str]:
    """Fill, count, kill, and return the figures and the page.

    Args:
        bootstrap: the brokers.
        folder: for logs and the workers' data.
        part: of the tickets that are asked for, to try the bench out.
        say: hears how it goes on.

    Raises:
        RuntimeError: a worker ended, or did not count.
    """
    cases = [_case(bootstrap, folder, part, case, say) for case in CASES]
    result = Result(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), cases)
    stamp = f"- measured {result.measured_at} with `make bench`\n{surroundings(PACKAGES)}"
    return result, "\n\n".join([ABOUT.format(kills=KILLS).strip(), _table(cases), stamp]) + "\n"


def _case(
    bootstrap: str,
    folder: Path,
    part: float,
    case: tuple[str, int, int, float, float | None],
    say: Callable[[str], None],
) -> Case:
    name, number, reasons, asked, megabytes_asked = case
    number = int(number * part)
    prefix = f"{number}-{reasons}."
    own = folder / prefix
    own.mkdir()
    # Nobody answers there, and nothing is to be told.
    environment = worker.environment_of(bootstrap, own, "http://127.0.0.1:9/") | {
        "TICKETSPIKE_TOPIC_PREFIX": prefix,
        "TICKETSPIKE_MAX_REASONS": str(max(2000, reasons)),
    }
    del environment["SLACK_BOT_TOKEN"], environment["SLACK_CHANNEL"]
    worker.run(environment, "topics", "create")
    let_tickets_bear_their_time(load(kafka_bootstrap_servers=bootstrap, ticketspike_topic_prefix=prefix))
    until, names = time.time(), many_reasons(reasons)
    made = tickets(number, seed=31, until=until, names=names if reasons > FEW else None)
    say(f"{name}: filling")
    publish(bootstrap, f"{prefix}tickets", ((key, at, value) for key, _, at, value in made), PARTITIONS)
    if reasons > FEW:
        # The rarest do not come within the hour by themselves.
        rest = ((f"rare-{name}", until, _ticket(f"rare-{name}", name, until)) for name in names)
        publish(bootstrap, f"{prefix}tickets", rest, PARTITIONS)
    with (own / "worker.log").open("wb") as log:
        process = worker.start(environment, log)
        try:
            _counted(environment, process, own / "worker.log", number)
            say(f"{name}: counted; {KILLS} kills")
            seconds = []
            for kill in range(KILLS):
                process.kill()
                process.wait()
                began = time.monotonic()
                process = worker.start(environment, log)
                seconds.append(_first_count(bootstrap, prefix, f"after kill {kill}", began))
                say(f"{name}: {seconds[-1]:.1f} s, {worker.megabytes(process):.0f} MB")
                worker.wait_until_ready(environment, process, own / "worker.log")
            megabytes = worker.megabytes(process)
        finally:
            worker.stop(process)
    return Case(name, [round(one, 2) for one in seconds], round(megabytes), asked, megabytes_asked)


def _ticket(key: str, reason: str, at: float) -> bytes:
    created = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return msgspec.json.encode({"id": key, "created_at": created, "contact_reason": reason})


def _counted(environment: dict[str, str], process: subprocess.Popen[bytes], log: Path, number: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        seen = worker.metric(environment, "ticketspike_tickets_total")
        if seen >= number and worker.metric(environment, "ticketspike_lag_records", 'stage="count"') == 0:
            return
        time.sleep(0.5)
    raise RuntimeError(f"the tickets were not counted: {log.read_text(errors='replace')[-2000:]}")


def _first_count(bootstrap: str, prefix: str, reason: str, began: float) -> float:
    """Send a ticket with a contact reason of its own; the seconds from `began` until a statement tells of it."""
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition

    options = kafka_python_options(load(kafka_bootstrap_servers=bootstrap))
    consumer = KafkaConsumer(**options, fetch_max_wait_ms=50)
    topic = f"{prefix}ticket-counts"
    parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(parts)
    consumer.seek_to_end()
    for part in parts:
        consumer.position(part)
    producer = KafkaProducer(**options, acks="all")
    key = f"{reason} {random.getrandbits(32)}"
    producer.send(f"{prefix}tickets", key=key.encode(), value=_ticket(key, reason, time.time())).get(30)
    producer.close()
    decode = msgspec.json.Decoder(Statement).decode
    try:
        while time.monotonic() - began < PATIENCE_SECONDS:
            for records in consumer.poll(timeout_ms=100).values():
                for record in records:
                    if any(cell.contact_reason == reason for cell in decode(record.value).cells):
                        return time.monotonic() - began
    finally:
        consumer.close()
    raise RuntimeError(f"the ticket {reason!r} was not counted within {PATIENCE_SECONDS:.0f} s")


def _table(cases: list[Case]) -> str:
    lines = ["| remembered | seconds | asked | memory | asked |", "|---|---|---|---|---|"]
    for case in cases:
        times = ", ".join(f"{one:.1f}" for one in case.seconds)
        most = f"<= {case.megabytes_asked:.0f} MB" if case.megabytes_asked else ""
        lines.append(f"| {case.name} | {times} | <= {case.asked:g} s | {case.megabytes:.0f} MB | {most} |")
    return "\n".join(lines)
