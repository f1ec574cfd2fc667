"""Evidence for a rise, accumulated over minutes to hours: a bank of negative-binomial CUSUMs."""

from __future__ import annotations

from math import exp

import numpy as np

from detectors.rows import Field, FloatArray, RowArray, Rows

UPLIFTS: FloatArray = np.array([2.0, 4.0, 10.0, 30.0])
"""The rises that are tested for, as multiples of the expected rate."""
HANDICAP: FloatArray = np.array([1.0, 0.0, 0.0, 0.0])
"""What each uplift's evidence must have more: a small uplift feeds on every error of the baseline."""
_FORGETTING = exp(-1.0 / (10.0 * 60.0))
_UPLIFTS = UPLIFTS[:, None]
_LOG_UPLIFTS = np.log(_UPLIFTS)
_HANDICAP = HANDICAP[:, None]


def log_gamma(x: FloatArray) -> FloatArray:
    """Logarithm of the gamma function for x > 0, by Stirling's series eight steps up.

    Relative error below 1e-12. numpy alone, because importing scipy takes longer than a start may.

    Example:
        >>> [round(float(value), 6) for value in log_gamma(np.array([0.5, 5.0, 1e6]))]
        [0.572365, 3.178054, 12815504.569148]
    """
    square = x * (x + 7.0)
    product = square * (square + 6.0) * (square + 10.0) * (square + 12.0)
    z = x + 8.0
    inverse = 1.0 / z
    inverse_square = inverse * inverse
    series = inverse * (
        1 / 12 - inverse_square * (1 / 360 - inverse_square * (1 / 1260 - inverse_square / 1680))
    )
    return np.asarray((z - 0.5) * np.log(z) - z + 0.9189385332046727 + series - np.log(product))


class Bank(Rows):
    """One CUSUM per tested uplift R, on log-likelihood ratios of NB1 counts (variance phi times mean).

    With r = m / (phi - 1) and a count x in a minute where m is expected,

        l_R(x) = lgamma(x + R r) - lgamma(R r) - lgamma(x + r) + lgamma(r) - (R - 1) r log(phi)
        S_R <- max(0, S_R * f + l_R(x))

    Each keeps the onset of its present excursion (the last time it was 0: the maximum-likelihood estimate
    of the change point) and what was observed, expected and doubtful since. f forgets over ten hours, so a
    baseline that is a little low for a whole day does not add up to a spike.

    Of all rules with the same false-alarm rate a CUSUM has the shortest worst-case delay (Moustakides
    1986); not knowing the uplift and trying four costs about 3 % of the detections. Choose it over a test
    per bucket, which finds less than half as many spikes. A long quiet stream alarms now and then: that is
    inherent, and what `detectors.threshold` budgets.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "score": Field((len(UPLIFTS),)),
        "onset": Field((len(UPLIFTS),), "i8"),
        "sums": Field((3, len(UPLIFTS))),
    }
    score: FloatArray
    onset: FloatArray
    sums: FloatArray
    """Tickets observed, tickets expected and the expectation's standard deviation since the onset."""

    def update(self, minute: int, terms: FloatArray, drift: FloatArray, size: FloatArray) -> None:
        """Take in one minute of all reasons.

        Args:
            minute: which.
            terms: tickets, expected tickets and the latter's standard deviation, (3, reasons).
            drift: (R - 1) r log(phi), (uplifts, reasons).
            size: r, per reason.
        """
        score = self.score
        score *= _FORGETTING
        score -= drift
        credit(score, terms[0], size)
        alive = score > 0.0
        score *= alive
        self.sums += terms[:, None, :]
        self.sums *= alive
        np.copyto(self.onset, minute + 1, where=~alive)

    def best(self) -> FloatArray:
        """The strongest evidence per reason, handicaps taken off."""
        return np.asarray((self.score - _HANDICAP).max(axis=0))

    def which(self, row: int) -> int:
        """The uplift (its index) with the strongest evidence in a reason."""
        return int((self.score[:, row] - HANDICAP).argmax())

    def reset(self, rows: RowArray | slice | int, minute: int) -> None:
        """Drop all evidence of some reasons, from `minute` on."""
        self.score[:, rows] = 0.0
        self.sums[:, :, rows] = 0.0
        self.onset[:, rows] = minute


def credit(score: FloatArray, counts: FloatArray, size: FloatArray) -> None:
    """Add to each uplift's score, in place, what the tickets of one minute say for it.

    Most minutes of most reasons hold no ticket or one, where the gamma functions cancel: 0 and log R.

    Example:
        >>> score = np.zeros((4, 3))
        >>> credit(score, np.array([0.0, 1.0, 2.0]), np.full(3, 0.2))
        >>> score.round(3)
        array([[0.   , 0.693, 0.847],
               [0.   , 1.386, 1.792],
               [0.   , 2.303, 3.219],
               [0.   , 3.401, 5.165]])
    """
    rows = counts.nonzero()[0]
    if not rows.size:
        return
    x = counts[rows]
    gain = np.broadcast_to(_LOG_UPLIFTS, (len(UPLIFTS), rows.size)).copy()
    many = (x != 1.0).nonzero()[0]
    if many.size:
        r = np.maximum(size[rows[many]], 1e-12)
        sizes = np.concatenate((r[None], _UPLIFTS * r))
        ratios = log_gamma(sizes + x[many]) - log_gamma(sizes)
        gain[:, many] = ratios[1:] - ratios[0]
    score[:, rows] += gain
