"""A worker that was away for a day: how soon it is back, and whether it tells of that day in order and once."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import merge
from itertools import pairwise
from pathlib import Path

import msgspec

from alerts.records import Spike
from benchmarks import worker
from benchmarks.own_time import let_tickets_bear_their_time
from benchmarks.report import surroundings
from benchmarks.tickets import many_reasons, publish, tickets, weights
from streams.fake_slack import FakeSlack
from streams.settings import load
from streams.to_end import read_to_end

REASONS = 300
HOURS = 24
DAYS = 14
PARTITIONS = 4
FLOOD = 150
FLOOD_SECONDS = 600.0
FLOODS = ((3, 120), (7, 150), (11, 180), (15, 210), (19, 240), (22, 290))
"""The hour that each begins in, and the rank of its contact reason."""
ASKED_SECONDS = 150.0
PATIENCE_SECONDS = 600.0
SETTLE_SECONDS = 20.0
PACKAGES = ("ticketspike", "aiokafka", "faust-streaming", "slack-sdk")

ABOUT = """# Backlog

`learn` has read {days} days of {reasons} contact reasons. Then no worker ran for {hours} hours, in which {tickets:,}
tickets came, among them {floods} floods of {flood} tickets within ten minutes each. One `ticketspike worker` (all
stages, default settings, wall clock) is started on this; it has caught up when every minute but the last four is
closed and no record is left to be read. Measured from the start of its process.
"""


class Result(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    measured_at: str
    tickets: int
    seconds: float
    """From the start of the process until it has caught up."""
    megabytes: float
    """The most memory that it had."""
    told: list[str]
    """The contact reasons of the root messages, in the order of Slack."""
    missed: list[str]
    """Flooded contact reasons without a root message."""
    doubled: list[str]
    """Contact reasons with more root messages than raised spikes."""
    in_order: bool
    """Whether spikes were raised in the order of their minutes."""
    asked_seconds: float = ASKED_SECONDS

    @property
    def reached(self) -> bool:
        """Whether it was back in time and told of everything in order and once."""
        told = self.in_order and not self.missed and not self.doubled
        return told and self.seconds <= self.asked_seconds

    @property
    def reason_minutes(self) -> float:
        """Minutes of contact reasons that were closed in a second."""
        return REASONS * HOURS * 60 / self.seconds


def bench(bootstrap: str, folder: Path, number: int, say: Callable[[str], None]) -> tuple[Result, str]:
    """Learn, fill, start the worker, and return the figures and the page.

    Raises:
        RuntimeError: a command failed, or the worker ended or did not catch up.
    """
    result = asyncio.run(_bench(bootstrap, folder, number, say))
    about = ABOUT.format(
        days=DAYS, reasons=REASONS, hours=HOURS, tickets=result.tickets, floods=len(FLOODS), flood=FLOOD
    )
    stamp = f"- measured {result.measured_at} with `make bench`\n{surroundings(PACKAGES)}"
    return result, "\n\n".join([about.strip(), _table(result), stamp]) + "\n"


async def _bench(bootstrap: str, folder: Path, number: int, say: Callable[[str], None]) -> Result:
    names = many_reasons(REASONS)
    until = time.time()
    async with FakeSlack() as slack:
        environment = worker.environment_of(bootstrap, folder, slack.url)
        say(f"learning {DAYS} days of {REASONS} contact reasons")
        past = folder / "history.csv"
        past.write_text(_history(names, number, until - HOURS * 3600), encoding="utf-8")
        await asyncio.to_thread(worker.run, environment, "topics", "create")
        await asyncio.to_thread(let_tickets_bear_their_time, load(kafka_bootstrap_servers=bootstrap))
        await asyncio.to_thread(worker.run, environment, "learn", str(past))
        say(f"filling {number} tickets of {HOURS} hours")
        await asyncio.to_thread(publish, bootstrap, "tickets", _day(names, number, until), PARTITIONS)
        with (folder / "worker.log").open("wb") as log:
            began = time.monotonic()
            process = await asyncio.to_thread(worker.start, environment, log)
            try:
                await asyncio.to_thread(_caught_up, environment, process, until)
                seconds, megabytes = time.monotonic() - began, worker.megabytes(process)
                say(f"caught up after {seconds:.1f} s; {SETTLE_SECONDS:.0f} s for Slack to hear of the rest")
                await asyncio.sleep(SETTLE_SECONDS)
            finally:
                await asyncio.to_thread(worker.stop, process)
        told = [
            next((name for name in names if name in str(request.arguments.get("text", ""))), "?")
            for request in slack.requests
            if request.method == "chat.postMessage" and not request.arguments.get("thread_ts")
        ]
    return await asyncio.to_thread(
        _result, bootstrap, names, (number + FLOOD * len(FLOODS), seconds, megabytes), told
    )


def _day(names: Sequence[str], number: int, until: float) -> Iterator[tuple[str, float | None, bytes]]:
    """The day's tickets in order, floods among them."""
    usual = (
        (at, key, value)
        for key, _, at, value in tickets(number, seed=23, until=until, span=HOURS * 3600.0, names=names)
    )
    floods = []
    for hour, rank in FLOODS:
        start = until - (HOURS - hour) * 3600.0 + 1200.0
        floods += [_extra(names[rank], start + index * FLOOD_SECONDS / FLOOD) for index in range(FLOOD)]
    for at, key, value in merge(usual, sorted(floods), key=lambda one: one[0]):
        yield key, at, value


def _extra(name: str, at: float) -> tuple[float, str, bytes]:
    key = f"flood-{name}-{at:.0f}"
    ticket = {
        "id": key,
        "created_at": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
        "contact_reason": name,
        "customer": f"{key}@example.org",
    }
    return at, key, msgspec.json.encode(ticket)


def _history(names: Sequence[str], number: int, until: float) -> str:
    """Counts per hour up to the hour that `until` lies in: flat, as the day is that follows."""
    rng, end = random.Random(29), int(until // 3600) + 1
    parts = weights(len(names))
    hourly = [number / HOURS * part / sum(parts) for part in parts]
    lines = ["bucket_start,contact_reason,count"]
    for hour in range(end - DAYS * 24, end):
        start = datetime.fromtimestamp(hour * 3600, UTC).isoformat()
        for name, mean in zip(names, hourly, strict=True):
            lines.append(f"{start},{name},{max(0, round(rng.gauss(mean, mean**0.5)))}")
    return "\n".join(lines) + "\n"


def _caught_up(environment: dict[str, str], process: object, until: float) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        closed = worker.metric(environment, "ticketspike_closed_until_seconds")
        if (
            closed >= until - 240.0
            and worker.metric(environment, "ticketspike_lag_records", 'stage="count"') == 0
        ):
            return
        time.sleep(0.5)
    raise RuntimeError(f"{process} has not caught up after {PATIENCE_SECONDS:.0f} s")


def _result(
    bootstrap: str, names: Sequence[str], measured: tuple[int, float, float], told: list[str]
) -> Result:
    decode = msgspec.json.Decoder(Spike).decode
    first: dict[str, Spike] = {}
    for record in read_to_end(load(kafka_bootstrap_servers=bootstrap), "spikes"):
        spike = decode(record.value)
        if spike.state == "raised":
            first.setdefault(spike.spike_id, spike)
    spikes, roots = Counter(spike.contact_reason for spike in first.values()), Counter(told)
    return Result(
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        *measured,
        told,
        missed=[names[rank] for _, rank in FLOODS if not roots[names[rank]]],
        doubled=[name for name, number in roots.items() if number > spikes[name]],
        in_order=all(one.raised_at <= other.raised_at for one, other in pairwise(first.values())),
    )


def _table(result: Result) -> str:
    lines = [
        "| what | seen | asked |",
        "|---|---|---|",
        f"| caught up after | {result.seconds:.1f} s | {result.asked_seconds:g} s |",
        f"| tickets a second | {result.tickets / result.seconds:,.0f} | |",
        f"| contact reasons x minutes closed a second | {result.reason_minutes:,.0f} | |",
        f"| most memory | {result.megabytes:.0f} MB | |",
        f"| floods told of | {len(FLOODS) - len(result.missed)} of {len(FLOODS)} | all |",
        f"| told of twice | {len(result.doubled)} | 0 |",
        f"| raised in the order of their minutes | {'yes' if result.in_order else 'no'} | yes |",
        f"| other incidents | {len(result.told) - len(FLOODS) + len(result.missed)} | |",
    ]
    return "\n".join(lines)
