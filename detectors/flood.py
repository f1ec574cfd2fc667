"""How improbable the tickets of the open minutes are: for floods of seconds, which a likelihood ratio is slow to see.

Under NB1 counts come in clumps, and a clump is as large with a spike as without: forty tickets within two seconds
of a minute that has hardly begun speak for one arrival more, whatever uplift is tested. Their probability without a
spike is next to nothing all the same.
"""

from __future__ import annotations

import numpy as np

from detectors.cusum import log_gamma
from detectors.rows import FloatArray

MARGIN = 8.0
"""Nats above the bar: the open minutes are looked at every second, so the same chance comes often."""
LEAST = 10.0
"""Tickets that make a flood."""


def surprise(tickets: FloatArray, size: FloatArray, phi: FloatArray) -> FloatArray:
    """-log of (an upper bound of) the probability of so many tickets or more without a spike.

    The tail of a negative binomial beyond its mode falls faster than a geometric series with the ratio of its
    first two terms; where it does not fall yet there is no surprise.

    Args:
        tickets: counted, per reason.
        size: the negative binomial's size, mean / (phi - 1).
        phi: variance relative to Poisson, above 1.

    Example:
        >>> surprise(np.array([2.0, 40.0]), np.array([0.01, 0.01]), np.array([1.3, 1.3])).round(1)
        array([ 8.1, 66.7])
    """
    share = (phi - 1.0) / phi
    size = np.maximum(size, 1e-12)
    log_term = (
        log_gamma(tickets + size)
        - log_gamma(size)
        - log_gamma(tickets + 1.0)
        - size * np.log(phi)
        + tickets * np.log(share)
    )
    ratio = (tickets + size) / (tickets + 1.0) * share
    falls = ratio < 0.95
    tail = log_term - np.log1p(-np.where(falls, ratio, 0.0))
    return np.asarray(np.where(falls, np.maximum(-tail, 0.0), 0.0))
