"""A `data_visualization` block as an SVG, since only Slack itself draws the real one."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

_WIDTH, _HEIGHT = 600, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 10, 10, 28
_LABELS = 6


def drawn(block: Mapping[str, Any]) -> str:
    """The chart with its title and legend; lines only, which is what messages send."""
    chart: Mapping[str, Any] = block["chart"]
    categories: list[str] = chart["axis_config"]["categories"]
    top = _rounded(max((point["value"] for one in chart["series"] for point in one["data"]), default=0))
    lines, legend = "", ""
    for index, one in enumerate(chart["series"]):
        name, kind = html.escape(one["name"]), f"s{index}"
        points = _points([point["value"] for point in one["data"]], top)
        lines += f'<polyline class="{kind}" points="{points}"/>'
        legend += f'<span class="{kind}">{name}</span>'
    title = html.escape(block["title"])
    axis = html.escape(chart["axis_config"].get("x_label", ""))
    return (
        f'<figure class="chart"><figcaption><b>{title}</b></figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">'
        f"{_grid(top)}{_ticks(categories)}{lines}</svg>"
        f'<p class="legend">{legend}<span class="axis">{axis}</span></p></figure>'
    )


def _points(values: Sequence[float], top: float) -> str:
    return " ".join(f"{_x(at, len(values)):.1f},{_y(value, top):.1f}" for at, value in enumerate(values))


def _grid(top: float) -> str:
    parts = []
    for value in (0, top / 2, top):
        y = _y(value, top)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    return "".join(parts)


def _ticks(categories: Sequence[str]) -> str:
    every = ceil(len(categories) / _LABELS)
    return "".join(
        f'<text x="{_x(at, len(categories)):.1f}" y="{_HEIGHT - 6}" text-anchor="middle">'
        f"{html.escape(label)}</text>"
        for at, label in enumerate(categories)
        if at % every == 0
    )


def _x(at: int, count: int) -> float:
    # A little room at both ends, so that the first and the last label are not cut.
    return _LEFT + 16 + (_WIDTH - _LEFT - _RIGHT - 32) * at / max(count - 1, 1)


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top


def _rounded(most: float) -> float:
    """The least even number of a kind that people count in, from the largest value up.

    >>> [_rounded(most) for most in (0, 3, 14, 95)]
    [2, 4, 20, 100]
    """
    step = 1
    while True:
        for top in (2 * step, 4 * step, 10 * step):
            if top >= most:
                return top
        step *= 10
