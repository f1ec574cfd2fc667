"""What is expected next, and by which bars it is judged: worked out when asked for, kept as long as it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from detectors.calendar import Calendar
from detectors.guardband import SLOT
from detectors.outlook import Hour, Outlook, hour_of, look
from detectors.rows import FloatArray
from detectors.state import State


class Prospect:
    """The hour and the slot that a state stands in, for whoever looks ahead from it.

    An outlook holds for its slot and an hour's part of it for the hour, as long as the state is changed by nothing
    but learning; after any other change `forget`.

    Args:
        state: what is known.
        calendar: local time.
        false_alarms_per_week: the knob.
        hour: what holds for the present hour where that does not follow from `state` alone, being a part of a
            channel; else None.

    Attributes:
        raised: nats by which each reason's bar is higher, for what people have answered; None is 0.
        held: by how much more than campaigns announced people expect each reason; None is 1.

    Example:
        >>> state = State()
        >>> state.grow(["voucher"])
        [0]
        >>> prospect = Prospect(state, Calendar("UTC", frozenset()), 1.0)
        >>> outlook = prospect.look(7)
        >>> outlook.slot, outlook is prospect.look(9), outlook is prospect.look(10)
        (1, True, False)
        >>> prospect.raised = np.array([2.0])
        >>> float(prospect.judged(outlook).bars[0] - outlook.bars[0])
        2.0
    """

    def __init__(
        self, state: State, calendar: Calendar, false_alarms_per_week: float, hour: Hour | None = None
    ) -> None:
        self.raised: FloatArray | None = None
        self.held: FloatArray | None = None
        self._state = state
        self._calendar = calendar
        self._budget = false_alarms_per_week
        self._hour = hour
        self._outlook: Outlook | None = None

    def look(self, minute: int) -> Outlook:
        """The outlook of the slot that holds `minute`."""
        outlook = self._outlook
        if outlook is None or outlook.slot != minute // SLOT:
            hour = self._hour
            if hour is None or not hour.first <= minute < hour.first + 60:
                hour = self._hour = self.hour(minute)
            outlook = self._outlook = look(self._state, hour, minute)
        return outlook

    def judged(self, outlook: Outlook) -> Outlook:
        """The outlook with the bars that alarms are raised by now: people's answers raise some.

        A reason that is expected to be raised has an expectation although it is warming up: evidence against
        it counts.
        """
        raised, held = self.raised, self.held
        if raised is not None:
            more = np.zeros(outlook.bars.size)
            more[: raised.size] = raised
            outlook = replace(outlook, bars=outlook.bars + more)
        if held is not None and outlook.warming is not None:
            warming = outlook.warming.copy()
            warming[: held.size] &= held <= 1.0
            outlook = replace(outlook, warming=warming if bool(warming.any()) else None)
        return outlook

    def hour(self, minute: int) -> Hour:
        """What holds for the hour of `minute`, worked out anew from all that is known."""
        return hour_of(self._state, self._calendar, self._budget, minute - minute % SLOT)

    def forget(self, *, hour: bool = True) -> None:
        """The state was changed other than by learning, or a slot has been learnt.

        Args:
            hour: whether the hour is to be worked out anew, too: it follows from everything but levels and alarms.
        """
        self._outlook = None
        self._hour = None if hour else self._hour

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Whatever is looked at meanwhile, what was kept is kept."""
        kept = self._hour, self._outlook
        yield
        self._hour, self._outlook = kept
