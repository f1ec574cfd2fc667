"""How much evidence an alarm needs, from the one knob: false alarms per week of the whole channel."""

from __future__ import annotations

from math import log

import numpy as np

from detectors.cusum import UPLIFTS
from detectors.rows import FloatArray

EXCURSION = 0.10
"""Part of the bound e^-bar that excursions really reach; measured on quiet simulated channels."""
_LEAST_STARTS = 500.0


def bar(false_alarms_per_week: float, ticket_minutes_per_week: FloatArray) -> float:
    """Evidence in nats that all reasons together exceed as often as asked when nothing happens.

    A CUSUM's excursion starts with a ticket, and since a likelihood ratio's mean is 1 without a change, an
    excursion reaches h with probability at most e^-h (Wald). With K uplifts tested, and V minutes a week
    that hold a ticket over all reasons,

        false alarms per week <= K C V e^-h,      so      h = log(K C V / false alarms per week)

    with C < 1 for overshoot, overlap of the uplifts and the raised mean. The number of reasons does not
    enter: ten busy reasons or a thousand quiet ones with the same V have the same bar, a new reason moves
    it by next to nothing, and every reason takes part in the budget as its tickets do.

    Args:
        false_alarms_per_week: what the channel can stand, above 0.
        ticket_minutes_per_week: per reason.

    Example:
        >>> round(bar(1.0, np.full(300, 1000.0)), 2)
        11.7
        >>> round(bar(10.0, np.full(300, 1000.0)), 2)
        9.4
    """
    starts = max(float(np.sum(ticket_minutes_per_week)), _LEAST_STARTS)
    return max(log(len(UPLIFTS) * EXCURSION * starts / false_alarms_per_week), 3.0)


def unproven(bar: float, watched: FloatArray) -> FloatArray:
    """The bar of reasons that have been watched for days rather than weeks.

    The run-length argument holds for a model that fits; a week that was never seen whole is no such model,
    and its errors last for hours. Twice the evidence at first, falling off with a time constant of a
    week of observation; a spike worth waking up for has many times that.

    Args:
        bar: the channel's bar.
        watched: minutes of observation per reason.

    Example:
        >>> unproven(10.0, np.array([2.0, 7.0, 14.0, 28.0]) * 1440).round(1).tolist()
        [17.5, 13.7, 11.4, 10.2]
    """
    return np.asarray(bar * (1.0 + np.exp(-watched / (7.0 * 1440.0))))
