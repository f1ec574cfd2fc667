"""Facet values that stand out beyond chance, and the sets of them that explain a spike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, lgamma, log

FALSE_DISCOVERIES = 0.01
"""Part of what is named that is chance, and so the part of spikes without a driver that name one."""
LEAST_POWER = 0.5
"""Values that explain less of the excess are not what the spike is about."""
ENOUGH_POWER = 2 / 3
"""A set that explains so much takes in no further value."""
WITH = "×"
"""Between the facets of a pair, and between its values."""


@dataclass(frozen=True, slots=True)
class FacetDriver:
    """A facet value that stands out among a spike's tickets, or a pair of them.

    Of a pair, such as facet `voucher_code×browser` and value `SOMMER25 × Safari`, `tickets`, `share` and
    `excess_share` are at least so large.

    Attributes:
        facet: for example `voucher_code` or `browser`.
        value: for example `SOMMER25`.
        tickets: tickets with this value in the spike's window.
        share: their part of the window's tickets.
        usual_share: this value's usual part, smoothed, so never exactly 0.
        excess_share: its part of the tickets above the expectation, 0 to 1.
    """

    facet: str
    value: str
    tickets: int
    share: float
    usual_share: float
    excess_share: float


@dataclass(frozen=True, slots=True)
class FacetSet:
    """Values of one facet that stand out together, most surprising first."""

    facet: str
    values: tuple[FacetDriver, ...]
    surprise: float

    @property
    def tickets(self) -> int:
        """Tickets with one of the values."""
        return sum(one.tickets for one in self.values)

    @property
    def usual(self) -> float:
        """Their usual part."""
        return min(sum(one.usual_share for one in self.values), 1.0)


def at_least(hits: int, trials: int, past_hits: float, past_trials: float) -> float:
    """The probability of so many hits or more among the trials, if their part is what it was in the past.

    Fisher's exact test: given all hits, those of the present are a draw without replacement (hypergeometric),
    so that a short past is doubt enough, and no past proves nothing.

    >>> round(at_least(5, 5, 5.0, 15.0), 4)  # 10 of 20 tickets carry it, all 5 of the present among them
    0.0163
    """
    past, before = round(past_hits), round(max(past_trials, past_hits))
    total, marked = trials + before, hits + past
    most = min(trials, marked)
    if hits <= max(0, trials - (total - marked)):
        return 1.0

    def chance(k: int) -> float:
        return exp(_choose(marked, k) + _choose(total - marked, trials - k) - _choose(total, trials))

    term = chance(hits)
    tail = term
    for k in range(hits, most):
        term *= (marked - k) * (trials - k) / ((k + 1.0) * (total - marked - trials + k + 1.0))
        tail += term
        if term < tail * 1e-9:
            break
    return min(1.0, tail)


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def discoveries(candidates: Iterable[tuple[float, FacetDriver]], tested: int) -> list[FacetDriver]:
    """The values whose p-values are below the limit of Benjamini and Hochberg."""
    ranked = sorted(candidates, key=lambda item: (item[0], item[1].facet, item[1].value))
    last = 0
    for rank, (p_value, _) in enumerate(ranked, start=1):
        if p_value * tested <= FALSE_DISCOVERIES * rank:
            last = rank
    return [one for _, one in ranked[:last]]


def surprise(share: float, usual_share: float) -> float:
    """How far a value's share is from its usual one: its part of the Jensen-Shannon divergence, in nats.

    >>> round(surprise(0.8, 0.02), 2), surprise(0.2, 0.2)
    (0.24, 0.0)
    """
    middle = (share + usual_share) / 2
    return 0.5 * sum(part * log(part / middle) for part in (share, usual_share) if part > 0)


def facet_sets(values: Iterable[FacetDriver]) -> list[FacetSet]:
    """Of each facet the values that explain most of the excess; most surprising facet first."""
    by_facet: dict[str, list[FacetDriver]] = {}
    for one in sorted(values, key=lambda one: (-surprise(one.share, one.usual_share), one.value)):
        by_facet.setdefault(one.facet, []).append(one)
    found = []
    for facet, ranked in by_facet.items():
        chosen: list[FacetDriver] = []
        for one in ranked:
            if sum(held.excess_share for held in chosen) < ENOUGH_POWER:
                chosen.append(one)
        if sum(held.excess_share for held in chosen) >= LEAST_POWER:
            how = sum(surprise(one.share, one.usual_share) for one in chosen)
            found.append(FacetSet(facet, tuple(chosen), how))
    return sorted(found, key=lambda group: (-group.surprise, group.facet))
