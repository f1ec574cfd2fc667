"""Runs a worker for long under load and says whether its memory stays flat and its counts exact: `make soak`.

A day passes in six minutes: tickets bear times that go 240 times as fast, so that what is forgotten after a day is
forgotten while the run lasts; for that alone the topic takes the records' own times instead of the broker's. First
nothing disturbs the worker and its memory is looked at; then it is killed or stopped and started again every other
minute. In the end the counts are compared with what was sent. Nothing rises in it, so hardly a message may come.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parents[2]))

from soak_load import Load
from worker_process import WorkerProcess, eventually

from benchmarks.own_time import let_tickets_bear_their_time
from streams import admin, broker
from streams.counts import Counted
from streams.fake_slack import CHANNEL_ID, FakeSlack
from streams.settings import Settings, load
from streams.to_end import read_to_end

MOST_GROWTH = 0.03
MOST_MESSAGES = 5
"""Nothing rises, so every message is a false alarm: one a week is asked for, and a week passes, the channel's first."""
SPEED = 240.0
"""Seconds of the tickets' time in a second."""
HORIZON_HOURS = 2
PART = 0.1
"""The part of the run, after its warm-up and at its end, over which memory is averaged."""


async def soak(options: argparse.Namespace, folder: Path, bootstrap: str) -> bool:
    """Run and report; whether all is well."""
    executable = str(Path(sys.executable).with_name("ticketspike"))
    async with FakeSlack() as slack:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "TICKETSPIKE_HMAC_KEY": "soak",
            "TICKETSPIKE_DATA_DIR": str(folder / "data"),
            "TICKETSPIKE_CLOCK": "event",
            "TICKETSPIKE_TIMEZONE": "UTC",
            "TICKETSPIKE_HORIZON_HOURS": str(HORIZON_HOURS),
            "SLACK_BOT_TOKEN": "xoxb-soak",
            "SLACK_CHANNEL": CHANNEL_ID,
            "SLACK_API_URL": slack.url,
        }
        settings = load(kafka_bootstrap_servers=bootstrap)
        await asyncio.to_thread(admin.create, settings)
        await asyncio.to_thread(let_tickets_bear_their_time, settings)
        worker = WorkerProcess(executable, environment, folder / "worker.log")
        await asyncio.to_thread(worker.start)
        length = 60.0 * (options.minutes + options.restarts)
        work = Load(bootstrap, options.rate, SPEED, random.Random(options.seed), time.time() - length * SPEED)
        sending = asyncio.create_task(work.run(length))
        try:
            grown = await _watched(worker, 60.0 * options.minutes)
            await _disturbed(worker, 60.0 * options.restarts, random.Random(options.seed + 1))
            await sending
            exact = await asyncio.to_thread(
                eventually, lambda: _counted(settings) == work.truth(), 120.0, 5.0
            )
        finally:
            sending.cancel()
            await asyncio.to_thread(worker.stop)
        posts = [one.arguments for one in slack.requests if one.method == "chat.postMessage"]
        roots = [str(post.get("text", "")) for post in posts if not post.get("thread_ts")]
        say(
            f"{work.sent} events for {len(work.truth())} cells of reason and minute; {len(roots)} root messages"
        )
        for text in roots[:5]:
            say(f"  {text[:150]}")
        say("counts: exact" if exact else f"counts: {_differing(_counted(settings), work.truth())}")
        return exact and grown <= MOST_GROWTH and len(roots) <= MOST_MESSAGES


async def _watched(worker: WorkerProcess, seconds: float) -> float:
    """By how much the memory of an undisturbed worker grows, once the first third of the time is over."""
    began, seen, told = time.monotonic(), list[float](), 0
    while time.monotonic() - began < seconds:
        await asyncio.sleep(min(5.0, seconds / 100))
        seen.append(_megabytes(worker))
        if time.monotonic() - began >= (told + 1) * seconds / 10:
            told += 1
            counted = await asyncio.to_thread(worker.metric, "ticketspike_tickets_total")
            say(f"{time.monotonic() - began:5.0f} s: {seen[-1]:.1f} MB, {counted:.0f} tickets counted")
    part = max(1, int(len(seen) * PART))
    warm = statistics.fmean(seen[len(seen) // 3 :][:part])
    end = statistics.fmean(seen[-part:])
    grown = end / warm - 1.0
    say(
        f"memory: {warm:.1f} MB after a third of {seconds / 60:.0f} min, {end:.1f} MB at the end: {grown:+.1%}"
    )
    return grown


async def _disturbed(worker: WorkerProcess, seconds: float, rng: random.Random) -> None:
    """Kill it, or ask it to stop, every other minute, and start it again."""
    until, kills, stops, most = time.monotonic() + seconds, 0, 0, 0.0
    while time.monotonic() + 45.0 < until:
        await asyncio.sleep(rng.uniform(20.0, 100.0))
        most = max(most, _megabytes(worker))
        if rng.random() < 0.5:
            await asyncio.to_thread(worker.kill)
            kills += 1
        else:
            await asyncio.to_thread(worker.stop)
            stops += 1
        await asyncio.to_thread(worker.start)
    await asyncio.sleep(max(0.0, until - time.monotonic()))
    end = _megabytes(worker)
    say(
        f"restarts: {kills} after kill -9, {stops} after SIGTERM; {end:.1f} MB in the end, {max(most, end):.1f} at most"
    )


def _megabytes(worker: WorkerProcess) -> float:
    """The resident memory of the worker's process."""
    assert worker.process is not None
    pages = int(Path(f"/proc/{worker.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _counted(settings: Settings) -> dict[tuple[str, int], int]:
    reader = Counted()
    reader.feed(record.value for record in read_to_end(settings, "ticket-counts"))
    return {cell: count for cell, count in reader.minutes().items() if count}


def _differing(counted: dict[tuple[str, int], int], truth: dict[tuple[str, int], int]) -> str:
    wrong = {cell for cell in counted.keys() | truth.keys() if counted.get(cell, 0) != truth.get(cell, 0)}
    first = min(wrong, default=None, key=lambda cell: cell[1])
    return f"{len(wrong)} cells differ, the first {first}" if wrong else "exact, but too late"


def say(line: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run, report, and return 0 if all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="without restarts (default: 30)")
    parser.add_argument("--restarts", type=float, default=15, help="minutes with restarts (default: 15)")
    parser.add_argument("--rate", type=float, default=1000, help="events a second (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="what everything is drawn from (default: 1)")
    parser.add_argument("--port", type=int, default=29492, help="of the embedded Kafka (default: 29492)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ticketspike-soak-"))
    addresses = broker.up(folder / "kafka", brokers=1, port=options.port)
    try:
        say(f"{options.rate:.0f} events a second with seed {options.seed}; logs in {folder}")
        well = asyncio.run(soak(options, folder, ",".join(addresses)))
    finally:
        broker.down(folder / "kafka")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
