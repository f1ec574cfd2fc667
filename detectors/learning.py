"""What a detector learns: slots that leave the guardband, hours that end, gaps."""

from __future__ import annotations

import numpy as np

from detectors.calendar import Calendar
from detectors.expectation import Lesson
from detectors.guardband import SLOT, SLOTS
from detectors.outlook import Outlook
from detectors.rows import FloatArray
from detectors.state import State
from detectors.yesterday import QUARTER

_WINSOR = 2.58
"""Standard deviations beyond which a slot's tickets are clipped (Farrington Flexible's choice)."""
_WINSOR_IN_ALARM = 1.0
_POOLING_HOURS = (3, 9, 15, 21)
_HOUR_SLOTS = 60 // SLOT
_PROVEN_MINUTES = 150.0
_MET_MINUTES = 90.0


def learn(
    state: State,
    calendar: Calendar,
    outlook: Outlook,
    minute: int,
    *,
    pooling: bool,
    held: FloatArray | None = None,
) -> Lesson:
    """Learn from what leaves the guardband now that `minute` has filled a slot.

    A spike must not teach the baseline that it is usual: what is learnt is winsorised, and the recent
    level does not see slots inside an alarm at all. The week does see them, clipped: if it did not, an
    hour that is expected too low would raise an alarm every day and never be learnt; an hour of the week
    with a spike twice in a row is learnt as it is. A reason that is warming up learns unclipped outside of
    alarms, as there is nothing yet to clip against.

    Args:
        state: what to teach.
        calendar: local time.
        outlook: of the slot that `minute` ends.
        minute: last minute of a slot.
        pooling: whether the shared shapes of the week are learnt anew when it is time.
        held: by how much more than announced people expect; above 1 the level of a reason is followed, and
            all else is as if nobody had looked.

    Returns:
        What left the guardband.
    """
    hour, within = calendar.place(minute)
    standing, bank, guard = state.standing, state.bank, state.guardband
    start = minute + 1 - SLOT
    state.level.learn(
        guard.open[0],
        guard.open[1],
        outlook.phi,
        outlook.spread,
        outlook.hour_variance,
        fresh=outlook.fresh,
        born=bank.alive() & (bank.onset >= start),
        dead=~bank.alive(),
        blind=standing.firing | (guard.open[2] <= 0.0),
    )
    if held is not None:
        guard.open[2, : held.size][held > 1.0] = 0.0
    leaving = guard.turn(minute)
    place, passed = calendar.place(leaving.start)
    seen = np.asarray(leaving.minutes > 0.0)
    quiet = seen & ~standing.spiking(leaving.start, leaving.start + SLOT)
    expected = leaving.usual * state.level.slow()
    scale = np.sqrt(outlook.phi * expected + (outlook.uncertainty * expected) ** 2)
    clip = np.where(quiet, _WINSOR, _WINSOR_IN_ALARM)
    tickets = np.minimum(leaving.tickets, expected + clip * scale + quiet)
    # An hour that was met once or twice is not known well enough to call anything in it too much, and before
    # that an alarm may be for nothing but its being unknown.
    proven = state.baseline.exposure[place] >= np.where(quiet, _PROVEN_MINUTES, _MET_MINUTES)
    proven &= quiet | ~state.baseline.spiked_before(place)
    tickets = np.where(proven, tickets, leaving.tickets)
    if outlook.warming is not None:
        seen = np.where(outlook.warming, quiet, seen)
    holiday = calendar.holiday(leaving.start)
    if holiday:
        # The hours of the week are those of ordinary weeks.
        seen = np.zeros_like(seen)
    state.baseline.learn(passed // QUARTER, tickets * seen, leaving.minutes * seen)
    standing.fade()
    if minute % QUARTER == QUARTER - 1:
        state.yesterday.turn(minute)
    if within == 59:
        state.level.end_hour()
        state.holiday.turn(state.level, outlook.spread, holiday=calendar.holiday(minute + 1))
        left = leaving.start + SLOT
        state.baseline.fold(place, standing.spiking(left - 60, left))
        if not calendar.holiday(minute):
            _learn_hour(state, outlook, minute, hour)
        if pooling and hour % 24 in _POOLING_HOURS:
            state.baseline.pool(state.dispersion.dispersion())
    return Lesson(leaving, quiet & (not holiday))


def _learn_hour(state: State, outlook: Outlook, minute: int, hour: int) -> None:
    order = state.guardband.recent(minute, _HOUR_SLOTS)
    seen = np.asarray((state.guardband.minutes[order] > 0.0).all(axis=0))
    seen &= ~state.standing.spiking(minute - 59, minute + 1)
    # Before the hour has been met twice, what it differs by is not scatter but not knowing it.
    seen &= state.baseline.exposure[hour] >= _MET_MINUTES
    if outlook.warming is not None:
        seen &= ~outlook.warming
    slots = state.guardband.tickets[order].astype(np.float64)
    usual = state.guardband.usual[order].astype(np.float64)
    state.dispersion.learn(slots, usual, outlook.hour_variance, seen.astype(np.float64))


def pass_unseen(state: State, calendar: Calendar, outlook: Outlook, last: int, minute: int) -> list[Lesson]:
    """Let the time between `last` and `minute` pass, in which nobody looked.

    What was observed before the gap still leaves the guardband and is learnt; the gap itself teaches
    nothing, and the recent level drifts back to the usual and becomes less certain. Returns what left.
    """
    end = last + SLOT - (last % SLOT)
    end -= 1 if end - 1 > last else 1 - SLOT
    lessons: list[Lesson] = []
    for _ in range(SLOTS + 1):
        if end >= minute:
            return lessons
        lessons.append(learn(state, calendar, outlook, end, pooling=False))
        end += SLOT
    state.yesterday.pass_unseen(end, minute)
    spread = state.dispersion.spread()
    state.level.pass_unseen(minute - end, spread)
    state.holiday.turn(state.level, spread, holiday=calendar.holiday(minute))
    return lessons
