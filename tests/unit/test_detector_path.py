"""The detector's path through a fixed simulation, minute by minute: nothing may move by accident."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from detectors import Detector, DetectorSettings
from detectors.simulate import Life, simulate

PATH = Path(__file__).parents[1] / "data" / "detectors" / "path.csv"
MONDAY = 29_545_920
HEADER = [
    "minute",
    "contact_reason",
    "state",
    "observed",
    "expected",
    "lower",
    "upper",
    "score",
    "bar",
    "level",
]


def walk() -> list[list[str]]:
    channel = simulate(np.random.default_rng(20_260_302), 8, 2, Life(incidents=8.0, from_week=1))
    detector = Detector(DetectorSettings(timezone="Europe/Berlin"))
    detector.add([f"{kind} {row}" for row, kind in enumerate(channel.kinds)], MONDAY)
    rows = []
    for step, counts in enumerate(channel.counts):
        minute = MONDAY + step
        for change in detector.close(minute, counts.astype(float)):
            numbers = (change.expected, change.lower, change.upper, change.score, change.bar)
            told = [f"{number:.4g}" for number in numbers]
            rows.append([str(minute), change.contact_reason, change.state, str(change.observed), *told, ""])
        if step % 720 == 719:
            for reason in detector.reasons:
                verdict = detector.verdict(reason)
                numbers = (
                    verdict.expected,
                    verdict.lower,
                    verdict.upper,
                    verdict.score,
                    verdict.bar,
                    verdict.level,
                )
                told = [f"{number:.4g}" for number in numbers]
                rows.append([str(minute), reason, verdict.state, str(verdict.observed), *told])
    return rows


def test_the_detector_walks_its_recorded_path(update_test_data: bool) -> None:
    rows = walk()
    if update_test_data:
        PATH.parent.mkdir(parents=True, exist_ok=True)
        with PATH.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])
    with PATH.open(newline="", encoding="utf-8") as file:
        header, *recorded = csv.reader(file)
    assert header == HEADER
    assert [row[:4] for row in rows] == [row[:4] for row in recorded]
    numbers = [[float(cell or "nan") for cell in row[4:]] for row in rows]
    before = [[float(cell or "nan") for cell in row[4:]] for row in recorded]
    np.testing.assert_allclose(numbers, before, rtol=2e-3, atol=1e-3)
    assert any(row[2] == "raised" for row in rows)
