"""The report of a spike that nobody was told of, as an answer without an incident."""

from __future__ import annotations

import hashlib
from datetime import datetime

from alerts import redact
from alerts.blocks import fit, visible
from alerts.language import Language
from alerts.records import Answer

NOTE = 3_000
"""Characters of a note; Slack's own limit for a text field."""
_READ = 20_000
"""Characters of a note that are read at all; far more than are kept."""


def note(text: str, language: Language) -> str:
    r"""Words that somebody typed, as they may be kept: personal data replaced, at most 3,000 characters.

    >>> note("  Code of jo@example.org was\x00 off ", "en")
    'Code of [mail] was off'
    """
    return fit(redact.safe(visible(text[:_READ]).strip()), NOTE, language)


def report(reason: str, at: datetime, by: str, language: Language) -> Answer:
    """The answer *missed*: `at` is when the spike was, `note` its contact reason.

    The id is the same for the same reason and minute, so a report that comes twice is one report.

    >>> from datetime import UTC
    >>> found = report("voucher", datetime(2026, 11, 20, 9, 15, 30, tzinfo=UTC), "U1", "en")
    >>> found.incident_id, found.kind, found.note
    ('missed-2fe77e697fe5', 'missed', 'voucher')
    """
    kept = note(reason, language)
    minute = int(at.timestamp()) // 60
    digest = hashlib.sha256(f"{kept}\0{minute}".encode("utf-8", "replace")).hexdigest()
    return Answer(incident_id=f"missed-{digest[:12]}", kind="missed", by=by, at=at, note=kept)
