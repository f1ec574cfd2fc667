"""A spike's chart as inline SVG: observed, expected, the interval, the spike and the campaigns around it.

The drawing stretches with the page while its labels are HTML beside it, so that they are as legible on a phone as
on a desk. Steps of equal height are one path command: a chart is some four kilobytes.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

import numpy as np

from alerts import language as speech
from alerts import redact
from alerts.language import Language
from detectors.rows import FloatArray
from streams.report.course import DAY, HOUR, Course, View, interval
from streams.report.words import day_words, words

HEIGHT = 200
STEP = 10
_TICKS = (HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY)
_LABELS = 5


class Band(NamedTuple):
    """A campaign in a chart: minutes [begin, end), its letter and name."""

    begin: int
    end: int
    letter: str
    name: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows.

    Attributes:
        reason: contact reason.
        course: in the buckets of `view`.
        view: the stretch.
        onset: first minute of the spike.
        until: the minute after its last.
        raised: when the alert came.
        bands: campaigns.
    """

    reason: str
    course: Course
    view: View
    onset: int
    until: int
    raised: int
    bands: Sequence[Band] = ()


def draw(chart: Chart, number: int, zone: tzinfo, language: Language) -> str:
    """The chart as a `<figure>`; `number` tells it from the page's others."""
    course, view = chart.course, chart.view
    lower, upper = interval(course)
    seen = course.minutes > 0
    known = seen & (course.expected > 0)
    top = _nice(1.06 * float(max(course.observed.max(), upper[known].max(initial=0.0), 3.5)))
    wide = STEP * len(course.start)

    def x(minute: int) -> float:
        return min(max((minute - view.begin) / (view.end - view.begin), 0.0), 1.0)

    def rect(begin: int, end: int, name: str) -> str:
        left, right = round(x(begin) * wide), round(x(end) * wide)
        return f'<rect class="{name}" x="{left}" width="{max(right - left, 2)}" height="{HEIGHT}"/>'

    scale = HEIGHT / top
    at = round(x(chart.raised) * wide)
    inside = (course.start + view.width > chart.onset) & (course.start < chart.until) & seen
    shapes = [
        rect(chart.onset, chart.until, "spike"),
        f'<path class="half" d="M0 {HEIGHT // 2}H{wide}"/>',
        _path("interval", _area(upper, lower, known, scale)),
        _path("excess", _area(course.observed, np.zeros_like(upper), inside, scale)),
        _path("expected", _steps(course.expected, known, scale)),
        _path("observed", _steps(course.observed, seen, scale)),
        f'<path class="raised" d="M{at} 0V{HEIGHT}"/>',
    ]
    title, told = _spoken(chart, zone, language)
    svg = (
        f'<svg viewBox="0 0 {wide} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-labelledby="t{number} d{number}"><title id="t{number}">{title}</title>'
        f'<desc id="d{number}">{told}</desc>{"".join(shapes)}</svg>'
    )
    # Hatches stretch with a drawing, so campaigns are drawn beside it.
    bands = "".join(
        f'<i class="band" style="left:{100 * x(band.begin):.1f}%;right:{100 - 100 * x(band.end):.1f}%"></i>'
        for band in chart.bands
    )
    return f'<div class="plot">{bands}{svg}{_labels(chart, top, x, zone, language)}</div>'


def _labels(chart: Chart, top: float, x: Callable[[int], float], zone: tzinfo, language: Language) -> str:
    found = []
    for part in range(3):
        value = top * part / 2
        shown = speech.number(value, language, _digits(value))
        found.append(f'<span class="y" style="bottom:{50 * part}%">{shown}</span>')
    found += [
        f'<span class="x" style="left:{100 * x(minute):.1f}%">{text}</span>'
        for minute, text in _ticks(chart.view, zone, language)
    ]
    found += [
        f'<b class="letter" style="left:{100 * x(band.begin):.1f}%">{band.letter}</b>' for band in chart.bands
    ]
    share = 100 * x(chart.raised)
    moment = datetime.fromtimestamp(chart.raised * 60, zone)
    side = f"right:{100 - share:.1f}%" if share > 50 else f"left:{share:.1f}%"
    found.append(f'<span class="flag" style="{side}">{words(language).alert} {moment:%H:%M}</span>')
    return f'<div class="labels" aria-hidden="true">{"".join(found)}</div>'


def _spoken(chart: Chart, zone: tzinfo, language: Language) -> tuple[str, str]:
    said, width = words(language), speech.duration(chart.view.width, language)

    def moment(minute: int) -> str:
        return speech.moment(datetime.fromtimestamp(minute * 60, zone), zone, language)

    peak = int(chart.course.observed.argmax())
    title = said.chart.format(
        reason=html.escape(shortened(chart.reason)),
        width=width,
        begin=moment(chart.view.begin),
        end=moment(chart.view.end),
    )
    told = said.chart_peak.format(
        peak=speech.number(float(chart.course.observed[peak]), language),
        at=moment(int(chart.course.start[peak])),
        expected=html.escape(speech.about(float(chart.course.expected[peak]), language)),
        onset=moment(chart.onset),
        raised=moment(chart.raised),
    )
    return title, told


def shortened(text: str, most: int = 120) -> str:
    """Words from outside as they may stand on the page: nothing personal, in a line or two.

    >>> shortened("x" * 200)[-3:], len(shortened("x" * 200))
    ('xx…', 120)
    """
    text = redact.safe(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _ticks(view: View, zone: tzinfo, language: Language) -> list[tuple[int, str]]:
    """Round local times with their labels: the date at midnight, the time elsewhere."""
    span = view.end - view.begin
    step = next((tick for tick in _TICKS if span / tick <= _LABELS), _TICKS[-1])
    local = datetime.fromtimestamp(view.begin * 60, zone).replace(tzinfo=None)
    at = local.replace(hour=0, minute=0)
    found = []
    for _ in range(2 * DAY // HOUR + span // step + 2):
        minute = int(at.replace(tzinfo=zone).timestamp() // 60)
        if view.begin + 0.03 * span <= minute <= view.end - 0.03 * span:
            found.append((minute, day_words(at.date(), language) if at.hour == 0 else f"{at:%H:%M}"))
        at += timedelta(minutes=step)
    return found


def _nice(value: float) -> float:
    """The next round number from which a half is round as well.

    >>> [_nice(value) for value in (4, 7, 33, 101)]
    [4.0, 8.0, 40.0, 120.0]
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(
        next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if step * power >= value)
    )


def _digits(value: float) -> int:
    return 0 if value == int(value) else 1


def _path(name: str, commands: str) -> str:
    return f'<path class="{name}" d="{commands}"/>' if commands else ""


def _runs(known: np.typing.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _steps(values: FloatArray, known: np.typing.NDArray[np.bool_], scale: float) -> str:
    height = _heights(values, scale)
    return "".join(
        f"M{begin * STEP} {height[begin]}{_walk(height[begin:end], STEP)}" for begin, end in _runs(known)
    )


def _area(upper: FloatArray, lower: FloatArray, known: np.typing.NDArray[np.bool_], scale: float) -> str:
    high, low = _heights(upper, scale), _heights(lower, scale)
    return "".join(
        f"M{begin * STEP} {high[begin]}{_walk(high[begin:end], STEP)}V{low[end - 1]}"
        f"{_walk(low[begin:end][::-1], -STEP)}z"
        for begin, end in _runs(known)
    )


def _heights(values: FloatArray, scale: float) -> list[int]:
    return [int(height) for height in np.clip(np.rint(HEIGHT - values * scale), 0, HEIGHT)]


def _walk(heights: Sequence[int], step: int) -> str:
    """Steps along x, equal heights as one."""
    commands, here, length = [], heights[0], 0
    for height in heights:
        if height != here:
            commands.append(f"h{length}V{height}")
            here, length = height, 0
        length += step
    return "".join(commands) + f"h{length}"
