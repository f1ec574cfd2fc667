"""Which source fell silent, and why: what workers state of each, drawn together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from alerts.context import Context
from alerts.digested import QuietSource, SourceGaps
from alerts.entry import Entry
from alerts.incident import revised
from alerts.records import Incident
from alerts.source_records import SourceCause, SourceStanding, SourceState

UNHEARD_AFTER = timedelta(minutes=3)
"""A worker states its sources every half a minute."""
DAY = timedelta(days=1)
FORGOTTEN_AFTER = DAY
"""A source that nobody has stated for so long is none any more: somebody took it out of the file."""
LEAST_REFUSED = 5
"""So many requests that came to nothing in a row are no chance passer-by."""
DEFERRED: frozenset[SourceCause] = frozenset({"throttled", "held_back"})
"""Causes that are no silence: tickets were written, and come later."""


def standings(states: Iterable[SourceState], now: datetime) -> list[SourceStanding]:
    """Each source of tickets by name, whatever number of workers takes its webhooks.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
    >>> one = SourceState(source="zendesk", worker="a", takes="tickets", since=at, stated_at=at, refused=41,
    ...                   refused_for="forged")
    >>> [(found.source, found.cause, found.refused) for found in standings([one], at)]
    [('zendesk', 'refused', 41)]
    """
    named: dict[str, list[SourceState]] = {}
    for state in states:
        if state.takes == "tickets" and now - state.stated_at <= FORGOTTEN_AFTER:
            named.setdefault(state.source, []).append(state)
    found = [standing(source, of, now) for source, of in sorted(named.items())]
    # What fills gaps has mostly nothing to bring.
    return [one for one in found if one.cause != "unknown" or not all(of.asked for of in named[one.source])]


def deferred(incident: Incident) -> bool:
    """Whether no source of an incident is silent: all of them hold tickets back, and say so."""
    return bool(incident.sources) and all(one.cause in DEFERRED for one in incident.sources)


def told(entry: Entry, context: Context) -> Entry:
    """The entry of a silent source with what is known of each source now; the same where nothing else is known.

    Counts alone make no new revision: what a reader does about 41 refused requests is what 42 ask for.
    """
    incident = entry.incident
    if incident.kind != "source_silent" or incident.status != "open" or not context.sources:
        return entry
    found = standings(context.sources, context.wall)
    if _essence(found) == _essence(incident.sources):
        return entry
    return replace(entry, incident=revised(incident, sources=found))


def standing(source: str, states: Sequence[SourceState], now: datetime) -> SourceStanding:
    """One source, of which there is at least one statement."""
    heard_at = max(one.stated_at for one in states)
    current = [one for one in states if now - one.stated_at <= UNHEARD_AFTER]
    untils = [one.throttled_until for one in current if one.throttled_until and one.throttled_until > now]
    worst = max(current or states, key=lambda one: one.refused)
    late = [one for one in current if one.held_back]
    last = [one.last_event_at for one in states if one.last_event_at is not None]
    refused = sum(one.refused for one in current)
    cause: SourceCause = "unknown"
    if not current:
        cause = "unheard"
    elif untils:
        cause = "throttled"
    elif refused >= LEAST_REFUSED:
        cause = "refused"
    elif late:
        cause = "held_back"
    elif all(one.away for one in current):
        cause = "away"
    return SourceStanding(
        source=source,
        cause=cause,
        heard_at=heard_at,
        last_event_at=max(last, default=None),
        refused=refused if cause == "refused" else 0,
        refused_for=worst.refused_for if cause == "refused" else None,
        paused=cause == "refused" and any(one.paused for one in current),
        delay_seconds=max((one.delay_seconds for one in late), default=0.0) if cause == "held_back" else 0.0,
        until=max(untils, default=None) if cause == "throttled" else None,
    )


def _essence(found: Sequence[SourceStanding]) -> list[tuple[object, ...]]:
    return [(one.source, one.cause, one.refused_for, one.paused, one.until) for one in found]


def gone_quiet(states: Sequence[SourceState], at: datetime) -> list[QuietSource]:
    """Sources that send tickets and brought none for a day, while another one did."""
    found: dict[str, datetime] = {}
    for one in states:
        if one.takes == "tickets" and not one.asked and at - one.stated_at <= FORGOTTEN_AFTER:
            since = one.last_event_at or one.since
            found[one.source] = max(since, found.get(one.source, since))
    quiet = [
        QuietSource(source=name, since=since) for name, since in sorted(found.items()) if at - since > DAY
    ]
    return quiet if len(quiet) < len(found) else []


def gaps_since(states: Sequence[SourceState], begin: datetime) -> list[SourceGaps]:
    """Sources that told of changes without their content since then."""
    found: dict[str, SourceGaps] = {}
    for one in states:
        if one.gaps and one.last_gap_at is not None and one.last_gap_at >= begin:
            before = found.get(one.source)
            found[one.source] = SourceGaps(
                source=one.source,
                gaps=one.gaps + (before.gaps if before else 0),
                last_at=max(one.last_gap_at, before.last_at) if before else one.last_gap_at,
            )
    return [found[name] for name in sorted(found)]
