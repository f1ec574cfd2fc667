"""What is usual: a contact reason's rate by local hour of the week."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.calendar import HOURS
from detectors.profile import GENERIC, pooled
from detectors.rows import Field, FlagArray, FloatArray, RowArray, Rows

WEEKLY_FORGETTING = 0.9
_PRIOR_TICKETS = 0.5
_PRIOR_MINUTES = 50.0
"""Before anything was seen, a reason's level is worth half a ticket in 50 minutes."""
_NOVELTY = 0.8**2
"""Relative variance of an hour of the week that has never been watched, in a reason just met."""
_NIGHT = 0.05**2
"""... and on top of it, relative to the reason's mean rate: nights differ more than days."""
QUARTERS = 4
_OWN_SMOOTHNESS = 0.5
"""How smoothly a reason's own hours follow each other: 0 in steps, as on a timetable, 1 like a curve."""
_QUARTER_VARIANCE = 0.06**2
_QUARTER_WEIGHT = 1000.0
"""What the prior of 6 % within an hour is worth, in squared tickets per quarter."""
_KNOTS, _WEIGHTS = (part / 2.0 for part in np.polynomial.legendre.leggauss(4))
_KNOTS = _KNOTS + 0.5
"""Gauss-Legendre points on the hour, for its mean."""


class Baseline(Rows):
    """Pooled Gamma-Poisson rates by local hour of the week.

    Per reason and quarter of an hour of the week it keeps exponentially forgotten counts (N is an hour's) and,
    per hour, minutes of observation E
    (0.9 a week, so half of what it knows is younger than seven weeks). The rate is the posterior mean

        rate = (a + N / phi) / (a / (level * shape) + E / phi)

    with a Gamma prior around the reason's overall level times the shape of the week that it shares with
    similar reasons (`detectors.profile`); 1/a is how far reasons differ from that shape. A sparse reason
    so borrows the week of its kind, a dense one has its own. Its posterior relative variance is

        1 / (a + N / phi) + (weight of the prior)^2 / (tickets + 1/2) + novelty

    where the last term says that an hour of the week which was watched w times, in a reason watched for d
    days, may yet surprise: 0.64 / ((1 + w) (1 + d / 2))^2, more for nights; within two weeks it is gone.

    An hour in which nobody looked adds neither counts nor minutes; there are no phantom zeros.

    Choose it over a mean of the last weeks' same hours when reasons are sparse: at two weeks' history the
    error of a sparse reason's log rate falls to about a fifth.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "roots": Field((HOURS * QUARTERS,), "f2"),
        "exposure": Field((HOURS,), "f2"),
        "shape": Field((HOURS,), "f2", 1.0),
        "shape_variance": Field((), "f8", 0.25),
        "tickets": Field(),
        "usual": Field(),
        "watched": Field(),
        "pending": Field((2 * QUARTERS,), "f4"),
        "spiked": Field((HOURS // 8,), "u1"),
    }
    roots: FloatArray
    """Square roots of the counts by quarter of an hour: half precision reaches far enough that way."""
    exposure: FloatArray
    shape: FloatArray
    shape_variance: FloatArray
    tickets: FloatArray
    usual: FloatArray
    watched: FloatArray
    pending: FloatArray
    """Tickets of each quarter of the hour being learnt, then minutes of each."""
    spiked: FloatArray
    """One bit an hour of the week: whether a spike was on when it was last met."""

    def resize(self, size: int) -> None:
        """Make room for `size` reasons; a new one starts with the generic week."""
        before = self.size
        super().resize(size)
        self.shape[:, before:] = GENERIC[:, None]

    def learn(self, quarter: int, tickets: FloatArray, minutes: FloatArray) -> None:
        """Collect observed tickets of the hour that is leaving the guardband.

        Args:
            quarter: of the hour, 0 to 3.
            tickets: winsorised tickets per reason.
            minutes: minutes of observation, weighted by announced uplifts; 0 where nobody looked.
        """
        self.pending[quarter] += tickets
        self.pending[QUARTERS + quarter] += minutes

    def spiked_before(self, hour: int) -> FlagArray:
        """In which reasons a spike was on when this hour of the week was last met.

        Twice in a row is a habit: such an hour is learnt as it is. Otherwise an hour that was once expected
        far too low would alarm every week, and be learnt in none.
        """
        bits: RowArray = self.spiked[hour // 8].astype(np.intp)
        return np.asarray((bits >> (hour % 8)) & 1 > 0)

    def fold(self, hour: int, spiked: FlagArray) -> None:
        """Add the collected hour to its hour of the week, forgetting by the time that was observed.

        Once an hour, so that all that follows from the week holds for an hour and need not be worked out
        more often.

        Args:
            hour: of the week.
            spiked: whether a spike was on in it; where nobody watched it does not count.
        """
        minutes = self.pending[QUARTERS:].sum(axis=0, dtype=np.float64)
        forgetting = WEEKLY_FORGETTING ** (np.minimum(minutes, 60.0) / 60.0)
        quarters = slice(hour * QUARTERS, (hour + 1) * QUARTERS)
        bit = np.uint8(1 << hour % 8)
        byte: RowArray = self.spiked[hour // 8].astype(np.uint8)
        self.spiked[hour // 8] = np.where(minutes > 0.0, np.where(spiked, byte | bit, byte & ~bit), byte)
        before = self.roots[quarters].astype(np.float64) ** 2
        exposure = self.exposure[hour].astype(np.float64)
        self.roots[quarters] = np.sqrt(before * forgetting + self._balanced(before))
        self.exposure[hour] = exposure * forgetting + minutes
        # The sums over the week are state of their own: adding up 168 hours every time would cost more
        # than everything else together.
        longer = self.exposure[hour].astype(np.float64) - exposure
        self.tickets += (self.roots[quarters].astype(np.float64) ** 2 - before).sum(axis=0)
        self.usual += self.shape[hour] * longer
        self.watched += longer
        self.pending[:] = 0.0

    def _balanced(self, before: FloatArray) -> FloatArray:
        """The hour's tickets by quarter, as if each quarter had been watched for as long.

        One exposure is kept per hour. An hour that was half watched, or in whose middle a campaign began,
        would otherwise leave a shape within the hour that nothing in life corresponds to, and an alarm in it
        every week. A quarter that nobody watched is given what the others say by the shape known `before`.
        """
        pending = self.pending.astype(np.float64)
        tickets, minutes = pending[:QUARTERS], pending[QUARTERS:]
        seen = minutes > 0.0
        even = minutes.sum(axis=0) / QUARTERS
        balanced = tickets * (even / np.where(seen, minutes, 1.0))
        if seen.all():
            return np.asarray(balanced)
        quarters = np.maximum(seen.sum(axis=0), 1)
        held, known = balanced.sum(axis=0), (before * seen).sum(axis=0)
        share = np.where(known > 0.0, before / np.where(known > 0.0, known, 1.0), 1.0 / quarters)
        return np.asarray(np.where(seen, balanced, held * share))

    def counts(self, hours: Sequence[int] | slice = slice(None)) -> FloatArray:
        """Forgotten counts of some hours of the week (all without arguments), (hours, reasons)."""
        table = self.roots.reshape(HOURS, QUARTERS, self.size)[hours]
        return np.asarray((table.astype(np.float64) ** 2).sum(axis=1))

    def pool(self, dispersion: FloatArray) -> None:
        """Learn the shared shapes of the week anew from all reasons (milliseconds; four times a day)."""
        shape, variance = pooled(self.counts(), self.exposure.astype(np.float64), dispersion)
        self.shape[:] = shape
        self.shape_variance[:] = variance
        self._add_up(slice(None))

    def _add_up(self, rows: slice) -> None:
        counts = (self.roots[:, rows].astype(np.float64) ** 2).sum(axis=0)
        self.tickets[rows], exposure = counts, self.exposure[:, rows]
        self.watched[rows] = exposure.sum(axis=0, dtype=np.float64)
        self.usual[rows] = (self.shape[:, rows].astype(np.float64) * exposure).sum(axis=0)

    def level(self) -> FloatArray:
        """Each reason's overall rate per minute, from all hours that were observed."""
        return np.asarray((self.tickets + _PRIOR_TICKETS) / (self.usual + _PRIOR_MINUTES))

    def rates(self, hours: Sequence[int], dispersion: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Posterior mean rate per minute and its relative variance, for some hours of the week.

        Args:
            hours: hours of the week.
            dispersion: variance relative to Poisson, per reason.

        Returns:
            Two tables (hours, reasons).
        """
        index = list(hours)
        level = self.level()
        tickets = np.maximum(self.tickets, 0.0) / dispersion
        prior_rate = np.maximum(level * self.shape[index].astype(np.float64), 1e-9)
        prior = 1.0 / self.shape_variance
        counts = self.counts(index) / dispersion
        exposure = self.exposure[index].astype(np.float64) / dispersion
        weight_of_prior = prior / prior_rate
        rate = (prior + counts) / (weight_of_prior + exposure)
        trust = weight_of_prior / (weight_of_prior + exposure)
        weeks = self.exposure[index].astype(np.float64) / 60.0
        shape = np.maximum(prior_rate / level, 0.02)
        days = self.watched / 1440.0
        variance = 1.0 / (prior + counts) + trust**2 / (tickets + _PRIOR_TICKETS)
        variance += (_NOVELTY + _NIGHT / shape**2) / ((1.0 + weeks) * (1.0 + 0.5 * days)) ** 2
        return rate, variance

    def within(
        self, hours: Sequence[int], rates: FloatArray, dispersion: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """How the minutes of an hour differ from its mean, and how well that is known.

        The shape that a reason shares with its kind is smooth (`within_hour`); what its own hours differ
        from that by is half smooth, half a matter of whole hours. Its quarters of an hour are then shrunk
        towards that by how much quarters of this hour differ beyond chance: a Gamma prior with that
        relative variance, itself shrunk towards 6 %.

        Args:
            hours: the hours of the week around the third of them, which is the one.
            rates: rates per minute of these five, (5, reasons).
            dispersion: variance relative to Poisson, per reason.

        Returns:
            Relative rates of 60 minutes with mean 1, (60, reasons), and their relative variance.
        """
        shape = np.log(np.maximum(self.shape[list(hours)].astype(np.float64), 1e-6))
        table = within_hour(shape + _OWN_SMOOTHNESS * (np.log(rates) - shape), range(60))
        exposure = self.exposure[hours[2]].astype(np.float64) / (QUARTERS * dispersion)
        place = hours[2] * QUARTERS
        seen = self.roots[place : place + QUARTERS].astype(np.float64) ** 2 / dispersion
        usual = table.reshape(QUARTERS, 15, self.size).mean(axis=1) * (rates[2] * exposure)
        surplus = ((seen - usual) ** 2 - usual).sum(axis=0) + _QUARTER_VARIANCE * _QUARTER_WEIGHT
        variance = np.clip(surplus / ((usual**2).sum(axis=0) + _QUARTER_WEIGHT), 0.02**2, 2.0)
        own = (1.0 + variance * seen) / (1.0 + variance * usual)
        table *= np.repeat(own, 15, axis=0)
        table /= table.mean(axis=0)
        return table, np.asarray((variance / (1.0 + variance * usual)).mean(axis=0))

    def move(self, row: int, factor: float) -> None:
        """Accept a new normal: one reason's whole week is multiplied, and known only half as well.

        Half as well, so that the way back is short if it was a long spike after all; and every hour gets
        half an hour's worth of the new level, so that a reason that had hardly any tickets has one.
        """
        level = float(self.level()[row]) * factor
        shape = np.repeat(self.shape[:, row].astype(np.float64), QUARTERS)
        counts = self.roots[:, row].astype(np.float64) ** 2
        self.roots[:, row] = np.sqrt(0.5 * factor * counts + 30.0 / QUARTERS * level * shape)
        self.exposure[:, row] = 0.5 * self.exposure[:, row].astype(np.float64) + 30.0
        self._add_up(slice(row, row + 1))


def within_hour(log_rates: FloatArray, minutes: Sequence[int]) -> FloatArray:
    """Relative rates of some minutes of an hour, smooth and with mean 1 over the hour.

    A parabola in the logarithm through the hour's edges (fourth-order estimates from two hours on either
    side), scaled so that the hour keeps its mean. Straight lines between hourly means flatten peaks and
    cost about 6 % of error in every reason.

    Args:
        log_rates: logarithms of five hourly means, (5, reasons); the third is the hour's.
        minutes: which minutes of the hour, 0 to 59.

    Returns:
        Relative rates, (minutes, reasons).

    Example:
        >>> shape = within_hour(np.log([[1.0], [2.0], [4.0], [8.0], [16.0]]), range(60))
        >>> round(float(shape.mean()), 3), bool(np.all(np.diff(shape[:, 0]) > 0))
        (1.0, True)
    """
    far_before, before, middle, after, far_after = log_rates
    left = (7.0 * (before + middle) - (far_before + after)) / 12.0
    right = (7.0 * (middle + after) - (before + far_after)) / 12.0
    # An edge beyond both neighbours would be the noise of sparse hours, not a peak.
    left = np.minimum(np.maximum(left, np.minimum(before, middle)), np.maximum(before, middle)) - middle
    right = np.minimum(np.maximum(right, np.minimum(middle, after)), np.maximum(middle, after)) - middle
    bend: FloatArray = -3.0 * (left + right)
    position = np.concatenate([(np.asarray(minutes) + 0.5) / 60.0, _KNOTS])[:, None]
    # In place: these tables are the largest that an hour needs.
    table: FloatArray = bend * (1.0 - position)
    table += right - left
    table *= position
    table += left
    np.exp(table, out=table)
    within, knots = table[: len(minutes)], table[len(minutes) :]
    within /= _WEIGHTS @ knots
    return np.asarray(within)
