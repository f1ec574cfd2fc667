"""Replies in the thread and whispers: what each says, whom it may call, and that its words cannot act."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_states import (
    CONTEXT,
    LATER_COURSE,
    LENA,
    ONSET,
    POST,
    SAID,
    SNOOZE,
    TAKEN,
    TOM,
    answered,
    condition,
    group,
    incident,
)
from msgspec.structs import replace as altered

from alerts import limits, message
from alerts.decision import Reason, Whisper
from alerts.language import Language
from alerts.records import Incident, SlackPost

ENGLISH = replace(CONTEXT, language="en")
CALLING = (Reason.GROWN, Reason.RESOLVED, Reason.REMINDER, Reason.ESCALATED, Reason.REOPENED, Reason.REPLACED)

SAYS = [
    (
        Reason.GROWN,
        incident("grown"),
        "🔺 Gutschein ungültig: Still growing – 42 tickets instead of ~11 in 30 min, 38 customers",
    ),
    (
        Reason.REOPENED,
        incident("grown"),
        "🔺 Gutschein ungültig: Rises again – 42 tickets instead of ~11 in 30 min, 38 customers",
    ),
    (
        Reason.RESOLVED,
        incident("cleared"),
        (
            "✅ Gutschein ungültig: Over after 1 h 35 min – 42 tickets instead of ~11, 38 customers, "
            "about 31 more tickets than without the spike (95 %: 24–37)"
        ),
    ),
    (
        Reason.ESCALATED,
        answered(incident("grown"), SNOOZE),
        (
            "🔺 Gutschein ungültig: Snooze ended early: it has grown well beyond what it was – "
            "42 tickets instead of ~11 in 30 min, 38 customers"
        ),
    ),
    (
        Reason.REPLACED,
        incident(),
        "↪️ Gutschein ungültig: The earlier message about this incident was deleted; this one goes on from it",
    ),
    (
        Reason.GROWN,
        group(),
        "🔺 Gutschein ungültig and 2 more: Still growing – 97 tickets instead of ~16 in 41 min",
    ),
    (
        Reason.RESOLVED,
        condition("total_volume", over=True),
        (
            "✅ All tickets together: Over after 1 h 10 min – 420 tickets instead of ~210, "
            "about 210 more tickets than without the spike (95 %: 174–244)"
        ),
    ),
    (
        Reason.RESOLVED,
        condition("source_silent", over=True),
        "✅ Tickets arrive again after 1 h 10 min – ~42 were expected meanwhile; what comes late is counted",
    ),
    (
        Reason.REMINDER,
        condition("source_silent"),
        "⏰ Nobody has answered yet – none for 25 min, ~42 expected",
    ),
]


@pytest.mark.parametrize(("why", "one", "words"), SAYS)
def test_a_reply_says_what_happened_and_the_figures(why: Reason, one: Incident, words: str) -> None:
    assert message.reply(one, ENGLISH, why)["text"] == words


def test_without_a_reason_the_status_decides() -> None:
    assert message.reply(incident("grown"), ENGLISH) == message.reply(
        incident("grown"), ENGLISH, Reason.GROWN
    )
    over = incident("cleared", course=LATER_COURSE)
    assert message.reply(over, ENGLISH) == message.reply(over, ENGLISH, Reason.RESOLVED)


def test_the_end_tells_the_peak_where_it_is_known() -> None:
    shown = message.reply(incident("cleared", course=LATER_COURSE), ENGLISH)["blocks"][0]["text"]["text"]
    assert ", peak 14 in 5 min at <!date^1795168200^{time}|" in shown
    assert "peak" not in message.reply(incident("cleared"), ENGLISH)["blocks"][0]["text"]["text"]


WAITED = [
    (
        "since people were last called",
        replace(ENGLISH, said=SAID),
        incident(),
        "Nobody has answered for 30 min",
    ),
    ("since it was posted", ENGLISH, altered(incident(), slack=POST), "Nobody has answered for 30 min"),
    (
        "another incident's log says nothing",
        replace(ENGLISH, said=altered(SAID, incident_id="ts-other")),
        incident(),
        "Nobody has answered yet",
    ),
    (
        "a timestamp that is none",
        ENGLISH,
        altered(incident(), slack=SlackPost(channel="C1", ts="nan?")),
        "Nobody has answered yet",
    ),
]


@pytest.mark.parametrize(("rule", "context", "one", "words"), WAITED, ids=[row[0] for row in WAITED])
def test_a_reminder_says_how_long_nobody_answered(
    rule: str, context: message.Payload, one: Incident, words: str
) -> None:
    later = replace(context, wall=ONSET + timedelta(minutes=39))  # type: ignore[type-var]
    assert words in message.reply(one, later, Reason.REMINDER)["text"], rule


def test_who_snoozed_is_called_when_it_escalates_and_nobody_else() -> None:
    payload = message.reply(answered(incident("grown"), TAKEN, SNOOZE), ENGLISH, Reason.ESCALATED)
    parts = [part for line in payload["blocks"][1]["elements"] for part in line["elements"]]
    assert [part.get("user_id") for part in parts] == [None, LENA]
    fake = altered(SNOOZE, by="<!channel>")
    payload = message.reply(answered(incident("grown"), fake), ENGLISH, Reason.ESCALATED)
    assert message.validate(payload) == []
    assert "user_id" not in str(payload)


@pytest.mark.parametrize("address", [None, "", "javascript:alert(1)", "http://shop.slack.com/archives"])
def test_a_new_message_links_the_earlier_one_only_by_a_safe_address(address: str | None) -> None:
    assert len(message.reply(incident(), ENGLISH, Reason.REPLACED, permalink=address)["blocks"]) == 1


def test_an_address_cannot_end_its_link() -> None:
    payload = message.reply(incident(), ENGLISH, Reason.REPLACED, permalink="https://a.example/|x><!channel>")
    assert payload["blocks"][1]["text"]["text"] == "<https://a.example/%7Cx%3E%3C!channel%3E|Earlier thread>"
    assert message.validate(payload) == []


@given(
    st.one_of(st.text(min_size=1, max_size=200), st.just("<!channel>" * 300), st.just("x" * 3_000)),
    st.sampled_from(CALLING),
    st.sampled_from(["de", "en"]),
)
def test_every_reply_is_one_that_slack_takes(reason: str, why: Reason, language: Language) -> None:
    context = replace(CONTEXT, language=language)
    for one in (
        incident(reason=reason),
        incident("cleared", reason=reason),
        answered(incident(reason=reason), SNOOZE),
    ):
        payload = message.reply(one, context, why)
        assert message.validate(payload) == []
        assert len(payload["text"]) <= limits.TEXT


def whisper(kind: str, by: str | None = None) -> Whisper:
    return Whisper(channel="C1", user=TOM, kind=kind, incident_id="ts-1", by=by)  # type: ignore[arg-type]


WHISPERS = [
    (
        "was_first",
        LENA,
        answered(incident(), TAKEN),
        (
            f"<@{LENA}> has already taken this over (<!date^1795166820^{{date_short_pretty}} {{time}}|"
            "20 Nov 2026, 10:27 CET>). Nothing changed."
        ),
    ),
    ("was_first", LENA, None, f"<@{LENA}> has already taken this over. Nothing changed."),
    ("was_first", None, None, "Somebody else has already taken this over. Nothing changed."),
    ("was_first", "<!channel>", None, "&lt;\u2060!channel&gt; has already taken this over. Nothing changed."),
    (
        "stale",
        None,
        incident(),
        (
            "This button belongs to an older state of the message. Nothing changed; the message shows how things "
            "stand now."
        ),
    ),
    ("unknown", None, None, "ticketspike does not know this incident, or no longer. Nothing changed."),
    (
        "too_late",
        None,
        None,
        "This incident is over. Nothing changed; you can still say whether the alert was useful.",
    ),
    (
        "too_late",
        None,
        incident("cleared"),
        (
            "This incident was over at <!date^1795171800^{date_short_pretty} {time}|20 Nov 2026, 11:50 CET>. Nothing "
            "changed; you can still say whether the alert was useful."
        ),
    ),
]


@pytest.mark.parametrize(("kind", "by", "one", "words"), WHISPERS)
def test_a_whisper_says_politely_that_nothing_changed(
    kind: str, by: str | None, one: Incident | None, words: str
) -> None:
    assert message.whisper(whisper(kind, by), one, ENGLISH) == words
    german = message.whisper(whisper(kind, by), one, CONTEXT)
    assert german != words
    assert "<!" not in german.replace("<!date^", "")
