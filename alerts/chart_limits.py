"""Slack's limits of a chart (`data_visualization` block), and a check of one.

Source: Slack's Block Kit reference, changelog of 2026-06-16. Where its pages give two numbers (6 and 12
series), the smaller one counts. slack-sdk 3.47 has no class for this block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from alerts.text_limits import length

CHARTS = 2
"""In one message."""
TITLE = 50
SERIES = 6
POINTS = 20
LABEL = 20
AXIS_LABEL = 50

_KINDS = ("line", "bar", "area")


def chart(block: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a chart over categories; pies are not sent.

    >>> point = {"label": "10:15", "value": float("nan")}
    >>> axis = {"categories": ["10:15"]}
    >>> one = {"type": "line", "series": [{"name": "Observed", "data": [point]}], "axis_config": axis}
    >>> list(chart({"title": "x" * 51, "chart": one}))
    ['.title: 51 characters, at most 50', '.series[0]: nan is no number for 10:15']
    """
    yield from length(".title", block.get("title"), TITLE)
    inner: Mapping[str, Any] = block.get("chart", {})
    if inner.get("type") not in _KINDS:
        yield f": chart of type {inner.get('type')!r}"
        return
    axis: Mapping[str, Any] = inner.get("axis_config", {})
    categories: list[str] = axis.get("categories", [])
    if not 1 <= len(categories) <= POINTS:
        yield f".categories: {len(categories)}, 1 to {POINTS}"
    if len(set(categories)) < len(categories):
        yield ".categories: two alike"
    for category in categories:
        yield from length(".categories", category, LABEL)
    for name in ("x_label", "y_label"):
        if name in axis:
            yield from length(f".{name}", axis[name], AXIS_LABEL)
    series: list[Mapping[str, Any]] = inner.get("series", [])
    if not 1 <= len(series) <= SERIES:
        yield f".series: {len(series)}, 1 to {SERIES}"
    if len({one.get("name") for one in series}) < len(series):
        yield ".series: two of one name"
    for index, one in enumerate(series):
        yield from length(f".series[{index}].name", one.get("name"), LABEL)
        yield from _data(f".series[{index}]", one.get("data", []), categories)


def _data(name: str, data: list[Mapping[str, Any]], categories: list[str]) -> Iterator[str]:
    if [point.get("label") for point in data] != categories:
        yield f"{name}: not one point for each category"
    for point in data:
        value = point.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            yield f"{name}: {value!r} is no number for {point.get('label')}"
