"""Spikes that a former version left open, whose state this version cannot read.

What fired then is not known any more: records below the restart only teach (`streams.watch`). Left alone, an
incident would stay open for ever; so each such spike is cleared as of its last statement, and if the rise goes
on, live evidence raises it anew within minutes.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from msgspec.structs import replace

from alerts.records import Spike
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
