"""What campaigns of a kind really did, against what was announced for them."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np

from detectors.rows import FloatArray

MOST = 2.0
"""However much campaigns did, the next one is expected to do at most so many times the announcement, and at least
that part of it: beyond it a fault would hide."""
_SCATTER = 0.15**2
"""Variance of the logarithm by which a campaign differs from others of its kind."""
_DOUBT = 1.5
"""How many campaigns' worth the announcement is: they differ from it by some 12 % for all reasons of a kind, and by
some 12 % more for each."""
_FADE = 0.8
"""What each whole campaign leaves of the weight of those before it."""
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Effect:
    """What past campaigns did, as a logarithm: 0 is what was announced.

    With weights w between 0 (nothing was seen) and 1 (seen exactly) and logarithms y of observed / announced

        shrunk = (sum of w y + 1.5 prior) / (sum of w + 1.5)

    so one campaign moves the expectation by two fifths of what it was off. Earlier campaigns fade by a fifth with
    each new one. Used twice: for a kind of campaign around the announcement, then for one contact reason
    around its kind (`correction`). A campaign counts in both, and a reason that it touched follows it by two
    thirds.

    Attributes:
        weight: how many campaigns' worth is known.
        total: weighted sum of logarithms.

    Example:
        >>> first = Effect().learn(log(1.5), 1.0)
        >>> round(exp(first.shrunk()), 2), round(exp(first.learn(log(1.5), 1.0).shrunk()), 2)
        (1.18, 1.25)
    """

    weight: float = 0.0
    total: float = 0.0

    def learn(self, logarithm: float, weight: float) -> Effect:
        """One more campaign: the logarithm of observed / announced, and how well that is known (0 to 1)."""
        kept = _FADE**weight
        return Effect(kept * self.weight + weight, kept * self.total + weight * logarithm)

    def shrunk(self, prior: float = 0.0) -> float:
        """The logarithm to expect of the next campaign; `prior` is what to expect of one never seen."""
        return (self.total + _DOUBT * prior) / (self.weight + _DOUBT)


def correction(kind: Effect, own: Effect) -> float:
    """The factor by which the next campaign is expected to do better than announced; exactly 1 if none was seen.

    Args:
        kind: what campaigns of its kind did to all their contact reasons.
        own: what they did to this contact reason.

    Example: the first campaign announced 2 and brought 3, the second announces 2 again.

        >>> seen = Effect().learn(log(1.5), 1.0)
        >>> round(2.0 * correction(seen, seen), 2), round(2.0 * correction(seen, Effect()), 2)
        (2.59, 2.35)
        >>> correction(Effect(), Effect())
        1.0
    """
    return min(max(exp(own.shrunk(kind.shrunk())), 1.0 / MOST), MOST)


def logarithms(
    tickets: FloatArray, expected: FloatArray, phi: FloatArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What a campaign did to each contact reason, and how much is known of it.

    A single campaign says no more than a factor of `MOST`, so that a wild one cannot move the next.

    Args:
        tickets: counted in it.
        expected: what the announcement made of the usual and the level before the campaign.
        phi: variance of a count relative to Poisson.
        variance: relative variance of the usual and of the level.

    Returns:
        Logarithms of observed / announced, and the inverse of their variance.

    Example:
        >>> logarithm, known = logarithms(*np.array([[300.0], [200.0], [1.2], [0.01]]))
        >>> np.exp(logarithm).round(2), known.round()
        (array([1.5]), array([63.]))
    """
    limit = log(MOST)
    found = np.log((tickets + _HALF) / (expected + _HALF))
    return np.clip(found, -limit, limit), 1.0 / (phi / (expected + _HALF) + variance)


def weights(known: FloatArray) -> FloatArray:
    """How much of a whole campaign each of these is worth, given the inverse of its variance.

    >>> weights(np.array([0.0, 1e9])).round(3)
    array([0., 1.])
    """
    return np.asarray(_SCATTER * known / (_SCATTER * known + 1.0))


def together(logarithm: FloatArray, known: FloatArray) -> tuple[float, float]:
    """What a campaign did to all of its contact reasons together, and its weight: one campaign, however many reasons.

    >>> together(np.array([0.4, 0.0]), np.array([300.0, 100.0]))
    (0.3, 0.9)
    """
    whole = float(known.sum())
    if whole <= 0.0:
        return 0.0, 0.0
    return float((logarithm * known).sum() / whole), float(weights(np.array(whole)))
