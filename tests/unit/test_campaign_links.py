"""Which campaign is named first for planted incidents, and how long ten thousand campaigns take."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from alerts.board import Board
from alerts.campaign import candidates, keep_withdrawn
from alerts.context import Context
from alerts.records import Campaign, CampaignLink, Driver, Spike
from benchmarks.links import planted_links

ONSET = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def judgement() -> planted_links.Judgement:
    return planted_links.judge(planted_links.REPORTED)


def test_of_300_planted_incidents_the_campaign_on_the_tickets_comes_first(
    judgement: planted_links.Judgement,
) -> None:
    assert sum(judgement.incidents.values()) == 300
    assert judgement.part("code", "id") >= 0.95


def test_a_campaign_that_reason_or_time_speak_for_comes_first_more_often_than_seven_times_in_ten(
    judgement: planted_links.Judgement,
) -> None:
    assert judgement.part("reason", "time") >= 0.7


def test_where_no_campaign_fits_none_is_named(judgement: planted_links.Judgement) -> None:
    assert judgement.part("none") >= 0.95


def spike(*drivers: tuple[str, str], reason: str = "voucher invalid") -> Spike:
    return Spike(
        spike_id="s",
        contact_reason=reason,
        state="raised",
        onset=ONSET,
        raised_at=ONSET,
        window_minutes=8,
        observed=40,
        expected=10,
        lower=4,
        upper=17,
        uplift=4,
        excess=30,
        customers=30,
        score=9,
        rule="rule",
        drivers=[
            Driver(facet=facet, value=value, tickets=30, share=0.75, usual_share=0.1, excess_share=0.9)
            for facet, value in drivers
        ],
    )


def campaign(name: str, start: timedelta = -DAY, end: timedelta = DAY, **fields: object) -> Campaign:
    values: dict[str, object] = {"kind": "newsletter"} | fields
    return Campaign(id=name, name=name, starts_at=ONSET + start, ends_at=ONSET + end, **values)  # type: ignore[arg-type]


SPELT = [
    "Gutschein ungültig",
    "GUTSCHEIN UNGÜLTIG",
    "gutschein-ungültig",
    "Gutschein ungueltig.",
    " gutschein_ungültig",
]


@pytest.mark.parametrize("spelt", SPELT)
def test_a_reason_is_known_again_however_it_is_spelt(spelt: str) -> None:
    one = campaign("one", contact_reasons=[spelt])
    links = candidates(spike(reason="Gutschein ungültig"), [one])
    assert [link.evidence for link in links] == ["contact_reason"]


def test_of_two_campaigns_that_run_with_one_code_the_one_whose_id_is_on_the_tickets_comes_first() -> None:
    two = [campaign("a", -DAY / 24, voucher_codes=["X1"]), campaign("b", -20 * DAY, voucher_codes=["X1"])]
    assert [link.id for link in candidates(spike(("voucher_code", "x1")), two)] == ["a", "b"]
    by_id = candidates(spike(("voucher_code", "x1"), ("campaign_id", "b")), two)
    assert [link.id for link in by_id] == ["b", "a"]


def test_a_code_that_has_just_run_out_is_named_beside_a_campaign_that_goes_on_with_it() -> None:
    two = [
        campaign("goes-on", -20 * DAY, 20 * DAY, voucher_codes=["X1"]),
        campaign("over", -9 * DAY, -DAY / 48, voucher_codes=["X1"]),
        campaign("last-year", -365 * DAY, -360 * DAY, voucher_codes=["X1"]),
    ]
    assert [link.id for link in candidates(spike(("voucher_code", "X1")), two)] == ["over", "goes-on"]


def test_a_browser_on_the_tickets_speaks_against_closeness_in_time_alone() -> None:
    near = [campaign("near", -DAY / 48)]
    assert [link.evidence for link in candidates(spike(), near)] == ["time"]
    assert candidates(spike(("browser", "Safari")), near) == []


def test_a_campaign_without_end_coincides_like_any_other() -> None:
    for_ever = campaign("for-ever", -900 * DAY, voucher_codes=["X1"])
    forever = Campaign(
        id="f",
        name="f",
        starts_at=for_ever.starts_at,
        ends_at=datetime(9000, 1, 1, tzinfo=UTC),
        voucher_codes=["X1"],
    )
    assert [link.id for link in candidates(spike(("voucher_code", "X1")), [forever])] == ["f"]


def test_of_ten_thousand_campaigns_the_right_one_is_found() -> None:
    many = [
        campaign(f"c{index}", -index * DAY / 50, voucher_codes=[f"CODE{index}"], contact_reasons=["delivery"])
        for index in range(10_000)
    ]
    assert [link.id for link in candidates(spike(("voucher_code", "code7777")), many)] == ["c7777"]


def test_a_campaign_that_was_withdrawn_stays_linked_and_one_that_no_longer_coincides_does_not() -> None:
    gone, moved = (CampaignLink(id=name, name=name, evidence="voucher_code") for name in ("gone", "moved"))
    assert keep_withdrawn([], [gone, moved], {"moved": campaign("moved")}) == [gone]
    assert keep_withdrawn([gone], [gone], {}) == [gone]


def test_an_incident_says_of_its_campaign_that_it_was_withdrawn_and_keeps_the_link_as_it_grows() -> None:
    board, calendar = Board(), {"one": campaign("one", voucher_codes=["X1"])}
    first = spike(("voucher_code", "X1"))
    board.hear_spike(first, Context(now=ONSET, campaigns=calendar))
    (entry,) = board.entries.values()
    board.tick(Context(now=ONSET, campaigns={}))
    (withdrawn,) = board.entries.values()
    assert withdrawn.incident.revision > entry.incident.revision
    grown = msgspec.structs.replace(first, state="grown", observed=90, excess=80)
    board.hear_spike(grown, Context(now=ONSET, campaigns={}))
    (after,) = board.entries.values()
    assert [link.id for link in after.incident.campaigns] == ["one"]
