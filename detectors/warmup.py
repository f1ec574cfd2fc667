"""Before there is a baseline: only a gross spike counts."""

from __future__ import annotations

import numpy as np

from detectors.rows import Field, FloatArray, RowArray, Rows

WARM_AFTER = 2 * 1440
"""Minutes a reason must have been watched before its baseline is believed."""
GROSS_EXTRA = 20.0
GROSS_UPLIFT = 5.0
_NORMAL_99 = 2.326
_MARGIN = 1.3
_BOUNDLESS = 1e12


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


def gross(
    tickets: FloatArray,
    minutes: FloatArray,
    shape: float,
    past_tickets: FloatArray,
    past_minutes: FloatArray,
    past_busyness: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Find gross spikes: at least 20 extra tickets *and* five times a careful expectation.

    The careful expectation is the 99 % upper limit (Gamma posterior, Wilson-Hilferty) of the rate that
    fits everything seen before the window, times the window's length and its hour's usual busyness, plus
    30 % for not knowing the shape of the day. With nothing seen before the window it is boundless, so the
    first minutes of a channel never alarm, and neither do zeros that nobody observed.

    Args:
        tickets: tickets of each window, (windows, reasons), windows from short to long, all ending now.
        minutes: length of each window.
        shape: relative rate of the present hour in a generic week.
        past_tickets: all tickets seen, windows included.
        past_minutes: all minutes seen, windows included.
        past_busyness: the same, each weighted by its hour's relative rate.

    Returns:
        Per reason: index of the most evident window or -1, its tickets, its careful expectation.

    Example:
        >>> one = np.ones(1)
        >>> window = np.array([[40.0]]), np.array([[2.0]])
        >>> found = gross(*window, 1.0, 43 * one, past_minutes=722 * one, past_busyness=722 * one)
        >>> [round(float(part[0]), 1) for part in found]
        [0.0, 40.0, 0.0]
    """
    # Never below the average so far: an around-the-clock reason does not spike by its night's being busy.
    busy = np.maximum(shape, past_busyness / np.maximum(past_minutes, 1.0))
    before = np.maximum(past_tickets - tickets, 0.0) + 0.5
    # The past must be at least as long as the window, or there is nothing to compare it with.
    watched = np.where(past_minutes >= 2.0 * minutes, past_busyness - minutes * busy, 0.0)
    # Wilson-Hilferty: the cube root of a Gamma variable is nearly normal.
    upper = before * (1.0 - 1.0 / (9.0 * before) + _NORMAL_99 / (3.0 * np.sqrt(before))) ** 3
    rate = _MARGIN * upper / np.maximum(watched, 1e-9)
    careful = np.where(watched > 0.0, rate * minutes * busy, _BOUNDLESS)
    fires = (tickets - careful >= GROSS_EXTRA) & (tickets >= GROSS_UPLIFT * careful)
    ratio = np.maximum(tickets, 1e-9) / np.maximum(careful, 1e-9)
    evidence = np.where(fires, tickets * np.log(ratio) - tickets + careful, 0.0)
    index = evidence.argmax(axis=0)
    take = index[None]
    return (
        np.where(fires.any(axis=0), index, -1),
        np.take_along_axis(tickets, take, axis=0)[0],
        np.take_along_axis(careful, take, axis=0)[0],
    )
