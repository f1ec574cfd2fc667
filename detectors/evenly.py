"""Over which facets are a spike's extra tickets spread as tickets always are?"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

_MOST_BEYOND = 0.25
_CERTAINTY = 1.96
_CHANCE = 2.58
_COMMON = 0.05
_LEAST_SAMPLE = 100
_LEAST_CARRIED = 0.5


def evenly(
    window: Mapping[str, Mapping[str, int]],
    usual: Mapping[str, Mapping[str, float]],
    observed: int,
    expected: float,
    *,
    usual_tickets: float = 0,
) -> tuple[str, ...]:
    """Find the facets of which no value carries more than its usual part of the excess.

    That no driver was found may mean that there are too few tickets to tell. This is the finding that there is
    none: each value of the facet, and having none, has its usual part within what chance does (1 %, two-sided),
    and carries with 97.5 % certainty less than a quarter of the excess beyond it; a normal approximation that
    counts both samples' sizes. Said only of facets with two common values that at least half of the tickets
    carry, since nothing else is "all channels".

    Args:
        window: facet -> value -> tickets in the spike's window.
        usual: facet -> value -> tickets (any weight) before the spike.
        observed: tickets in the window.
        expected: tickets to be expected in it.
        usual_tickets: tickets behind `usual`, also those without any facet.

    Returns:
        The facets, in the order of `window`; none where the tickets are too few to say so.

    Example:
        >>> channels = {"channel": {"web": 60.0, "app": 40.0}}
        >>> evenly({"channel": {"web": 63, "app": 37}}, channels, 100, 20.0)
        ('channel',)
        >>> evenly({"channel": {"web": 6, "app": 4}}, channels, 10, 2.0)
        ()
    """
    if not window or not usual:
        return ()
    trials = max(observed, *(sum(values.values()) for values in window.values()))
    sample = max([float(usual_tickets), *(sum(values.values()) for values in usual.values())])
    excess = observed - expected
    if excess <= 0 or sample < _LEAST_SAMPLE:
        return ()
    found = []
    for facet, values in window.items():
        past, carried = usual.get(facet, {}), sum(values.values())
        common = sum(count >= _COMMON * sample for count in past.values())
        if common < 2 or carried < _LEAST_CARRIED * trials:
            continue
        parts = [(values.get(value, 0), past.get(value, 0.0)) for value in values.keys() | past.keys()]
        parts.append((trials - carried, max(0.0, sample - sum(past.values()))))
        if all(_even(hits, trials, before, sample, excess) for hits, before in parts):
            found.append(facet)
    return tuple(found)


def _even(hits: int, trials: int, past_hits: float, past_trials: float, excess: float) -> bool:
    """Whether a value has its usual part as far as chance goes, and surely no quarter of the excess beyond it."""
    usual = past_hits / past_trials
    both = (hits + past_hits + 1.0) / (trials + past_trials + 2.0)
    scatter = sqrt(trials * both * (1.0 - both) * (1.0 + trials / past_trials))
    beyond = hits - usual * trials
    return beyond <= _CHANCE * scatter and beyond + _CERTAINTY * scatter <= _MOST_BEYOND * excess
