"""From runs to ratios to the pages in `docs/benchmarks`."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

import msgspec

from benchmarks.measure import Run


class Ratio(msgspec.Struct, frozen=True):
    """A ratio over the pairs of runs: the median, and the smallest and largest."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.least:.3g} - {self.most:.3g})"


class Comparison(msgspec.Struct, frozen=True):
    """The product beside another way to count: above 1, the product is the faster one."""

    other: str
    asked: float | None
    by_cpu: Ratio
    """CPU a ticket of the other / CPU a ticket of the product."""
    by_rate: Ratio
    """Tickets a second of the product / of the other."""

    @property
    def reached(self) -> bool:
        """Whether the median by CPU is what is asked, if anything is."""
        return self.asked is None or self.by_cpu.median >= self.asked


def ratio(values: Sequence[float]) -> Ratio:
    """The median and the range.

    >>> str(ratio([0.3, 0.25, 0.4]))
    '0.3 (0.25 - 0.4)'
    """
    return Ratio(statistics.median(values), min(values), max(values))


def compare(product: Sequence[Run], other: Sequence[Run], name: str, asked: float | None) -> Comparison:
    """Pair the runs in their order: the first with the first, which ran right beside it.

    >>> fast, slow = Run(100, 1.0, 1.0), Run(100, 2.0, 4.0)
    >>> found = compare([fast], [slow], "other", asked=5)
    >>> found.by_cpu.median, found.by_rate.median, found.reached
    (4.0, 2.0, False)
    """
    pairs = list(zip(product, other, strict=True))
    return Comparison(
        name,
        asked,
        ratio([theirs.cpu_micros / ours.cpu_micros for ours, theirs in pairs]),
        ratio([ours.rate / theirs.rate for ours, theirs in pairs]),
    )


def runs_table(runs: Mapping[str, Sequence[Run]]) -> str:
    """A Markdown table: the median of each way, with its range."""
    lines = [
        "| | tickets a run | tickets/s, median (range) | CPU us a ticket, median (range) |",
        "|---|---|---|---|",
    ]
    for name, held in runs.items():
        rates = ratio([run.rate / 1000 for run in held])
        costs = ratio([run.cpu_micros for run in held])
        lines.append(
            f"| {name} | {held[0].tickets:,} | {rates.median:.1f}k ({rates.least:.1f}k - {rates.most:.1f}k) "
            f"| {costs.median:.1f} ({costs.least:.1f} - {costs.most:.1f}) |"
        )
    return "\n".join(lines)


def comparisons_table(found: Sequence[Comparison]) -> str:
    """A Markdown table: the product beside each other way."""
    lines = [
        "| the product beside | asked | by CPU a ticket, median (range) | by tickets/s, median (range) | |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        asked, verdict = (
            ("", "") if one.asked is None else (f">= {one.asked:g}", "reached" if one.reached else "missed")
        )
        lines.append(f"| {one.other} | {asked} | {one.by_cpu} | {one.by_rate} | {verdict} |")
    return "\n".join(lines)


def surroundings(packages: Sequence[str]) -> str:
    """The machine and the versions, in one line each."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"- {os.cpu_count()} cores ({platform.machine()}), load {load:.1f} at the end, "
        f"Python {platform.python_version()}\n- {', '.join(found)}"
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed.

    >>> percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.99)
    (2, 4)
    """
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
