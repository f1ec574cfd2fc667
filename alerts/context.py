"""What the stages and the message may know besides the incident: time, settings, campaigns, what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from alerts.language import Language
from alerts.records import Campaign, IncidentStatus
from alerts.redemptions import Quarters, Redeemed
from alerts.roster import Row
from alerts.source_records import SourceState


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An incident's entry in the notification log: what the channel was told last.

    `revision` is the one that the root message shows; `observed` the count when people were last called
    (root message or thread reply), which growth is measured against; `called_at` when that was, on wall time;
    `reminders` how often they were reminded since then.
    """

    incident_id: str
    revision: int
    observed: int
    status: IncidentStatus
    called_at: datetime | None = None
    reminders: int = 0


_AS_NOW = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """One value for everything that surrounds an incident.

    Attributes:
        now: the stage's time; on the event clock it is what the log says.
        language: of every word that people read.
        timezone: of times in words; Slack shows each reader's own where it can.
        campaigns: all known campaigns by id; another mapping once they changed, never the same one altered.
        min_customers: distinct customers below which nothing is said; 1 for counts files, which know none.
        tickets_url: link to the affected tickets, with `{contact_reason}` `{from}` `{to}`.
        said: the incident's entry in the notification log, None while nothing was said.
        redemptions: of voucher codes by folded code, with the orders beside them; empty where no orders flow.
        orders: all orders by quarters of an hour, for contacts per 1,000 orders; None where none flow.
        wall: wall time, which people live on: snooze, mute and reminders hold to it. `now` where not given.
        remind_after: people are reminded when nobody has reacted for so long, and once more after four times
            as long; None for never.
        merge_gap: a contact reason that rises again so soon after its incident was over reopens it.
        group_within: contact reasons that begin to rise within so long of one another may be one incident.
        answers_possible: somebody listens for presses, so buttons are shown; Slack marks a button that nobody
            answers with a warning.
        silenced: whether the incident is silenced now; None for what its own answers say. Only who keeps all
            rows knows that a muted incident got a contact reason that nobody muted.
        sources: how each source is, as workers stated it last; empty where none is connected.
        roster: whom to ping, and which incidents stand in a second channel; its hours are those of `timezone`.
        market: whose incidents these are, where each market has its own: `other` for those without; None for all.
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
    wall: datetime = _AS_NOW
    remind_after: timedelta | None = timedelta(minutes=30)
    merge_gap: timedelta = timedelta(minutes=30)
    group_within: timedelta = timedelta(minutes=90)
    answers_possible: bool = False
    silenced: bool | None = None
    sources: Sequence[SourceState] = ()
    roster: Sequence[Row] = ()
    market: str | None = None

    def __post_init__(self) -> None:
        if self.wall is _AS_NOW:
            object.__setattr__(self, "wall", self.now)
