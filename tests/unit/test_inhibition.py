"""Bigger incidents hold smaller ones back, and let them go again."""

from __future__ import annotations

from msgspec.structs import replace
from told_channel import ONSET, Channel, condition, driver, minutes, spike

from alerts.board import Board
from alerts.decision import Reason
from alerts.entry import Entry
from alerts.incident import condition_id
from alerts.records import Spike, SpikeState

TOTAL = condition("total_volume", reasons=["delivery late"])
SILENT = condition("source_silent", observed=0)


def noise(
    state: SpikeState = "raised", observed: int = 14, window: int = 10, reason: str = "refund"
) -> Spike:
    return spike(state, observed, window, reason=reason, onset=ONSET + minutes(6))


def test_a_rise_of_all_tickets_is_one_incident_that_lists_the_reasons() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    assert channel.hear(noise()).reason is Reason.TOTAL_VOLUME
    assert channel.hear(noise(reason="login")).reason is Reason.TOTAL_VOLUME
    assert channel.sent.count("root") == 1
    shown = channel.message(condition_id(TOTAL)).shows
    assert shown.kind == "total_volume"
    assert shown.contact_reasons == ["delivery late", "refund", "login"]
    assert (shown.spikes, shown.condition, shown.excess) == ([], TOTAL, 200)


def test_a_reason_with_a_driver_of_its_own_stands_out() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    stands_out = spike(drivers=[driver("browser", "Safari", 0.5)])
    assert channel.hear(stands_out).reason is Reason.FIRST_NOTIFICATION
    weak = spike(reason="login", drivers=[driver("browser", "Firefox", 0.49)])
    assert channel.hear(weak).reason is Reason.TOTAL_VOLUME


def test_a_flood_of_what_nobody_writes_about_stands_out_of_a_peak() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    assert channel.hear(spike("raised", 40, expected=0.1)).reason is Reason.FIRST_NOTIFICATION
    assert channel.hear(spike("raised", 9, reason="login", expected=3.0)).reason is Reason.TOTAL_VOLUME


def test_a_driver_that_the_total_rises_by_is_not_a_reasons_own() -> None:
    channel = Channel()
    for reason, observed in (("refund", 80), ("login", 70)):
        place = [driver("market", "AT")]
        channel.hear(spike("raised", observed, reason=reason, drivers=place), send=0)
    channel.hear(TOTAL)
    shown = channel.message(condition_id(TOTAL)).shows
    assert [(one.facet, one.value) for one in shown.drivers] == [("market", "AT")]
    assert channel.sent.count("root") == 1
    # A code names what to mend, however common it is.
    coded = [driver("voucher_code", "SOMMER25", 0.4), driver("market", "AT")]
    assert channel.hear(spike(drivers=coded)).passes


def test_a_reason_whose_driver_comes_late_is_told_then() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    channel.hear(noise())
    late = spike(
        "grown", 20, 12, reason="refund", onset=ONSET + minutes(6), drivers=[driver("browser", "Safari")]
    )
    assert channel.hear(late).reason is Reason.FIRST_NOTIFICATION


def test_what_was_absorbed_to_its_end_is_never_told() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    channel.hear(noise())
    channel.hear(noise("cleared", 20, 30))
    channel.hear(condition("total_volume", ended=60))
    channel.wait(200)
    assert channel.sent.count("root") == 1
    assert channel.board.entries[channel.incident("refund").incident_id].quiet is Reason.TOTAL_VOLUME


def test_what_was_absorbed_and_rises_again_by_itself_is_told() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    channel.hear(noise())
    channel.hear(noise("cleared", 20, 30))
    again = spike(reason="refund", onset=ONSET + minutes(50), drivers=[driver("browser", "Safari")])
    assert channel.hear(again).reason is Reason.FIRST_NOTIFICATION
    assert channel.message(channel.incident("refund").incident_id).shows.status == "open"


def test_the_tail_of_the_peak_is_no_news_but_what_lasts_is() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    channel.hear(noise())
    channel.wait(60)
    channel.hear(condition("total_volume", ended=60))
    channel.wait(30)
    assert channel.sent.count("root") == 1
    channel.wait(1)
    assert channel.sent.count("root") == 2
    assert channel.message(channel.incident("refund").incident_id).shows.status == "open"


def test_what_begins_after_the_peak_stands_by_itself() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    channel.wait(60)
    channel.hear(condition("total_volume", ended=60))
    channel.wait(10)
    assert channel.hear(spike(onset=ONSET + minutes(61))).reason is Reason.FIRST_NOTIFICATION


def test_what_was_told_before_is_edited_and_resolved_during_the_peak_but_calls_nobody_as_it_grows() -> None:
    channel = Channel()
    channel.hear(noise())
    channel.hear(TOTAL)
    assert channel.hear(noise("grown", 60, 30)).reason is Reason.TOTAL_VOLUME
    assert channel.message(channel.incident("refund").incident_id).shows.observed == 60
    assert channel.replies == []
    assert channel.hear(noise("cleared", 60, 50)).reason is Reason.RESOLVED


def test_a_total_that_rises_again_soon_is_the_same_incident() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    channel.hear(condition("total_volume", ended=60))
    channel.hear(condition("total_volume", since=ONSET + minutes(80)))
    assert channel.sent.count("root") == 1
    assert channel.replies == [Reason.RESOLVED, Reason.REOPENED]
    channel.hear(condition("total_volume", since=ONSET + minutes(80), ended=30))
    assert channel.replies[-1] is Reason.RESOLVED


def test_statements_of_a_condition_in_any_order_end_in_the_furthest() -> None:
    channel = Channel()
    for statement in (
        condition("total_volume", stated=30, observed=500),
        condition("total_volume", ended=60),
        TOTAL,
        condition("total_volume", stated=40),
    ):
        channel.hear(statement)
    assert channel.board.entries[condition_id(TOTAL)].incident.status == "resolved"
    assert channel.hear(condition("source_silent", ended=60)).reason is Reason.OVER_UNHEARD


def test_a_silent_source_holds_the_others_and_resolves_by_itself() -> None:
    channel = Channel()
    channel.hear(noise())
    channel.hear(SILENT)
    assert channel.hear(spike()).reason is Reason.SOURCE_SILENT
    channel.hear(noise("cleared", 20, 30))
    channel.wait(100)
    # Both root messages, and nobody called but by the silence itself; what is edited stays true.
    assert channel.sent.count("root") == 2
    assert channel.replies == [Reason.REMINDER]
    assert channel.message(channel.incident("refund").incident_id).shows.status == "resolved"
    channel.hear(condition("source_silent", ended=100))
    assert channel.sent.count("root") == 3
    assert channel.replies.count(Reason.RESOLVED) == 2


def test_what_the_silence_let_end_is_told_as_over_when_tickets_come_again() -> None:
    channel = Channel()
    channel.hear(SILENT)
    channel.hear(spike())
    channel.hear(spike("cleared", 20, 30))
    assert channel.sent == ["root"]
    channel.hear(condition("source_silent", ended=60))
    assert channel.message(channel.incident().incident_id).shows.status == "resolved"


def test_the_same_customers_in_two_reasons_are_counted_once() -> None:
    channel = Channel(min_customers=3)
    code = [driver("voucher_code", "SOMMER25")]
    channel.hear(spike(customers=2, drivers=code))
    channel.hear(spike(reason="payment", customers=2, onset=ONSET + minutes(1), drivers=code))
    assert channel.sent == []


def test_a_root_under_way_is_brought_to_its_end_whatever_holds_the_incident_back_since() -> None:
    channel = Channel()
    channel.hear(noise(), send=0)
    channel.board.attempt(channel.incident("refund").incident_id, channel.context.wall)
    channel.hear(TOTAL)
    channel.hear(noise("cleared", 20, 30))
    assert channel.message(channel.incident("refund").incident_id).shows.status == "resolved"


def test_what_was_over_before_the_peak_and_could_not_be_sent_is_still_told() -> None:
    channel = Channel()
    channel.hear(noise(), send=0)
    channel.hear(noise("cleared", 20, 30), send=0)
    channel.hear(condition("total_volume", since=ONSET + minutes(40)), send=0)
    channel.wait(1)
    assert channel.message(channel.incident("refund").incident_id).shows.status == "resolved"


def test_an_incident_without_spikes_that_somebody_else_put_there_is_held_back_and_stops_nobody() -> None:
    channel = Channel()
    channel.hear(TOTAL)
    (total,) = channel.board.entries.values()
    foreign = replace(total.incident, incident_id="ts-1", kind="spike", condition=None, spikes=[])
    for others in ({}, channel.board.entries):
        board = Board({**others, "ts-1": Entry(foreign)})
        assert "ts-1" not in {one.incident_id for one in board.due(channel.context)}
