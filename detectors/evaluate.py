"""How good are alarms against what is known to have happened?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from detectors.simulate import Outage, Planted

GRACE = 30
"""Minutes after an incident's end in which an alarm still counts as having found it."""
AFTERMATH = 9 * 60
"""Minutes after an incident's end in which an alarm is no false alarm."""
SETTLING = 60
"""Minutes after a backlog's burst in which an alarm is the outage's."""
LARGE = 10.0
"""Extra tickets from which on an incident is a large one."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alarm as an evaluation sees it: which reason, when raised."""

    row: int
    raised: int


@dataclass(frozen=True, slots=True)
class Score:
    """What `score` found.

    Attributes:
        planted: incidents there were.
        detected: part of them found; `nan` if there were none.
        detected_large: part found of those with 10 extra tickets or more; `nan` if there were none.
        median_delay: minutes from onset to alarm of those found; `nan` if none was.
        false_alarms_per_week: alarms outside of incidents and their aftermath.
        alerts_per_incident: alarms within found incidents, per found incident; `nan` if none was found.
    """

    planted: int
    detected: float
    detected_large: float
    median_delay: float
    false_alarms_per_week: float
    alerts_per_incident: float


def delays(planted: Sequence[Planted], alerts: Sequence[Alert]) -> list[int | None]:
    """Minutes from each incident's onset to the first alarm in it, or None if it was missed.

    Example:
        >>> incident = Planted(row=0, onset=100, end=200, uplift=3.0, shape="step", extra=40.0)
        >>> delays([incident], [Alert(0, 90), Alert(0, 112), Alert(1, 105)])
        [12]
    """
    raised = _raised(alerts)
    found: list[int | None] = []
    for incident in planted:
        times = [
            minute - incident.onset
            for minute in raised.get(incident.row, ())
            if incident.onset < minute <= incident.end + GRACE
        ]
        found.append(min(times, default=None))
    return found


def false_alarms(planted: Sequence[Planted], alerts: Sequence[Alert]) -> list[Alert]:
    """Alarms that no incident of their reason explains.

    Example:
        >>> incident = Planted(row=0, onset=100, end=200, uplift=3.0, shape="step", extra=40.0)
        >>> false_alarms([incident], [Alert(0, 90), Alert(0, 500), Alert(1, 120)])
        [Alert(row=0, raised=90), Alert(row=1, raised=120)]
    """
    spans: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for incident in planted:
        spans[incident.row].append((incident.onset, incident.end + AFTERMATH))
    return [
        alert
        for alert in alerts
        if not any(first <= alert.raised <= last for first, last in spans.get(alert.row, ()))
    ]


def admitted(alerts: Iterable[Alert], outages: Sequence[Outage]) -> list[Alert]:
    """Alarms that count: none in an outage of the source, its burst and the hour after that.

    What a detector says of outages is judged apart from what it says of reasons.

    Example:
        >>> admitted([Alert(0, 90), Alert(0, 130), Alert(1, 240)], [Outage(start=80, end=140, settled=155)])
        [Alert(row=1, raised=240)]
    """
    return [
        alert
        for alert in alerts
        if not any(outage.start <= alert.raised <= outage.settled + SETTLING for outage in outages)
    ]


def score(
    planted: Sequence[Planted], alerts: Sequence[Alert], weeks: float, outages: Sequence[Outage] = ()
) -> Score:
    """Sum up the alarms of some weeks.

    Args:
        planted: the incidents.
        alerts: the alarms raised in the same time.
        weeks: how long it was, above 0.
        outages: of the whole source; alarms of theirs neither find an incident nor are false.

    Raises:
        ValueError: `weeks` is not above 0.

    Example:
        >>> incident = Planted(row=0, onset=100, end=200, uplift=3.0, shape="step", extra=40.0)
        >>> found = score([incident], [Alert(0, 112), Alert(1, 300)], weeks=2.0)
        >>> found.detected, found.median_delay, found.false_alarms_per_week
        (1.0, 12.0, 0.5)
    """
    if not weeks > 0:
        raise ValueError(f"weeks must be above 0, not {weeks}")
    alerts = admitted(alerts, outages)
    found = delays(planted, alerts)
    hits = [delay for delay in found if delay is not None]
    large = [delay for incident, delay in zip(planted, found, strict=True) if incident.extra >= LARGE]
    wrong = len(false_alarms(planted, alerts))
    nan = float("nan")
    return Score(
        planted=len(planted),
        detected=len(hits) / len(found) if found else nan,
        detected_large=sum(delay is not None for delay in large) / len(large) if large else nan,
        median_delay=float(median(hits)) if hits else nan,
        false_alarms_per_week=wrong / weeks,
        alerts_per_incident=(len(alerts) - wrong) / len(hits) if hits else nan,
    )


def _raised(alerts: Iterable[Alert]) -> dict[int, list[int]]:
    """Minutes of the alarms, by reason."""
    raised: defaultdict[int, list[int]] = defaultdict(list)
    for alert in alerts:
        raised[alert.row].append(alert.raised)
    return raised
