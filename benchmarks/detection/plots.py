"""The plots of the page: plain SVG, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from benchmarks.detection.expected import BINS
from benchmarks.detection.knob import Knob
from benchmarks.detection.result import groups, pooled
from benchmarks.detection.versus import ORACLE, PRODUCT, Seed

_OURS, _BEST, _OTHER, _LINE = "#0b7285", "#ced4da", "#868e96", "#495057"
_STYLE = {
    "svg.hashsalt": "ticketspike",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _LINE,
    "figure.facecolor": "white",
}


def draw(seeds: Sequence[Seed], knob: Sequence[Knob], folder: Path) -> list[str]:
    """Draw all plots into `folder`; their names."""
    plots = {
        "detection-found.svg": lambda: _found(seeds),
        "detection-uplift.svg": lambda: _uplift(seeds),
        "detection-knob.svg": lambda: _knob(knob),
        "detection-pit.svg": lambda: _pit(seeds),
    }
    with mpl.rc_context(_STYLE):
        for name, plot in plots.items():
            figure = plot()
            figure.savefig(folder / name, metadata={"Date": None}, bbox_inches="tight")
            plt.close(figure)
            _tidy(folder / name)
    return list(plots)


def _tidy(path: Path) -> None:
    """Lines end with no blanks, as everywhere in the repository."""
    lines = [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _found(seeds: Sequence[Seed]) -> Figure:
    """How much of what can be found each way finds, every seed a dot."""
    ways = [one for one in pooled(seeds) if one.name != ORACLE]
    ways.sort(key=lambda one: one.relative)
    figure, axes = plt.subplots(figsize=(7.2, 0.36 * len(ways) + 0.9))
    for at, way in enumerate(ways):
        axes.barh(at, way.relative, color=_OURS if way.name == PRODUCT else _OTHER, height=0.62)
        each = [one.relative for seed in seeds for one in seed.found if one.name == way.name]
        axes.plot(each, [at] * len(each), "o", color="black", markersize=2.5)
        axes.text(max(each) + 0.015, at, f"{way.relative:.2f}", va="center")
    axes.set_yticks(range(len(ways)), [one.name for one in ways])
    axes.axvline(1.0, color=_LINE, linewidth=0.8)
    axes.set_xlim(0.0, 1.05)
    axes.set_xlabel("incidents found / found by the oracle with as many false alarms (dots: seeds)")
    return figure


def _uplift(seeds: Sequence[Seed]) -> Figure:
    """Part found by rate class and uplift."""
    found = groups(seeds)
    kinds = list(dict.fromkeys(kind for kind, _ in found))
    figure, panels = plt.subplots(1, len(kinds), figsize=(8.2, 2.4), sharey=True, squeeze=False)
    for axes, kind in zip(panels[0], kinds, strict=True):
        own = {uplift: one for (other, uplift), one in found.items() if other == kind}
        at = range(len(own))
        axes.bar(at, [one.possible for one in own.values()], color=_BEST, width=0.8, label="oracle")
        axes.bar(at, [one.detected for one in own.values()], color=_OURS, width=0.5, label="ticketspike")
        axes.set_xticks(at, [f"{uplift:g}x" for uplift in own], fontsize=7.5)
        axes.set_title(kind, fontsize=9)
        axes.set_ylim(0.0, 1.0)
    panels[0][0].set_ylabel("part of the incidents found")
    panels[0][0].legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def _knob(knob: Sequence[Knob]) -> Figure:
    """Realised over asked with 95 % intervals."""
    figure, axes = plt.subplots(figsize=(6.4, 2.6))
    axes.axhspan(0.7, 1.4, color=_BEST, alpha=0.5, linewidth=0)
    axes.axhline(1.0, color=_LINE, linewidth=0.8)
    for at, one in enumerate(knob):
        spread = [[one.realised.ratio - one.realised.low], [one.realised.high - one.realised.ratio]]
        axes.errorbar(at, one.realised.ratio, spread, fmt="o", color=_OURS, capsize=3)
    axes.set_xticks(range(len(knob)), [f"{one.asked:g}\n{one.reasons}" for one in knob])
    axes.set_xlabel("asked a week, and reasons")
    axes.set_ylabel("realised / asked")
    axes.set_ylim(bottom=0.0)
    return figure


def _pit(seeds: Sequence[Seed]) -> Figure:
    """Density of the hours' transform by rate class; flat at 1 is right."""
    kinds = list(seeds[0].calibration.hour_histogram)
    figure, panels = plt.subplots(1, len(kinds), figsize=(8.2, 2.0), sharey=True, squeeze=False)
    for axes, kind in zip(panels[0], kinds, strict=True):
        parts = [seed.calibration.hour_histogram[kind] for seed in seeds]
        heights = [sum(values) / len(values) for values in zip(*parts, strict=True)]
        edges = [(index + 0.5) / BINS for index in range(BINS)]
        axes.bar(edges, heights, width=1.0 / BINS, color=_OURS, edgecolor="white", linewidth=0.3)
        axes.axhline(1.0, color=_LINE, linewidth=0.8)
        axes.set_title(kind, fontsize=9)
        axes.set_xticks([0, 0.5, 1])
    panels[0][0].set_ylabel("density")
    return figure
