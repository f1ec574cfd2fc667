"""After an outage tickets come that it held back; more than it can have held back is a spike all the same."""

from __future__ import annotations

import numpy as np

from detectors import flood
from detectors.alarm import AlarmChange
from detectors.firing import Firing
from detectors.outlook import Outlook
from detectors.rows import FloatArray

_GENEROUS = 2.0
"""The hours of the outage may have been busier than the present one."""


def beyond(
    firing: Firing,
    minute: int,
    tickets: FloatArray,
    usual: FloatArray,
    held: int,
    outlook: Outlook,
) -> list[AlarmChange]:
    """Raise the floods that the backlog of a silence does not explain.

    All that was held back may come within a minute, so the tickets of a reason are held against what is
    expected of these minutes and twice what was expected of the whole silence. Choose it while a channel
    settles (`detectors.silence`): a quiet reason that fills is told at once, a backlog of an hour is not.

    Args:
        firing: the alarms; raised ones are changed in their state.
        minute: the newest minute.
        tickets: per reason, in the newest minute or minutes.
        usual: what the baseline alone expects of them.
        held: minutes of silence before.
        outlook: of `minute`.

    Returns:
        The alarms raised.
    """
    # The held minutes weigh like the newest one: theirs are not known any more.
    share = 1.0 + _GENEROUS * held
    size = outlook.size[0] * usual * share
    evidence = flood.surprise(tickets, size, outlook.phi)
    warm = True if outlook.warming is None else ~outlook.warming
    told = warm & (tickets >= flood.LEAST) & (evidence >= outlook.bars + flood.MARGIN)
    said: list[AlarmChange] = []
    for row in np.asarray(told).nonzero()[0]:
        mean = float(outlook.level[row] * usual[row] * share)
        sums = [float(tickets[row]), mean, mean * float(outlook.uncertainty[row])]
        said += firing.convict_flood(int(row), minute, minute, sums, float(evidence[row]), outlook)
    return said
