"""`make bench-detection`: product, oracle and peers on the same channels, and all else that is asked of detection."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

# Run as a file; its own modules are found from the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.detection import events, fault, knob, noufaily, page, plots, speed, versus, weekly
from benchmarks.detection.result import UNTUNED, Result, Weekly, asked, groups

QUICK_SEEDS = (701,)
"""A quick run is what is looked at while tuning, so it has another seed."""
RATE = 0.01
PARTS = ("versus", "knob", "fault", "events", "weekly", "speed")


class Size(NamedTuple):
    """How much is done."""

    reasons: int
    knob_reasons: tuple[int, ...]
    knob_weeks: dict[float, int]
    """Weeks watched for each knob: enough to count some dozens of false alarms."""
    years: int
    replicates: int
    closing: int
    backtests: tuple[tuple[int, float], ...]
    """Weeks and tickets."""


FULL = Size(300, (10, 50, 300), {1.0: 60, 3.0: 30, 10.0: 12}, 20, 20, 10_000, ((14, 7e6), (52, 10e6)))
QUICK = Size(100, (10, 50), {3.0: 12, 10.0: 6}, 2, 4, 2000, ((6, 1e6), (8, 1e6)))


class Job(NamedTuple):
    """One piece of work for a process of its own."""

    part: str
    about: str
    call: Callable[..., Any]
    arguments: tuple[Any, ...]


def main() -> int:
    """Run the bench; exit status 1 if a figure that is asked for was missed (a quick run asks for none)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed, fewer reasons, fewer weeks")
    parser.add_argument(
        "--no-peers", dest="peers", action="store_false", help="with --only versus: product and oracle"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part, printed as JSON")
    parser.add_argument("--seeds", type=int, nargs="+", help="seeds of the simulations")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--out", type=Path, help="where the page goes")
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else FULL
    seeds = tuple(chosen.seeds or (QUICK_SEEDS if chosen.quick else UNTUNED))
    out = chosen.out or Path("out/bench-detection" if chosen.quick else "docs/benchmarks")
    parts = chosen.only or PARTS
    began = time.monotonic()
    found = _run(
        [job for job in _jobs(size, seeds, chosen.peers or not chosen.only) if job.part in parts],
        chosen.jobs,
        "speed" in parts,
        size,
        seeds,
    )
    if chosen.only:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
        return 0
    command = " ".join(["make bench-detection", *(["QUICK=1"] if chosen.quick else [])])
    result = Result(
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        f"{command} ({' '.join(['benchmarks/detection/run.py', *sys.argv[1:]])})",
        sorted(found["versus"], key=lambda seed: seed.seed),
        knob.together(found["knob"]),
        sorted(found["fault"], key=lambda one: one.seed),
        events.together(found["events"]),
        _weeklies(found["weekly"]),
        *found["speed"],
    )
    _write(result, out)
    _say(f"all parts took {(time.monotonic() - began) / 60:.1f} minutes; the page is {out / 'detection.md'}")
    return 0 if chosen.quick or all(one.reached for one in asked(result)) else 1


def _jobs(size: Size, seeds: tuple[int, ...], peers: bool) -> list[Job]:
    """All work but the speed's, the longest first."""
    jobs = [
        Job("versus", f"seed {seed}, {size.reasons} reasons", versus.one_seed, (seed, size.reasons, peers))
        for seed in seeds
    ]
    watched = knob.jobs(seeds, sorted(size.knob_reasons, reverse=True), size.knob_weeks)
    jobs += [
        Job("knob", f"{one[1]} reasons, {one[2]:g} a week asked, {one[3]} weeks", knob.one, one)
        for one in watched
    ]
    # In shares of five years, so that no process is left with all of it.
    shares = [min(5, size.years - begin) for begin in range(0, size.years, 5)]
    kinds = {
        "clock changes": events.clock_changes,
        "holidays": events.free_days,
        "outages": events.outages,
    }
    jobs += [
        Job("events", f"{kind}, {years} years", call, (seeds[0] * 100 + share, years))
        for kind, call in kinds.items()
        for share, years in enumerate(shares)
    ]
    jobs += [
        Job("fault", f"seed {seed}, {size.reasons} reasons", fault.one_seed, (seed, size.reasons))
        for seed in seeds
    ]
    jobs.append(Job("weekly", f"{42 * size.replicates} series", one_weekly, (seeds[0], size.replicates)))
    return jobs


def one_weekly(seed: int, replicates: int) -> list[Weekly]:
    """Noufaily's design: product, oracle, Farrington."""
    made = noufaily.series(np.random.default_rng(seed), replicates)
    ways = {
        versus.PRODUCT: weekly.product,
        "oracle (true mean and dispersion)": weekly.oracle,
        "Farrington Flexible (statsmodels)": weekly.farrington,
    }
    found = []
    for name, statistic in ways.items():
        power = noufaily.power(statistic(made), made, RATE)
        found.append(Weekly(name, len(made.counts), power.detected, power.by_size))
    return found


def _weeklies(found: list[list[Weekly]]) -> list[Weekly]:
    return [one for part in found for one in part]


def _run(
    jobs: list[Job], processes: int, timed: bool, size: Size, seeds: tuple[int, ...]
) -> dict[str, list[Any]]:
    """Do the work; the speed first, while nothing else runs."""
    found: dict[str, list[Any]] = {}
    if timed:
        with tempfile.TemporaryDirectory(prefix="ticketspike-bench-") as folder:
            begin = time.monotonic()
            tried = [
                speed.backtest(Path(folder), size.reasons, weeks, tickets, seeds[0])
                for weeks, tickets in size.backtests
            ]
            found["speed"] = [*tried, speed.closing(size.closing, seeds[0])]
            _say(f"speed: {time.monotonic() - begin:.0f} s")
    # Spawned, not forked: numpy's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        doing = {pool.submit(_timed, job): job for job in jobs}
        for number, done in enumerate(as_completed(doing), 1):
            job, (seconds, value) = doing[done], done.result()
            found.setdefault(job.part, []).append(value)
            _say(f"{number}/{len(jobs)} {job.part}: {job.about}: {seconds:.0f} s CPU")
    return found


def _timed(job: Job) -> tuple[float, Any]:
    begin = time.process_time()
    value = job.call(*job.arguments)
    return time.process_time() - begin, value


def _write(result: Result, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = page.page(result, plots.draw(result.seeds, result.knob, out))
    (out / "detection.md").write_text(text, encoding="utf-8")
    # Thousands of incidents are not for the repository: their groups are.
    slim = [msgspec.structs.replace(seed, incidents=[]) for seed in result.seeds]
    kept = msgspec.to_builtins(msgspec.structs.replace(result, seeds=slim)) | {
        "asked": asked(result),
        "groups": {f"{kind} {uplift:g}x": one for (kind, uplift), one in groups(result.seeds).items()},
    }
    (out / "detection.json").write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
    print(text)


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
