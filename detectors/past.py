"""What came in lately and what was expected of it, from what a detector holds anyway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detectors.alarm import AlarmChange
from detectors.calendar import Calendar
from detectors.guardband import GUARDBAND, SLOT, SLOTS
from detectors.outlook import Outlook, hour_of
from detectors.rows import FloatArray
from detectors.state import State
from detectors.yesterday import QUARTER

_LEAD = 2
"""Steps before the onset that a picture of the guardband shows at least."""


@dataclass(frozen=True, slots=True)
class Past:
    """Equal steps of one contact reason up to a minute; the last one may not be over yet.

    Attributes:
        first: first minute of the first step.
        minutes: length of a step.
        tickets: of each step.
        expected: tickets expected of each step.
    """

    first: int
    minutes: int
    tickets: list[float]
    expected: list[float]


@dataclass(frozen=True, slots=True)
class Recent:
    """The last minutes of all contact reasons, in the order of the detector's rows.

    Attributes:
        tickets: of each reason.
        usual: tickets expected of each reason if the recent level were none.
        level: the recent level; it follows a rise that is no alarm yet.
        phi: variance of a count relative to Poisson.
        variance: relative variance of `usual` where nothing happens.
    """

    tickets: FloatArray
    usual: FloatArray
    level: FloatArray
    phi: FloatArray
    variance: FloatArray


def past(state: State, calendar: Calendar, minute: int, alarm: AlarmChange) -> Past:
    """The course of a firing alarm up to `minute`, with its onset in it and some time before.

    The guardband holds two hours in steps of five minutes, counts and expectations. What began before them is
    told in quarters of an hour from the counts that are kept for the comparison with yesterday (exact below 32
    tickets, within 2 % above, 32 hours back), with the week's shape as expectation, scaled so that it adds up
    to what was expected in the alarm's window. So no reason's state grows for a picture.

    Args:
        state: what is known.
        calendar: local time.
        minute: the last closed minute.
        alarm: that fires.
    """
    row = state.row[alarm.contact_reason]
    full = (minute + 1) // SLOT
    if alarm.onset < (full - SLOTS + _LEAD) * SLOT:
        return _quarters(state, calendar, minute, row, alarm)
    guard, level = state.guardband, float(state.level.factors()[0, row])
    order = guard.recent(minute, SLOTS)[::-1]
    tickets, usual = guard.tickets[order, row].tolist(), guard.usual[order, row].tolist()
    if (minute + 1) % SLOT:
        tickets.append(float(guard.open[0, row]))
        usual.append(float(guard.open[1, row]))
    return Past((full - SLOTS) * SLOT, SLOT, tickets, [one * level for one in usual])


def _quarters(state: State, calendar: Calendar, minute: int, row: int, alarm: AlarmChange) -> Past:
    last = minute // QUARTER
    lead = max(1, (minute - alarm.onset) // QUARTER // 4)
    first = max(alarm.onset // QUARTER - lead, last - state.yesterday.codes.shape[0] + 2)
    tickets = [state.yesterday.quarter(row, slot) for slot in range(first, last)]
    if (minute + 1) % QUARTER:
        tickets.append(float(state.yesterday.counted[row]))
    else:
        tickets.append(state.yesterday.quarter(row, last))
    rates = np.fromiter(_rates(state, calendar, alarm.contact_reason, first * QUARTER, minute), float)
    within = float(rates[max(0, alarm.onset - first * QUARTER) :].sum())
    rates *= alarm.expected / max(within, 1e-9)
    ends = range(0, rates.size, QUARTER)
    return Past(first * QUARTER, QUARTER, tickets, [float(rates[at : at + QUARTER].sum()) for at in ends])


def _rates(state: State, calendar: Calendar, reason: str, first: int, last: int) -> Iterator[float]:
    """What the baseline alone expects of each minute from `first` to `last`."""
    own = State()
    own.take(reason, state)
    hour = hour_of(own, calendar, 1.0, first)
    for minute in range(first, last + 1):
        if minute >= hour.first + 60:
            hour = hour_of(own, calendar, 1.0, minute)
        yield float(hour.rates[minute - hour.first, 0])


def recent(state: State, outlook: Outlook, minute: int, minutes: int) -> Recent:
    """Tickets and expectations of all reasons in the last so many minutes, in whole slots and the open one.

    Args:
        state: what is known.
        outlook: of the next minute.
        minute: the last closed minute.
        minutes: how far back, at most two hours and the slot being filled.
    """
    guard = state.guardband
    slots = -(-(min(minutes, GUARDBAND) - (minute + 1) % SLOT) // SLOT)
    order = guard.recent(minute, max(0, slots))
    tickets = guard.tickets[order].sum(axis=0, dtype=np.float64) + guard.open[0]
    usual = guard.usual[order].sum(axis=0, dtype=np.float64) + guard.open[1]
    return Recent(tickets, usual, outlook.level, outlook.phi, outlook.spread + outlook.hour_variance)
