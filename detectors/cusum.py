"""Evidence for a rise, accumulated over minutes to hours: a bank of negative-binomial CUSUMs."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.rows import Field, FlagArray, FloatArray, RowArray, Rows

UPLIFTS: FloatArray = np.array([1.3, 1.6, 2.2, 4.0, 10.0, 30.0, 100.0])
"""The rises that are tested for, as multiples of the expected rate."""
HANDICAP: FloatArray = np.array([0.5, 0.0, 0.0, 0.0, 0.0, 0.6, 1.2])
"""Nats that each uplift's evidence must have more: the smallest feeds on every error of the baseline, very large
ones on every clump of tickets."""
PRIOR: FloatArray = np.exp(-HANDICAP) / np.exp(-HANDICAP).sum()
"""The uplifts' weights in the mixture that come of it."""
_FORGETTING = np.exp(-1.0 / (60.0 * np.array([18.0, 24.0, 36.0, 72.0, 72.0, 72.0, 72.0])))[:, None]
"""Kept per minute, forgotten over so many hours: a small rise that lasts for days is a level, no spike."""
_LOG_PRIOR = np.log(PRIOR)
_MOST_BEYOND = log(len(UPLIFTS)) + float(_LOG_PRIOR.max())
"""The evidence is at most so much more than the highest score."""
_FEW = 16
_STEPS = np.arange(float(_FEW))[:, None, None]
_NOTHING = 1e-9
_NONE: RowArray = np.zeros(0, np.intp)


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

    A count x in a minute is held against two stories, each with its own level (`detectors.level`): m0 are
    expected without a spike, m1 = R times usual times the level of the spike's story with it. With
    r = m / (phi - 1)

        l(x) = lgamma(x + r1) - lgamma(r1) - lgamma(x + r0) + lgamma(r0) - (r1 - r0) log(phi)
        S <- max(0, S f + l(x))

    Each keeps the onset of its present excursion (the last time it was 0: the maximum-likelihood estimate
    of the change point) and what was observed, expected and doubtful since. f forgets over 18 hours to
    three days, small uplifts sooner: what is a little more for longer is no spike but another level. The
    evidence of a reason is the mixture log(sum of prior x e^S) over the uplifts, which never needs a
    choice among them.

    Of all rules with the same false-alarm rate a CUSUM has the shortest worst-case delay (Moustakides
    1986); not knowing the uplift and trying seven costs a few percent of the detections. Choose it over a
    test per bucket, which finds less than half as many spikes. A long quiet stream alarms now and then:
    that is inherent, and what `detectors.threshold` budgets.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "score": Field((len(UPLIFTS),)),
        "onset": Field((len(UPLIFTS),), "i4"),
        "sums": Field((3, len(UPLIFTS)), "f4"),
    }
    score: FloatArray
    onset: FloatArray
    sums: FloatArray
    """Tickets observed, tickets expected and the expectation's standard deviation since the onset."""

    def update(self, minute: int, counts: FloatArray, terms: Terms, still: RowArray = _NONE) -> None:
        """Take in one minute of all reasons.

        Args:
            minute: which.
            counts: tickets per reason.
            terms: what the stories expect.
            still: reasons that collect no evidence now.
        """
        score = self.score
        score *= _FORGETTING
        score -= terms.drift
        credit(score, counts, terms)
        if still.size:
            score[:, still] = 0.0
        np.maximum(score, 0.0, out=score)
        dead = score <= 0.0
        sums = self.sums
        sums[0] += counts.astype(np.float32)
        sums[1] += terms.expected
        sums[2] += terms.doubt
        # A product of two types takes three times as long.
        sums *= (~dead).astype(np.float32)
        np.putmask(self.onset, dead, minute + 1)

    def candidates(self, bars: FloatArray) -> RowArray:
        """Reasons whose evidence may have reached the bar; few."""
        return np.asarray((np.maximum.reduce(self.score, axis=0) >= bars - _MOST_BEYOND).nonzero()[0])

    def best(self) -> FloatArray:
        """The evidence per reason: the mixture over the uplifts that have any."""
        return self.evidence(slice(None))

    def evidence(self, rows: RowArray | slice | int) -> FloatArray:
        """The evidence of some reasons."""
        score = (self.score[:, rows].T + _LOG_PRIOR).T
        most = score.max(axis=0)
        value = most + np.log(np.exp(score - most).sum(axis=0))
        return np.asarray(np.where(value > _NOTHING, value, 0.0))

    def alive(self) -> FlagArray:
        """Which uplifts of which reasons have evidence."""
        return np.asarray(self.score > 0.0)

    def which(self, row: int) -> int:
        """The uplift (its index) with the strongest evidence in a reason."""
        return int((self.score[:, row] + _LOG_PRIOR).argmax())

    def reset(self, rows: RowArray | slice | int, minute: int) -> None:
        """Drop all evidence of some reasons, from `minute` on."""
        self.score[:, rows] = 0.0
        self.sums[:, :, rows] = 0.0
        self.onset[:, rows] = minute


class Terms(NamedTuple):
    """What the stories expect of one minute.

    Attributes:
        usual: tickets that the baseline alone expects, (reasons,).
        drift: what a minute without tickets takes from each uplift's score, (uplifts, reasons).
        size: the negative binomial's size without a spike and with each uplift, per ticket usually expected,
            (1 + uplifts, reasons).
        gain: what a single ticket adds to each score, (uplifts, reasons).
        expected: tickets the spike's story expects had there been no spike, (uplifts, reasons), in single precision.
        doubt: standard deviation of that.
    """

    usual: FloatArray
    drift: FloatArray
    size: FloatArray
    gain: FloatArray
    expected: NDArray[np.float32]
    doubt: NDArray[np.float32]


def credit(score: FloatArray, counts: FloatArray, terms: Terms) -> None:
    """Add to each uplift's score, in place, what the tickets of one minute say for it.

    Most minutes of most reasons hold no ticket or one, where the gamma functions cancel: 0 and `gain`.

    Example:
        >>> score, size, one = np.zeros((2, 3)), np.array([[0.2], [0.4], [2.0]]) * np.ones(3), np.ones((2, 3))
        >>> terms = Terms(np.ones(3), one, size, np.log(size[1:] / size[0]), one, one)
        >>> credit(score, np.array([0.0, 1.0, 2.0]), terms)
        >>> score.round(3)
        array([[0.   , 0.693, 0.847],
               [0.   , 2.303, 3.219]])
    """
    single = (counts == 1.0).astype(np.float64)
    added = terms.gain * single
    several = (counts != single).nonzero()[0]
    if several.size:
        x = counts[several]
        sizes = np.maximum(terms.size.take(several, axis=1) * terms.usual[several], 1e-12)
        added[:, several] = _few(sizes, x)
        many = (x != np.minimum(np.floor(x), _FEW)).nonzero()[0]
        if many.size:
            added[:, several[many]] = _many(sizes[:, many], x[many])
    score += added


def _few(sizes: FloatArray, x: FloatArray) -> FloatArray:
    """What whole numbers of tickets up to `_FEW` say: then lgamma(x + r) - lgamma(r) = log(r (r + 1) ... (r + x - 1)).

    A quarter of the time that the gamma functions take.
    """
    steps = _STEPS[: int(min(np.maximum.reduce(x), _FEW))]
    product = np.multiply.reduce(np.where(steps < x, sizes + steps, 1.0), axis=0)
    return np.asarray(np.log(product[1:] / product[0]))


def _many(sizes: FloatArray, x: FloatArray) -> FloatArray:
    ratios = log_gamma(sizes + x) - log_gamma(sizes)
    return np.asarray(ratios[1:] - ratios[0])
