"""Which code, browser or channel stands out among a spike's tickets?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import erfc, log, sqrt

_PSEUDO_TICKETS = 2.0
_LEAST_EXCESS_SHARE = 0.5
_SIGNIFICANCE = 0.01


@dataclass(frozen=True, slots=True)
class FacetDriver:
    """A facet value that stands out among a spike's tickets.

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


def _evidence(hits: float, trials: float, usual: float) -> float:
    """Signed root of the binomial likelihood ratio: standard normal if the share is the usual one."""
    share = hits / trials
    if share <= usual:
        return 0.0
    deviance = hits * log(share / usual)
    if share < 1:
        deviance += (trials - hits) * log((1 - share) / (1 - usual))
    return sqrt(2 * max(deviance, 0.0))


def drivers(
    window: Mapping[str, Mapping[str, int]],
    usual: Mapping[str, Mapping[str, float]],
    observed: int,
    expected: float,
    *,
    min_tickets: int = 5,
    most: int = 3,
) -> list[FacetDriver]:
    """Find the facet values that a spike's extra tickets have in common, strongest first.

    A value stands out if all three hold: it has `min_tickets`; it explains at least half of the excess
    (its tickets beyond its usual part of the expectation); and its share is improbably high against its
    usual one, by a binomial likelihood-ratio test at 1 % over *all* values of all facets together
    (Bonferroni), so that noise names none however many values were looked at. The usual share is
    smoothed by two pseudo-tickets and its own sampling error is allowed for by the sample's size, so a
    value seen 3 times before is no certainty.

    It says what coincides with the spike, not what made it: a browser that nearly everybody uses never
    stands out, however many of the tickets name it.

    Args:
        window: facet -> value -> tickets in the spike's window.
        usual: facet -> value -> tickets (any weight) before the spike.
        observed: tickets in the window.
        expected: tickets to be expected in it.
        min_tickets: fewer tickets than this never stand out.
        most: at most so many are named.

    Returns:
        At most `most` values, the most evident first; usually none or one.

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
    excess = observed - expected
    tested = sum(len(values) for values in window.values())
    if excess <= 0 or tested == 0:
        return []
    found: list[tuple[float, FacetDriver]] = []
    # A code that few tickets carry stands out by being carried at all, so shares are of all tickets. How
    # many there were before is known from the facet that most of them have.
    trials = float(max(observed, *(sum(values.values()) for values in window.values())))
    sample = max([0.0, *(sum(values.values()) for values in usual.values())])
    for facet, values in window.items():
        before = usual.get(facet, {})
        kinds = max(2, len(set(values) | set(before)))
        for value, tickets in values.items():
            if tickets < min_tickets:
                continue
            past = max(0.0, before.get(value, 0.0))
            share_before = (past + _PSEUDO_TICKETS / kinds) / (sample + _PSEUDO_TICKETS)
            share = tickets / trials
            excess_share = (tickets - share_before * expected) / excess
            # Both samples vary: a short past makes every share doubtful.
            certainty = sqrt((sample + _PSEUDO_TICKETS) / (sample + _PSEUDO_TICKETS + trials))
            evidence = _evidence(tickets, trials, share_before) * certainty
            p_value = 0.5 * erfc(evidence / sqrt(2)) * tested
            if share <= share_before or excess_share < _LEAST_EXCESS_SHARE or p_value > _SIGNIFICANCE:
                continue
            driver = FacetDriver(
                facet=facet,
                value=value,
                tickets=tickets,
                share=share,
                usual_share=share_before,
                excess_share=min(1.0, excess_share),
            )
            found.append((evidence, driver))
    found.sort(key=lambda item: (-item[0], item[1].facet, item[1].value))
    return [driver for _, driver in found[:most]]
