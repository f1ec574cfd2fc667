"""Observed and expected over time: which stretch a spike's chart shows, in buckets of which length."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

import numpy as np

from detectors.expectation import TOGETHER
from detectors.rows import FloatArray

SLOT = 5
HOUR = 60
DAY = 1440
IntArray = np.typing.NDArray[np.int64]

BUCKETS = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
MOST_POINTS = 160
_ENOUGH = 1.5
"""Tickets expected per bucket below which a chart shows noise rather than a course."""
_LOWER, _UPPER = 0.025, 0.975


class Course(NamedTuple):
    """What was observed and expected of one contact reason, in consecutive buckets; some may be missing.

    Attributes:
        start: first minute of each bucket, since 1970.
        minutes: how many minutes of it were watched; 0 where nobody looked.
        observed: tickets.
        expected: tickets to be expected.
        doubt: standard deviation of `expected`.
        phi: variance of a count relative to Poisson.
    """

    start: IntArray
    minutes: IntArray
    observed: FloatArray
    expected: FloatArray
    doubt: FloatArray
    phi: FloatArray


class View(NamedTuple):
    """What a chart shows: the minutes [begin, end) in buckets of `width`."""

    begin: int
    end: int
    width: int


def view_of(onset: int, until: int, rate: float, zone: tzinfo, limits: tuple[int, int]) -> View:
    """The stretch around a spike, and the length of its buckets.

    As much time before as the spike lasted (8 hours to 7 days), half as much after it. The shortest bucket that
    keeps to `MOST_POINTS`, or a longer one where hardly any ticket would be expected in it, as long as the spike
    itself still fills six.

    Args:
        onset: the spike's first minute.
        until: the minute after its last.
        rate: tickets expected per minute around it.
        zone: long buckets begin with the local day.
        limits: the first minute that is known and the minute after the last.

    >>> from datetime import UTC
    >>> view_of(6000, 6060, 1.0, UTC, (0, 9000))
    View(begin=5520, end=6300, width=5)
    """
    lasted = until - onset
    begin = max(onset - min(max(lasted, 8 * HOUR), 7 * DAY), limits[0])
    end = min(until + min(max(lasted // 2, 4 * HOUR), 3 * DAY), limits[1])
    fitting = [width for width in BUCKETS if (end - begin) / width <= MOST_POINTS] or [BUCKETS[-1]]
    width = fitting[0]
    for longer in fitting[1:]:
        if rate * width >= _ENOUGH or lasted / longer < 6:
            break
        width = longer
    if width > HOUR:
        local = datetime.fromtimestamp(begin * 60, zone)
        begin -= (local.hour * 60 + local.minute) % width
    begin -= begin % min(width, HOUR)
    return View(begin, begin + -(-(end - begin) // width) * width, width)


def in_buckets(course: Course, view: View) -> Course:
    """A course in the buckets of a view; what its own buckets straddle would go to the earlier one.

    The doubts of slots add up in squares, but for the part in which all err together (`detectors.expectation`).
    """
    size = (view.end - view.begin) // view.width
    place = (course.start - view.begin) // view.width
    held = (place >= 0) & (place < size)
    place = place[held]

    def summed(values: FloatArray | IntArray) -> FloatArray:
        return np.bincount(place, weights=values[held], minlength=size).astype(np.float64)

    minutes, expected = summed(course.minutes), summed(course.expected)
    weight = np.maximum(minutes, 1e-9)
    return Course(
        view.begin + np.arange(size) * view.width,
        minutes.astype(np.int64),
        summed(course.observed),
        expected,
        np.sqrt(summed(course.doubt**2) + (TOGETHER * expected) ** 2),
        np.maximum(summed(course.phi * course.minutes) / weight, 1.0),
    )


def interval(course: Course) -> tuple[FloatArray, FloatArray]:
    """The bounds of `detectors.interval.interval` for every bucket at once.

    >>> one = np.array([20.0])
    >>> course = Course(np.array([0]), np.array([60]), one, one, np.array([4.0]), np.array([1.3]))
    >>> [bound.tolist() for bound in interval(course)]
    [[9.0], [34.0]]
    """
    from scipy.special import betainc  # as in detectors.interval: loaded when something is drawn

    mean = np.maximum(course.expected, 1e-9)
    extra = np.maximum((course.phi - 1.0) * mean + course.doubt**2, 1e-6 * mean)
    size = mean * mean / extra
    chance = size / (size + mean)

    def quantile(probability: float) -> FloatArray:
        low = np.full(mean.shape, -1.0)
        high = np.ceil(mean + 10.0 * np.sqrt(mean + mean * mean / size)) + 20.0
        while (high - low > 1.0).any():
            middle = np.floor((low + high) / 2.0)
            below = betainc(size, middle + 1.0, chance) < probability
            low, high = np.where(below, middle, low), np.where(below, high, np.maximum(middle, low + 1.0))
        return high

    nothing = course.expected <= 0.0
    return np.where(nothing, 0.0, quantile(_LOWER)), np.where(nothing, 0.0, quantile(_UPPER))


def rate_of(course: Course, begin: int, end: int) -> float:
    """Tickets expected per watched minute in [begin, end), 0 where nothing was watched."""
    held = (course.start >= begin) & (course.start < end)
    minutes = float(course.minutes[held].sum())
    return float(course.expected[held].sum()) / minutes if minutes else 0.0
