"""What the page is made of: one value, gathered after a replay; the page reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from alerts.language import Language
from alerts.records import Campaign, Incident, Spike
from streams.report.figures import Figures
from streams.report.other_knobs import Alarm

WEEK = 7 * 1440


class Told(NamedTuple):
    """An incident with its messages, in the order in which they were sent; none if it was held back."""

    incident: Incident
    messages: Sequence[Mapping[str, Any]]

    @property
    def spike(self) -> Spike:
        """Its spike."""
        return self.incident.spikes[-1]


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything the page tells.

    Attributes:
        language: of its words.
        zone: of its times.
        knob: false alarms a week.
        min_customers: distinct customers below which nothing is sent; 0 if customers are not known.
        campaigns: all campaigns.
        first: first minute of the data.
        watched: first minute that was watched, not only learnt from.
        until: the minute after the last.
        tickets: how many.
        refused: rows that could not be read.
        rows: whether they were tickets or counts, in words of the page's language.
        reasons: contact reasons, in the order of the figures' rows.
        told: alerts and incidents held back, by when they were raised.
        figures: what was observed and expected.
        others: alarms for other values of the knob, by its factor.
        version: of the program.
    """

    language: Language
    zone: ZoneInfo
    knob: float
    min_customers: int
    campaigns: Sequence[Campaign]
    first: int
    watched: int
    until: int
    tickets: int
    refused: int
    reasons: Sequence[str]
    told: Sequence[Told]
    figures: Figures
    others: Mapping[float, Sequence[Alarm]]
    version: str

    @property
    def alerts(self) -> list[Told]:
        """What was sent."""
        return [one for one in self.told if one.messages]

    @property
    def held_back(self) -> list[Told]:
        """What was seen but not sent."""
        return [one for one in self.told if not one.messages]

    @property
    def weeks(self) -> float:
        """Weeks that were watched."""
        return max(self.until - self.watched, 0) / WEEK


def minute_of(at: datetime) -> int:
    """Minutes since 1970."""
    return int(at.timestamp() // 60)


def alarm_of(spike: Spike) -> Alarm:
    """A spike as the other knobs' alarms are told."""
    onset = minute_of(spike.onset)
    return Alarm(
        spike.contact_reason,
        onset,
        minute_of(spike.raised_at),
        onset + spike.window_minutes,
        spike.observed,
        spike.expected,
    )
