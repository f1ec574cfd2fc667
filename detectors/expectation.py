"""What a detector expected of a minute, to be looked at from outside."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.rows import FloatArray


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was expected of one minute, one value per contact reason in the order of `Detector.reasons`.

    With `detectors.interval` they give the interval in which a count lies with 95 % probability. Over several
    minutes `mean` adds up and `phi` stays. `doubt` adds up within a slot of five minutes, whose minutes err
    together, and in squares from slot to slot: the level follows each slot, so what was expected of the next
    one errs anew (the innovations of a Kalman filter are white). Not to be changed by who asks.

    Attributes:
        minute: which.
        mean: tickets to be expected, announced campaigns included.
        doubt: standard deviation of `mean`.
        phi: variance of a count relative to Poisson.
    """

    minute: int
    mean: FloatArray
    doubt: FloatArray
    phi: FloatArray
