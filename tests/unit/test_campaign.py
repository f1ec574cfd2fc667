"""Which campaigns coincide with a spike, and what they announced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerts.campaign import UPLIFT_CAP, announced, announced_uplift, candidates
from alerts.records import Campaign, Driver, Spike

ONSET = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


def spike(*drivers: tuple[str, str, float], reason: str = "voucher invalid") -> Spike:
    return Spike(
        spike_id="s",
        contact_reason=reason,
        state="raised",
        onset=ONSET,
        raised_at=ONSET + timedelta(minutes=8),
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
            Driver(facet=facet, value=value, tickets=30, share=0.75, usual_share=0.1, excess_share=excess)
            for facet, value, excess in drivers
        ],
    )


def campaign(
    name: str, start: timedelta = -HOUR, length: timedelta = 48 * HOUR, **fields: object
) -> Campaign:
    begin = ONSET + start
    values: dict[str, object] = {"kind": "newsletter"} | fields
    return Campaign(id=name, name=name, starts_at=begin, ends_at=begin + length, **values)  # type: ignore[arg-type]


def test_evidence_ranks_code_then_id_then_reason_then_time() -> None:
    campaigns = [
        campaign("by-reason", contact_reasons=["Voucher invalid"]),
        campaign("by-id", start=-24 * HOUR),
        campaign("by-code", start=-20 * HOUR, voucher_codes=["sommer 25"]),
    ]
    links = candidates(spike(("voucher_code", "SOMMER25", 0.9), ("campaign_id", "by-id", 0.9)), campaigns)
    assert [(link.id, link.evidence) for link in links] == [
        ("by-code", "voucher_code"),
        ("by-id", "campaign_id"),
        ("by-reason", "contact_reason"),
    ]


FITS = [
    ("a code is compared without case and spaces", {"voucher_codes": [" Sommer25 "]}, "voucher_code"),
    ("an expired code still coincides", {"voucher_codes": ["SOMMER25"], "start": -90 * HOUR}, "voucher_code"),
    (
        "a code before its start still coincides",
        {"voucher_codes": ["SOMMER25"], "start": 5 * HOUR},
        "voucher_code",
    ),
    (
        "a mailing may go out a little early",
        {"contact_reasons": ["voucher invalid"], "start": HOUR / 3},
        "contact_reason",
    ),
    (
        "customers write for hours after the end",
        {"contact_reasons": ["voucher invalid"], "start": -10 * HOUR, "length": 6 * HOUR},
        "contact_reason",
    ),
]


@pytest.mark.parametrize(("rule", "fields", "evidence"), FITS, ids=[rule for rule, *_ in FITS])
def test_a_campaign_coincides(rule: str, fields: dict[str, object], evidence: str) -> None:
    links = candidates(spike(("voucher_code", "SOMMER25", 0.9)), [campaign("one", **fields)])  # type: ignore[arg-type]
    assert [link.evidence for link in links] == [evidence], rule


FITS_NOT = [
    ("another code on the tickets speaks against closeness in time", {"voucher_codes": ["WINTER"]}),
    ("a campaign that announced other reasons has said what it touches", {"contact_reasons": ["delivery"]}),
    (
        "an announced reason long after the end",
        {"contact_reasons": ["voucher invalid"], "length": HOUR, "start": -9 * HOUR},
    ),
    ("an announced reason that begins later", {"contact_reasons": ["voucher invalid"], "start": 2 * HOUR}),
]


@pytest.mark.parametrize(("rule", "fields"), FITS_NOT, ids=[rule for rule, _ in FITS_NOT])
def test_a_campaign_does_not_coincide(rule: str, fields: dict[str, object]) -> None:
    links = candidates(spike(("voucher_code", "SOMMER25", 0.9)), [campaign("one", **fields)])  # type: ignore[arg-type]
    assert links == [], rule


def test_closeness_in_time_needs_a_recent_start_a_kind_that_reaches_many_and_no_other_market() -> None:
    austria = spike(("market", "AT", 0.9))
    assert [link.evidence for link in candidates(austria, [campaign("at", markets=["at"])])] == ["time"]
    assert candidates(austria, [campaign("de", markets=["DE"])]) == []
    assert candidates(austria, [campaign("old", start=-5 * HOUR)]) == []
    assert candidates(austria, [campaign("stocktaking", kind="other")]) == []


def test_of_two_campaigns_with_one_code_the_running_one_is_meant() -> None:
    links = candidates(
        spike(("voucher_code", "SOMMER25", 0.9)),
        [
            campaign("last-year", start=-8000 * HOUR, voucher_codes=["SOMMER25"]),
            campaign("this-year", voucher_codes=["SOMMER25"]),
        ],
    )
    assert [link.id for link in links] == ["this-year"]


def test_the_code_that_carries_more_of_the_excess_comes_first() -> None:
    links = candidates(
        spike(("voucher_code", "A", 0.2), ("voucher_code", "B", 0.7)),
        [campaign("a", voucher_codes=["A"]), campaign("b", start=-9 * HOUR, voucher_codes=["B"])],
    )
    assert [link.id for link in links] == ["b", "a"]


def test_no_more_than_the_limit_and_the_order_of_campaigns_does_not_matter() -> None:
    campaigns = [campaign(f"c{index}", start=-timedelta(minutes=index)) for index in range(10)]
    links = candidates(spike(), campaigns)
    assert [link.id for link in links] == ["c0", "c1", "c2"]
    assert candidates(spike(), campaigns[::-1]) == links


def test_nothing_announced_is_none() -> None:
    assert announced([campaign("plain")], ["a", "b"], ONSET) is None
    assert announced([campaign("over", start=-50 * HOUR, expected_uplift=3.0)], ["a"], ONSET) is None


def test_an_announcement_raises_the_named_reasons_only_within_its_window() -> None:
    tv = campaign("tv", length=2 * HOUR, contact_reasons=["Product question"], expected_uplift=3.0)
    assert announced([tv], ["product question", "delivery"], ONSET) == [3.0, 1.0]
    assert announced_uplift([tv], "product question", tv.starts_at) == 3.0
    assert announced_uplift([tv], "product question", tv.ends_at) == 1.0


def test_a_campaign_that_names_no_reason_raises_all() -> None:
    assert announced([campaign("sale", expected_uplift=1.5)], ["a", "b"], ONSET) == [1.5, 1.5]


def test_extra_contacts_of_several_campaigns_add_up_and_are_capped() -> None:
    two = [campaign("a", expected_uplift=2.0), campaign("b", expected_uplift=1.5, contact_reasons=["x"])]
    assert announced(two, ["x", "y"], ONSET) == [2.5, 2.0]
    assert announced_uplift([campaign("c", expected_uplift=1e6)], "x", ONSET) == UPLIFT_CAP


def test_a_campaign_that_a_copied_calendar_says_twice_is_announced_once() -> None:
    one = campaign("Sale", expected_uplift=1.4, voucher_codes=["SOMMER25"])
    copy = msgspec.structs.replace(one, id="copy", url="https://calendar.example/2")
    assert announced([one, copy], ["x"], ONSET) == announced([one], ["x"], ONSET)
    other = msgspec.structs.replace(one, id="other", voucher_codes=["HERBST30"])
    assert announced_uplift([one, copy, other], "x", ONSET) == pytest.approx(1.8), (
        "another code is another campaign"
    )
