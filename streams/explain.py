"""Why there is, or is not, an alert for a contact reason: the same core, looked at instead of listened to."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec

from alerts.answer_effects import Raised
from alerts.campaign import announced_uplift
from alerts.records import Campaign, Spike
from detectors.alarm import Verdict
from streams.customers import estimate, merge
from streams.errors import Failure
from streams.stating import instant
from streams.surveillance import Surveillance


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """How a contact reason stands, and what holds an alert back or lets it go.

    Counts and bounds cover the `window_minutes` before `until`; `score` must exceed `bar` for a spike;
    `gates` says in words what keeps it quiet or raises the expectation. `spike` is the last one, open or
    cleared.
    """

    contact_reason: str
    until: datetime
    alert: bool
    because: str
    state: str
    window_minutes: int
    observed: int
    expected: float
    lower: float
    upper: float
    score: float
    bar: float
    level: float
    dispersion: float
    uncertainty: float
    customers: int
    min_customers: int
    announced_uplift: float
    campaigns: list[str]
    gates: list[str]
    spike: Spike | None


def explain(
    surveillance: Surveillance,
    reason: str,
    *,
    campaigns: Collection[Campaign],
    min_customers: int,
    customers: dict[int, list[str]],
) -> Explanation:
    """Say how a known contact reason stands at the last closed minute.

    Args:
        surveillance: after its replay.
        reason: a known contact reason.
        campaigns: all campaigns.
        min_customers: distinct customers below which a spike is held back.
        customers: packed customers of this reason by minute.
    """
    verdict = surveillance.detector.verdict(reason)
    until = instant(verdict.minute + 1)
    begin = verdict.minute + 1 - verdict.window_minutes
    packed = [
        one for minute, found in customers.items() if begin <= minute <= verdict.minute for one in found
    ]
    spike = surveillance.said.get(reason)
    is_open = spike is not None and spike.state != "cleared"
    distinct = estimate(merge(packed))
    uplift = announced_uplift(campaigns, reason, instant(verdict.minute))
    active = [one for one in campaigns if one.starts_at < until and instant(begin) < one.ends_at]
    gates = list(_gates(verdict, uplift, surveillance.announced(reason)))
    gates.extend(_answers(*surveillance.answers(reason)))
    held_back = is_open and spike is not None and spike.customers < min_customers
    if held_back and spike is not None:
        gates.append(
            f"{spike.customers} distinct customers, {min_customers} are needed (TICKETSPIKE_MIN_CUSTOMERS): "
            "the spike is held back"
        )
    return Explanation(
        contact_reason=reason,
        until=until,
        alert=is_open and not held_back,
        because=_because(verdict, spike if is_open else None, held_back=held_back),
        state=verdict.state,
        window_minutes=verdict.window_minutes,
        observed=verdict.observed,
        expected=round(verdict.expected, 3),
        lower=round(verdict.lower, 3),
        upper=round(verdict.upper, 3),
        score=round(verdict.score, 3),
        bar=round(verdict.bar, 3),
        level=round(verdict.level, 3),
        dispersion=round(verdict.dispersion, 3),
        uncertainty=round(verdict.uncertainty, 3),
        customers=distinct,
        min_customers=min_customers,
        announced_uplift=round(uplift, 3),
        campaigns=[one.name for one in sorted(active, key=lambda one: (one.starts_at, one.id))],
        gates=gates,
        spike=spike,
    )


class UnknownReason(Failure):
    """No ticket has come in for a contact reason; most often it is a typing error."""


def unknown(reason: str, known: Iterable[str]) -> UnknownReason:
    """The failure for a contact reason that never came in, with the nearest ones that did.

    >>> unknown("Vouchr", ["voucher", "delivery"]).args[0]
    "No ticket has come in for 'Vouchr'; the nearest contact reasons are: voucher."
    """
    known = sorted(known)
    if not known:
        return UnknownReason("Nothing has been counted yet; start `ticketspike worker` and send tickets.")
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(reason.casefold(), folded, n=5, cutoff=0.5)
    part = [name for name in known if reason.casefold() in name.casefold()]
    names = list(dict.fromkeys([*(folded[one] for one in near), *part]))[:5]
    if not names:
        names = known[:5]
        return UnknownReason(
            f"No ticket has come in for {reason!r}; contact reasons are, among others: {', '.join(names)}."
        )
    return UnknownReason(
        f"No ticket has come in for {reason!r}; the nearest contact reasons are: {', '.join(names)}."
    )


def sentences(explanation: Explanation) -> list[str]:
    """The explanation as lines for a person."""
    one = explanation
    usual = f"level {one.level:.2f} of the usual for this hour, dispersion {one.dispersion:.2f}"
    interval = f"with 95 % probability {one.lower:.0f} to {one.upper:.0f}"
    window = f"the {one.window_minutes} minutes before {one.until:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"{one.contact_reason}: {'ALERT' if one.alert else 'no alert'} ({one.state}).",
        one.because,
        f"Counted: {one.observed} tickets from {one.customers} customers in {window}.",
        f"Expected: {one.expected:.1f}, {interval} ({usual}, uncertainty {one.uncertainty:.0%}).",
        f"Evidence: {one.score:.1f} against a bar of {one.bar:.1f}.",
    ]
    if one.campaigns:
        lines.append(f"Coincides with: {', '.join(one.campaigns)}.")
    lines.extend(f"Gate: {gate}." for gate in one.gates)
    if one.spike is not None and one.spike.state == "cleared" and one.spike.cleared_at is not None:
        spike = one.spike
        lines.append(
            f"Last spike: {spike.onset:%Y-%m-%d %H:%M} to {spike.cleared_at:%Y-%m-%d %H:%M} UTC, "
            f"{spike.observed} tickets against {spike.expected:.1f} expected."
        )
    return lines


def _gates(verdict: Verdict, uplift: float, expected: float) -> Iterable[str]:
    if verdict.state == "WARMING_UP":
        yield "watched for too short a time to know what is usual: only a gross spike alerts"
    if uplift != 1.0 or expected != 1.0:
        says = f"announced campaigns put the expectation at {expected:.2f} times the usual"
        if abs(expected - uplift) >= 0.005:
            than = "more" if expected > uplift else "less"
            says += (
                f": {uplift:.2f} times were announced, and similar campaigns brought {than} than announced"
            )
        yield says


def _answers(expected: float, bar: Raised | None) -> Iterable[str]:
    if expected > 1.0:
        yield f"people have answered that the rise is expected: {expected:.2f} times as many tickets are"
    if bar is not None:
        many = "a false alarm" if bar.false_alarms == 1 else f"{bar.false_alarms} false alarms, the last"
        yield f"its bar is raised by {bar.nats:.1f} since {many} on {bar.latest:%Y-%m-%d}"


def _because(verdict: Verdict, spike: Spike | None, *, held_back: bool) -> str:
    if spike is not None:
        since = f"A spike stands since {spike.onset:%Y-%m-%d %H:%M} UTC, raised at {spike.raised_at:%H:%M}"
        return f"{since}{', but is held back' if held_back else ''}: {spike.rule}"
    if verdict.state == "WARMING_UP":
        return "There is no verdict yet: the baseline is still warming up."
    if verdict.observed <= verdict.upper:
        return "The count lies within what is usual."
    return "The count lies above what is usual, but the evidence for a rise does not exceed the bar."
