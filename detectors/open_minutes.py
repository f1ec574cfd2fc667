"""Score the minutes that are not closed yet, without learning from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from detectors import backlog, flood
from detectors.alarm import AlarmChange
from detectors.cusum import Bank
from detectors.firing import Firing
from detectors.guardband import SLOT
from detectors.outlook import Outlook
from detectors.rows import FloatArray, RowArray
from detectors.state import State

_LEAST_PART = 1.0 / 60.0


@dataclass(frozen=True, slots=True)
class Open:
    """The minutes after the last closed one, as far as they are known.

    Attributes:
        counts: open minute -> tickets per reason so far.
        now: epoch seconds.
        closed: the last closed minute.
        announced: announced uplift per reason, or None for 1.
        held: minutes of a silence whose backlog may be coming, or None.
    """

    counts: Mapping[int, FloatArray]
    now: float
    closed: int
    announced: FloatArray | None
    held: int | None = None

    def part(self, minute: int) -> float:
        """How much of a minute has passed; at least a second, so that a burst is no division by zero."""
        return min(1.0, max(self.now / 60.0 - minute, _LEAST_PART))

    def total(self, reasons: int) -> FloatArray:
        """Tickets of all open minutes up to now, for so many reasons."""
        total = np.zeros(reasons)
        for minute, tickets in self.counts.items():
            if self.closed < minute <= self.now // 60:
                total += tickets
        return total


def score(state: State, firing: Firing, look: Callable[[int], Outlook], opened: Open) -> list[AlarmChange]:
    """Raise what the open minutes call for.

    The evidence is a copy: what tips the scale now is counted again, and then for good, when the minute is
    closed. Only reasons with tickets in the open minutes are looked at, since without one no evidence grows.

    Args:
        state: what is known; only alarms are changed in it.
        firing: its alarms.
        look: gives the outlook of a minute.
        opened: the open minutes.
    """
    current = int(opened.now // 60)
    total = opened.total(len(state.reasons))
    if opened.held is not None:
        return _beyond_backlog(firing, look(current), opened, total, opened.held)
    rows = ((total > 0.0) & ~state.standing.firing).nonzero()[0]
    if not rows.size:
        return []
    bank = Bank()
    bank.resize(rows.size)
    for name in Bank.FIELDS:
        getattr(bank, name)[:] = getattr(state.bank, name)[..., rows]
    uplift = np.ones(rows.size) if opened.announced is None else opened.announced[rows]
    parts: list[FloatArray] = []
    passed: list[float] = []
    nothing, outlook = np.zeros(rows.size), look(opened.closed + 1)
    for minute in range(opened.closed + 1, current + 1):
        part, outlook, step = opened.part(minute), look(minute), minute % SLOT
        passed.append(part)
        seen = (
            np.asarray(opened.counts[minute], dtype=np.float64)[rows] if minute in opened.counts else nothing
        )
        own = outlook.of(rows)
        usual = own.usual[step] * uplift * part
        bank.update(minute, seen, own.terms(usual))
        mean = own.mean[step] * uplift * part
        parts.append(np.stack((seen, mean, mean * own.uncertainty, own.size[0] * usual)))
    warming = np.zeros(rows.size, bool) if outlook.warming is None else outlook.warming[rows]
    said: list[AlarmChange] = []
    for place in ((bank.best() >= outlook.bars[rows]) & ~warming).nonzero()[0]:
        row, which = int(rows[place]), bank.which(int(place))
        shared = state.bank.onset[which, row] == bank.onset[which, place]
        closed = [float(part) if shared else 0.0 for part in state.bank.sums[:, which, row]]
        for change in firing.convict(row, bank, int(place), current, outlook, silent=False):
            said.append(change)
            _keep_closed(state, row, closed)
    said += _floods(state, firing, rows[~warming], [part[:, ~warming] for part in parts], current, outlook)
    if warming.any():
        new = rows[warming]
        newest = np.array([part[0, warming] for part in reversed(parts)]).cumsum(axis=0)
        elapsed = np.array(passed[::-1]).cumsum()
        for change in firing.convict_gross(
            new, current, opened.closed, newest, elapsed, outlook, silent=False
        ):
            said.append(replace(change, window_minutes=max(1, current + 1 - change.onset)))
            row = state.row[change.contact_reason]
            since = float(newest[min(current - change.onset, len(passed) - 1), new == row][0])
            seen_before = max(0.0, float(state.standing.observed[row]) - since)
            ratio = max(0, opened.closed + 1 - change.onset) / said[-1].window_minutes
            _keep_closed(state, row, [seen_before, change.expected * ratio, 0.5 * change.expected * ratio])
    return said


def _beyond_backlog(
    firing: Firing, outlook: Outlook, opened: Open, total: FloatArray, held: int
) -> list[AlarmChange]:
    """Raise what the backlog of so many silent minutes does not explain."""
    current = int(opened.now // 60)
    usual = outlook.usual[current % SLOT] * (1.0 if opened.announced is None else opened.announced)
    held += current - opened.closed
    return backlog.beyond(firing, current, total, usual, held, outlook)


def _floods(
    state: State, firing: Firing, rows: RowArray, parts: list[FloatArray], current: int, outlook: Outlook
) -> list[AlarmChange]:
    """Raise floods: the newest minute, or the newest few, hold what is next to impossible without a spike.

    `parts` holds tickets, expected tickets, their standard deviation and the size of each open minute.
    """
    said: list[AlarmChange] = []
    sums = np.zeros((4, rows.size))
    for back, part in enumerate(reversed(parts)):
        sums = sums + part
        evidence = flood.surprise(sums[0], sums[3], outlook.phi[rows])
        for place in ((sums[0] >= flood.LEAST) & (evidence >= outlook.bars[rows] + flood.MARGIN)).nonzero()[
            0
        ]:
            row = int(rows[place])
            seen = [float(value) for value in sums[:3, place]]
            for change in firing.convict_flood(
                row, current - back, current, seen, float(evidence[place]), outlook
            ):
                said.append(change)
                _keep_closed(state, row, [0.0, 0.0, 0.0])
    return said


def _keep_closed(state: State, row: int, closed: list[float]) -> None:
    """Leave only the closed part in an alarm's sums: the open minutes are added when they are closed."""
    standing = state.standing
    standing.observed[row], standing.expected[row], standing.doubt[row] = closed
    standing.day_observed[row], standing.day_expected[row] = closed[:2]
