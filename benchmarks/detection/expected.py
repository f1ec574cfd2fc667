"""What the product expected of quiet weeks, held against what came."""

from __future__ import annotations

import msgspec
import numpy as np

from detectors.calibration import coverage, doubts, kolmogorov, pit, windows
from detectors.detector import Detector
from detectors.simulate import Channel

_STRIDE = 7
"""Every so many minutes one is transformed: all of them say the same and take their time."""
_SPANS = {"1 h": 60, "4 h": 240, "24 h": 1440}
BINS = 20


class Calibration(msgspec.Struct, frozen=True):
    """Of the calibration weeks, campaigns and holidays included; by rate class."""

    minute_distance: dict[str, float]
    """Kolmogorov distance of the minutes' transform to uniform."""
    hour_distance: dict[str, float]
    hour_histogram: dict[str, list[float]]
    """Density of the hours' transform in twenty bins, 1 being right."""
    coverage: dict[str, float]
    """Part of windows with 20 expected tickets or more inside the 95 % interval, by length of the window."""
    windows: dict[str, int]


class Expectations:
    """Writes down what a detector expects of each minute.

    Args:
        channel: what it watches.
        first: first step written down.
        last: the step after the last.
    """

    def __init__(self, channel: Channel, first: int, last: int) -> None:
        self._first, self._last, self._kinds = first, last, np.array(channel.kinds)
        self._counts = channel.counts[first:last]
        shape = self._counts.shape
        self._mean, self._doubt = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._phi = np.empty((shape[0] // 60, shape[1]), np.float32)

    def look(self, step: int, detector: Detector) -> None:
        """Write down one step, if it is one of them."""
        if self._first <= step < self._last:
            expected, at = detector.expectation(), step - self._first
            self._mean[at], self._doubt[at] = expected.mean, expected.doubt
            self._phi[at // 60] = expected.phi

    def judge(self, rng: np.random.Generator) -> Calibration:
        """Compare with what came."""
        minute_distance, hour_distance, histogram = {}, {}, {}
        for kind in dict.fromkeys(self._kinds.tolist()):
            rows = (self._kinds == kind).nonzero()[0]
            minute_distance[kind] = kolmogorov(self._transform(rng, rows, 1, _STRIDE))
            hours = self._transform(rng, rows, 60, 1)
            hour_distance[kind] = kolmogorov(hours)
            histogram[kind] = (np.histogram(hours, BINS, (0.0, 1.0))[0] / hours.size * BINS).tolist()
        covered, numbers = {}, {}
        for name, minutes in _SPANS.items():
            covered[name], numbers[name] = coverage(*self._summed(np.arange(len(self._kinds)), minutes))
        return Calibration(minute_distance, hour_distance, histogram, covered, numbers)

    def _transform(self, rng: np.random.Generator, rows: np.ndarray, minutes: int, stride: int) -> np.ndarray:
        counts, mean, phi, doubt = (part[::stride] for part in self._summed(rows, minutes))
        return pit(counts, np.maximum(mean, 1e-9), phi, doubt, rng.random(counts.shape))

    def _summed(self, rows: np.ndarray, minutes: int) -> tuple[np.ndarray, ...]:
        """Counts, means, dispersion and doubts of windows of so many minutes."""
        counted, means, doubted = (
            part[:, rows].astype(np.float64) for part in (self._counts, self._mean, self._doubt)
        )
        counts, mean = windows(counted, minutes), windows(means, minutes)
        doubt = doubts(doubted, means, minutes)
        # A window takes the dispersion of its first hour.
        at = np.arange(len(counts)) * minutes // 60
        return counts, mean, self._phi[at][:, rows].astype(np.float64), doubt
