"""Who is told: whom to ping for an incident, and in which channel it stands; pure.

A roster is a list of rows. A row speaks of an incident if its contact reasons, its time and its place fit; all rows
that fit count together. Ids come from the settings alone: nothing that a ticket or a campaign says is ever a mention.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase

from alerts.incident import leading
from alerts.markets import market_of
from alerts.records import Incident

LEAST_SHARE = 0.8
"""An incident is of a market if so much of its tickets above the expectation come from there."""
_EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the local day, [begin, end); one that ends before it begins goes over midnight."""

    begin: time
    end: time

    @property
    def over_midnight(self) -> bool:
        """Whether it ends on the next day."""
        return self.end <= self.begin


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the roster.

    Attributes:
        ping: Slack ids of users or groups who are pinged with the message.
        escalate: those who are pinged with the reminder that comes when nobody has reacted.
        reasons: contact reasons, with `*` and `?`; upper and lower case are one.
        weekdays: on which its time begins, 0 being Monday.
        hours: of the local day; None is all day.
        quiet: while it fits nobody is pinged, whatever other rows say; the message is posted all the same.
        markets: only incidents of these; () is all.
        brands: likewise.
        channel: where incidents of these markets or brands stand, instead of the shared channel.
    """

    ping: tuple[str, ...] = ()
    escalate: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ("*",)
    weekdays: frozenset[int] = _EVERY_DAY
    hours: Hours | None = None
    quiet: bool = False
    markets: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    channel: str | None = None


Roster = Sequence[Row]


def whom(incident: Incident, at: datetime, roster: Roster, *, escalated: bool = False) -> list[str]:
    """The Slack ids to ping, each once, in the order of the roster; none in quiet hours.

    Args:
        incident: what it is about.
        at: the time in the zone that the roster's hours are meant in.
        roster: the rows.
        escalated: nobody has reacted to the first message.
    """
    fitting = [one for one in roster if _runs(one, at) and _about(one, incident)]
    if any(one.quiet for one in fitting):
        return []
    found = [name for one in fitting for name in ((one.escalate or one.ping) if escalated else one.ping)]
    return list(dict.fromkeys(found))


def channel_of(incident: Incident, roster: Roster) -> str | None:
    """The second channel that an incident belongs into; None for the shared one.

    It stands in one channel only. The first row that fits decides; its time and its reasons count for pings alone, as
    a channel is a place and not a turn of duty.
    """
    found = (one.channel for one in roster if one.channel is not None and _place(one, incident))
    return next(found, None)


def channels(roster: Roster) -> list[str]:
    """All second channels, each once."""
    return list(dict.fromkeys(one.channel for one in roster if one.channel is not None))


def _runs(row: Row, at: datetime) -> bool:
    """Whether a row's time is now; a span over midnight belongs to the weekday on which it began."""
    if row.hours is None:
        return at.weekday() in row.weekdays
    clock, hours = at.time(), row.hours
    if not hours.over_midnight:
        return at.weekday() in row.weekdays and hours.begin <= clock < hours.end
    if clock >= hours.begin:
        return at.weekday() in row.weekdays
    return clock < hours.end and (at - timedelta(days=1)).weekday() in row.weekdays


def _about(row: Row, incident: Incident) -> bool:
    if not _place(row, incident):
        return False
    if "*" in row.reasons:
        return True
    # A rise of all tickets and a silent source are not about a contact reason, whatever they list.
    return incident.kind == "spike" and any(
        _fits(reason, pattern) for reason in incident.contact_reasons for pattern in row.reasons
    )


def _place(row: Row, incident: Incident) -> bool:
    if not row.markets and not row.brands:
        return True
    return all(
        not wanted or any(_fits(value, one) for one in wanted for value in _values(incident, facet))
        for facet, wanted in (("market", row.markets), ("brand", row.brands))
    )


def _values(incident: Incident, facet: str) -> Iterable[str]:
    """The values of a facet that nearly all of what is above the expectation comes from; also the incident's market."""
    market = market_of(incident.incident_id)
    if market is not None and facet == "market":
        yield market
    if not incident.spikes:
        return
    drivers = leading(incident).drivers
    yield from (one.value for one in drivers if one.facet == facet and one.excess_share >= LEAST_SHARE)


def _fits(text: str, pattern: str) -> bool:
    # A bracket is a letter here: contact reasons are full of them.
    return fnmatchcase(text.casefold().strip(), pattern.casefold().strip().replace("[", "[[]"))
