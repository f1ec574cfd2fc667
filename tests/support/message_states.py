"""Every state of a message, German and English: for the golden payloads, and as pages to look at.

    PYTHONPATH=. python tests/support/message_states.py FOLDER [STATE...]

writes `messages_de.html` and `messages_en.html` there, of all states or of those named.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace as altered

from alerts import chart, message, preview
from alerts.context import Context, Said
from alerts.decision import Reason
from alerts.incident import apply
from alerts.language import Language
from alerts.records import (
    Answer,
    AnswerKind,
    Campaign,
    CampaignLink,
    Condition,
    Course,
    Driver,
    Incident,
    SlackPost,
    Spike,
    SpikeState,
)
from alerts.source_records import SourceCause, SourceStanding

ONSET = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
LENA, TOM = "U024BE7LH", "U0G9QF9C6"
NEWSLETTER = Campaign(
    id="c1",
    name="Sommer-Newsletter",
    kind="newsletter",
    starts_at=ONSET - timedelta(minutes=15),
    ends_at=ONSET + timedelta(days=7),
    owner=LENA,
    promise="25 % auf alles, in Shop & App",
    voucher_codes=["SOMMER25"],
)
TV = Campaign(
    id="c2",
    name="TV-Spot *Abend* <!channel>",
    kind="tv",
    starts_at=ONSET - timedelta(minutes=40),
    ends_at=ONSET + timedelta(hours=3),
    contact_reasons=["Gutschein ungültig"],
    expected_uplift=2.5,
    owner="@channel",
)
CONTEXT = Context(
    now=ONSET + timedelta(minutes=30),
    language="de",
    timezone=ZoneInfo("Europe/Berlin"),
    campaigns={"c1": NEWSLETTER, "c2": TV},
    tickets_url="https://help.example/tickets?reason={contact_reason}&from={from}&to={to}",
)
BY_CODE = CampaignLink(id="c1", name="Sommer-Newsletter", evidence="voucher_code")
BY_REASON = CampaignLink(id="c2", name=TV.name, evidence="contact_reason")
DRIVERS = [
    Driver(
        facet="voucher_code", value="SOMMER25", tickets=38, share=38 / 42, usual_share=0.02, excess_share=0.97
    ),
    Driver(facet="browser", value="Safari", tickets=30, share=30 / 42, usual_share=0.24, excess_share=0.92),
    Driver(facet="device", value="Fairphone", tickets=4, share=4 / 42, usual_share=0.001, excess_share=0.1),
]
PAIR = Driver(
    facet="voucher_code×browser",
    value="SOMMER25 × Safari",
    tickets=27,
    share=27 / 42,
    usual_share=0.005,
    excess_share=0.87,
)
ALL_OF_THEM = [
    altered(DRIVERS[0], tickets=42, share=1.0),
    altered(DRIVERS[1], tickets=42, share=1.0),
    altered(PAIR, tickets=42, share=1.0, excess_share=1.0),
]
COURSE = Course(
    begins_at=ONSET - timedelta(minutes=40),
    minutes=5,
    counts=[1, 2, 2, 1, 3, 1, 2, 2, 3, 6, 8, 7, 9, 9],
    expected=[1.7, 1.7, 1.7, 1.8, 1.8, 1.8, 1.8, 1.8, 1.9, 1.9, 1.9, 1.9, 1.9, 1.9],
)
LATER_COURSE = Course(
    begins_at=ONSET - timedelta(minutes=5),
    minutes=5,
    counts=[2, 3, 6, 8, 7, 9, 9, 11, 14, 8, 6, 4, 5, 3, 3, 1, 2, 2, 1],
    expected=[1.8, *[1.9] * 18],
)


def spike(
    state: SpikeState = "raised",
    *,
    reason: str = "Gutschein ungültig",
    drivers: Sequence[Driver] | None = None,
    observed: int = 42,
    expected: float = 11.2,
    customers: int = 38,
    course: Course | None = None,
    minutes_later: int = 0,
) -> Spike:
    onset = ONSET + timedelta(minutes=minutes_later)
    return Spike(
        spike_id=f"s-{reason}" if reason != "Gutschein ungültig" else "s",
        contact_reason=reason,
        state=state,
        onset=onset,
        raised_at=onset + timedelta(minutes=8),
        cleared_at=onset + timedelta(minutes=95) if state == "cleared" else None,
        window_minutes=30,
        observed=observed,
        expected=expected,
        lower=4.7 * expected / 11.2,
        upper=18.2 * expected / 11.2,
        uplift=observed / expected,
        excess=observed - expected,
        customers=customers,
        score=9.1,
        rule="42 Tickets in 30 min, erwartet ~11",
        drivers=list(DRIVERS if drivers is None else drivers),
        course=course,
    )


def incident(
    state: SpikeState = "raised",
    *,
    reason: str = "Gutschein ungültig",
    links: Sequence[CampaignLink] | None = None,
    drivers: Sequence[Driver] | None = None,
    observed: int = 42,
    expected: float = 11.2,
    customers: int = 38,
    course: Course | None = None,
) -> Incident:
    first = spike(
        state,
        reason=reason,
        drivers=drivers,
        observed=observed,
        expected=expected,
        customers=customers,
        course=course,
    )
    return apply(None, first, links=list([BY_CODE] if links is None else links), now=ONSET)


def answer(kind: AnswerKind, by: str = LENA, *, minutes: int = 20, **about: object) -> Answer:
    at = ONSET + timedelta(minutes=minutes)
    return Answer(incident_id="ts-1", kind=kind, by=by, at=at, **about)  # type: ignore[arg-type]


def answered(one: Incident, *answers: Answer) -> Incident:
    by = next((press.by for press in answers if press.kind == "acknowledged"), None)
    return altered(one, answers=list(answers), acknowledged_by=by, revision=one.revision + len(answers))


def group(state: SpikeState = "grown") -> Incident:
    others = [
        spike("cleared", reason="Rabatt fehlt", observed=21, expected=4.0, customers=20, minutes_later=6),
        spike(state, reason="Newsletter-Link geht nicht", observed=34, expected=0.4, minutes_later=-5),
    ]
    first = incident(state)
    reasons = [first.contact_reasons[0], *(one.contact_reason for one in others)]
    return altered(
        first, contact_reasons=reasons, spikes=[*first.spikes, *others], revision=4, related=["ts-abcdefghij"]
    )


def condition(kind: str, *, over: bool = False) -> Incident:
    ended = ONSET + timedelta(minutes=70) if over else None
    silent = kind == "source_silent"
    stated = Condition(
        kind="source_silent" if silent else "total_volume",
        since=ONSET,
        raised_at=ONSET + timedelta(minutes=12),
        stated_at=ONSET + timedelta(minutes=25),
        ended_at=ended,
        observed=0 if silent else 420,
        expected=41.6 if silent else 210.4,
        lower=29.2 if silent else 176.0,
        upper=55.1 if silent else 246.3,
        rule="25 min ohne Ticket" if silent else "420 Tickets in 25 min, erwartet ~210",
        contact_reasons=[] if silent else ["Wo ist mein Paket", "Gutschein ungültig", "Rechnung"],
        course=None
        if silent
        else altered(COURSE, counts=[30 + 5 * at for at in range(14)], expected=[34.0] * 14),
    )
    return Incident(
        incident_id="ts-silent" if silent else "ts-total",
        revision=3,
        status="resolved" if over else "open",
        kind=stated.kind,
        condition=stated,
        contact_reasons=stated.contact_reasons,
        spikes=[],
        opened_at=stated.raised_at,
        updated_at=ended or stated.stated_at,
        resolved_at=ended,
        observed=stated.observed,
        expected=stated.expected,
        excess=stated.observed - stated.expected,
    )


def silent(*sources: SourceStanding) -> Incident:
    return altered(condition("source_silent"), sources=list(sources))


def source(name: str, cause: SourceCause, **more: object) -> SourceStanding:
    last = {"last_event_at": ONSET - timedelta(minutes=1), "heard_at": ONSET + timedelta(minutes=25)}
    return SourceStanding(source=name, cause=cause, **{**last, **more})  # type: ignore[arg-type]


LATER = ONSET + timedelta(minutes=34)
SNOOZE = answer("snoozed", until=LATER + timedelta(hours=1))
MUTE = answer("muted", until=LATER + timedelta(days=7))
TAKEN = answer("acknowledged", minutes=12)
NAMED = [
    TAKEN,
    answer("expected", campaign_id="c1"),
    answer("linked", TOM, campaign_id="c2", minutes=22),
    answer("cause", note="code_broken", minutes=25),
]
POST = SlackPost(channel="C1", ts=f"{(ONSET + timedelta(minutes=9)).timestamp():.6f}")
SAID = Said(
    incident_id=incident().incident_id,
    revision=1,
    observed=42,
    status="open",
    called_at=ONSET + timedelta(minutes=9),
)

Make = Callable[[Context], message.Payload]
STATES: Mapping[str, Make] = {
    "root_raised": lambda to: message.root(incident(), to),
    "root_grown": lambda to: message.root(
        incident("grown", links=[BY_CODE, BY_REASON]), to, [0, 1, 0, 2, 4, 9, 14, 12]
    ),
    "root_resolved": lambda to: message.root(incident("cleared"), to),
    "root_pair": lambda to: message.root(incident(drivers=[*DRIVERS[:2], PAIR]), to),
    "root_pair_on_all": lambda to: message.root(incident(drivers=ALL_OF_THEM), to),
    "root_bare": lambda to: message.root(
        incident(links=[], drivers=[], customers=0, expected=0.2),
        replace(to, campaigns={}, tickets_url=None, timezone=UTC),
    ),
    "root_hostile_reason": lambda to: message.root(
        incident(reason="<!channel> *fett* | `x` & <@U1>\n:fire:", links=[]), buttons(to)
    ),
    "root_buttons": lambda to: message.root(incident(course=COURSE), buttons(to)),
    "root_taken_over": lambda to: message.root(
        answered(incident("grown", course=COURSE), TAKEN), buttons(to)
    ),
    "root_snoozed": lambda to: message.root(answered(incident(course=COURSE), TAKEN, SNOOZE), buttons(to)),
    "root_muted": lambda to: message.root(answered(incident(course=COURSE), MUTE), buttons(to)),
    "root_answered": lambda to: message.root(answered(incident("grown", course=COURSE), *NAMED), buttons(to)),
    "root_false_alarm": lambda to: message.root(answered(incident(), answer("false_alarm")), buttons(to)),
    "root_long_note": lambda to: message.root(
        answered(incident(), answer("cause", note="Der Dienst <b> & *alle* Codes " * 400)), buttons(to)
    ),
    "root_over_asking": lambda to: message.root(
        answered(incident("cleared", course=LATER_COURSE), TAKEN), buttons(to)
    ),
    "root_over_useful": lambda to: message.root(
        answered(
            incident("cleared", course=LATER_COURSE),
            *NAMED,
            answer("useful", note="yes", minutes=99),
            answer("useful", TOM, note="no", minutes=101),
        ),
        buttons(to),
    ),
    "root_group": lambda to: message.root(group(), buttons(to)),
    "root_group_over": lambda to: message.root(group("cleared"), buttons(to)),
    "root_total": lambda to: message.root(condition("total_volume"), buttons(to)),
    "root_total_over": lambda to: message.root(condition("total_volume", over=True), buttons(to)),
    "root_silent": lambda to: message.root(condition("source_silent"), buttons(to)),
    "root_silent_sources": lambda to: message.root(
        silent(
            source("freshdesk", "unknown", last_event_at=None),
            source("hubspot", "unheard"),
            source("intercom-export", "away"),
            source("zendesk", "refused", refused=1041, refused_for="forged", paused=True),
        ),
        buttons(to),
    ),
    "root_silent_deferred": lambda to: message.root(
        silent(
            source("freshdesk", "held_back", delay_seconds=2820.0),
            source("zendesk", "throttled", until=ONSET + timedelta(minutes=65)),
        ),
        buttons(to),
    ),
    "root_silent_over": lambda to: message.root(condition("source_silent", over=True), buttons(to)),
    "root_without_chart": lambda to: chart.without_chart(message.root(incident(course=COURSE), buttons(to))),
    "reply_grown": lambda to: message.reply(incident("grown"), to),
    "reply_reopened": lambda to: message.reply(incident("grown"), to, Reason.REOPENED),
    "reply_resolved": lambda to: message.reply(incident("cleared", course=LATER_COURSE), to, Reason.RESOLVED),
    "reply_reminder": lambda to: message.reply(
        altered(incident(), slack=POST),
        replace(to, said=SAID, wall=ONSET + timedelta(minutes=39)),
        Reason.REMINDER,
    ),
    "reply_escalated": lambda to: message.reply(
        answered(incident("grown", observed=92), altered(SNOOZE, until=CONTEXT.wall)), to, Reason.ESCALATED
    ),
    "reply_replaced": lambda to: message.reply(
        incident(), to, Reason.REPLACED, permalink="https://shop.slack.com/archives/C1/p1795166580000000"
    ),
    "reply_silent_over": lambda to: message.reply(condition("source_silent", over=True), to, Reason.RESOLVED),
}
CONTEXTS: Mapping[str, Context] = {"de": CONTEXT, "en": replace(CONTEXT, language="en")}
CASES: Mapping[str, Callable[[], message.Payload]] = {
    f"{state}_{language}": lambda make=make, to=to: make(to)  # type: ignore[misc]
    for state, make in STATES.items()
    for language, to in CONTEXTS.items()
}


def buttons(to: Context) -> Context:
    """The same surroundings where presses are answered."""
    return replace(to, answers_possible=True)


def page(language: Language, states: Sequence[str]) -> str:
    """States one below the other, each under its name and what notifications say."""
    chapters = []
    for state in states:
        payload = STATES[state](CONTEXTS[language])
        line = {"method": "chat.postMessage", "posted_ts": POST.ts, **payload}
        chapters.append(preview.Chapter(state, [line], html.unescape(payload["text"])))
    people = {LENA: "Lena", TOM: "Tom"}
    return preview.book(chapters, language=language, timezone=ZoneInfo("Europe/Berlin"), people=people)


if __name__ == "__main__":
    for language in ("de", "en"):
        shown = page(language, sys.argv[2:] or list(STATES))
        Path(sys.argv[1], f"messages_{language}.html").write_text(shown, encoding="utf-8")
