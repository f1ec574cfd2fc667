"""What nearly was an alarm."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.firing import LEAST_TICKETS
from detectors.outlook import Outlook
from detectors.state import State
from detectors.warmup import WARM_AFTER


@dataclass(frozen=True, slots=True)
class Near:
    """Evidence that has not reached its bar, after a closed minute.

    Attributes:
        contact_reason: whose.
        onset: where the rise seems to have begun.
        observed: tickets since then.
        expected: tickets to be expected since then.
        short_by: nats that are missing. A knob that is e^short_by times as large would have raised it.
    """

    contact_reason: str
    onset: int
    observed: int
    expected: float
    short_by: float


def near(state: State, outlook: Outlook, nats: float) -> list[Near]:
    """The reasons whose evidence is within so many nats of its bar."""
    bank, found = state.bank, []
    for row in bank.candidates(outlook.bars - nats):
        short = float(outlook.bars[row]) - float(bank.evidence(row))
        which = bank.which(int(row))
        observed, expected = float(bank.sums[0, which, row]), float(bank.sums[1, which, row])
        warm = state.known.seen[row] >= WARM_AFTER
        if warm and 0.0 < short <= nats and observed >= LEAST_TICKETS:
            onset = int(bank.onset[which, row])
            found.append(Near(state.reasons[row], onset, round(observed), expected, short))
    return found
