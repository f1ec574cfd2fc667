"""How long it takes: a backtest of a whole file, and one minute of ten thousand reasons."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from detectors.detector import Detector, DetectorSettings
from detectors.simulate import Life, simulate

_BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""
_MEASURE = """
import resource, subprocess, sys, time
begin = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
wall, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, wall, used.ru_maxrss)
sys.exit(done.returncode)
"""
"""Runs the command as a child of a small process: a child is taken to have had its parent's memory, too."""
_LIVE_MINUTES = 3 * 1440 + 61
_WATCHED = 600
"""The last minutes of these are timed: ten hours' learning is among them."""


class Backtest(msgspec.Struct, frozen=True):
    """`ticketspike backtest` on a file of minute counts."""

    reasons: int
    weeks: int
    tickets: int
    cpu_seconds: float
    wall_seconds: float
    peak_gigabytes: float


class Closing(msgspec.Struct, frozen=True):
    """Closing one minute."""

    reasons: int
    median_seconds: float
    worst_seconds: float
    """At the end of an hour it learns more than else."""
    state_bytes: int
    """The largest snapshot of a reason, as JSON."""


def backtest(folder: Path, reasons: int, weeks: int, tickets: float, seed: int) -> Backtest:
    """Run the command in a process of its own, on counts written to `folder`.

    The channel is thinned to so many tickets, ticket by ticket: it stays what it is, with lower rates.

    Raises:
        RuntimeError: it failed; its last lines are told.
    """
    channel = simulate(
        np.random.default_rng(seed), reasons, weeks, Life(incidents=1.0, from_week=min(6, weeks - 1))
    )
    share = min(1.0, tickets / float(channel.counts.sum()))
    counts = np.random.default_rng([seed, 2]).binomial(channel.counts, share)
    minutes, rows = counts.nonzero()
    at = np.datetime64(_BEGIN.replace(tzinfo=None), "us") + minutes * np.timedelta64(60_000_000, "us")
    path = folder / "counts.parquet"
    pl.DataFrame(
        {
            "bucket_start": pl.Series(at).dt.replace_time_zone("UTC"),
            "contact_reason": pl.Series([f"reason {row}" for row in range(reasons)]).gather(rows),
            "count": counts[minutes, rows],
        }
    ).write_parquet(path)
    command = [str(Path(sys.executable).with_name("ticketspike")), "backtest", str(path)]
    command += ["--out", str(folder / "out")]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command], capture_output=True, text=True, cwd=folder, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"backtest failed with exit status {done.returncode}: {done.stderr.strip()[-1000:]}"
        )
    cpu, wall, peak = map(float, done.stdout.split()[-3:])
    peak *= (1 if sys.platform == "darwin" else 1024) / 1e9
    return Backtest(reasons, weeks, int(counts.sum()), cpu, wall, peak)


def closing(reasons: int, seed: int) -> Closing:
    """Let a detector live for three days, then time its minutes."""
    rng = np.random.default_rng(seed)
    rates = np.exp(rng.uniform(np.log(0.001), np.log(2.0), reasons))
    detector = Detector(DetectorSettings(timezone="Europe/Berlin"))
    minute = int((_BEGIN - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(minutes=1))
    names = [f"reason {row}" for row in range(reasons)]
    detector.add(names, minute)
    took = []
    for step in range(_LIVE_MINUTES):
        counts = rng.poisson(rates).astype(np.float64)
        begin = time.process_time()
        detector.close(minute + step, counts)
        took.append(time.process_time() - begin)
    return Closing(
        reasons,
        float(np.median(took[-_WATCHED:])),
        max(took[-_WATCHED:]),
        max(_size(detector, names[:: max(1, reasons // 100)])),
    )


def _size(detector: Detector, names: Sequence[str]) -> list[int]:
    return [len(msgspec.json.encode(detector.snapshot(name))) for name in names]
