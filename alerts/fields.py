"""Types of fields that many records have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset")]
Name = Annotated[str, Meta(min_length=1)]
