"""Raise, follow and clear alarms."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Literal

import numpy as np

from detectors import reporting
from detectors.alarm import AlarmChange
from detectors.calendar import Calendar
from detectors.cusum import UPLIFTS, Bank
from detectors.guardband import SLOTS
from detectors.outlook import Outlook
from detectors.rows import FloatArray, RowArray
from detectors.state import State
from detectors.warmup import GROSS_EXTRA, Past, common_rise, gross

LEAST_TICKETS = 3.0
"""Fewer tickets than this are no spike, however improbable."""


class Firing:
    """The alarms of a state: which fire now, and every way into and out of firing.

    Args:
        state: whose alarms.
        calendar: local time, for what yesterday is.

    Attributes:
        moved: what was moved since it was last set back to None by whoever works out expectations: a reason's
            level, or a whole week.
    """

    def __init__(self, state: State, calendar: Calendar) -> None:
        self._state = state
        self._calendar = calendar
        self._rows: RowArray | None = None
        self.moved: Literal["level", "week"] | None = None

    def refresh(self) -> None:
        """Forget which alarms fire, after the state was changed from outside."""
        self._rows = None

    def rows(self) -> RowArray:
        """Which alarms fire now."""
        rows = self._rows
        if rows is None or (rows.size and rows[-1] >= self._state.standing.size):
            rows = self._rows = self._state.standing.firing.nonzero()[0]
        return rows

    def fire(self, minute: int, counts: FloatArray, outlook: Outlook, *, silent: bool) -> list[AlarmChange]:
        """Raise what the evidence after `minute` calls for."""
        said: list[AlarmChange] = []
        bank = self._state.bank
        rows = bank.candidates(outlook.bars)
        if rows.size:
            enough = bank.evidence(rows) >= outlook.bars[rows]
            if outlook.warming is not None:
                enough &= ~outlook.warming[rows]
            for row in rows[enough]:
                said += self.convict(int(row), bank, int(row), minute, outlook, silent=silent)
        if outlook.warming is not None:
            rows = (outlook.warming & ~self._state.standing.firing & (counts > 0.0)).nonzero()[0]
            if rows.size:
                newest = counts[None, rows]
                said += self.convict_gross(
                    rows, minute, minute - 1, newest, np.ones(1), outlook, silent=silent
                )
        return said

    def convict(
        self, row: int, bank: Bank, place: int, minute: int, outlook: Outlook, *, silent: bool
    ) -> list[AlarmChange]:
        """Raise the alarm of `row` on the evidence at `place` of `bank`, if it rests on enough tickets."""
        which = bank.which(place)
        sums = [float(part) for part in bank.sums[:, which, place]]
        if self._state.standing.firing[row] or sums[0] < LEAST_TICKETS:
            return []
        self._state.standing.warming[row] = False
        self._state.level.adopt(row, which)
        self.moved = self.moved or "level"
        score, tested = float(bank.evidence(place)), float(UPLIFTS[which])
        return self._raise(row, int(bank.onset[which, place]), minute, sums, (score, tested), outlook, silent)

    def convict_flood(
        self, row: int, onset: int, minute: int, sums: Sequence[float], evidence: float, outlook: Outlook
    ) -> list[AlarmChange]:
        """Raise the alarm of `row` on what the open minutes since `onset` hold."""
        if self._state.standing.firing[row]:
            return []
        self._state.standing.warming[row] = False
        return self._raise(row, onset, minute, sums, (evidence, float(UPLIFTS[-2])), outlook, silent=False)

    def convict_gross(
        self,
        rows: RowArray,
        minute: int,
        closed: int,
        newest: FloatArray,
        elapsed: FloatArray,
        outlook: Outlook,
        *,
        silent: bool,
    ) -> list[AlarmChange]:
        """Raise gross spikes of reasons that are warming up.

        Args:
            rows: which reasons are looked at.
            minute: the newest minute.
            closed: the newest minute that the guardband holds.
            newest: tickets of `rows` in windows that end now, from short to long, (windows, rows); the last
                one holds all since then. Each is tried: forty tickets within seconds are told from the
                quiet minutes before them also while neither are closed.
            elapsed: minutes of each of these windows.
            outlook: of `minute`.
            silent: as in `fire`.
        """
        guard, known = self._state.guardband, self._state.known
        order = guard.recent(closed, SLOTS)
        held = newest[-1] + guard.open[0, rows] + guard.tickets[:, rows].sum(axis=0, dtype=np.float64)
        many = held >= GROSS_EXTRA
        if not many.any():
            return []
        since, length = np.zeros(known.size), elapsed[-1]
        since[rows] = newest[-1]
        everything = np.concatenate([since + guard.open[:1], guard.tickets[order]]).cumsum(axis=0)
        latest = np.zeros((len(newest), known.size))
        latest[:, rows] = newest
        everything = np.concatenate([latest, everything])
        rows = rows[many]
        minutes = np.concatenate([length + guard.open[2:, rows], guard.minutes[order][:, rows]]).cumsum(
            axis=0
        )
        minutes = np.concatenate([np.broadcast_to(elapsed[:, None], (len(elapsed), rows.size)), minutes])
        past = Past(
            known.tickets + since,
            known.seen + known.blank + length,
            known.busyness + known.blank + length * outlook.busyness,
        )
        found, observed, careful = gross(
            everything[:, rows],
            minutes,
            outlook.busyness,
            past.of(rows),
            common_rise(everything, minutes.max(axis=1), outlook.busyness, past),
        )
        said: list[AlarmChange] = []
        for place in (found >= 0).nonzero()[0]:
            row = int(rows[place])
            # A minute that has hardly begun is a minute of the window, too.
            onset = minute + 1 - max(1, ceil(float(minutes[found[place], place]) - 1e-3))
            seen, expected = float(observed[place]), float(careful[place])
            uplift = seen / max(expected, 1e-9)
            score = seen * float(np.log(uplift)) - seen + expected
            self._state.standing.warming[row] = True
            sums = (seen, expected, 0.5 * expected)
            said += self._raise(row, onset, minute, sums, (score, min(uplift, 30.0)), outlook, silent)
        return said

    def _raise(
        self,
        row: int,
        onset: int,
        minute: int,
        sums: Sequence[float],
        evidence: tuple[float, float],
        outlook: Outlook,
        silent: bool,
    ) -> list[AlarmChange]:
        standing = self._state.standing
        standing.fire(row, onset, minute + 1, sums, silent)
        standing.score[row], standing.tested[row] = evidence
        standing.bar[row] = outlook.bars[row]
        self._state.yesterday.begin(row, onset, self._calendar.since_yesterday(onset), minute)
        self._state.bank.reset(row, minute + 1)
        self._rows = None
        return [] if silent else [reporting.change(self._state, row, "raised", minute + 1)]

    def follow(
        self,
        minute: int,
        seen: Sequence[FloatArray],
        outlook: Outlook,
        lift: FloatArray | None = None,
    ) -> list[AlarmChange]:
        """Take a closed minute into the firing alarms; say which have grown and clear which are over.

        Args:
            minute: which.
            seen: tickets per reason, expected ones and the latter's standard deviation.
            outlook: of the minute.
            lift: as `Standing.follow` takes it, of all reasons.
        """
        rows = self.rows()
        if not rows.size:
            return []
        state = self._state
        standing = state.standing
        above = None if lift is None else lift[rows]
        standing.follow(rows, minute, [part[rows] for part in seen], outlook.phi[rows], above)
        settled = standing.settled(rows, minute)
        over, grown = standing.calmed(rows, minute) | settled, standing.grown(rows)
        said: list[AlarmChange] = []
        for place in (over | grown).nonzero()[0]:
            row = int(rows[place])
            if over[place]:
                if settled[place]:
                    self._accept(row)
                said += self._clear(row, minute + 1)
            elif not standing.silent[row]:
                standing.stated[row] = standing.observed[row]
                said.append(reporting.change(state, row, "grown", minute + 1))
        return said

    def _accept(self, row: int) -> None:
        """A level that has stayed up is the new normal: the whole week of this reason moves there."""
        standing = self._state.standing
        factor = float(standing.day_observed[row]) / max(float(standing.day_expected[row]), 1e-6)
        if factor > 1.0:
            self._state.baseline.move(row, factor)
            self.moved = "week"

    def _clear(self, row: int, minute: int) -> list[AlarmChange]:
        silent = bool(self._state.standing.silent[row])
        self._state.standing.clear(row, minute)
        self._state.bank.reset(row, minute)
        self._rows = None
        return [] if silent else [reporting.change(self._state, row, "cleared", minute)]

    def lose(self, last: int) -> list[AlarmChange]:
        """Clear all alarms as of `last`: nobody has looked for long."""
        return [change for row in self.rows() for change in self._clear(int(row), last + 1)]

    def unmute(self, minute: int) -> None:
        """Spikes met while learning end with it; whether they go on is for live evidence to say."""
        rows = self.rows()
        if not rows.size:
            return
        for row in rows[self._state.standing.silent[rows]]:
            self._clear(int(row), minute)
            self._state.standing.debt[row] = 0.0

    def standing(self, minute: int, only: int | None = None) -> list[AlarmChange]:
        """The alarms that fire after `minute`, or `only` that of one row, as they stand."""
        standing = self._state.standing
        return [
            reporting.change(self._state, int(row), "raised", max(minute, int(standing.onset[row])) + 1)
            for row in self.rows()
            if only in (None, row) and not standing.silent[row]
        ]
