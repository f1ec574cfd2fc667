"""What unit tests share."""

from __future__ import annotations

from hypothesis import settings

# A shared machine stalls for longer than any sensible deadline; speed has its own benches.
settings.register_profile("ticketspike", deadline=None)
settings.load_profile("ticketspike")
