"""The course of the last hour as a chart: what came in beside what was expected, and its stand-in in text.

Slack draws `data_visualization` blocks itself, in each reader's colours and without a file to upload. Where a
workspace refuses them, `without_chart` turns each into a row of bars, made from the very block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from alerts import blocks, language
from alerts.blocks import Block
from alerts.chart_limits import LABEL, POINTS, TITLE
from alerts.chart_words import chart_words
from alerts.context import Context
from alerts.language import Language
from alerts.limits import Payload
from alerts.records import Course

_BARS = "▁▂▃▄▅▆▇█"
_FEW = 3
"""Fewer steps draw no course."""


def chart(course: Course | None, context: Context) -> list[Block]:
    """The chart of a course as blocks, at most one; none where the course is too short to draw."""
    shown = _merged(course)
    if shown is None:
        return []
    say, tongue = chart_words(context.language), context.language
    labels = _labels(shown, context.timezone)
    title = say.chart.format(step=language.duration(shown.minutes, tongue))
    series = [
        _series(say.chart_observed, labels, shown.counts),
        _series(say.chart_expected, labels, [round(value, 1) for value in shown.expected]),
    ]
    axis = {"categories": labels, "x_label": _zone(shown.begins_at, context.timezone, say.chart_time)}
    drawn = {"type": "line", "series": series, "axis_config": axis}
    return [{"type": "data_visualization", "title": title[:TITLE], "chart": drawn}]


def without_chart(payload: Payload) -> Payload:
    """The payload with each chart replaced by a row of bars in text; the very same payload if it has none.

    For the second try after Slack has refused a layout: charts are the newest block, so the likeliest cause.
    """
    parts = payload.get("blocks", [])
    if not any(part["type"] == "data_visualization" for part in parts):
        return payload
    return {
        **payload,
        "blocks": [in_text(part) if part["type"] == "data_visualization" else part for part in parts],
    }


def in_text(block: Mapping[str, object]) -> Block:
    """A chart's block as a line of text: its title, the first and last label, the bars between them.

    >>> from datetime import UTC
    >>> course = Course(begins_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC), minutes=5, counts=[0, 2, 4, 8],
    ...     expected=[1.0, 1.0, 1.0, 1.0])
    >>> in_text(chart(course, Context(now=course.begins_at))[0])["text"]["text"]
    'Tickets per 5 min: 09:00 `▁▃▅█` 09:15 · at most 8'
    """
    drawn: dict[str, list[dict[str, list[dict[str, float]]]]] = block["chart"]  # type: ignore[assignment]
    points = drawn["series"][0]["data"]
    counts = [int(point["value"]) for point in points]
    first, last = str(points[0]["label"]), str(points[-1]["label"])
    title = str(block["title"])
    tongue: Language = "de" if title.startswith(chart_words("de").chart.split("{")[0]) else "en"
    most = chart_words(tongue).chart_most.format(most=language.number(max(counts), tongue))
    return blocks.markdown(f"{title}: {first} `{bars(counts)}` {last} · {most}", tongue)


def bars(counts: Sequence[int]) -> str:
    """Counts as a row of bars, scaled to the largest.

    >>> bars([0, 2, 4, 8])
    '▁▃▅█'
    """
    top = max(counts, default=0)
    return "".join(_BARS[round(count / top * 7) if top else 0] for count in counts)


def _merged(course: Course | None) -> Course | None:
    """The course in at most twenty steps, ending with the same one; None where there is too little."""
    if course is None or len(course.counts) < _FEW or len(course.counts) != len(course.expected):
        return None
    steps = -(-len(course.counts) // POINTS)
    skipped = len(course.counts) % steps
    counts, expected = course.counts[skipped:], course.expected[skipped:]
    return Course(
        begins_at=course.begins_at + timedelta(minutes=course.minutes * skipped),
        minutes=course.minutes * steps,
        counts=[sum(counts[at : at + steps]) for at in range(0, len(counts), steps)],
        expected=[sum(expected[at : at + steps]) for at in range(0, len(expected), steps)],
    )


def _labels(course: Course, zone: tzinfo) -> list[str]:
    """The begin of each step; with the day where the course crosses midnight, so that none is there twice."""
    step = timedelta(minutes=course.minutes)
    times = [(course.begins_at + at * step).astimezone(zone) for at in range(len(course.counts))]
    form = "%H:%M" if times[0].date() == times[-1].date() else "%d.%m. %H:%M"
    labels = [f"{at:{form}}" for at in times]
    # When clocks go back an hour comes twice, and Slack wants labels apart.
    if any(one == other for one, other in pairwise(sorted(labels))):
        labels = [f"{at:{form}} {at.tzname()}"[:LABEL] for at in times]
    return labels


def _series(name: str, labels: Sequence[str], values: Sequence[float]) -> Block:
    data = [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)]
    return {"name": name[:LABEL], "data": data}


def _zone(at: datetime, zone: tzinfo, label: str) -> str:
    # A chart's labels are not in the reader's own zone, other than all other times: say which they are in.
    return label.format(zone=at.astimezone(zone).tzname())
