"""Rows made anew from the public record, where the stored ones were lost."""

from __future__ import annotations

from alerts.context import Said
from alerts.entry import Entry, Mute, Snooze
from alerts.records import Incident
from alerts.silence import order


def restored(incident: Incident) -> Entry:
    """The row of an incident as far as its public record tells it.

    What has a message is taken for said as it stands there: rather an edit too few than a second message. A mute
    covers the contact reasons that the incident has by now.
    """
    said = None
    if incident.slack is not None:
        said = Said(
            incident_id=incident.incident_id,
            revision=incident.revision,
            observed=incident.observed,
            status=incident.status,
        )
    own = sorted((one for one in incident.answers if one.incident_id == incident.incident_id), key=order)
    scope = list(incident.contact_reasons) if incident.kind == "spike" else []
    snoozes = [one for one in own if one.kind == "snoozed"]
    until = snoozes[-1].until if snoozes and incident.status == "open" else None
    return Entry(
        incident,
        said,
        conditions=[incident.condition] if incident.condition is not None else [],
        mutes=[
            Mute(kind=incident.kind, contact_reasons=scope, answer=one) for one in own if one.kind == "muted"
        ],
        snooze=None if until is None else Snooze(until=until, observed=incident.observed, at=snoozes[-1].at),
    )
