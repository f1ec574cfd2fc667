"""What people's answers change about later alerts.

*Expected* raises what is expected of the incident's contact reasons, *false alarm* raises their bar, *missed* and
*false alarm* count against the knob. Of one incident the last of *expected* and *false alarm* holds, since they
exclude each other; said by several people it still counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.records import Answer, Campaign, Incident

EXPECTED_MOST = 30.0
"""The most that an expected rise raises an expectation, as a multiple of the usual; the rise seen is taken as the
new expectation up to here, so half as much again is a worse fault and fires by the usual bar."""
EXPECTED_HOURS = 24
"""An expected rise that no campaign explains is expected for so long at most."""
CAMPAIGN_DAYS = 30
"""... and one that a campaign explains for so long, for some campaigns have no end."""
FALSE_ALARM_NATS = 1.5
"""What one false alarm raises the bar by at first: a quarter to a fifth of the false alarms remain."""
FALSE_ALARMS_MOST = 3.0
"""All of them together raise it by this at most: a spike worth waking up for has many times that."""
FALSE_ALARM_HALF_LIFE = timedelta(days=14)
_LEAST_NATS = 0.05
"""Less than that is forgotten, and would read as 0.0."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A rise that a person has said to be expected.

    Attributes:
        incident_id: of which incident.
        uplifts: contact reason -> observed / expected in the incident's last statement. What the watch stage
            itself saw when the answer came goes before it, where the alarm still fires.
        since: when it was said.
        until: until when it is expected at most.
        campaign_id: the campaign that explains it: until that ends it may come in waves.
        is_open: whether the incident was still open, by its last revision.
    """

    incident_id: str
    uplifts: Mapping[str, float]
    since: datetime
    until: datetime
    campaign_id: str | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """An alarm that a person has said to be false.

    Attributes:
        incident_id: which incident.
        contact_reasons: whose bar is raised; none where the source as a whole was meant.
        at: when it was said.
        until: when somebody said otherwise, or None.
        total: whether the alarm was of all tickets together.
    """

    incident_id: str
    contact_reasons: tuple[str, ...]
    at: datetime
    until: datetime | None = None
    total: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """What all answers together change, as far as it is known."""

    expected: tuple[Expected, ...] = ()
    false_alarms: tuple[FalseAlarm, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.expected or self.false_alarms)


@dataclass(frozen=True, slots=True)
class Raised:
    """By how many nats a bar is raised, by how many false alarms, and when the last of them was said."""

    nats: float
    false_alarms: int
    latest: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers of a period that count against the knob."""

    false_alarms: int
    missed: int


def effects(incidents: Iterable[Incident]) -> Effects:
    """What the answers to some incidents change."""
    expected: list[Expected] = []
    false_alarms: list[FalseAlarm] = []
    for incident in incidents:
        if incident.kind == "source_silent":
            continue
        for answer, until in _verdicts(incident.answers):
            if answer.kind == "expected":
                expected.append(_expected(incident, answer, until))
            else:
                total = incident.kind == "total_volume"
                reasons = () if total else tuple(incident.contact_reasons)
                false_alarms.append(FalseAlarm(incident.incident_id, reasons, answer.at, until, total))
    return Effects(
        tuple(sorted(expected, key=lambda one: (one.since, one.incident_id))),
        tuple(sorted(false_alarms, key=lambda one: (one.at, one.incident_id))),
    )


def lasts_until(one: Expected, campaigns: Mapping[str, Campaign]) -> tuple[datetime, datetime | None]:
    """Until when a rise is expected at most, and until when a campaign explains it (None where none does).

    Campaigns count as they stand now: one that was withdrawn explains nothing any more.
    """
    campaign = campaigns.get(one.campaign_id) if one.campaign_id is not None else None
    if campaign is None or campaign.ends_at <= one.since:
        return min(one.until, one.since + timedelta(hours=EXPECTED_HOURS)), None
    ends = min(campaign.ends_at, one.since + timedelta(days=CAMPAIGN_DAYS))
    return min(one.until, max(ends, one.since + timedelta(hours=EXPECTED_HOURS))), ends


def raised(false_alarms: Iterable[FalseAlarm], contact_reason: str | None, at: datetime) -> Raised | None:
    """How much higher the bar of a contact reason is at an instant; None if it is not.

    Each false alarm raises it by `FALSE_ALARM_NATS`, half of it two weeks later; together at most by
    `FALSE_ALARMS_MOST`.

    Args:
        false_alarms: all of them.
        contact_reason: whose bar; None is that of all tickets together.
        at: the instant.

    Example:
        >>> said = datetime.fromisoformat("2026-11-12T10:00Z")
        >>> three = [FalseAlarm(f"ts-{number}", ("voucher",), said) for number in range(3)]
        >>> raised(three[:1], "voucher", said).nats, raised(three, "voucher", said).nats
        (1.5, 3.0)
        >>> raised(three[:1], "voucher", said + timedelta(days=28)).nats
        0.375
        >>> raised(three, "refund", said), raised(three, "voucher", said - timedelta(hours=1))
        (None, None)
    """
    nats, counted, latest = 0.0, 0, at
    for one in false_alarms:
        if one.at > at or (one.until is not None and one.until <= at):
            continue
        if contact_reason in one.contact_reasons or (contact_reason is None and one.total):
            own = FALSE_ALARM_NATS * 0.5 ** ((at - one.at) / FALSE_ALARM_HALF_LIFE)
            if own >= _LEAST_NATS:
                nats, counted, latest = nats + own, counted + 1, one.at
    return Raised(min(nats, FALSE_ALARMS_MOST), counted, latest) if counted else None


def uplift_expected(announced: float, seen: float) -> float:
    """The factor on the usual that is expected from now on.

    What was seen is measured against what was announced, so the two multiply once, here, and never again: what is
    announced later is compared with this, not added.

    Args:
        announced: factor that campaigns announced when the answer came.
        seen: observed / expected then, announcements included.

    Example:
        >>> uplift_expected(2.0, 3.0), uplift_expected(1.0, 80.0), uplift_expected(2.0, 0.4)
        (6.0, 30.0, 2.0)
    """
    return max(announced, min(announced * seen, EXPECTED_MOST))


def tally(answers: Iterable[Answer], since: datetime, until: datetime) -> Tally:
    """How many answers of a period count against the knob: incidents that were false, spikes nobody was told of.

    Several people who say the same of one incident count once.
    """
    false_alarms: set[str] = set()
    missed: set[tuple[str, str | None]] = set()
    for answer in answers:
        if since <= answer.at < until:
            if answer.kind == "false_alarm":
                false_alarms.add(answer.incident_id)
            elif answer.kind == "missed":
                missed.add((answer.incident_id, answer.note))
    return Tally(len(false_alarms), len(missed))


def _verdicts(answers: Iterable[Answer]) -> list[tuple[Answer, datetime | None]]:
    """The answers that say what the rise was, each with when the next one said otherwise."""
    said = sorted(
        (answer for answer in answers if answer.kind in ("expected", "false_alarm")),
        key=lambda answer: answer.at,
    )
    kept: list[Answer] = []
    for answer in said:
        if not kept or kept[-1].kind != answer.kind:
            kept.append(answer)
    return [(one, following.at) for one, following in pairwise(kept)] + [(one, None) for one in kept[-1:]]


def _expected(incident: Incident, answer: Answer, until: datetime | None) -> Expected:
    longest = answer.at + timedelta(days=CAMPAIGN_DAYS)
    uplifts = dict.fromkeys(incident.contact_reasons, 1.0)
    uplifts |= {spike.contact_reason: spike.uplift for spike in incident.spikes}
    return Expected(
        incident_id=incident.incident_id,
        uplifts=uplifts,
        since=answer.at,
        until=longest if until is None else min(until, longest),
        campaign_id=_campaign(incident, answer),
        is_open=incident.status == "open",
    )


def _campaign(incident: Incident, answer: Answer) -> str | None:
    """The campaign that a person named, or that the tickets speak for; closeness in time alone explains nothing."""
    if answer.campaign_id is not None:
        return answer.campaign_id
    named = [one for one in incident.answers if one.campaign_id is not None]
    if named:
        return max(named, key=lambda one: one.at).campaign_id
    return next((link.id for link in incident.campaigns if link.evidence != "time"), None)
