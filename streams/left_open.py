"""What was left open by a state that is gone: of a former version, or of a cluster whose backup was restored.

What fired then is not known any more: records below the restart only teach (`streams.watch`), and on new topics
there are none. Left alone, an incident would stay open for ever; so each such spike is cleared as of its last
statement, and if the rise goes on, live evidence raises it anew within minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from alerts.incident import open_spikes
from alerts.records import Condition, Incident, Spike
from streams import follow
from streams.errors import UNREADABLE
from streams.settings import Settings

_END = 1 << 62


async def cleared(settings: Settings) -> list[Spike]:
    """The last statement of every spike that is open on the topic, made a cleared one. Raises KafkaError."""
    found: dict[str, Spike] = {}
    async for entry in follow.read(settings, settings.topic("spikes"), 0, _END):
        try:
            spike = msgspec.json.decode(entry.value or b"", type=Spike)
        except UNREADABLE:
            continue
        found[spike.spike_id] = spike
    return [clear(spike) for spike in found.values() if spike.state != "cleared"]


async def restored(settings: Settings, incidents: Iterable[bytes]) -> list[Condition | Spike]:
    """The ends of what open incidents speak of, where nothing was ever raised: they were put back by `restore`.

    Ends alone may stand on `spikes`: those that were stated before a crash, to be stated again.

    Args:
        settings: where Kafka is.
        incidents: what stands on the topic.

    Raises:
        KafkaError: Kafka is away for longer than its client waits.
    """
    said = ends(incidents)
    if said:
        async for entry in follow.read(settings, settings.topic("spikes"), 0, _END):
            if not _is_end(entry.value):
                return []
    return said


def ends(incidents: Iterable[bytes]) -> list[Condition | Spike]:
    """The last statements of all that open incidents speak of, made ended ones; of the source as a whole first.

    >>> ends([b'{"incident_id": "of another version"}'])
    []
    """
    conditions: list[Condition | Spike] = []
    spikes: list[Condition | Spike] = []
    for value in incidents:
        try:
            incident = msgspec.json.decode(value, type=Incident)
        except UNREADABLE:
            continue
        if incident.status != "open":
            continue
        spikes += [clear(spike) for spike in open_spikes(incident)]
        condition = incident.condition
        if condition is not None and condition.ended_at is None:
            conditions.append(replace(condition, ended_at=condition.stated_at))
    return [*conditions, *spikes]


def clear(spike: Spike) -> Spike:
    """The spike, cleared at the end of the window that it last spoke of.

    >>> from datetime import datetime
    >>> at = datetime.fromisoformat("2026-11-20T10:15:00+01:00")
    >>> spike = Spike(spike_id="s", contact_reason="voucher", state="grown", onset=at, raised_at=at,
    ...     window_minutes=30, observed=9, expected=1.0, lower=0, upper=3, uplift=9.0, excess=8.0, customers=8,
    ...     score=20.0, rule="9 tickets")
    >>> clear(spike).cleared_at.isoformat()
    '2026-11-20T10:45:00+01:00'
    """
    end = max(spike.raised_at, spike.onset + timedelta(minutes=spike.window_minutes))
    return replace(spike, state="cleared", cleared_at=end)


def _is_end(value: bytes | None) -> bool:
    try:
        return msgspec.json.decode(value or b"", type=Spike).state == "cleared"
    except UNREADABLE:
        return False
