"""Which spikes are one incident for people, and which are not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from told_channel import ONSET, Channel, driver, minutes, spike

from alerts.decision import Reason
from alerts.incident import incident_id
from alerts.records import Campaign, Driver, Spike

CODE = driver("voucher_code", "SOMMER25")


def campaign(name: str, *codes: str) -> Campaign:
    return Campaign(
        id=name,
        name=name,
        kind="voucher",
        starts_at=ONSET - timedelta(hours=1),
        ends_at=ONSET + timedelta(days=7),
        voucher_codes=list(codes),
    )


def other(onset: float = 10, *drivers: Driver, reason: str = "payment") -> Spike:
    return spike(reason=reason, onset=ONSET + minutes(onset), drivers=list(drivers))


SAME = [
    ("the same voucher code", CODE, driver("voucher_code", "sommer 25", 0.4), True),
    ("the same code in one browser", CODE, driver("voucher_code×browser", "SOMMER25 × Safari"), True),
    ("another code", CODE, driver("voucher_code", "NEU10"), False),
    ("the same campaign id", driver("campaign_id", "c7"), driver("campaign_id", "c7", 0.35), True),
    ("the same market for most", driver("market", "AT", 0.6), driver("market", "AT", 0.5), True),
    ("the same market for less than half", driver("market", "AT", 0.6), driver("market", "AT", 0.49), False),
    ("the same channel", driver("channel", "chat"), driver("channel", "chat"), True),
    ("a code that few tickets carry", CODE, driver("voucher_code", "SOMMER25", 0.29), False),
    ("the same browser is no place", driver("browser", "Safari"), driver("browser", "Safari"), False),
    ("nothing but the same time", driver("market", "AT"), None, False),
]


@pytest.mark.parametrize(("rule", "one", "two", "together"), SAME, ids=[row[0] for row in SAME])
def test_reasons_that_rise_because_of_the_same_are_one_incident(
    rule: str, one: Driver, two: Driver | None, together: bool
) -> None:
    channel = Channel()
    channel.hear(spike(drivers=[one]))
    channel.hear(other(10, *([two] if two else [])))
    assert channel.sent.count("root") == (1 if together else 2), rule
    if together:
        assert channel.incident().contact_reasons == ["voucher invalid", "payment"]
        assert channel.incident().observed == 28


def test_two_codes_of_one_campaign_are_one_incident() -> None:
    both = campaign("summer", "SOMMER25", "SOMMER30")
    channel = Channel(campaigns={"summer": both})
    channel.hear(spike(drivers=[CODE]))
    channel.hear(other(10, driver("voucher_code", "SOMMER30")))
    assert channel.sent.count("root") == 1
    assert [(link.id, link.evidence) for link in channel.incident().campaigns] == [("summer", "voucher_code")]


def test_two_campaigns_with_the_same_code_are_both_named_in_one_incident() -> None:
    twins = {name: campaign(name, "SOMMER25") for name in ("shop", "app")}
    channel = Channel(campaigns=twins)
    channel.hear(spike(drivers=[CODE]))
    channel.hear(other(10, CODE))
    assert channel.sent.count("root") == 1
    assert {link.id for link in channel.incident().campaigns} == {"shop", "app"}


def test_campaigns_of_all_spikes_are_named_the_best_evidence_first() -> None:
    soon = campaign("tv").__class__(
        id="tv", name="tv", kind="tv", starts_at=ONSET - minutes(5), ends_at=ONSET + minutes(60)
    )
    channel = Channel(campaigns={"tv": soon, "summer": campaign("summer", "SOMMER25")})
    place = driver("market", "AT")
    channel.hear(spike(drivers=[place]))
    channel.hear(other(10, place, CODE))
    assert [link.id for link in channel.incident().campaigns] == ["summer", "tv"]


@pytest.mark.parametrize(("after", "together"), [(90, True), (91, False)])
def test_they_must_begin_within_a_bounded_time(after: float, together: bool) -> None:
    channel = Channel()
    channel.hear(spike(drivers=[CODE]))
    channel.hear(other(after, CODE))
    assert (channel.sent.count("root") == 1) is together


def test_an_incident_that_is_over_takes_no_other_reason_in() -> None:
    channel = Channel()
    channel.hear(spike(drivers=[CODE]))
    channel.hear(spike("cleared", 20, 30, drivers=[CODE]))
    channel.hear(other(40, CODE))
    assert channel.sent.count("root") == 2


def test_a_group_keeps_the_id_of_its_first_spike_and_is_over_when_all_are() -> None:
    channel = Channel()
    first = spike(drivers=[CODE])
    channel.hear(first)
    channel.hear(other(10, CODE))
    channel.hear(spike("cleared", 20, 30, drivers=[CODE]))
    assert channel.replies == [Reason.GROWN]
    assert channel.incident().status == "open"
    over = spike("cleared", 30, 90, reason="payment", onset=ONSET + minutes(10), drivers=[CODE])
    assert channel.hear(over).reason is Reason.RESOLVED
    assert channel.incident().incident_id == incident_id(first)
    assert channel.incident().resolved_at == ONSET + minutes(100)


def test_where_a_spike_belongs_is_decided_once() -> None:
    channel = Channel()
    channel.hear(spike(drivers=[CODE]))
    channel.hear(other(10, CODE))
    # What stands out changed meanwhile.
    channel.hear(spike("grown", 40, 40, reason="payment", onset=ONSET + minutes(10)))
    assert channel.incident("payment").incident_id == channel.incident().incident_id
    assert channel.sent.count("root") == 1


def test_a_spike_whose_drivers_come_late_joins_as_long_as_nobody_was_told_of_it() -> None:
    channel = Channel()
    channel.hear(spike(drivers=[CODE]))
    channel.hear(other(10), send=0)
    before = channel.incident("payment").incident_id
    channel.board.changed.clear()
    channel.hear(spike("grown", 20, 20, reason="payment", onset=ONSET + minutes(10), drivers=[CODE]))
    assert channel.incident("payment").incident_id == channel.incident().incident_id
    assert channel.sent.count("root") == 1
    # The row of the one that ceased to be is to be removed.
    assert before in channel.board.changed
    assert before not in channel.board.entries


def test_of_two_with_one_cause_the_one_that_people_know_stays_though_it_is_the_younger() -> None:
    channel = Channel()
    channel.hear(spike(customers=2))
    channel.hear(other(10, CODE))
    kept = channel.incident("payment").incident_id
    channel.hear(spike("grown", 20, 20, drivers=[CODE]))
    assert channel.incident().incident_id == kept
    assert channel.incident().contact_reasons == ["payment", "voucher invalid"]
    assert channel.sent.count("root") == 1


def test_two_that_people_know_of_stay_two_and_name_each_other() -> None:
    channel = Channel()
    channel.hear(spike(drivers=[CODE]))
    channel.hear(other(10))
    late = spike("grown", 20, 20, reason="payment", onset=ONSET + minutes(10), drivers=[CODE])
    channel.hear(late)
    channel.hear(late)
    one, two = channel.incident(), channel.incident("payment")
    assert (one.related, two.related) == ([two.incident_id], [one.incident_id])
    assert channel.sent.count("root") == 2
    assert channel.message(one.incident_id).shows.related == [two.incident_id]


@pytest.mark.parametrize(("gap", "reopened"), [(-5, True), (30, True), (31, False)])
def test_what_rises_again_within_the_merge_gap_is_the_same_incident(gap: float, reopened: bool) -> None:
    channel = Channel()
    channel.hear(spike())
    channel.hear(spike("cleared", 20, 60))
    again = spike(onset=ONSET + minutes(60 + gap), raised_at=ONSET + minutes(95))
    channel.hear(again)
    assert channel.sent.count("root") == (1 if reopened else 2)
    assert channel.replies == [Reason.RESOLVED, *([Reason.REOPENED] if reopened else [])]
    if reopened:
        channel.hear(spike("cleared", 40, 60, onset=again.onset))
        assert channel.replies[-1] is Reason.RESOLVED


def test_the_merge_gap_is_a_setting() -> None:
    channel = Channel(merge_gap=timedelta(0))
    channel.hear(spike())
    channel.hear(spike("cleared", 20, 60))
    channel.hear(spike(onset=ONSET + minutes(61)))
    assert channel.sent.count("root") == 2


def test_a_group_is_not_reopened_where_one_of_its_reasons_is_open_elsewhere() -> None:
    channel = Channel()
    channel.hear(spike(drivers=[CODE]))
    channel.hear(other(10, CODE))
    channel.hear(spike("cleared", 20, 60, drivers=[CODE]))
    channel.hear(spike("cleared", 20, 50, reason="payment", onset=ONSET + minutes(10)))
    channel.hear(other(95))  # beyond the gap: an incident of its own
    late = spike(onset=ONSET + minutes(85), raised_at=ONSET + minutes(120))
    channel.hear(late)
    open_ones = [one.incident for one in channel.board.entries.values() if one.open]
    assert sorted(one.contact_reasons[0] for one in open_ones) == ["payment", "voucher invalid"]
    assert all(len(one.contact_reasons) == 1 for one in open_ones)


def test_a_later_alarm_of_the_reason_replaces_one_whose_last_word_was_lost() -> None:
    channel = Channel()
    channel.hear(spike())
    # Its onset was estimated earlier than that of the one before.
    later = spike("raised", 30, onset=ONSET - minutes(5), raised_at=ONSET + minutes(50), spike_id="later")
    channel.hear(later)
    channel.hear(spike("cleared", 40, 90, onset=later.onset, raised_at=later.raised_at, spike_id="later"))
    assert channel.sent.count("root") == 1
    assert channel.incident().status == "resolved"


def test_an_older_alarm_than_the_known_one_is_old_news() -> None:
    channel = Channel()
    channel.hear(spike())
    older = spike(onset=ONSET - minutes(60), raised_at=ONSET - minutes(50))
    assert channel.hear(older).reason is Reason.OLD_NEWS
    assert channel.sent == ["root"]


def test_an_alarm_between_two_known_ones_is_old_news() -> None:
    channel = Channel()
    channel.hear(spike())
    channel.hear(spike(onset=ONSET + minutes(60), raised_at=ONSET + minutes(70)))
    before = channel.incident()
    lost = spike(onset=ONSET + minutes(30), raised_at=ONSET + minutes(40))
    assert channel.hear(lost).reason is Reason.OLD_NEWS
    assert channel.incident() is before
