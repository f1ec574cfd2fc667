"""What each part of the detector is worth: the same channels without it.

Not part of `make bench-detection`, since it takes a minute and a run: `python benchmarks/detection/ablation.py`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

# Run as a file; its own modules are found from the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.detection import versus
from detectors import baseline, cusum, dispersion, learning, level, outlook, standing
from detectors.rows import FlagArray, FloatArray

TUNED = (101, 102)
"""Parts are chosen by these seeds, so they are not those that the bench reports."""


def _one_uplift(which: int) -> FloatArray:
    """Prior weights that leave one uplift only."""
    return np.where(np.arange(cusum.UPLIFTS.size) == which, 0.0, -60.0)


def _no_spread(self: dispersion.Dispersion) -> FloatArray:
    return np.full(self.size, 1e-6)


def _unpooled(_self: baseline.Baseline, _phi: FloatArray) -> None:
    return None


def _no_habit(_self: baseline.Baseline, _hour: int) -> FlagArray:
    return np.zeros(_self.size, bool)


def _as_counted(self: baseline.Baseline, _before: FloatArray) -> FloatArray:
    return np.asarray(self.pending[: baseline.QUARTERS].astype(np.float64))


Patch = tuple[object, str, Any]
PARTS: dict[str, list[Patch]] = {
    "all of it": [],
    "the level (the usual week is the expectation)": [(dispersion.Dispersion, "spread", _no_spread)],
    "shapes of the week shared between reasons": [(baseline.Baseline, "pool", _unpooled)],
    "quarters of an hour": [(baseline, "_QUARTER_VARIANCE", 1e-9), (baseline, "_QUARTER_WEIGHT", 1e12)],
    "even exposure of quarters": [(baseline.Baseline, "_balanced", _as_counted)],
    "learning an hour that alarms twice": [(baseline.Baseline, "spiked_before", _no_habit)],
    "clipping what is learnt": [(learning, "_WINSOR", 1e6), (learning, "_WINSOR_IN_ALARM", 1e6)],
    "all uplifts but 2.2": [(cusum, "_LOG_PRIOR", _one_uplift(2))],
    "all uplifts but 10": [(cusum, "_LOG_PRIOR", _one_uplift(4))],
    "forgetting of evidence": [(cusum, "_FORGETTING", np.ones((cusum.UPLIFTS.size, 1)))],
    "echo and habit of alarms": [(standing, "_DEBT", 0.0), (standing, "_HABIT_PRIOR", 1e9)],
    "doubt where a campaign begins and ends": [(level, "_CAMPAIGN_VARIANCE", 0.0)],
    "doubt about a reason just met": [(outlook, "_NEW_SPREAD", 0.0)],
}
"""What is left out, and what stands in for it."""


@contextmanager
def without(part: str) -> Iterator[None]:
    """The detector without one of its parts, as long as the context lasts."""
    with ExitStack() as stack:
        for where, name, value in PARTS[part]:
            stack.enter_context(patch.object(where, name, value))
        yield


def one(part: str, seed: int, reasons: int) -> versus.Found:
    """The product's figures on one channel without a part."""
    with without(part):
        return versus.one_seed(seed, reasons, peers=False).found[0]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=TUNED)
    parser.add_argument("--reasons", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    print(
        "| without | relative to the oracle | with 10 extra tickets or more | false alarms a week, asked 3 |"
    )
    print("|---|---|---|---|")
    # Spawned, not forked: numpy's threads do not survive a fork.
    with ProcessPoolExecutor(chosen.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = {
            part: [pool.submit(one, part, seed, chosen.reasons) for seed in chosen.seeds] for part in PARTS
        }
        for part, futures in found.items():
            results = [future.result() for future in futures]

            def mean(value: Callable[[versus.Found], float], of: list[versus.Found] = results) -> float:
                return float(np.mean([value(result) for result in of]))

            alarms = mean(lambda result: (result.quiet_false_alarms + result.false_alarms) / 2.0)
            figures = f"{mean(lambda result: result.relative):.3f} | {mean(lambda result: result.detected_large):.3f}"
            print(f"| {part} | {figures} | {alarms:.1f} |", flush=True)


if __name__ == "__main__":
    main()
