"""What a detector expected and learnt, to be looked at from outside."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.guardband import Slot
from detectors.rows import FlagArray, FloatArray

TOGETHER = 0.02
"""Part of the mean by which a whole window may be off: trends, and what the model does not know of itself. Measured:
without it the 95 % interval of a day holds 91 % of quiet simulated days, with it 94 %."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was expected of one minute, one value per contact reason in the order of `Detector.reasons`.

    With `detectors.interval` they give the interval in which a count lies with 95 % probability. Over several
    minutes `mean` adds up and `phi` stays. `doubt` adds up within a slot of five minutes, whose minutes err
    together, and in squares from slot to slot: the level follows each slot, so what was expected of the next
    one errs anew (the innovations of a Kalman filter are white). In `TOGETHER` of the mean all slots err alike,
    which shows over a day. Not to be changed by who asks.

    Attributes:
        minute: which.
        mean: tickets to be expected, announced campaigns included.
        doubt: standard deviation of `mean`.
        phi: variance of a count relative to Poisson.
        usual: tickets to be expected if the recent level were none, announced campaigns included.
    """

    minute: int
    mean: FloatArray
    doubt: FloatArray
    phi: FloatArray
    usual: FloatArray


@dataclass(frozen=True, slots=True)
class Footing:
    """What the expectation of the minute closed last stood on, as known before its five minutes.

    Attributes:
        level: logarithm of the recent level; it goes back to 0 within days.
        wander: relative variance of a level that wanders.
        hour: relative variance of what is usual in this hour of the week, independent of most other hours.
        phi: variance of a count relative to Poisson.
    """

    level: FloatArray
    wander: FloatArray
    hour: FloatArray
    phi: FloatArray


@dataclass(frozen=True, slots=True)
class Lesson:
    """Five minutes that have left the guardband, two hours after they were closed.

    Attributes:
        slot: what was counted in them and what was usual.
        quiet: which contact reasons were observed on an ordinary day, with no alarm that covers them as far as is
            known by now.
    """

    slot: Slot
    quiet: FlagArray
