"""The alarm of all tickets together: false alarms of quiet channels, broad rises found, single floods left alone.

    python benchmarks/detection/total.py [--weeks N] [--reasons N ...] [--seeds N ...]

Prints a line of JSON for each channel. `quiet` counts alarms where nothing was planted, beside what the knob asks of
all contact reasons together; `broad` are rises of two thirds of the reasons at once, `few` of one to three reasons.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec
import numpy as np

# Run as a file; its own modules are found from the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from detectors.detector import Detector, DetectorSettings
from detectors.rows import FlagArray
from detectors.simulate import WEEK, Channel, Life, simulate
from detectors.trial import holidays, watch
from streams.conditions import Conditions

LEARN = 6
EVERY, LASTS = 1440, 120
"""Minutes from one planted rise to the next, and that it lasts."""
WAKING = (8 * 60, 20 * 60)
"""Minutes of the day at which one begins, at random: rises that come each noon are learnt as what noons are."""
BROAD = (1.3, 1.5, 2.0, 3.0)
FEW = (5.0, 20.0)


class Found(msgspec.Struct):
    """What one channel gave."""

    reasons: int
    weeks: int
    asked: float
    per_minute: float
    reason_alarms: int
    quiet: int
    broad: dict[str, str]
    few: dict[str, str]
    delays: dict[str, float]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--reasons", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--seeds", type=int, nargs="+", default=[801, 802])
    parser.add_argument("--asked", type=float, default=3.0)
    chosen = parser.parse_args()
    for reasons in chosen.reasons:
        for seed in chosen.seeds:
            found = one(seed, reasons, chosen.weeks, chosen.asked)
            sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
            sys.stdout.flush()


def one(seed: int, reasons: int, weeks: int, asked: float) -> Found:
    """Watch a channel as it is, then the same one with rises planted, one a day."""
    life = Life(campaigns=2.0, holidays=1.0)
    channel = simulate(np.random.default_rng([seed, reasons]), reasons, LEARN + weeks, life)
    rate = float(channel.counts[LEARN * WEEK :].sum(axis=1).mean())
    alarms, raised = lived(channel, asked)
    found = Found(reasons, weeks, asked, round(rate, 2), alarms, len(raised), {}, {}, {})
    rng = np.random.default_rng([seed, 7])
    planted = plant(rng, channel)
    _, raised = lived(channel, asked)
    for kind, uplifts in (("broad", BROAD), ("few", FEW)):
        for uplift in uplifts:
            onsets = [onset for onset, what, times in planted if what == kind and times == uplift]
            delays = [
                min((step - onset for step in raised if 0 < step - onset <= LASTS + 30), default=None)
                for onset in onsets
            ]
            hit = [delay for delay in delays if delay is not None]
            getattr(found, kind)[f"{uplift:g}x"] = f"{len(hit)} of {len(onsets)}"
            if hit:
                found.delays[f"{kind} {uplift:g}x"] = float(np.median(hit))
    return found


def plant(rng: np.random.Generator, channel: Channel) -> list[tuple[int, str, float]]:
    """Add rises to the channel's counts, one a day: (first step, kind, uplift)."""
    kinds = [("broad", one) for one in BROAD] + [("few", one) for one in FEW]
    planted = []
    reasons = channel.counts.shape[1]
    for number, day in enumerate(range(LEARN * WEEK, len(channel.counts) - EVERY, EVERY)):
        onset = day + int(rng.integers(*WAKING))
        kind, uplift = kinds[number % len(kinds)]
        size = max(3, round(reasons * 2 / 3)) if kind == "broad" else int(rng.integers(1, 4))
        rows = rng.choice(reasons, size, replace=False)
        # The usual of the two hours, a week of such hours before.
        before = [onset - 1440 * back for back in range(1, 8)]
        usual = np.mean([channel.counts[one : one + LASTS, rows].mean(axis=0) for one in before], axis=0)
        channel.counts[onset : onset + LASTS, rows] += rng.poisson(
            usual * (uplift - 1.0), (LASTS, size)
        ).astype(channel.counts.dtype)
        planted.append((onset, kind, uplift))
    return planted


def lived(channel: Channel, asked: float) -> tuple[int, list[int]]:
    """The number of alarms of reasons, and the steps at which the total's was raised."""
    settings = DetectorSettings(timezone="UTC", false_alarms_per_week=asked, holidays=holidays(channel))
    conditions = Conditions("en", asked)
    raised: list[int] = []
    nothing = np.zeros(channel.counts.shape[1], bool)
    standing: list[tuple[FlagArray, FlagArray]] = [(nothing, nothing)]

    def after(step: int, detector: Detector) -> None:
        assert detector.minute is not None
        counts = channel.counts[step].astype(float)
        over = bool((standing[0][0] & ~detector.firing()).any())
        conditions.close(
            detector.minute, detector, counts, standing[0], alarms=step >= LEARN * WEEK, over=over
        )
        standing[0] = conditions.standing(detector, detector.minute + 1)
        raised.extend(
            step
            for said in conditions.new
            if said.kind == "total_volume" and said.stated_at == said.raised_at
        )
        conditions.new.clear()

    alerts = watch(channel, settings, LEARN * WEEK, after=after)
    return len(alerts), raised


if __name__ == "__main__":
    main()
