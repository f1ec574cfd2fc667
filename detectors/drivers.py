"""Which code, browser or channel stands out among a spike's tickets?

Adtributor (Bhagwan et al., NSDI 2014) over the facets that tickets carry: a facet's *explanatory power* is the
part of the excess that its values account for, its *surprise* how far their shares are from the usual ones
(Jensen-Shannon). Here each value must besides be improbable by chance, and no value is named that another one
brings along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from detectors.companions import Companions, Companionship, Minute, carry_both
from detectors.facet_sets import LEAST_POWER, WITH, FacetDriver, FacetSet, at_least, discoveries, facet_sets

_PSEUDO_TICKETS = 2.0
_PART_OF_A_SET = 0.2
"""A facet's further value must explain so much to be named beside the first."""
_NO_SURPRISE = 0.002
"""A value is brought along unless as many tickets with it would be less probable than this."""
_LATELY_PSEUDO_TICKETS = 10.0
_USUAL_WEIGHT = 200.0
_APART = frozenset({"campaign_id"})
"""It links a spike with its campaign: named also where a code says the same, and instead of no code."""
_Histograms = Mapping[str, Mapping[str, float]]


def drivers(
    window: Mapping[str, Mapping[str, int]],
    usual: _Histograms,
    observed: int,
    expected: float,
    *,
    usual_tickets: float = 0,
    lately: _Histograms | None = None,
    lately_tickets: float = 0,
    repeated: int = 0,
    minutes: Sequence[Minute] = (),
    before: Iterable[Minute] = (),
    min_tickets: int = 5,
    min_customers: int = 5,
    most: int = 3,
) -> list[FacetDriver]:
    """Find the facet values that a spike's extra tickets have in common, most surprising first.

    A value stands out if its share is improbably high against its usual one: Fisher's exact test, which allows
    for both samples' size, with the false discoveries among *all* values of all facets held at 1 % (Benjamini
    and Hochberg 1995), so noise names none however many values were looked at. Of a facet such values are
    taken, most surprising first, until they explain two thirds of the excess; below one half the facet is
    dropped.

    A set is dropped, too, if another facet's brings it along: if as many tickets would carry it when only the
    other broke and its tickets carried it as often as they do outside the spike (`detectors.companions`).
    Where nothing is known of what goes together, both are named; where each brings the other along, the more
    surprising one.

    Two values of different facets that remain are a *pair* if at least half of the excess carries both. Facets
    are counted apart, so the pair's tickets are a lower bound, which is what is stated; where the bound is
    too low no pair is named, though there may be one.

    It says what coincides with the spike, not what made it: a browser that nearly everybody uses never
    stands out, however many of the tickets name it.

    Args:
        window: facet -> value -> tickets in the spike's window.
        usual: facet -> value -> tickets (any weight) before the spike.
        observed: tickets in the window.
        expected: tickets to be expected in it.
        usual_tickets: tickets behind `usual`, also those without any facet; at least those that can be seen.
        lately: the like of `usual` in the last hours before the spike. A version that came out yesterday is
            not unusual today.
        lately_tickets: tickets behind `lately`.
        repeated: tickets in the window less its distinct customers. Customers are not counted by value, but
            a value's tickets are from at least so many as they are more than these.
        minutes: the window's cells, for pairs; without them none is named.
        before: cells outside the spike, for what goes together anyway; read only if two facets stand out.
        min_tickets: fewer tickets than this never stand out.
        min_customers: nor do tickets that may be from fewer customers than this.
        most: at most so many are named.

    Returns:
        At most `most` values, the most surprising facet first; usually none or one.

    Example:
        >>> found = drivers(
        ...     {"browser": {"Safari": 41, "Chrome": 9}},
        ...     {"browser": {"Safari": 200.0, "Chrome": 780.0}},
        ...     observed=50,
        ...     expected=10.0,
        ... )
        >>> [(driver.value, driver.tickets, round(driver.share, 2)) for driver in found]
        [('Safari', 41, 0.82)]
    """
    if observed <= expected or not window:
        return []
    # A code that few tickets carry stands out by being carried at all, so shares are of all tickets. How
    # many there were is known at least from the facet that most of them have.
    trials = max(observed, *(sum(values.values()) for values in window.values()))
    sample = max([float(usual_tickets), *(sum(values.values()) for values in usual.values())])
    least = max(min_tickets, min_customers + repeated)
    excess = observed - expected
    candidates: list[tuple[float, FacetDriver]] = []
    for facet, values in window.items():
        past = usual.get(facet, {})
        kinds = max(2, len(set(values) | set(past)))
        for value, tickets in values.items():
            if tickets < least:
                continue
            share_lately = _lately(
                lately, lately_tickets, facet, value, past.get(value, 0.0) / max(sample, 1.0)
            )
            hits = max(past.get(value, 0.0), share_lately * sample)
            usual_share = (hits + _PSEUDO_TICKETS / kinds) / (sample + _PSEUDO_TICKETS)
            power = (tickets - usual_share * expected) / excess
            if tickets <= usual_share * trials or power < _PART_OF_A_SET:
                continue
            p_value = at_least(tickets, trials, hits, sample)
            one = FacetDriver(facet, value, tickets, tickets / trials, usual_share, min(1.0, power))
            candidates.append((p_value, one))
    tested = sum(len(set(values) | set(usual.get(facet, ()))) for facet, values in window.items())
    found = facet_sets(discoveries(candidates, tested))
    companions = Companions(before)
    if len(found) > 1:
        found = _unexplained(found, trials, expected, companions)
    named = [one for group in found for one in group.values]
    for one, other in combinations(named[: most - 1], 2):
        pair = _pair(one, other, minutes, trials, least, companions)
        power = (pair.tickets - pair.usual_share * expected) / excess if pair else 0.0
        if pair and power >= LEAST_POWER:
            return [*named[: most - 1], replace(pair, excess_share=min(1.0, power))]
    return named[:most]


def _lately(lately: _Histograms | None, tickets: float, facet: str, value: str, usual: float) -> float:
    """A value's share in the last hours, which says the less the fewer tickets they had."""
    hits = (lately or {}).get(facet, {}).get(value, 0.0)
    return (hits + _LATELY_PSEUDO_TICKETS * usual) / (max(tickets, hits) + _LATELY_PSEUDO_TICKETS)


def _unexplained(
    found: Sequence[FacetSet], trials: int, expected: float, companions: Companions
) -> list[FacetSet]:
    """Without those that another facet's values bring along."""

    def beaten(mine: FacetSet) -> bool:
        for other in found:
            if other is mine or _APART & {mine.facet, other.facet}:
                continue
            # Where both explain each other: few values rather than many, then the more surprising ones.
            before = (len(other.values), -other.surprise) < (len(mine.values), -mine.surprise)
            if _brings_along(other, mine, trials, expected, companions) and (
                before or not _brings_along(mine, other, trials, expected, companions)
            ):
                return True
        return False

    # Each could be beaten by the next around a circle; the most surprising one then stays.
    return [one for one in found if not beaten(one)] or [found[0]]


def _brings_along(
    driver: FacetSet, other: FacetSet, trials: int, expected: float, companions: Companions
) -> bool:
    """Whether the other's tickets are no more than would be if only the driver's had multiplied."""
    extra = min(max(round(driver.tickets - driver.usual * expected), 0), trials)
    known = companions.of(
        driver.facet,
        [one.value for one in driver.values],
        other.facet,
        [one.value for one in other.values],
        other.usual,
    )
    by_chance = Companionship(other.usual * _USUAL_WEIGHT, (1.0 - other.usual) * _USUAL_WEIGHT)
    sums = np.convolve(known.hits(extra), by_chance.hits(trials - extra))
    return float(sums[other.tickets :].sum()) > _NO_SURPRISE


def _pair(
    one: FacetDriver,
    other: FacetDriver,
    minutes: Iterable[Minute],
    trials: int,
    least: int,
    companions: Companions,
) -> FacetDriver | None:
    """Both together, if `least` tickets are sure to carry both; what is usual is what is known of it."""
    if one.facet == other.facet or _APART & {one.facet, other.facet}:
        return None
    # In the order of the alphabet backwards, so that a code comes before what it was used with.
    first, second = sorted((one, other), key=lambda driver: driver.facet, reverse=True)
    both = carry_both(minutes, first.facet, first.value, second.facet, second.value)
    if both < least:
        return None
    known = companions.of(first.facet, [first.value], second.facet, [second.value], second.usual_share)
    return FacetDriver(
        facet=f"{first.facet}{WITH}{second.facet}",
        value=f"{first.value} {WITH} {second.value}",
        tickets=both,
        share=both / trials,
        usual_share=first.usual_share * known.mean,
        excess_share=0.0,
    )
