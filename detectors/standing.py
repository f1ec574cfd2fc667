"""The alarms: quiet or firing, when they grew, and when a spike is over."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np

from detectors.rows import Field, FlagArray, FloatArray, RowArray, Rows, some

CLEAR_EVIDENCE = 2.0
"""Nats of evidence against the spike going on, after which it is over."""
_BEYOND_EXPECTED = 2.0
"""What goes on beyond a rise that people expect: at this or more of what they expect; less than 1.44 is calm."""
CALM_MINUTES = 15
CALM_PART = 0.1
CALM_MOST_MINUTES = 6 * 60
"""Calm must last 15 minutes, or a tenth of the spike, at most six hours."""
NEW_NORMAL_MINUTES = 2 * 1440
"""A level that stays up this long is the new normal."""
SETTLING_MINUTES = 6 * 60
"""... and this long while the reason is warming up, where the usual is hardly known."""
LOST_MINUTES = 6 * 60
"""Nobody looked for so long: whether the spike went on is unknown, the alarm is cleared."""
_DAY = 0.5 ** (1.0 / (12.0 * 60.0))
_DEBT = 1.0
_DEBT_KEPT = 0.5 ** (5.0 / 360.0)
_HABIT_KEPT = 0.5 ** (5.0 / (21.0 * 1440.0))
_HABIT_WEEKS = 3.0 / log(2.0)
"""Weeks that a steady trickle of alarms adds up over, at that half-life."""
_HABIT_PRIOR = 8.0
_HABIT_MOST = 3.0


class Standing(Rows):
    """One alarm per reason, QUIET or FIRING, with what is frozen at the raise.

    *Clear slowly.* While an alarm fires, a reverse CUSUM asks whether tickets still come at a raised rate
    R' = max(1.3, uplift^0.8) or at the usual one m:

        D <- max(0, D + ((R' - 1) m - x log R') / phi)

    The spike is over at D >= 2 nats and 15 minutes after D last was 0, or a tenth of the spike's length if
    that is more: what has lasted for a day is not over after a quiet quarter of an hour. It adapts by
    itself: a busy reason shows within minutes that it is calm, a sparse one needs the hours in which a
    spike would have brought tickets.

    *No echo.* After a clear the reason's bar is a nat higher, half of that six hours later, so the tail of
    the same spike does not raise it again.

    *Habit.* A reason that bursts every other day must burst more strongly than it uses to: with n alarms in
    the last weeks (half-life 21 days) where its share of the channel's false alarms would be n0, its bar is
    log((8 + n) / (8 + n0)) higher, at most 3. Heavy tails of real series are met by this and not by a larger
    dispersion, which would blind all reasons.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "firing": Field((), "?"),
        "silent": Field((), "?"),
        "warming": Field((), "?"),
        "onset": Field((), "i4", -1),
        "raised": Field((), "i4", -1),
        "cleared": Field((), "i4", -1),
        "observed": Field(),
        "expected": Field(),
        "doubt": Field((), "f4"),
        "stated": Field((), "f4"),
        "score": Field((), "f4"),
        "bar": Field((), "f4"),
        "tested": Field((), "f4"),
        "calm": Field((), "f4"),
        "calm_since": Field((), "i4", -1),
        "day_observed": Field((), "f4"),
        "day_expected": Field((), "f4"),
        "debt": Field((), "f4"),
        "habit": Field((), "f4"),
    }
    firing: FlagArray
    silent: FlagArray
    warming: FlagArray
    onset: FloatArray
    raised: FloatArray
    cleared: FloatArray
    observed: FloatArray
    expected: FloatArray
    doubt: FloatArray
    stated: FloatArray
    score: FloatArray
    bar: FloatArray
    tested: FloatArray
    calm: FloatArray
    calm_since: FloatArray
    day_observed: FloatArray
    day_expected: FloatArray
    debt: FloatArray
    habit: FloatArray

    def surcharge(self, budget: FloatArray) -> FloatArray:
        """How many nats more than its bar each reason's evidence must reach.

        Args:
            budget: each reason's share of the false alarms per week.
        """
        usual = _HABIT_PRIOR + budget * _HABIT_WEEKS
        return np.asarray(self.debt + np.log((_HABIT_PRIOR + self.habit) / usual).clip(0.0, _HABIT_MOST))

    def fade(self) -> None:
        """Let five minutes pass: echoes and habits are forgotten."""
        self.debt *= _DEBT_KEPT
        self.habit *= _HABIT_KEPT

    def follow(
        self,
        rows: RowArray,
        minute: int,
        seen: Sequence[FloatArray],
        phi: FloatArray,
        lift: FloatArray | None = None,
    ) -> None:
        """Take one closed minute into the firing alarms `rows`.

        Args:
            rows: which.
            minute: the minute.
            seen: their tickets, expected tickets and the latter's standard deviation.
            phi: their variance relative to Poisson.
            lift: by how much more people expect of them now than when their alarm was raised, or None: the
                spike goes on if tickets are above that, and by how much above is not known from before.
        """
        counts, mean, doubt = seen
        observed, expected, unsure = self.observed[rows], self.expected[rows], self.doubt[rows]
        early = self.onset[rows] > minute
        if some(early):
            # Raised on open minutes that are closed only now: what lies before the onset is no part of the window.
            observed, expected = observed + counts * ~early, expected + mean * ~early
            unsure = unsure + doubt * ~early
        else:
            observed, expected, unsure = observed + counts, expected + mean, unsure + doubt
        self.observed[rows], self.expected[rows], self.doubt[rows] = observed, expected, unsure
        self.day_observed[rows] = self.day_observed[rows] * _DAY + counts
        self.day_expected[rows] = self.day_expected[rows] * _DAY + mean
        uplift = (observed + 1.0) / (expected + 1.0)
        tested = np.maximum(1.3, uplift**0.8)
        if lift is not None:
            tested = np.where(lift > 1.0, np.maximum(_BEYOND_EXPECTED, (uplift / lift) ** 0.8), tested)
        calm = self.calm[rows] + ((tested - 1.0) * mean - counts * np.log(tested)) / phi
        self.calm[rows] = np.maximum(calm, 0.0)
        self.calm_since[rows[calm <= 0.0]] = minute
        ratio = np.maximum(observed, 1e-9) / np.maximum(expected, 1e-9)
        evidence = (observed * np.log(ratio) - observed + expected) / phi
        self.score[rows] = np.maximum(self.score[rows], evidence * (ratio > 1.0))

    def calmed(self, rows: RowArray, minute: int) -> FlagArray:
        """Which of the firing alarms `rows` are calm again."""
        calm = np.asarray(self.calm[rows] >= CLEAR_EVIDENCE)
        if not some(calm):
            return calm
        lasted = minute - self.onset[rows]
        needed = np.maximum(CALM_MINUTES, np.minimum(CALM_PART * lasted, CALM_MOST_MINUTES))
        return np.asarray(calm & (minute - self.calm_since[rows] >= needed))

    def settled(self, rows: RowArray, minute: int) -> FlagArray:
        """Which of the firing alarms `rows` have stood long enough to be the new normal."""
        stood = minute + 1 - self.raised[rows]
        settled = np.asarray(stood >= SETTLING_MINUTES)
        if not some(settled):
            return settled
        return np.asarray(settled & ((stood >= NEW_NORMAL_MINUTES) | self.warming[rows]))

    def grown(self, rows: RowArray) -> FlagArray:
        """Which of the firing alarms `rows` have a fifth and five tickets more than last stated."""
        more = self.observed[rows] - self.stated[rows]
        grown = np.asarray(more >= 5.0)
        return np.asarray(grown & (more >= 0.2 * self.stated[rows])) if some(grown) else grown

    def fire(self, row: int, onset: int, raised: int, sums: Sequence[float], silent: bool) -> None:
        """From QUIET to FIRING; `sums` are the window's tickets, expectation and its standard deviation.

        A silent alarm is one met while history is learnt: it protects the baseline and is never told.
        """
        self.firing[row] = True
        self.silent[row] = silent
        self.onset[row] = onset
        self.raised[row] = raised
        self.cleared[row] = -1
        self.observed[row], self.expected[row], self.doubt[row] = sums
        self.stated[row] = sums[0]
        self.day_observed[row], self.day_expected[row] = sums[:2]
        self.calm[row] = 0.0
        self.calm_since[row] = raised - 1

    def clear(self, row: int, minute: int) -> None:
        """Back to QUIET as of `minute`."""
        self.firing[row] = False
        self.silent[row] = False
        self.cleared[row] = minute
        self.debt[row] = _DEBT
        self.habit[row] += 1.0

    def spiking(self, start: int, end: int) -> FlagArray:
        """Which reasons had, or have, an alarm that covers some of [start, end)."""
        return np.asarray((self.onset >= 0) & (self.onset < end) & (self.firing | (self.cleared > start)))
