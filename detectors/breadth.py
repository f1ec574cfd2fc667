"""Is a rise one of most contact reasons, or of a few?"""

from __future__ import annotations

from math import log

import numpy as np

from detectors.guardband import GUARDBAND, SLOT
from detectors.past import Recent
from detectors.rows import FlagArray, FloatArray

LEAST_REASONS = 4
_VOTE = 2.0
"""Nats that a contact reason counts for or against a broad rise at most."""
_LEAD = 4.0
_SET_ASIDE = 2
"""The strongest votes for a rise do not count: two floods at once are no broad rise."""
_LEAST_RISE, _MOST_RISE = 1.3, 2.0
"""Between these the rise is that votes are about: whether it has risen, not by how much."""
_LISTED_SIGMAS = 1.5


def broad(recent: Recent, level: float, left_out: FlagArray, bar: float) -> bool:
    """Whether a rise is one of most reasons.

    Each reason votes with the evidence that it has risen as the sum has, or has not, two nats at most; without the two
    strongest those for it must lead by four. So a single flood, however large, is no rise of all, and neither
    are several in a channel of many; a rise of most of them is, however small each of them is. And what is left when
    the two largest are set aside must be evidence enough by itself: else a flood beside a day that is a little
    better than usual would be told of twice.

    Args:
        recent: the minutes since the onset, at most two hours.
        level: of the sum, as it stood before.
        left_out: reasons whose own incident has told of them for long.
        bar: nats that the sum has had to exceed.

    Example:
        >>> def rise(*tickets):
        ...     ten, one, tenth = np.full(8, 10.0), np.full(8, 1.2), np.full(8, 0.01)
        ...     return broad(Recent(np.array(tickets, float), ten, one, one, tenth), 1.0, np.zeros(8, bool), 8.0)
        >>> rise(*[17] * 8), rise(*[30] * 6, 10, 10)
        (True, True)
        >>> rise(400, *[10] * 7), rise(30, 30, 30, *[10] * 5), rise(200, *[12] * 7)
        (False, False, False)
    """
    known = ~left_out & (recent.usual > 0.0)
    tickets, expected = recent.tickets[known], level * recent.usual[known]
    uplift = float(tickets.sum()) / max(float(expected.sum()), 1e-9)
    tested = min(max(uplift, _LEAST_RISE), _MOST_RISE)
    dispersion = recent.phi[known] + recent.variance[known] * expected
    votes = (tickets * log(tested) - (tested - 1.0) * expected) / dispersion
    if int((tickets > expected).sum()) < LEAST_REASONS:
        return False
    counted = np.sort(votes.clip(-_VOTE, _VOTE))[:-_SET_ASIDE]
    return float(counted.sum()) >= _LEAD and _evidence(tickets, expected, dispersion) >= bar


def _evidence(tickets: FloatArray, expected: FloatArray, dispersion: FloatArray) -> float:
    """Nats for a rise of the sum of all but the two largest."""
    rest = np.argsort(tickets - expected, kind="stable")[:-_SET_ASIDE]
    x, m = float(tickets[rest].sum()), float(expected[rest].sum())
    if x <= m or m <= 0.0:
        return 0.0
    scatter = float((dispersion[rest] * expected[rest]).sum()) / m
    return (x * log(x / m) - x + m) / scatter


def rising(recent: Recent, level: float) -> list[int]:
    """The rows of the reasons that rise, the largest excess first; arguments as in `broad`."""
    expected = level * recent.usual
    excess = recent.tickets - expected
    scatter = np.sqrt(recent.phi * expected + recent.variance * expected**2)
    rows = np.flatnonzero(excess >= np.maximum(_LISTED_SIGMAS * scatter, 1.0))
    return [int(row) for row in rows[np.argsort(-excess[rows], kind="stable")]]


def window(since: int, minute: int) -> int:
    """Minutes from `since` to `minute` that are still known of every reason."""
    return max(SLOT, min(minute + 1 - since, GUARDBAND))
