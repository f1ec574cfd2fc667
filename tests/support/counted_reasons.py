"""What stands on `ticket-counts`, by contact reason."""

from __future__ import annotations

from streams.counts import Counted
from streams.settings import Settings
from streams.to_end import read_to_end


def counted(settings: Settings) -> dict[str, int]:
    """Tickets by contact reason, over all minutes; reasons without any are left out."""
    reader = Counted()
    reader.feed(record.value for record in read_to_end(settings, "ticket-counts"))
    found: dict[str, int] = {}
    for (reason, _), count in reader.minutes().items():
        found[reason] = found.get(reason, 0) + count
    return {reason: count for reason, count in found.items() if count}
