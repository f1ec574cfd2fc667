"""The stages between a spike and the channel, and what each decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.context import Context, Said
from alerts.pipeline import Outcome, Reason, log, process
from alerts.records import Campaign, Incident, Spike, SpikeState

ONSET = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
CAMPAIGN = Campaign(
    id="c",
    name="Sommer",
    kind="newsletter",
    starts_at=ONSET - timedelta(minutes=15),
    ends_at=ONSET + timedelta(days=1),
)


def spike(state: SpikeState, observed: int, window: int = 10, customers: int = 9) -> Spike:
    return Spike(
        spike_id="s",
        contact_reason="voucher invalid",
        state=state,
        onset=ONSET,
        raised_at=ONSET + timedelta(minutes=5),
        cleared_at=ONSET + timedelta(minutes=window) if state == "cleared" else None,
        window_minutes=window,
        observed=observed,
        expected=2,
        lower=0,
        upper=6,
        uplift=observed / 2,
        excess=observed - 2.0,
        customers=customers,
        score=9,
        rule="rule",
    )


class Channel:
    """What the notify stage keeps: the incident, the notification log, and what went out."""

    def __init__(self, **context: object) -> None:
        self.context = Context(now=ONSET, **context)  # type: ignore[arg-type]
        self.incident: Incident | None = None
        self.said: Said | None = None
        self.sent: list[str] = []

    def hear(self, statement: Spike, send: int = 9) -> Outcome:
        """Process a statement, send and log the first `send` notifications."""
        outcome = process(statement, self.incident, replace(self.context, said=self.said))
        self.incident = outcome.incident
        for notification in outcome.notifications[:send]:
            self.sent.append(notification.kind)
            self.said = log(notification, self.said)
        return outcome


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
    assert channel.sent == ["root", "update", "update", "reply", "update", "update", "reply"]


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
    assert ("reply" in channel.sent) is called, rule


def test_growth_is_measured_from_the_last_call_not_from_the_last_edit() -> None:
    channel = Channel()
    for observed in range(20, 31):
        channel.hear(spike("grown", observed, observed))
    assert channel.sent.count("reply") == 1


def test_too_few_customers_are_held_back_and_open_later() -> None:
    channel = Channel(min_customers=3)
    outcome = channel.hear(spike("raised", 14, customers=2))
    assert (outcome.notifications, outcome.reason) == ((), Reason.TOO_FEW_CUSTOMERS)
    assert outcome.incident.status == "open"
    assert channel.hear(spike("grown", 15, 12, customers=3)).reason is Reason.FIRST_NOTIFICATION


def test_what_the_channel_knows_is_not_held_back_when_customers_fall() -> None:
    channel = Channel(min_customers=3)
    channel.hear(spike("raised", 14, customers=3))
    assert channel.hear(spike("cleared", 14, 60, customers=2)).reason is Reason.RESOLVED


def test_a_spike_that_ended_unheard_is_told_once_as_over() -> None:
    channel = Channel()
    assert channel.hear(spike("cleared", 40, 60)).reason is Reason.FIRST_NOTIFICATION
    assert channel.hear(spike("raised", 14)).reason is Reason.NOTHING_NEW
    assert channel.sent == ["root"]


def test_a_crash_between_edit_and_call_leaves_the_call_due() -> None:
    channel = Channel()
    channel.hear(spike("raised", 14))
    channel.hear(spike("cleared", 40, 60), send=1)
    assert channel.sent == ["root", "update"]
    channel.hear(spike("cleared", 40, 60))
    assert channel.sent == ["root", "update", "reply"]


def test_a_root_that_did_not_get_through_is_due_again() -> None:
    channel = Channel()
    channel.hear(spike("raised", 14), send=0)
    assert [one.kind for one in channel.hear(spike("raised", 14)).notifications] == ["root"]


def test_a_campaign_that_arrives_during_the_incident_edits_the_message() -> None:
    channel = Channel()
    channel.hear(spike("raised", 14))
    channel.context = replace(channel.context, campaigns={"c": CAMPAIGN})
    outcome = channel.hear(spike("raised", 14))
    assert [one.kind for one in outcome.notifications] == ["update"]
    assert [link.id for link in outcome.incident.campaigns] == ["c"]


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
    for statement, send in heard:
        channel.hear(statement, send)
    channel.hear(STATEMENTS[-1])
    assert channel.hear(STATEMENTS[-1]).notifications == ()
    assert channel.sent.count("root") == 1
    assert channel.said == Said(
        incident_id=channel.said.incident_id if channel.said else "",
        revision=channel.incident.revision if channel.incident else 0,
        observed=70,
        status="resolved",
    )
