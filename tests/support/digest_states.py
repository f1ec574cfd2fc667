"""Facts of digests, for goldens and limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from message_states import CONTEXT, MUTE, ONSET, POST, TAKEN, answered, condition, group, incident
from msgspec.structs import replace as altered

from alerts.context import Context
from alerts.digested import (
    Answers,
    Change,
    Digest,
    Health,
    QuietReason,
    QuietSource,
    ReasonChange,
    Silence,
    SourceGaps,
    Star,
)

MADE = ONSET + timedelta(hours=2)
DAY = date(2026, 11, 19)
HOSTILE = "<!channel> *a* | `b`\n" + "\N{HEBREW LETTER ALEF}" * 3 + "x" * 3000
BUSY = Digest(
    made_at=MADE,
    day=DAY,
    usual_days=[date(2026, 11, 12), date(2026, 11, 5), date(2026, 10, 29), date(2026, 10, 22)],
    open=[
        altered(answered(incident("grown"), TAKEN), slack=POST),
        altered(answered(group(), MUTE), slack=POST),
        altered(condition("source_silent"), slack=POST),
    ],
    total=Change(tickets=1312, usual=1217.5, ratio=1.078, lower=0.97, upper=1.19),
    top=[
        ReasonChange(
            contact_reason="Gutschein ungültig",
            change=Change(tickets=420, usual=110.0, ratio=3.82, lower=3.1, upper=4.7, clear=True),
            customers=390,
        ),
        ReasonChange(
            contact_reason="Lieferung verspätet",
            change=Change(tickets=61, usual=122.0, ratio=0.5, lower=0.38, upper=0.66, clear=True),
            customers=60,
        ),
        ReasonChange(
            contact_reason="Altersprüfung",
            change=Change(tickets=12, usual=0.0, lower=3.9),
            customers=11,
        ),
    ],
    quiet=[QuietReason(contact_reason="Rückgabe", usual=24.3, last_at=ONSET - timedelta(days=2))],
    answers=Answers(
        by_kind={"acknowledged": 3, "useful": 2, "false_alarm": 1}, false_alarms=2, missed=1, knob=1.0
    ),
    star=Star(kind="useful", value=0.6, of=10, days=28, against=1, silent=3),
    health=Health(
        last_ticket_at=MADE - timedelta(minutes=3),
        silences=[
            Silence(since=ONSET - timedelta(hours=20), until=ONSET - timedelta(hours=19)),
            Silence(since=ONSET, until=None),
        ],
        dead_letters=7,
        quiet_sources=[QuietSource(source="freshdesk", since=ONSET - timedelta(days=2))],
        gaps=[SourceGaps(source="salesforce", gaps=12, last_at=ONSET - timedelta(hours=3))],
    ),
)
FIRST_DAY = Digest(
    made_at=MADE,
    day=DAY,
    usual_days=[],
    open=[],
    total=None,
    top=[],
    quiet=[],
    answers=Answers(by_kind={}, false_alarms=0, missed=0, knob=0.5),
    star=Star(kind="minutes", value=None, of=0, days=28),
    health=Health(last_ticket_at=None, silences=[], dead_letters=0),
)
DIGESTS = {"digest_busy": BUSY, "digest_first_day": FIRST_DAY}


def context(language: str = "en") -> Context:
    """What surrounds a digest."""
    return replace(CONTEXT, now=MADE, wall=MADE, language=language)  # type: ignore[arg-type]


def hostile() -> Digest:
    """As many of everything as there can be, with a name that is as long and bad as can be."""
    change = Change(tickets=10**9, usual=1e9, ratio=1e6, lower=1e5, upper=1e7, clear=True)
    one = altered(answered(incident("grown"), TAKEN), slack=POST)
    one = altered(one, contact_reasons=[HOSTILE])
    return altered(
        BUSY,
        open=[altered(one, incident_id=f"i{index}") for index in range(500)],
        top=[ReasonChange(contact_reason=HOSTILE, change=change, customers=9)] * 5,
        quiet=[QuietReason(contact_reason=HOSTILE, usual=1e9, last_at=datetime(2026, 1, 1, tzinfo=UTC))] * 5,
    )
