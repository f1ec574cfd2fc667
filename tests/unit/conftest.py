"""What unit tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# A shared machine stalls for longer than any sensible deadline; speed has its own benches.
settings.register_profile("ticketspike", deadline=None)
# The same examples on every run of a continuous integration: it judges the change, not the luck of the draw.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "ticketspike")
