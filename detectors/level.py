"""How busy is it lately, against the usual for this hour of the week?"""

from __future__ import annotations

from math import exp

import numpy as np

from detectors.guardband import GUARDBAND, SLOT
from detectors.rows import Field, FloatArray, Rows

_CORRELATION_MINUTES = 1440.0
_KEPT_PER_SLOT = exp(-SLOT / _CORRELATION_MINUTES)
_KEPT_OVER_GUARD = exp(-GUARDBAND / _CORRELATION_MINUTES)


class Level(Rows):
    """A conjugate Gamma filter on the recent level, mean-reverting within about a day.

    The level g multiplies the baseline's rate; it is a latent process that wanders around 1 with
    stationary relative variance s2 (each reason's own, `detectors.dispersion`) and a correlation time of
    one day. Per slot of five minutes with `usual` expected tickets b:

        predict   g <- g^a            v <- a^2 v + (1 - a^2) s2        a = exp(-5 min / 1 day)
        update    k = v b g / (v b g + phi);  g <- g (1 + k (tickets / (b g) - 1));  v <- v (1 - k)

    so it learns in units of information: fast in busy hours, not at all from a quiet night. It sees a slot
    only when that leaves the guardband, and its statement is carried forward over those two hours.

    Choose it over a moving average because it knows how well it knows (v), which the score needs, and
    because it forgets towards the usual instead of keeping the last thing it saw.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "value": Field((), "f8", 1.0),
        "variance": Field((), "f8", 0.02),
    }
    value: FloatArray
    variance: FloatArray

    def learn(
        self,
        tickets: FloatArray,
        usual: FloatArray,
        dispersion: FloatArray,
        spread: FloatArray,
        seen: FloatArray,
    ) -> None:
        """Take in one slot.

        Args:
            tickets: winsorised tickets of the slot.
            usual: what the baseline alone expected.
            dispersion: variance relative to Poisson.
            spread: stationary relative variance of the level.
            seen: 1 where the slot was observed and no spike was going on, else 0.
        """
        value = self.value**_KEPT_PER_SLOT
        variance = self.variance * _KEPT_PER_SLOT**2 + (1.0 - _KEPT_PER_SLOT**2) * spread
        expected = np.maximum(usual * value, 1e-12)
        gain = seen * variance * expected / (variance * expected + dispersion)
        self.value[:] = np.clip(value * (1.0 + gain * (tickets / expected - 1.0)), 1e-3, 1e3)
        self.variance[:] = variance * (1.0 - gain)

    def now(self, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The level and its relative variance at the newest minute, carried over the guardband."""
        variance = self.variance * _KEPT_OVER_GUARD**2 + (1.0 - _KEPT_OVER_GUARD**2) * spread
        return self.value**_KEPT_OVER_GUARD, variance

    def pass_unseen(self, minutes: int, spread: FloatArray) -> None:
        """Let time pass in which nobody looked: back towards the usual, and less certain."""
        kept = exp(-minutes / _CORRELATION_MINUTES)
        self.value[:] = self.value**kept
        self.variance[:] = self.variance * kept**2 + (1.0 - kept**2) * spread
