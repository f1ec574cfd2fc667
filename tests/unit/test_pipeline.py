"""The stages between a statement and the channel, and what each decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_channel import ONSET, Channel, spike

from alerts.decision import Reason
from alerts.records import Campaign, Spike

CAMPAIGN = Campaign(
    id="c",
    name="Sommer",
    kind="newsletter",
    starts_at=ONSET - timedelta(minutes=15),
    ends_at=ONSET + timedelta(days=1),
)


def test_a_life_is_one_root_edits_and_two_calls() -> None:
    channel = Channel()
    reasons = [
        channel.hear(statement).reason
        for statement in (
            spike("raised", 14),
            spike("raised", 14),
            spike("grown", 20, 14),
            spike("grown", 24, 16),
            spike("grown", 30, 20),
            spike("cleared", 40, 60),
            spike("cleared", 40, 60),
        )
    ]
    assert reasons == [
        Reason.FIRST_NOTIFICATION,
        Reason.NOTHING_NEW,
        Reason.CHANGED,
        Reason.GROWN,
        Reason.CHANGED,
        Reason.RESOLVED,
        Reason.NOTHING_NEW,
    ]
    assert channel.sent == ["root", "update", "reply", "update", "update", "reply", "update"]


GROWTH = [
    ("half more, but only five tickets", 10, 15, False),
    ("ten tickets more, but only a tenth", 100, 110, False),
    ("half more and ten tickets, exactly", 20, 30, True),
    ("one ticket short of half more", 40, 59, False),
    ("half more of many", 40, 60, True),
]


@pytest.mark.parametrize(("rule", "before", "after", "called"), GROWTH, ids=[row[0] for row in GROWTH])
def test_people_are_called_again_on_growth_by_half_and_by_ten(
    rule: str, before: int, after: int, called: bool
) -> None:
    channel = Channel()
    channel.hear(spike("raised", before))
    channel.hear(spike("grown", after, 30))
    assert (channel.replies == [Reason.GROWN]) is called, rule


def test_growth_is_measured_from_the_last_call_not_from_the_last_edit() -> None:
    channel = Channel()
    for observed in range(20, 31):
        channel.hear(spike("grown", observed, observed))
    assert channel.sent.count("reply") == 1


def test_too_few_customers_are_held_back_and_told_later() -> None:
    channel = Channel(min_customers=3)
    assert channel.hear(spike("raised", 14, customers=2)).reason is Reason.TOO_FEW_CUSTOMERS
    assert (channel.sent, channel.incident().status) == ([], "open")
    assert channel.hear(spike("grown", 15, 12, customers=3)).reason is Reason.FIRST_NOTIFICATION


def test_too_few_customers_to_the_end_are_never_told() -> None:
    channel = Channel(min_customers=3)
    channel.hear(spike("raised", 14, customers=2))
    assert channel.hear(spike("cleared", 14, 60, customers=2)).reason is Reason.TOO_FEW_CUSTOMERS
    assert channel.sent == []


def test_what_the_channel_knows_is_not_held_back_when_customers_fall() -> None:
    channel = Channel(min_customers=3)
    channel.hear(spike("raised", 14, customers=3))
    assert channel.hear(spike("cleared", 14, 60, customers=2)).reason is Reason.RESOLVED


def test_a_spike_that_was_over_before_it_was_heard_of_is_not_told() -> None:
    channel = Channel()
    assert channel.hear(spike("cleared", 40, 60)).reason is Reason.OVER_UNHEARD
    assert (channel.sent, channel.board.entries) == ([], {})


def test_what_could_not_be_sent_while_it_was_open_is_told_once_as_over() -> None:
    channel = Channel()
    channel.hear(spike("raised", 14), send=0)
    channel.hear(spike("grown", 90, 30), send=0)
    channel.hear(spike("cleared", 100, 60))
    assert channel.sent == ["root"]
    assert channel.message(channel.incident().incident_id).shows.status == "resolved"


def test_a_crash_between_the_call_and_the_edit_leaves_the_edit_due() -> None:
    channel = Channel()
    channel.hear(spike("raised", 14))
    channel.hear(spike("cleared", 40, 60), send=1)
    assert channel.sent == ["root", "reply"]
    channel.hear(spike("cleared", 40, 60))
    assert channel.sent == ["root", "reply", "update"]


def test_a_root_that_did_not_get_through_is_due_again() -> None:
    channel = Channel()
    channel.hear(spike("raised", 14), send=0)
    assert [one.kind for one in channel.board.due(channel.context)] == ["root"]


def test_a_campaign_that_arrives_during_the_incident_edits_the_message() -> None:
    channel = Channel()
    channel.hear(spike("raised", 14))
    channel.context = replace(channel.context, campaigns={"c": CAMPAIGN})
    channel.wait(1)
    assert channel.sent == ["root", "update"]
    assert [link.id for link in channel.incident().campaigns] == ["c"]


def test_reasons_are_words() -> None:
    assert str(Reason.GROWN) == "grown by half and by ten tickets since people were last called"


STATEMENTS = [
    spike("raised", 14),
    *(spike("grown", 14 + 6 * step, 10 + step) for step in range(1, 8)),
    spike("cleared", 70, 60),
]


@given(st.lists(st.tuples(st.sampled_from(STATEMENTS), st.integers(0, 2)), max_size=25))
def test_whatever_is_heard_or_lost_the_channel_ends_true_with_one_root_and_one_end(
    heard: list[tuple[Spike, int]],
) -> None:
    channel = Channel()
    channel.hear(STATEMENTS[0], send=0)
    for statement, send in heard:
        channel.hear(statement, send=send)
    channel.hear(STATEMENTS[-1])
    assert channel.board.due(channel.context) == []
    assert channel.sent.count("root") == 1
    message = channel.message(channel.incident().incident_id)
    assert message.shows == msgspec.structs.replace(channel.incident(), slack=message.shows.slack)
    assert message.called_with is not None
    assert message.called_with.status == "resolved"
    assert message.replies.count(Reason.RESOLVED) <= 1
