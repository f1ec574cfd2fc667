"""The records that alerts are made of: spike, incident, campaign, answer.

Each is one JSON object on its topic, as the README's contract says; unknown fields are ignored.
`docs/schemas/` holds the JSON Schemas generated from these very types.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alerts.fields import Instant as Instant
from alerts.fields import Name as Name
from alerts.source_records import SourceStanding

SpikeState = Literal["raised", "grown", "cleared"]
IncidentStatus = Literal["open", "resolved"]
IncidentKind = Literal["spike", "total_volume", "source_silent"]
ConditionKind = Literal["total_volume", "source_silent"]
CampaignKind = Literal["voucher", "tv", "newsletter", "sale", "product", "other"]
Evidence = Literal["voucher_code", "campaign_id", "contact_reason", "time"]
AnswerKind = Literal[
    "acknowledged", "snoozed", "expected", "false_alarm", "cause", "linked", "muted", "useful", "missed"
]


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """A facet value that stands out among a spike's tickets.

    `share` is its part of the tickets in the spike's window, `usual_share` its part before, `tickets` the
    number behind `share`, `excess_share` its part of the tickets above the expectation (0 to 1).
    """

    facet: str
    value: str
    tickets: int
    share: float
    usual_share: float
    excess_share: float


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """The last hour or so as a chart shows it: what came in and what was expected, in equal steps.

    `counts` and `expected` have one number a step of so many `minutes`; the first step begins at `begins_at`.
    """

    begins_at: Instant
    minutes: int
    counts: list[int]
    expected: list[float]


class Spike(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A firing alarm of one contact reason, as sent on `spikes`.

    Counts, bounds and customers cover [`onset`, `onset` + `window_minutes`). `lower` and `upper` bound the
    count with 95 % probability if there were no spike.
    """

    spike_id: str
    contact_reason: str
    state: SpikeState
    onset: Instant
    raised_at: Instant
    window_minutes: int
    observed: int
    expected: float
    lower: float
    upper: float
    uplift: float
    excess: float
    customers: int
    score: float
    rule: str
    cleared_at: Instant | None = None
    drivers: list[Driver] = []
    course: Course | None = None


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that holds for the source as a whole, as the watch stage states it on `conditions`.

    `total_volume`: all tickets together are more than expected; `source_silent`: nothing comes at all. Stated
    again and again while it holds and once with `ended_at`; the same `kind` and `since` are the same condition.
    Counts and bounds cover [`since`, `stated_at`); `contact_reasons` are those that rise, the largest excess first.
    """

    kind: ConditionKind
    since: Instant
    raised_at: Instant
    stated_at: Instant
    observed: int
    expected: float
    lower: float
    upper: float
    rule: str
    ended_at: Instant | None = None
    contact_reasons: list[str] = []
    course: Course | None = None


class Campaign(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A marketing or product activity with a period, as it stands on `campaigns`."""

    id: Name
    name: Name
    starts_at: Instant
    ends_at: Instant
    kind: CampaignKind = "other"
    owner: str | None = None
    promise: str | None = None
    voucher_codes: list[str] = []
    contact_reasons: list[str] = []
    markets: list[str] = []
    channels: list[str] = []
    expected_uplift: Annotated[float, Meta(gt=0)] = 1.0
    url: str | None = None


class CampaignLink(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign that coincides with an incident, and what the link rests on."""

    id: str
    name: str
    evidence: Evidence


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person answered to an incident, as it stands on `answers`.

    `at` is the press's own time, so that the same press is the same answer however often it is delivered. Of
    *missed*, which has no incident, `at` is when the spike was and `note` its contact reason.
    """

    incident_id: str
    kind: AnswerKind
    by: str
    at: Instant
    until: Instant | None = None
    campaign_id: str | None = None
    note: str | None = None


class SlackPost(msgspec.Struct, frozen=True, kw_only=True):
    """Where an incident's root message stands: Slack's channel id and message timestamp."""

    channel: str
    ts: str


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told as one thing, from opening to resolution, as it stands on `incidents`.

    `revision` grows by one with every change that a reader of the Slack message should see. A `kind` other than
    `spike` speaks of the source as a whole: it has no spikes but a `condition`, as stated last. `related` are
    incidents with the same cause that were told apart before that was known. `sources` says of each source of tickets,
    while the source as a whole is silent, when it last sent and what is known to be wrong.
    """

    incident_id: str
    revision: int
    status: IncidentStatus
    kind: IncidentKind = "spike"
    condition: Condition | None = None
    contact_reasons: list[str]
    spikes: list[Spike]
    opened_at: Instant
    updated_at: Instant
    observed: int
    expected: float
    excess: float
    resolved_at: Instant | None = None
    campaigns: list[CampaignLink] = []
    drivers: list[Driver] = []
    acknowledged_by: str | None = None
    answers: list[Answer] = []
    slack: SlackPost | None = None
    related: list[str] = []
    sources: list[SourceStanding] = []
