"""How near do alarms come to the best possible ones, on the same incidents?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import inf, nan
from statistics import median
from typing import TypeVar

Group = TypeVar("Group", bound=Hashable)
Delays = Sequence[int | None]
"""Per incident the minutes until it was found, None where it was missed: what `evaluate.delays` gives."""


@dataclass(frozen=True, slots=True)
class Relative:
    """Two detectors on the same incidents: ours, and one to be measured by (the oracle).

    Attributes:
        incidents: how many there were.
        detected: part of them that ours found; `nan` if there were none.
        possible: part that the other found; `nan` if there were none.
        relative: incidents that ours found / incidents that the other found, which may be other ones;
            `nan` if the other found none.
        recall: part found of those that the other found; `nan` if it found none.
        delay_ratio: median over those that the other found of our delay / its delay, a miss being infinite
            (so it is infinite if ours missed more than half); `nan` if the other found none.
    """

    incidents: int
    detected: float
    possible: float
    relative: float
    recall: float
    delay_ratio: float


def relative(ours: Delays, other: Delays) -> Relative:
    """Compare what was found, and how soon.

    The median with misses as infinite is the honest one: a detector that finds only the easy incidents has
    short delays *where it finds*, and would look quick.

    Args:
        ours: minutes until each incident was found.
        other: the same of the one to be measured by.

    Raises:
        ValueError: they are not of the same incidents: their lengths differ.

    Example:
        >>> found = relative([12, None, 30, 5], [10, 20, 30, None])
        >>> found.detected, found.relative, round(found.recall, 3), found.delay_ratio
        (0.75, 1.0, 0.667, 1.2)
    """
    pairs = list(zip(ours, other, strict=True))
    hits, possible = sum(one is not None for one in ours), sum(one is not None for one in other)
    ratios = [inf if mine is None else mine / theirs for mine, theirs in pairs if theirs is not None]
    return Relative(
        incidents=len(pairs),
        detected=hits / len(pairs) if pairs else nan,
        possible=possible / len(pairs) if pairs else nan,
        relative=hits / possible if possible else nan,
        recall=sum(ratio < inf for ratio in ratios) / possible if possible else nan,
        delay_ratio=median(ratios) if ratios else nan,
    )


def by_group(groups: Sequence[Group], ours: Delays, other: Delays) -> dict[Group, Relative]:
    """The same for each group of incidents: by rate class, by uplift, by both.

    Args:
        groups: which group each incident belongs to.
        ours: as in `relative`.
        other: as in `relative`.

    Returns:
        In the order in which the groups are met first.

    Raises:
        ValueError: the lengths differ.

    Example:
        >>> found = by_group(["low", "mid", "low"], [3, None, 8], [3, 10, 4])
        >>> found["low"].relative, found["low"].delay_ratio, found["mid"].relative
        (1.0, 1.5, 0.0)
    """
    parts: defaultdict[Group, tuple[list[int | None], list[int | None]]] = defaultdict(lambda: ([], []))
    for group, mine, theirs in zip(groups, ours, other, strict=True):
        parts[group][0].append(mine)
        parts[group][1].append(theirs)
    return {group: relative(mine, theirs) for group, (mine, theirs) in parts.items()}
