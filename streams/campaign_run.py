"""One campaign while it runs: what it did to each of its contact reasons so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

import numpy as np

from detectors.campaign_effect import logarithms
from detectors.expectation import Footing, Lesson
from detectors.guardband import GUARDBAND, SLOT
from detectors.rows import FlagArray, FloatArray, RowArray

DAY = 1440.0
_HOUR_SLOTS = 60 / SLOT
_COLUMNS = 10
_SINCE, _UNTIL, _CORRECTION, _LEVEL, _WANDER, _HOUR, _PHI, _SLOTS, _TICKETS, _EXPECTED = range(_COLUMNS)


class Run:
    """A campaign from its first minute until what was counted in its last has left the guardband.

    What is expected of it is what it announced, times the usual and the level from before it began: the
    level follows what the campaign does, and so knows nothing of what it did. That level is forgotten as the
    detector forgets one, within days.

    Args:
        kind: of the campaign.

    Attributes:
        kind: the last one it was announced with.
        reasons: its contact reasons, also those taken from it since.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.reasons: list[str] = []
        self._place: dict[str, int] = {}
        self._columns: FloatArray = np.zeros((_COLUMNS, 0))
        self._rows: RowArray | None = None
        self._known = 0

    def begin(self, minute: int, corrections: Mapping[str, float]) -> None:
        """The campaign runs from `minute` on for further contact reasons, each with its learnt correction."""
        new = np.zeros((_COLUMNS, len(corrections)))
        new[_SINCE] = minute
        new[_CORRECTION] = list(corrections.values())
        self._add(list(corrections), new)

    def end(self, minute: int, reasons: Sequence[str] | None = None) -> None:
        """The campaign no longer runs as of `minute`, for some contact reasons or for all."""
        for reason in self.reasons if reasons is None else reasons:
            if self._columns[_UNTIL, self._place[reason]] == 0.0:
                self._columns[_UNTIL, self._place[reason]] = minute

    def running(self) -> list[str]:
        """The contact reasons for which it still runs."""
        return [self.reasons[place] for place in (self._columns[_UNTIL] == 0.0).nonzero()[0]]

    def over(self, minute: int) -> bool:
        """Whether all that was counted in it has left the guardband once the minute before is closed."""
        until = self._columns[_UNTIL]
        return bool((until > 0.0).all()) and minute >= until.max(initial=0.0) + GUARDBAND

    def covers(self, reason: str) -> bool:
        """Whether it touches, or touched, a contact reason."""
        return reason in self._place

    def correction(self, reason: str) -> float | None:
        """The correction that a contact reason began with; None if it did not begin."""
        place = self._place.get(reason)
        return None if place is None else float(self._columns[_CORRECTION, place])

    def new(self) -> list[tuple[str, int]]:
        """The contact reasons that have begun but lack their footing, each with its first minute."""
        places = (self._columns[_PHI] == 0.0).nonzero()[0]
        return [(self.reasons[place], int(self._columns[_SINCE, place])) for place in places]

    def stand(self, reason: str, level: float, row: int, footing: Footing) -> None:
        """Note what was expected of a contact reason just before: the level, and how well all of it is known."""
        place = self._place[reason]
        self._columns[_LEVEL, place] = level
        self._columns[_WANDER, place] = footing.wander[row]
        self._columns[_HOUR, place] = footing.hour[row]
        self._columns[_PHI, place] = footing.phi[row]

    def rows(self, index: Mapping[str, int]) -> RowArray:
        """The detector's rows of its contact reasons."""
        if self._rows is None or self._known != len(index):
            self._rows = np.array([index[reason] for reason in self.reasons], dtype=np.intp)
            self._known = len(index)
        return self._rows

    def within(self, lesson: Lesson) -> FlagArray:
        """For which of its contact reasons five minutes lie wholly in it."""
        start, until = lesson.slot.start, self._columns[_UNTIL]
        ran = (until == 0.0) | (start + SLOT <= until)
        return np.asarray((start >= self._columns[_SINCE]) & ran)

    def learn(self, lesson: Lesson, rows: RowArray, taught: FlagArray) -> None:
        """Take five minutes in, for those of its contact reasons that are `taught` by them."""
        columns = self._columns
        age = np.maximum(lesson.slot.start - columns[_SINCE], 0.0)
        level = np.exp(columns[_LEVEL] * np.exp(-age / DAY))
        columns[_SLOTS] += taught
        columns[_TICKETS] += np.where(taught, lesson.slot.tickets[rows], 0.0)
        columns[_EXPECTED] += np.where(taught, lesson.slot.usual[rows] * level / columns[_CORRECTION], 0.0)

    def found(self) -> tuple[list[str], FloatArray, FloatArray]:
        """What it did: contact reasons, logarithms of observed / announced, and how much is known of each.

        In alphabetical order, so that sums over them are the same after a restart, to the last bit.
        """
        reasons = sorted(self.reasons)
        columns = self._columns[:, [self._place[reason] for reason in reasons]]
        hours = np.maximum(columns[_SLOTS] / _HOUR_SLOTS, 1.0)
        variance = columns[_WANDER] + columns[_HOUR] / hours
        logarithm, known = logarithms(columns[_TICKETS], columns[_EXPECTED], columns[_PHI], variance)
        return reasons, logarithm, np.where(columns[_EXPECTED] > 0.0, known, 0.0)

    def last(self, reason: str) -> int:
        """The minute as of which it no longer ran for a contact reason; 0 while it runs."""
        return int(self._columns[_UNTIL, self._place[reason]])

    def snapshot(self, reason: str) -> list[object]:
        """What is kept of a contact reason; JSON-able."""
        return [self.kind, *self._columns[:, self._place[reason]].tolist()]

    def restore(self, reason: str, columns: Sequence[float]) -> None:
        """Take a contact reason back.

        Raises:
            ValueError: `columns` is not what `snapshot` gave after the kind.
        """
        self._add([reason], np.array(columns, dtype=float).reshape(_COLUMNS, 1))

    def _add(self, reasons: Sequence[str], columns: FloatArray) -> None:
        for reason in reasons:
            self._place[reason] = len(self.reasons)
            self.reasons.append(reason)
        self._columns = np.concatenate([self._columns, columns], axis=1)
        self._rows = None


def faded(level: float, minutes: float) -> float:
    """A logarithm of the level so many minutes later."""
    return level * exp(-minutes / DAY)
