"""How busy is it lately, against the usual for this hour of the week: with and without a spike?"""

from __future__ import annotations

from math import exp

import numpy as np

from detectors.cusum import UPLIFTS
from detectors.guardband import SLOT
from detectors.rows import Field, FlagArray, FloatArray, Rows

HYPOTHESES = len(UPLIFTS) + 1
"""No spike, and a spike of each tested uplift."""
_DAY_KEPT = exp(-SLOT / 1440.0)
_HOUR_KEPT = exp(-SLOT / 90.0)
_MEAN_KEPT = np.array([_DAY_KEPT, _HOUR_KEPT])[:, None, None]
_COVARIANCE_KEPT = np.array([_DAY_KEPT**2, _HOUR_KEPT**2, _DAY_KEPT * _HOUR_KEPT])[:, None, None]
_START = 0.02
_MOST = 3.0
"""Standard deviations beyond which a slot's surprise is clipped where there is to be no spike."""
_LEAP = 1.0
_FAR = 4.0
"""Most that a slot moves a logarithm, and most that it can be: a bug upstream sends a million tickets a minute."""
_CAMPAIGN_VARIANCE = 0.15**2
_AS_USUAL = np.float32(1.0).tobytes()
_CAMPAIGN_STEP = 0.4
"""Change of the logarithm of the announced uplift from which on that holds whole."""
_RATES = np.concatenate(([1.0], UPLIFTS))[:, None]


class Level(Rows):
    """A filter on the recent level for each hypothesis: no spike, or a spike of one of the tested uplifts.

    The logarithm of the level is the sum of two latent processes: a slow one that wanders around 0 (an
    Ornstein-Uhlenbeck process with a correlation time of one day and a variance that `detectors.dispersion`
    learns per reason) and one that is new in every hour, the error of that hour of the week in the
    baseline. Both are tracked by one extended Kalman filter for counts with variance phi times mean. Per
    slot of five minutes with x tickets where m are expected:

        gain on each part = (its covariance with the sum) / (phi + V m)        V = variance of the sum
        part <- part + gain (x - m);      covariance <- covariance - gain gain' m (phi + V m)

    *Without* a spike m is usual x level; *with* a spike of uplift R it is R times that. So the question
    whether tickets rose because the level wandered, or because something broke, is answered by both stories
    being followed and compared (`detectors.cusum`): a level that drifts up is followed by the first story
    and raises no alarm, a sudden rise is not, since the first story finds it too improbable. A spike's
    story begins where its evidence begins, with the level as it stood then.

    Choose it over a filter that looks at the past up to some hours ago: that one either takes a slow drift
    for a spike, or must be told to expect a higher mean than it believes in, which hides small spikes.

    Sources: West & Harrison, *Bayesian Forecasting and Dynamic Models* (1997), chapters 2 and 14, for the
    filter; Willsky & Jones, IEEE Trans. Automatic Control 21 (1976) 108, for one filter per hypothesis.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "mean": Field((2, HYPOTHESES), "f4"),
        "covariance": Field((3, HYPOTHESES), "f4"),
        "announced": Field((), "f4", 1.0),
    }
    mean: FloatArray
    """Logarithm of the slow level and of this hour's error, per hypothesis."""
    covariance: FloatArray
    """Variance of the slow level, variance of the hour's error, their covariance."""
    announced: FloatArray
    """Announced uplift at the newest minute."""

    def resize(self, size: int) -> None:
        """Make room for `size` reasons; a new one is at its usual level, hardly known."""
        before = self.size
        super().resize(size)
        self.covariance[0, :, before:] = _START

    def factors(self) -> FloatArray:
        """Each hypothesis's level times its uplift, (hypotheses, reasons)."""
        return np.asarray(_RATES * np.exp(self.mean.sum(axis=0, dtype=np.float64)))

    def slow(self) -> FloatArray:
        """The slow level where there is no spike."""
        return np.asarray(np.exp(self.mean[0, 0].astype(np.float64)))

    def variance(self, hour: FloatArray, *, fresh: bool) -> FloatArray:
        """Relative variance of the expected rate where there is no spike.

        Args:
            hour: relative variance of this hour of the week in the baseline.
            fresh: nothing was seen of this hour yet.
        """
        slow, quick, both = self.covariance[:, 0].astype(np.float64)
        return np.asarray(np.maximum(slow + (hour if fresh else quick) + 2.0 * both, 0.0))

    def announce(self, uplift: FloatArray | None) -> bool:
        """Hear of the announced uplift of a minute: where it changes, the level is known less well; did it?

        Campaigns do as announced only within some 15 %, and when one ends the level it taught ends with it.
        None is 1 for all.
        """
        # Every minute, so as bytes: that is ten times as fast.
        before = self.announced.tobytes()
        if uplift is None and before == _AS_USUAL * self.size:
            return False
        heard = np.maximum(1.0 if uplift is None else uplift, 1e-6).astype(np.float32)
        if heard.tobytes() == before:
            return False
        step = np.abs(np.log(heard / self.announced))
        self.covariance[0] += _CAMPAIGN_VARIANCE * np.minimum(step / _CAMPAIGN_STEP, 1.0)
        self.announced[:] = heard
        return True

    def learn(
        self,
        tickets: FloatArray,
        usual: FloatArray,
        dispersion: FloatArray,
        spread: FloatArray,
        hour: FloatArray,
        *,
        fresh: bool,
        born: FlagArray,
        dead: FlagArray,
        blind: FlagArray,
    ) -> None:
        """Take in one slot.

        Args:
            tickets: of the slot.
            usual: what the baseline alone expected, announced campaigns included.
            dispersion: variance relative to Poisson.
            spread: stationary variance of the slow level.
            hour: relative variance of this hour of the week in the baseline.
            fresh: the slot is the first of its hour.
            born: spikes' evidence that began in this slot, (uplifts, reasons): their story starts here.
            dead: spikes without evidence: they have the level of no spike.
            blind: reasons from which nothing is to be learnt now (an alarm fires, or nobody looked).
        """
        mean, covariance = self.mean.astype(np.float64), self.covariance.astype(np.float64)
        np.copyto(mean[:, 1:], mean[:, :1], where=born)
        np.copyto(covariance[:, 1:], covariance[:, :1], where=born)
        if fresh:
            mean[1], covariance[2] = 0.0, 0.0
            covariance[1] = hour
        mean *= _MEAN_KEPT
        covariance *= _COVARIANCE_KEPT
        slow, quick = mean
        p_slow, p_quick, p_both = covariance
        p_slow += (1.0 - _DAY_KEPT**2) * spread
        p_quick += (1.0 - _HOUR_KEPT**2) * hour
        expected = usual * _RATES * np.exp(slow + quick)
        variance = p_slow + p_quick + 2.0 * p_both
        surprise = tickets - expected
        limit = _MOST * np.sqrt(dispersion * expected[0] + variance[0] * expected[0] ** 2) + 0.5
        surprise[0] = np.minimum(surprise[0], limit)
        follows = np.empty(expected.shape, bool)
        follows[0] = ~blind
        follows[1:] = ~(born | dead | blind)
        share = follows / (dispersion + variance * expected)
        with_slow, with_quick = p_slow + p_both, p_quick + p_both
        surprise *= share
        slow += _within(with_slow * surprise, _LEAP)
        quick += _within(with_quick * surprise, _LEAP)
        self.mean[:] = _within(mean, _FAR)
        share *= expected
        p_both -= with_slow * with_quick * share
        p_slow -= np.square(with_slow, out=with_slow) * share
        p_quick -= np.square(with_quick, out=with_quick) * share
        self.covariance[:] = covariance
        np.copyto(self.mean[:, 1:], self.mean[:, :1], where=dead)
        np.copyto(self.covariance[:, 1:], self.covariance[:, :1], where=dead)

    def end_hour(self) -> None:
        """The hour's error ends with the hour."""
        self.mean[1] = 0.0
        self.covariance[1:] = 0.0

    def adopt(self, row: int, which: int) -> None:
        """An alarm was raised on the story of the uplift `which`: what it says of the level holds."""
        self.mean[:, 0, row] = self.mean[:, 1 + which, row]
        self.covariance[:, 0, row] = self.covariance[:, 1 + which, row]

    def begin_again(self, row: int, logarithm: float) -> None:
        """The level of a reason is what it was before something that is over now; how well, is hardly known."""
        self.mean[0, :, row], self.mean[1, :, row] = logarithm, 0.0
        self.covariance[:2, :, row], self.covariance[2, :, row] = _START, 0.0

    def pass_unseen(self, minutes: int, spread: FloatArray) -> None:
        """Let time pass in which nobody looked: back towards the usual, and less certain."""
        kept = exp(-minutes / 1440.0)
        self.end_hour()
        self.covariance[1] = _START
        self.mean[0] = self.mean[0, :1] * kept
        self.covariance[0] = self.covariance[0, :1] * kept**2 + (1.0 - kept**2) * spread


def _within(values: FloatArray, most: float) -> FloatArray:
    """In place, the values of at most this size."""
    np.minimum(values, most, out=values)
    return np.maximum(values, -most, out=values)
