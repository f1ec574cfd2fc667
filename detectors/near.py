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
    rows = bank.candidates(outlook.bars - nats)
    if not rows.size:
        return []
    short = outlook.bars[rows] - bank.evidence(rows)
    close = (state.known.seen[rows] >= WARM_AFTER) & (short > 0.0) & (short <= nats)
    for place in close.nonzero()[0]:
        row = int(rows[place])
        which = bank.which(row)
        observed, expected = float(bank.sums[0, which, row]), float(bank.sums[1, which, row])
        if observed >= LEAST_TICKETS:
            onset = int(bank.onset[which, row])
            found.append(Near(state.reasons[row], onset, round(observed), expected, float(short[place])))
    return found
