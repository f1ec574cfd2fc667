"""The speed of count: the product and three other ways on the same broker, by turns."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.measure import Run
from benchmarks.report import Comparison, compare, comparisons_table, runs_table, surroundings
from benchmarks.tickets import fill
from streams.settings import load
from streams.topics import specs

ROOT = Path(__file__).resolve().parents[1]
BY_REASON = "bench-tickets-by-reason"
QUIX_SHARE, AGENT_SHARE, FAUST_SHARE = 0.2, 0.08, 0.04
"""The slow ones get fewer tickets; all are compared by what one ticket costs."""
PATIENCE_SECONDS = 150.0
REST_SECONDS = 1.5

PRODUCT = "ticketspike count"
LOOP = "decode loop (aiokafka + msgspec)"
QUIX = "quixstreams, count per key"
FAUST = "Faust table agent"
CONFLUENT = "decode loop (confluent-kafka + msgspec)"
AGENT = "Faust agent, no table"
BYTEWAX = "bytewax, stateful_map"
ASKED = {LOOP: 0.33, QUIX: 3.5, FAUST: 30.0}
BESIDE = (LOOP, QUIX, CONFLUENT, BYTEWAX, AGENT, FAUST)
HOT = "ticketspike count, one reason with 90 %"
HOT_PREFIX = "hot."

ABOUT = """# Speed of count

The stage *count* with everything switched on (validation, every ticket once, keyed HMAC of customers, distinct
customers, all default facets, one statement a second acknowledged by Kafka, offsets committed), from the start of
`tickets` to its end, beside six other ways to read the same kind of tickets:

- **decode loop**: aiokafka `getmany` with the same options, msgspec into the same type, nothing kept: the floor for
  a consumer in Python; and such a loop with confluent-kafka, whose consumer is C (librdkafka) and has read ahead
  before the clock starts;
- **quixstreams**: `state[reason] += 1` in its state store, committed each second;
- **bytewax**: the same by `stateful_map`, in memory alone (no recovery store), decoded by msgspec;
- **Faust agent**: `counts[reason] += 1` in a table, whose changelog is on Kafka, or in a dictionary.

Only the product knows repeats, tells customers apart, counts facets, and comes to the same counts after a crash. It
relaxes Python's garbage collector, as a worker does, and so do the loops and bytewax; quixstreams and Faust run as they
come.

Tickets are {size:.0f} bytes of JSON, 50 contact reasons within one hour, 2 % repeats, 4 partitions, one embedded
broker. The product, the loops and bytewax read {tickets:,} tickets keyed by id; quixstreams and Faust read fewer,
keyed by contact reason, so that they need not send everything through a second topic. All run by turns, each in a
process of its own on one core; the clock starts with the first record (no start-up, no joining) and stops with the last
commit (the others: with the last record, which is in their favour). CPU is user and system
time of the whole process. On a machine that others use, too, CPU a ticket is the figure to trust; a ratio is the median
over {pairs} pairs.
"""


class Result(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    measured_at: str
    command: str
    runs: dict[str, list[Run]]
    comparisons: list[Comparison]


def bench(bootstrap: str, tickets: int, pairs: int, say: Callable[[str], None]) -> tuple[Result, str]:
    """Fill the topics, run all ways `pairs` times, and return the figures and the page.

    Raises:
        RuntimeError: a run failed; its last lines are told.
    """
    slow = {
        QUIX: max(2000, int(tickets * QUIX_SHARE)),
        AGENT: max(1000, int(tickets * AGENT_SHARE)),
        FAUST: max(1000, int(tickets * FAUST_SHARE)),
    }
    say(f"filling the topics with {tickets:,} and {max(slow.values()):,} tickets")
    _make_topics(bootstrap, pairs)
    now = time.time()
    settings = load(kafka_bootstrap_servers=bootstrap)
    partitions = settings.ticketspike_partitions
    size = fill(bootstrap, settings.topic("tickets"), tickets, partitions=partitions, seed=1, until=now)
    hot = f"{HOT_PREFIX}tickets"
    fill(bootstrap, hot, tickets, partitions=partitions, seed=4, until=now, hot=0.9)
    for topic, number, seed in (
        (BY_REASON, slow[QUIX], 2),
        (f"{BY_REASON}-some", slow[AGENT], 5),
        (f"{BY_REASON}-few", slow[FAUST], 3),
    ):
        fill(bootstrap, topic, number, partitions=partitions, seed=seed, until=now, by_reason=True)
    all_of_them = settings.topic("tickets")
    # What is compared by the figures asked for runs side by side.
    ways: dict[str, tuple[list[str], str, int]] = {
        LOOP: (["count_loop"], all_of_them, tickets),
        PRODUCT: (["count_product"], all_of_them, tickets),
        QUIX: (["count_quix"], BY_REASON, slow[QUIX]),
        CONFLUENT: (["count_confluent"], all_of_them, tickets),
        BYTEWAX: (["count_bytewax"], all_of_them, tickets),
        AGENT: (["count_faust", "plain"], f"{BY_REASON}-some", slow[AGENT]),
        FAUST: (["count_faust"], f"{BY_REASON}-few", slow[FAUST]),
        HOT: (["count_product", "hot"], hot, tickets),
    }
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for pair in range(pairs):
        # Forth and back by turns, so that none always runs right after the same other.
        order = list(ways) if pair % 2 == 0 else list(reversed(ways))
        for name in order:
            script, topic, number = ways[name]
            # The broker has a moment to finish what the last one made it do.
            time.sleep(REST_SECONDS)
            run = _run(script, bootstrap, topic, number, _name(script, pair))
            runs[name].append(run)
            say(f"{pair + 1}/{pairs} {name}: {run.rate:,.0f} tickets/s, {run.cpu_micros:.1f} us CPU a ticket")
    found = [compare(runs[PRODUCT], runs[other], other, ASKED.get(other)) for other in BESIDE]
    command = f"make bench ({' '.join(['benchmarks/run.py', *sys.argv[1:]])})"
    result = Result(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)), command, runs, found)
    page = "\n\n".join(
        [
            ABOUT.format(size=size, tickets=tickets, pairs=pairs).strip(),
            comparisons_table(found),
            runs_table(runs),
            f"- measured {result.measured_at} with `{command}`\n"
            + surroundings(
                [
                    "ticketspike",
                    "aiokafka",
                    "msgspec",
                    "confluent-kafka",
                    "quixstreams",
                    "bytewax",
                    "faust-streaming",
                ]
            ),
        ]
    )
    return result, page + "\n"


def _name(script: Sequence[str], pair: int) -> str:
    return f"bench-{'-'.join(script).replace('_', '-')}-{pair}"


def _make_topics(bootstrap: str, pairs: int) -> None:
    from kafka.admin import KafkaAdminClient

    from streams.admin import create

    create(load(kafka_bootstrap_servers=bootstrap, ticketspike_topic_prefix=HOT_PREFIX))
    settings = load(kafka_bootstrap_servers=bootstrap)
    create(settings)
    tickets = next(spec for spec in specs(settings, 1) if spec.name == settings.topic("tickets"))
    names = [BY_REASON, f"{BY_REASON}-some", f"{BY_REASON}-few"]
    names += [f"{_name(['count_faust'], pair)}-counts-changelog" for pair in range(pairs)]
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics(
            {name: {"num_partitions": tickets.partitions, "replication_factor": 1} for name in names}
        )
        admin.wait_for_topics(names, timeout_ms=30_000)
    finally:
        admin.close()


def _run(script: Sequence[str], bootstrap: str, topic: str, number: int, name: str) -> Run:
    module, *more = script
    command = [sys.executable, "-m", f"benchmarks.{module}", bootstrap, topic, str(number), name, *more]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{module} did not finish within {PATIENCE_SECONDS:.0f} s") from None
    line = done.stdout.strip().rsplit("\n", 1)[-1]
    if done.returncode != 0 or not line.startswith("{"):
        raise RuntimeError(
            f"{module} failed with exit status {done.returncode}: {done.stderr.strip()[-2000:]}"
        )
    return msgspec.json.decode(line, type=Run)
