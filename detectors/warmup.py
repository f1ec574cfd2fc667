"""Before there is a baseline: only a gross spike counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.rows import Field, FloatArray, RowArray, Rows

WARM_AFTER = 2 * 1440
"""Minutes a reason must have been watched before its baseline is believed."""
GROSS_EXTRA = 20.0
GROSS_UPLIFT = 5.0
_NORMAL_99 = 2.326
_MARGIN = 1.3
_LATELY = 45.0
"""Minutes before a window that a gross spike must stand out from, too."""
_LEAST_LATELY = 5.0
_BOUNDLESS = 1e12
_LEAST_REASONS = 6
_SET_ASIDE = 3


class Acquaintance(Rows):
    """How long each reason has been known, and what was seen of it since.

    `blank` is for how long the channel was watched before the reason first appeared: it had no tickets
    then. That is worth knowing for a gross spike (a reason that nobody has ever seen and that fills within
    minutes), but it is no part of the baseline: whether a reason is new or was only never used is
    unknown, so those minutes teach no zeros.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "known": Field((), "i8"),
        "seen": Field(),
        "tickets": Field(),
        "busyness": Field(),
        "blank": Field(),
    }
    known: FloatArray
    seen: FloatArray
    tickets: FloatArray
    busyness: FloatArray
    blank: FloatArray

    def add(self, counts: FloatArray, shape: float) -> None:
        """Take in one observed minute; `shape` is the relative rate of its hour of the week."""
        self.seen += 1.0
        self.tickets += counts
        self.busyness += shape

    def just_warm(self) -> RowArray:
        """Reasons whose baseline is believed from now on."""
        return np.asarray((self.seen == WARM_AFTER).nonzero()[0])


class Past(NamedTuple):
    """All that was seen of some reasons, the present windows included.

    Attributes:
        tickets: per reason.
        minutes: minutes in which they were seen, or would have been.
        busyness: the same, each weighted by its hour's relative rate.
    """

    tickets: FloatArray
    minutes: FloatArray
    busyness: FloatArray

    def of(self, rows: RowArray) -> Past:
        """The same of some of the reasons."""
        return Past(*(part[rows] for part in self))


def common_rise(tickets: FloatArray, minutes: FloatArray, shape: float, past: Past) -> FloatArray:
    """By how much most reasons together are above what was seen of them: no reason's own rise.

    The first tickets of a new channel are often late ones of the time before it: minutes that are nearly empty,
    as if nobody had written. Then everything rises at once, and so it does on a first morning that is steeper than
    others' mornings. The three reasons that rise most are set aside, so that floods of a few are no rise of all.

    Args:
        tickets: of each window, (windows, all reasons), windows from short to long, all ending now.
        minutes: length of each window.
        shape: relative rate of the present hour in a generic week.
        past: of all reasons.

    Returns:
        A factor of at least 1 per window, (windows, 1): 1 where fewer than six reasons are known, boundless for a
        window that holds all that the channel has seen, since nothing tells then what has risen.

    Example:
        >>> eight = np.ones(8)
        >>> past = Past(30 * eight, 60 * eight, 60 * eight)  # 5 in 50 minutes, then 25 in 10
        >>> common_rise(25 * eight[None], np.array([10.0]), 1.0, past).round()
        array([[20.]])
        >>> common_rise(np.array([[25.0] * 3 + [1.0] * 5]), np.array([10.0]), 1.0, past)
        array([[1.]])
    """
    if tickets.shape[1] < _LEAST_REASONS:
        return np.ones((len(tickets), 1))
    before = past.tickets - tickets
    share = minutes / max(float(past.minutes.max()), 1.0)
    rest = (tickets - share[:, None] * past.tickets).argsort(axis=1, kind="stable")[:, :-_SET_ASIDE]
    now = np.take_along_axis(tickets, rest, axis=1).sum(axis=1)
    then = np.take_along_axis(before, rest, axis=1).sum(axis=1) + 0.5
    busyness = float(past.busyness.max())
    watched = np.maximum(busyness - minutes * max(shape, busyness / max(float(past.minutes.max()), 1.0)), 0.0)
    expected = then / np.maximum(watched, 1e-9) * minutes * shape
    careful = np.maximum(now - 2.0 * np.sqrt(now), 0.0)
    rise = np.maximum(careful / np.maximum(expected, 1e-9), 1.0)
    # What is left of the past is nothing but rounding where the window holds all of it.
    return np.asarray(np.where(watched > 1e-6 * busyness, rise, _BOUNDLESS))[:, None]


def gross(
    tickets: FloatArray,
    minutes: FloatArray,
    shape: float,
    past: Past,
    common: FloatArray | float = 1.0,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Find gross spikes: at least 20 extra tickets *and* five times a careful expectation.

    The careful expectation is the 99 % upper limit (Gamma posterior, Wilson-Hilferty) of the rate that
    fits everything seen before the window, times the window's length and its hour's usual busyness, plus
    30 % for not knowing the shape of the day, times what all reasons rise by together; and never below what the three
    quarters of an hour before the window had. A contact reason's own morning or evening grows for hours and is no
    spike of a minute in which a few tickets came together; most false alarms of a first day were that. With nothing
    seen before the window it is boundless, so the first minutes of a channel never alarm, and neither do zeros that
    nobody observed.

    Args:
        tickets: tickets of each window, (windows, reasons), windows from short to long, all ending now.
        minutes: length of each window, for each reason as far as it is known: (windows, reasons).
        shape: relative rate of the present hour in a generic week.
        past: of the reasons.
        common: what `common_rise` gives.

    Returns:
        Per reason: index of the most evident window or -1, its tickets, its careful expectation.

    Example:
        >>> one = np.ones(1)
        >>> found = gross(np.array([[40.0]]), np.array([[2.0]]), 1.0, Past(43 * one, 722 * one, 722 * one))
        >>> [round(float(part[0]), 1) for part in found]
        [0.0, 40.0, 0.0]
    """
    past_tickets, past_minutes, past_busyness = past
    # Never below the average so far: an around-the-clock reason does not spike by its night's being busy.
    busy = np.maximum(shape, past_busyness / np.maximum(past_minutes, 1.0))
    before = np.maximum(past_tickets - tickets, 0.0) + 0.5
    # The past must be at least as long as the window, or there is nothing to compare it with.
    watched = np.where(past_minutes >= 2.0 * minutes, past_busyness - minutes * busy, 0.0)
    # Wilson-Hilferty: the cube root of a Gamma variable is nearly normal.
    upper = before * (1.0 - 1.0 / (9.0 * before) + _NORMAL_99 / (3.0 * np.sqrt(before))) ** 3
    rate = _MARGIN * upper / np.maximum(watched, 1e-9)
    careful = np.where(watched > 0.0, rate * minutes * busy * common, _BOUNDLESS)
    careful = np.maximum(careful, _lately(tickets, minutes))
    # A reason that is younger than the window has the same one again, beside a common rise of a longer time.
    longer = np.diff(minutes, axis=0, prepend=0.0) > 0.0
    fires = longer & (tickets - careful >= GROSS_EXTRA) & (tickets >= GROSS_UPLIFT * careful)
    ratio = np.maximum(tickets, 1e-9) / np.maximum(careful, 1e-9)
    evidence = np.where(fires, tickets * np.log(ratio) - tickets + careful, 0.0)
    index = evidence.argmax(axis=0)
    take = index[None]
    return (
        np.where(fires.any(axis=0), index, -1),
        np.take_along_axis(tickets, take, axis=0)[0],
        np.take_along_axis(careful, take, axis=0)[0],
    )


def _lately(tickets: FloatArray, minutes: FloatArray) -> FloatArray:
    """What each window would hold had it gone on as just before; 0 where too little is known of that."""
    length = minutes.max(axis=1)
    earlier = np.minimum(np.searchsorted(length, length + _LATELY - 1e-6), len(length) - 1)
    before = minutes[earlier] - minutes
    rate = (tickets[earlier] - tickets) / np.maximum(before, 1.0)
    return np.asarray(np.where(before >= _LEAST_LATELY, rate * minutes, 0.0))
