"""From a detector's state to what it says: alarm changes and verdicts."""

from __future__ import annotations

from detectors.alarm import AlarmChange, AlarmState, Verdict, VerdictState
from detectors.guardband import SLOT
from detectors.interval import interval
from detectors.outlook import Outlook
from detectors.state import State
from detectors.warmup import WARM_AFTER

_LEAST_WINDOW = 60
_LEAST_EVIDENCE = 0.3
"""Less than this part of the bar is no window worth telling of."""


def change(state: State, row: int, what: AlarmState, until: int) -> AlarmChange:
    """The alarm of a reason as it stands, for the window from its onset to `until` (exclusive)."""
    standing = state.standing
    observed, expected = float(standing.observed[row]), float(standing.expected[row])
    lower, upper = interval(expected, float(state.dispersion.dispersion()[row]), float(standing.doubt[row]))
    onset = int(standing.onset[row])
    return AlarmChange(
        contact_reason=state.reasons[row],
        state=what,
        onset=onset,
        raised_minute=int(standing.raised[row]),
        cleared_minute=int(standing.cleared[row]) if what == "cleared" else None,
        window_minutes=max(1, until - onset),
        observed=round(observed),
        expected=expected,
        lower=lower,
        upper=upper,
        score=float(standing.score[row]),
        bar=float(standing.bar[row]),
        uplift=observed / max(expected, 1e-9),
        tested_uplift=round(float(standing.tested[row]), 3),
        previous_day=state.yesterday.tickets(row, onset, until),
        warming_up=bool(standing.warming[row]),
    )


def verdict(state: State, outlook: Outlook, row: int, minute: int) -> Verdict:
    """How a reason stands after `minute`, with the next minute's outlook."""
    standing, bank = state.standing, state.bank
    phi, uncertainty = float(outlook.phi[row]), float(outlook.uncertainty[row])
    said: VerdictState
    if standing.firing[row] and not standing.silent[row]:
        said, window = "SPIKE", max(1, minute + 1 - int(standing.onset[row]))
        observed, expected = float(standing.observed[row]), float(standing.expected[row])
        doubt, score, bar = float(standing.doubt[row]), float(standing.score[row]), float(standing.bar[row])
    else:
        said = "WARMING_UP" if state.known.seen[row] < WARM_AFTER else "NORMAL"
        which, score, bar = bank.which(row), float(bank.evidence(row)), float(outlook.bars[row])
        window = minute + 1 - int(bank.onset[which, row])
        observed, expected, doubt = (float(part) for part in bank.sums[:, which, row])
        if window < _LEAST_WINDOW or score < _LEAST_EVIDENCE * bar:
            window, observed, expected = _last_hour(state, row, minute, float(outlook.level[row]))
            doubt = uncertainty * expected
    lower, upper = interval(expected, phi, doubt)
    return Verdict(
        contact_reason=state.reasons[row],
        state=said,
        minute=minute,
        window_minutes=window,
        observed=round(observed),
        expected=expected,
        lower=lower,
        upper=upper,
        score=score,
        bar=bar,
        level=float(outlook.level[row]),
        dispersion=phi,
        uncertainty=uncertainty,
    )


def _last_hour(state: State, row: int, minute: int, level: float) -> tuple[int, float, float]:
    """Minutes, tickets and expectation of the newest twelve slots and the one being filled."""
    guard = state.guardband
    order = guard.recent(minute, _LEAST_WINDOW // SLOT)
    minutes = (minute + 1) % SLOT + SLOT * int((guard.minutes[order, row] > 0).sum())
    observed = float(guard.tickets[order, row].sum() + guard.open[0, row])
    usual = float(guard.usual[order, row].sum() + guard.open[1, row])
    return max(1, minutes), observed, usual * level
