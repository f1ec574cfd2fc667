"""The figures that a message shows, whatever kind of incident it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from alerts.incident import latest, leading
from alerts.records import Condition, Course, Incident, Spike


@dataclass(frozen=True, slots=True)
class Figures:
    """What came in and what was expected, from the onset on.

    Attributes:
        onset: since when.
        until: the end of what the counts cover.
        observed: tickets.
        expected: tickets without a spike.
        lower: with `upper` the bounds of the count in 95 % of cases without a spike.
        upper: see `lower`.
        uplift: how many times the expectation came in.
        customers: distinct customers; 0 where they are not known.
        rule: what fired, in words.
        course: the last hour, for a chart.
    """

    onset: datetime
    until: datetime
    observed: int
    expected: float
    lower: float
    upper: float
    uplift: float
    customers: int
    rule: str
    course: Course | None

    @property
    def minutes(self) -> float:
        """How long the counts cover."""
        return (self.until - self.onset) / timedelta(minutes=1)

    @property
    def excess(self) -> float:
        """Tickets above the expectation."""
        return self.observed - self.expected


def figures(incident: Incident) -> Figures:
    """The figures of an incident: of its condition, its one contact reason, or all of them together.

    Args:
        incident: one with a condition or at least one spike; else its own sums have to do.
    """
    if incident.condition is not None:
        return _of_condition(incident.condition)
    current = latest(incident.spikes)
    if not current:
        return _as_told(incident)
    if len(current) == 1:
        return of_spike(current[0])
    # Reasons are counted apart from each other, so doubts about them add up as squares. How many customers
    # wrote about several of them nobody knows, so their numbers are not added up.
    expected = sum(spike.expected for spike in current)
    return Figures(
        onset=min(spike.onset for spike in current),
        until=max(_until(spike) for spike in current),
        observed=sum(spike.observed for spike in current),
        expected=expected,
        lower=max(0.0, expected - sqrt(sum((one.expected - one.lower) ** 2 for one in current))),
        upper=expected + sqrt(sum((one.upper - one.expected) ** 2 for one in current)),
        uplift=_ratio(sum(spike.observed for spike in current), expected),
        customers=0,
        rule=leading(incident).rule,
        course=_together([spike.course for spike in current]),
    )


def extra(figures: Figures) -> tuple[int, int, int]:
    """How many tickets more than without a spike: about how many, at least, at most (95 %).

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    >>> extra(Figures(at, at, 42, 11.2, 4.7, 18.2, 3.75, 38, "", None))
    (31, 24, 37)
    """
    least, most = round(figures.observed - figures.upper), round(figures.observed - figures.lower)
    return max(round(figures.excess), 0), max(least, 0), max(most, 0)


def peak(figures: Figures) -> tuple[int, int, datetime] | None:
    """The busiest step since the onset: its tickets, its minutes, when it began.

    None where the course does not reach back to the onset: the peak may have been before.
    """
    if figures.course is None or figures.course.begins_at > figures.onset:
        return None
    step = timedelta(minutes=figures.course.minutes)
    steps = [
        (count, figures.course.begins_at + at * step)
        for at, count in enumerate(figures.course.counts)
        if figures.course.begins_at + (at + 1) * step > figures.onset
    ]
    if not steps or max(steps)[0] <= 0:
        return None
    count, at = max(steps, key=lambda one: one[0])
    return count, figures.course.minutes, at


def of_spike(spike: Spike) -> Figures:
    """The figures of one contact reason's spike."""
    return Figures(
        onset=spike.onset,
        until=_until(spike),
        observed=spike.observed,
        expected=spike.expected,
        lower=spike.lower,
        upper=spike.upper,
        uplift=spike.uplift,
        customers=spike.customers,
        rule=spike.rule,
        course=spike.course,
    )


def _as_told(incident: Incident) -> Figures:
    return Figures(
        onset=incident.opened_at,
        until=incident.updated_at,
        observed=incident.observed,
        expected=incident.expected,
        lower=incident.expected,
        upper=incident.expected,
        uplift=_ratio(incident.observed, incident.expected),
        customers=0,
        rule="",
        course=None,
    )


def _of_condition(condition: Condition) -> Figures:
    return Figures(
        onset=condition.since,
        until=condition.ended_at or condition.stated_at,
        observed=condition.observed,
        expected=condition.expected,
        lower=condition.lower,
        upper=condition.upper,
        uplift=_ratio(condition.observed, condition.expected),
        customers=0,
        rule=condition.rule,
        course=condition.course,
    )


def _together(courses: Sequence[Course | None]) -> Course | None:
    """Courses added up over the steps that all of them have; None where they cannot be laid upon each other."""
    known = [course for course in courses if course is not None]
    if not known or len(known) < len(courses) or len({course.minutes for course in known}) > 1:
        return None
    step = timedelta(minutes=known[0].minutes)
    steps = [
        {
            course.begins_at + at * step: pair
            for at, pair in enumerate(zip(course.counts, course.expected, strict=False))
        }
        for course in known
    ]
    shared = sorted(set(steps[0]).intersection(*steps))
    if not shared or shared[-1] - shared[0] != (len(shared) - 1) * step:
        return None
    return Course(
        begins_at=shared[0],
        minutes=known[0].minutes,
        counts=[sum(course[at][0] for course in steps) for at in shared],
        expected=[sum(course[at][1] for course in steps) for at in shared],
    )


def _ratio(observed: int, expected: float) -> float:
    return observed / expected if expected > 0 else float("inf")


def _until(spike: Spike) -> datetime:
    return spike.onset + timedelta(minutes=spike.window_minutes)
