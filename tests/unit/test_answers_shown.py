"""What people answered, as the message shows it: who, when, what follows, and whom it may mention."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from message_states import CONTEXT, LATER, LENA, MUTE, NAMED, SNOOZE, TAKEN, TOM, answer, answered, incident
from msgspec.structs import replace as altered

from alerts import answered as answers
from alerts import answers_section, limits, message
from alerts.blocks import Block
from alerts.context import Context
from alerts.records import Incident
from alerts.terminal import plain

ENGLISH = replace(CONTEXT, language="en", wall=LATER)


def shown(one: Incident, context: Context = ENGLISH) -> list[str]:
    """The lines, as a terminal shows them."""
    return plain({"text": "", "blocks": answers_section.section(one, context)}).splitlines()


def people(block: Block) -> list[str]:
    return [
        part["user_id"] for line in block["elements"] for part in line["elements"] if part["type"] == "user"
    ]


def told(*lines: str) -> list[str]:
    return [line if at == 0 else f"  {line}" for at, line in enumerate(lines)]


def test_each_kind_has_a_line_with_who_and_when() -> None:
    assert shown(answered(incident(), *NAMED)) == told(
        f"Taken over · @{LENA}, 20 Nov 2026, 10:27 CET",
        f"Expected: Sommer-Newsletter · @{LENA}, 20 Nov 2026, 10:35 CET",
        f"Linked: TV-Spot *Abend* <\u2060!channel> · @{TOM}, 20 Nov 2026, 10:37 CET",
        f"Cause: Code broken · @{LENA}, 20 Nov 2026, 10:40 CET",
    )
    assert shown(answered(incident(), SNOOZE, MUTE, answer("false_alarm"))) == told(
        f"Snoozed until 20 Nov 2026, 11:49 CET · @{LENA}, 20 Nov 2026, 10:35 CET",
        f"Muted until 27 Nov 2026, 10:49 CET · @{LENA}, 20 Nov 2026, 10:35 CET · nobody is told meanwhile",
        f"False alarm · @{LENA}, 20 Nov 2026, 10:35 CET · bar raised for some weeks",
    )


def test_nobody_has_answered_says_nothing() -> None:
    assert answers_section.section(incident(), ENGLISH) == []
    assert answers_section.section(answered(incident(), answer("missed")), ENGLISH) == []


def test_the_first_one_has_taken_it_over_and_the_last_word_of_every_other_kind_counts() -> None:
    later = answer("acknowledged", TOM, minutes=15)
    causes = [answer("cause", TOM, note="website", minutes=31), answer("cause", note="payment", minutes=30)]
    one = altered(incident(), answers=[later, TAKEN, *causes])
    assert answers.taken_over(one) == TAKEN
    assert "Website" in shown(one)[1]
    # Two may press at once: whom the incident names, counts.
    assert answers.taken_over(altered(one, acknowledged_by=TOM)) == later


def test_expected_and_false_alarm_exclude_each_other_so_the_last_one_is_shown() -> None:
    both = [answer("expected", campaign_id="c1"), answer("false_alarm", TOM, minutes=25)]
    assert [line.split(" ·")[0] for line in shown(answered(incident(), *both))] == ["False alarm"]
    later = answer("expected", campaign_id="c1", minutes=26)
    assert [line.split(" ·")[0] for line in shown(answered(incident(), *both, later))] == [
        "Expected: Sommer-Newsletter"
    ]


def test_a_free_cause_is_shown_as_it_was_typed_cut_and_without_effect() -> None:
    lines = shown(answered(incident(), answer("cause", note="Der *Dienst* <!here> ist weg")))
    assert lines[0].startswith("Cause: Der *Dienst* <\u2060!here> ist weg · ")
    long = message.root(answered(incident(), answer("cause", note="ab " * 3_334)), ENGLISH)
    assert message.validate(long) == []
    assert any("… (shortened)" in text and len(text) <= 310 for text in limits.texts(long["blocks"]))


def test_a_silence_is_shown_as_long_as_it_holds_to_the_minute() -> None:
    one = answered(incident(), SNOOZE)
    assert SNOOZE.until is not None
    just_before = replace(ENGLISH, wall=SNOOZE.until - timedelta(seconds=1))
    assert answers.silenced(one, just_before)
    assert message.root(one, just_before)["text"].startswith("🔕")
    after = replace(ENGLISH, wall=SNOOZE.until)
    assert not answers.silenced(one, after)
    assert shown(one, after) == []
    assert message.root(one, after)["text"].startswith("🔴")


def test_who_keeps_all_rows_decides_whether_the_incident_is_silenced() -> None:
    one = answered(incident(), MUTE)
    told_by_board = replace(ENGLISH, silenced=False)
    assert message.root(one, told_by_board)["text"].startswith("🔴")
    assert "nobody is told" not in shown(one, told_by_board)[0]


def test_a_resolved_incident_is_over_whatever_silences_it() -> None:
    one = answered(incident("cleared"), SNOOZE, MUTE)
    assert message.root(one, ENGLISH)["text"].startswith("✅")
    assert [line.strip()[:5] for line in shown(one)] == ["Muted"]


def test_who_took_over_changes_the_sign_until_it_is_over() -> None:
    assert message.root(answered(incident("grown"), TAKEN), ENGLISH)["text"].startswith("🟠")
    assert message.root(answered(incident("cleared"), TAKEN), ENGLISH)["text"].startswith("✅")


def test_each_person_has_one_vote_the_last() -> None:
    votes = [
        answer("useful", note="no", minutes=100),
        answer("useful", TOM, note="yes", minutes=101),
        answer("useful", note="yes", minutes=102),
    ]
    assert shown(answered(incident("cleared"), *votes)) == [f"Useful · @{LENA}, @{TOM}"]
    crowd = [answer("useful", f"U0000{at}ABC", note="no", minutes=100 + at) for at in range(9)]
    assert shown(answered(incident("cleared"), *crowd))[0].endswith("@U00004ABC +4")


@pytest.mark.parametrize(
    "name", ["S0614TZR7", "@channel", "<!here>", "<@U024BE7LH>", "SUPPORT", "", "U1", "jo from the shop"]
)
def test_only_a_users_id_is_mentioned(name: str) -> None:
    one = answered(
        incident(), answer("acknowledged", name), answer("muted", name, until=LATER + timedelta(days=1))
    )
    block = answers_section.section(one, ENGLISH)[0]
    assert people(block) == []
    assert message.validate(message.root(one, ENGLISH)) == []
    assert people(answers_section.section(answered(incident(), TAKEN), ENGLISH)[0]) == [LENA]
