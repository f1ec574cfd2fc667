"""What answers change, as pure values: who said what, until when, and what several answers make together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerts.answer_effects import (
    CAMPAIGN_DAYS,
    Effects,
    effects,
    lasts_until,
    raised,
    tally,
)
from alerts.records import Answer, AnswerKind, Campaign, CampaignLink, Incident, IncidentKind
from streams.answered import Answered

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def answer(kind: AnswerKind, at: datetime, campaign_id: str | None = None, by: str = "U1") -> Answer:
    return Answer(incident_id="ts-1", kind=kind, by=by, at=at, campaign_id=campaign_id)


def incident(
    *answers: Answer, links: list[CampaignLink] | None = None, kind: IncidentKind = "spike", number: int = 1
) -> Incident:
    return Incident(
        incident_id=f"ts-{number}",
        revision=3,
        status="open",
        kind=kind,
        contact_reasons=["voucher", "payment"],
        spikes=[],
        opened_at=NOON - HOUR,
        updated_at=NOON,
        observed=40,
        expected=10.0,
        excess=30.0,
        campaigns=links or [],
        answers=list(answers),
    )


def campaign(ends_at: datetime) -> dict[str, Campaign]:
    return {"c-1": Campaign(id="c-1", name="Sale", starts_at=NOON - DAY, ends_at=ends_at)}


def test_an_incident_without_answers_changes_nothing() -> None:
    assert not effects([incident(), incident(answer("acknowledged", NOON), answer("snoozed", NOON))])


def test_of_two_that_exclude_each_other_the_last_holds_from_when_it_was_said() -> None:
    found = effects([incident(answer("expected", NOON), answer("false_alarm", NOON + HOUR))])
    (expected,), (false_alarm,) = found.expected, found.false_alarms
    assert (expected.since, expected.until) == (NOON, NOON + HOUR)
    assert raised(found.false_alarms, "voucher", NOON) is None
    assert raised([false_alarm], "payment", NOON + HOUR) is not None


def test_several_people_who_say_the_same_count_once() -> None:
    found = effects(
        [incident(*(answer("false_alarm", NOON + number * HOUR, by=f"U{number}") for number in range(5)))]
    )
    assert [one.at for one in found.false_alarms] == [NOON]


def test_a_false_alarm_of_the_total_raises_no_reasons_bar_and_a_silent_source_none_at_all() -> None:
    found = effects([incident(answer("false_alarm", NOON), kind="total_volume")])
    assert raised(found.false_alarms, "voucher", NOON) is None
    assert raised(found.false_alarms, None, NOON) is not None
    assert effects([incident(answer("false_alarm", NOON), kind="source_silent")]) == Effects()


@pytest.mark.parametrize(
    ("links", "named", "found"),
    [
        ([CampaignLink(id="c-1", name="Sale", evidence="voucher_code")], None, "c-1"),
        ([CampaignLink(id="c-1", name="Sale", evidence="time")], None, None),
        ([CampaignLink(id="c-1", name="Sale", evidence="voucher_code")], "c-2", "c-2"),
    ],
)
def test_the_campaign_is_the_one_named_else_the_one_the_tickets_speak_for(
    links: list[CampaignLink], named: str | None, found: str | None
) -> None:
    (expected,) = effects([incident(answer("expected", NOON, named), links=links)]).expected
    assert expected.campaign_id == found


def test_a_link_said_before_is_the_campaign_of_what_is_expected() -> None:
    said = incident(answer("linked", NOON - HOUR, "c-1"), answer("expected", NOON))
    assert effects([said]).expected[0].campaign_id == "c-1"


@pytest.mark.parametrize(
    ("ends_at", "until", "explained"),
    [
        (NOON + 3 * DAY, NOON + 3 * DAY, NOON + 3 * DAY),
        (NOON + HOUR, NOON + DAY, NOON + HOUR),
        (NOON - HOUR, NOON + DAY, None),
        (datetime(9000, 1, 1, tzinfo=UTC), NOON + CAMPAIGN_DAYS * DAY, NOON + CAMPAIGN_DAYS * DAY),
    ],
)
def test_it_lasts_as_long_as_the_campaign_a_day_at_least_and_never_for_ever(
    ends_at: datetime, until: datetime, explained: datetime | None
) -> None:
    (expected,) = effects([incident(answer("expected", NOON, "c-1"))]).expected
    assert lasts_until(expected, campaign(ends_at)) == (until, explained)
    assert lasts_until(expected, {}) == (NOON + DAY, None)


def test_missed_and_false_alarms_of_a_period_count_each_incident_once() -> None:
    said = [
        answer("false_alarm", NOON),
        answer("false_alarm", NOON + HOUR, by="U2"),
        msgspec.structs.replace(answer("missed", NOON), incident_id="missed-1", note="voucher"),
        answer("missed", NOON - DAY),
        answer("useful", NOON),
    ]
    found = tally(said, NOON - HOUR, NOON + 2 * HOUR)
    assert (found.false_alarms, found.missed) == (1, 1)


def rows(*incidents: Incident) -> dict[bytes, bytes]:
    return {one.incident_id.encode(): msgspec.json.encode(one) for one in incidents}


def test_the_topic_is_worked_out_anew_only_when_an_answer_changed() -> None:
    held = Answered("wall")
    first = held.of(rows(incident(answer("expected", NOON))))
    assert len(first.expected) == 1
    assert held.of(rows(incident(answer("expected", NOON)), incident(number=2))) is first
    assert held.of({b"bad": b"{", **rows(incident(answer("expected", NOON)))}) is first
    assert held.of({}) == Effects()


def test_on_the_event_clock_an_answer_counts_from_the_opening_of_its_incident() -> None:
    later = NOON + 4000 * DAY
    said = incident(answer("expected", later), answer("false_alarm", later + HOUR))
    found = Answered("event").of(rows(said))
    assert [one.at for one in found.false_alarms] == [NOON - HOUR]
    assert all(one.since >= one.until for one in found.expected)
