"""What the detector says: a change of an alarm, and the verdict on a contact reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AlarmState = Literal["raised", "grown", "cleared"]
VerdictState = Literal["WARMING_UP", "NORMAL", "SPIKE"]


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm was raised, has grown, or was cleared.

    Counts and bounds cover [`onset`, `onset` + `window_minutes`), closed minutes only, plus the open ones
    where `running` raised it. Minutes are minutes since 1970 in UTC.

    Attributes:
        contact_reason: whose alarm.
        state: `raised`, `grown` or `cleared`.
        onset: first minute of the spike, frozen at the raise.
        raised_minute: the minute after the one that tipped the evidence, so its instant is when a live
            worker raised it. Frozen at the raise.
        cleared_minute: the minute after the one that showed the spike to be over, or None.
        window_minutes: length of the window from the onset.
        observed: tickets in the window.
        expected: tickets to be expected in it without a spike, announced campaigns included.
        lower: 95 % predictive interval of the count without a spike, lower end.
        upper: the same, upper end.
        score: evidence for the spike, in nats of log-likelihood ratio.
        bar: what the score had to exceed.
        uplift: observed / expected.
        tested_uplift: the uplift among those tested whose evidence was strongest.
        previous_day: tickets of the same window at the same local time a day before, estimated to a quarter of
            an hour, where they were observed, else None. For words only: nothing is decided by it.
        warming_up: the baseline was still warming up; only a gross spike fires then.
    """

    contact_reason: str
    state: AlarmState
    onset: int
    raised_minute: int
    cleared_minute: int | None
    window_minutes: int
    observed: int
    expected: float
    lower: float
    upper: float
    score: float
    bar: float
    uplift: float
    tested_uplift: float
    previous_day: int | None = None
    warming_up: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a contact reason stands at the last closed minute.

    While NORMAL or WARMING_UP the window is the one with the strongest evidence of a rise (at least the
    last 60 minutes), while SPIKE it is the spike's. WARMING_UP is a value of its own: "no verdict yet" is
    not "normal".

    Attributes:
        contact_reason: which.
        state: WARMING_UP, NORMAL or SPIKE.
        minute: last closed minute.
        window_minutes: length of the window that ends with `minute`.
        observed: tickets in it.
        expected: tickets to be expected in it.
        lower: 95 % predictive interval of the count without a spike, lower end.
        upper: the same, upper end.
        score: strongest evidence for a spike, in nats.
        bar: what the score must exceed.
        level: the recent level against the usual one for this hour of the week (1 = as usual).
        dispersion: variance of a count relative to Poisson.
        uncertainty: relative standard deviation of the expected rate.
    """

    contact_reason: str
    state: VerdictState
    minute: int
    window_minutes: int
    observed: int
    expected: float
    lower: float
    upper: float
    score: float
    bar: float
    level: float
    dispersion: float
    uncertainty: float
