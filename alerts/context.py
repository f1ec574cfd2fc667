"""What the stages and the message may know besides the incident: time, settings, campaigns, what was said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

import msgspec

from alerts.language import Language
from alerts.records import Campaign, IncidentStatus
from alerts.redemptions import Quarters, Redeemed


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An incident's entry in the notification log: what the channel was told last.

    `revision` is the one that the root message shows; `observed` the count when people were last called
    (root message or thread reply), which growth is measured against.
    """

    incident_id: str
    revision: int
    observed: int
    status: IncidentStatus


@dataclass(frozen=True, slots=True)
class Context:
    """One value for everything that surrounds an incident.

    Attributes:
        now: the stage's time; on the event clock it is what the log says.
        language: of every word that people read.
        timezone: of times in words; Slack shows each reader's own where it can.
        campaigns: all known campaigns by id.
        min_customers: distinct customers below which nothing is said; 1 for counts files, which know none.
        tickets_url: link to the affected tickets, with `{contact_reason}` `{from}` `{to}`.
        said: the incident's entry in the notification log, None while nothing was said.
        redemptions: of voucher codes by folded code, with the orders beside them; empty where no orders flow.
        orders: all orders by quarters of an hour, for contacts per 1,000 orders; None where none flow.
    """

    now: datetime
    language: Language = "en"
    timezone: tzinfo = UTC
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    min_customers: int = 3
    tickets_url: str | None = None
    said: Said | None = None
    redemptions: Mapping[str, Redeemed] = field(default_factory=dict)
    orders: Quarters | None = None
