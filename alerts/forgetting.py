"""Which incidents are forgotten: what is kept is bounded, however long a worker runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.context import Context
from alerts.decision import PASSED
from alerts.entry import Entry
from alerts.known import Known
from alerts.notification_log import dedup
from alerts.silence import runs

KEPT_FOR = timedelta(days=7)
"""Incidents that are over are kept so long, for late statements and answers."""
KEPT = 5_000
"""And so many of them at most."""


def settled(entry: Entry, context: Context) -> bool:
    """Whether an incident is over and the channel knows all of it, whatever may hold something back now."""
    return not entry.open and not dedup(entry, PASSED, context)


def forgettable(known: Known, context: Context, *, kept: int = KEPT) -> list[Entry]:
    """Incidents to forget: too old, or the oldest of too many.

    Never one that is open, of which something is still to be told, or on which a mute was set that runs.
    """
    over = [entry for entry in known.entries.values() if not entry.open]
    too_many = len(over) - kept
    if too_many > 0:
        over.sort(key=_over_since)
    return [
        entry
        for index, entry in enumerate(over)
        if (index < too_many or context.now - _over_since(entry)[0] > KEPT_FOR)
        and settled(entry, context)
        and not any(runs(mute, context.wall) for mute in entry.mutes)
    ]


def _over_since(entry: Entry) -> tuple[datetime, str]:
    return entry.incident.resolved_at or entry.incident.updated_at, entry.incident_id
