"""What goes with what among a shop's tickets: an iPad means Safari, a voucher code means no browser.

Cells count each facet by itself; no joint histogram of two facets travels. But most cells hold one ticket, or
tickets that agree in a facet, and there the counts of each facet say all: these cells are read as a sample of
what goes together. In the others the counts at least bound it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import lgamma

import numpy as np

from detectors.rows import FloatArray

Minute = tuple[int, Mapping[str, Mapping[str, int]]]
"""Tickets of one cell, and facet -> value -> tickets among them."""

_LIKENESS = 0.05
"""How much values of a facet differ in what goes with them, as long as nothing is known of it: 0 not at all, 1
each has one companion of its own."""
_LIKENESS_WEIGHT = 5.0
_MOST_SAY = 10
_PSEUDO_TICKETS = 2.0


@dataclass(frozen=True, slots=True)
class Companionship:
    """What is known of the part of one value's tickets that also carry another: a beta distribution."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """The part to be expected."""
        return self.alpha / (self.alpha + self.beta)

    def hits(self, trials: int) -> FloatArray:
        """The probability of 0, 1, ... `trials` tickets of `trials` carrying both (beta-binomial).

        >>> Companionship(1.0, 1.0).hits(1).round(2).tolist()
        [0.5, 0.5]
        """
        hit, a, b = np.arange(trials + 1), self.alpha, self.beta
        # Ratios of neighbours: one pass without a gamma function for each.
        ratios = (trials - hit[:-1]) * (hit[:-1] + a) / ((hit[:-1] + 1.0) * (trials - hit[:-1] - 1.0 + b))
        logs = np.concatenate(([0.0], np.cumsum(np.log(ratios))))
        start = lgamma(b + trials) + lgamma(a + b) - lgamma(b) - lgamma(a + b + trials)
        return np.exp(logs + start)


class Companions:
    """A sample of cells from before a spike, asked what goes with what.

    Args:
        minutes: cells outside the spike, of any contact reason: what a device or a version goes with is a
            matter of the shop, not of the reason. Read when first asked.

    Example:
        An iPad always means Safari, and so Safari beside an iPad is no news.

        >>> known = Companions([(1, {"device": {"iPad": 1}, "browser": {"Safari": 1}})] * 30)
        >>> round(known.of("device", ["iPad"], "browser", ["Safari"], usual=0.2).mean, 2)
        0.98
    """

    __slots__ = ("_carried", "_held", "_minutes", "_only")

    def __init__(self, minutes: Iterable[Minute]) -> None:
        self._minutes = minutes
        self._held: list[Minute] | None = None
        self._only: dict[str, list[tuple[int, str, int]]] = {}
        self._carried: dict[tuple[str, tuple[str, ...]], list[int]] = {}

    def of(
        self, facet: str, values: Collection[str], other: str, others: Collection[str], usual: float
    ) -> Companionship:
        """The part of the tickets with one of `values` that also carry one of the `others`.

        What these values' own tickets say counts, filled up with what the facet's other values say, the more
        the more alike they are: one browser says nothing about another's devices, but a code never seen
        before is used with the browsers that other codes are used with.

        Args:
            facet: of `values`.
            values: the given ones.
            other: the other facet.
            others: values of it.
            usual: their usual part of all tickets, which holds while nothing else is known.
        """
        table = self._table(facet, other, others)
        known, joint = sum(n for n, _ in table.values()), sum(j for _, j in table.values())
        common = (joint + _PSEUDO_TICKETS * usual) / (known + _PSEUDO_TICKETS)
        likeness = _likeness(table, common)
        strength = 1.0 / likeness - 1.0
        own = sum(table[value][0] for value in values if value in table)
        own_joint = sum(table[value][1] for value in values if value in table)
        return Companionship(
            max(strength * common + own_joint, 1e-6), max(strength * (1.0 - common) + own - own_joint, 1e-6)
        )

    def _table(self, facet: str, other: str, others: Collection[str]) -> dict[str, tuple[int, int]]:
        """Value of `facet` -> its tickets in cells that hold no other value, and how many carry the `others`."""
        carried = self._carrying(other, tuple(others))
        table: dict[str, tuple[int, int]] = {}
        for place, value, count in self._alone(facet):
            known, joint = table.get(value, (0, 0))
            table[value] = (known + count, joint + min(carried[place], count))
        return table

    def _cells(self) -> list[Minute]:
        if self._held is None:
            self._held = list(self._minutes)
        return self._held

    def _alone(self, facet: str) -> list[tuple[int, str, int]]:
        """The cells whose tickets agree in a facet: their place, the value, their tickets."""
        found = self._only.get(facet)
        if found is None:
            found = self._only[facet] = [
                (place, next(iter(values)), count)
                for place, (count, facets) in enumerate(self._cells())
                if (values := facets.get(facet)) and len(values) == 1 and next(iter(values.values())) == count
            ]
        return found

    def _carrying(self, facet: str, values: tuple[str, ...]) -> list[int]:
        """Each cell's tickets with one of the values."""
        found = self._carried.get((facet, values))
        if found is None:
            found = self._carried[facet, values] = [
                sum([held.get(value, 0) for value in values]) if (held := facets.get(facet)) else 0
                for _, facets in self._cells()
            ]
        return found


def _likeness(table: Mapping[str, tuple[int, int]], common: float) -> float:
    """Intraclass correlation of the values' parts, by moments, shrunk towards :data:`_LIKENESS`.

    Each value has about the same say: of two common browsers that are alike nothing follows for the rare one.
    """
    spread = common * (1.0 - common)
    known = sum(n for n, _ in table.values())
    total, weights = _LIKENESS * _LIKENESS_WEIGHT, _LIKENESS_WEIGHT
    for n, joint in table.values():
        if n > 1:
            weight = float(min(n, _MOST_SAY))
            beyond = ((joint - n * common) ** 2 / spread - n * (1.0 - n / known)) / (n * (n - 1.0))
            total += weight * min(beyond, 1.0)
            weights += weight
    return min(0.99, max(0.005, total / weights))


def carry_both(minutes: Iterable[Minute], facet: str, value: str, other: str, other_value: str) -> int:
    """The least number of tickets that carry both values, whatever the counts do not say.

    In a cell of n tickets of which a carry the one and b the other, at least a + b - n carry both (Fréchet).

    >>> carry_both([(3, {"code": {"A": 3}, "browser": {"Safari": 2}}),
    ...     (4, {"code": {"A": 2}, "browser": {"Safari": 2}})], "code", "A", "browser", "Safari")
    2
    """
    least = 0
    for count, facets in minutes:
        one, two = facets.get(facet), facets.get(other)
        if one and two:
            least += max(0, one.get(value, 0) + two.get(other_value, 0) - count)
    return least
