"""The campaigns of an incident stay those that coincide, whatever changes, without looking at all of them again."""

from __future__ import annotations

from collections.abc import ValuesView
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as but
from told_channel import ONSET, Channel, driver, spike

from alerts.campaign import candidates
from alerts.coinciding import LIMIT, Links
from alerts.records import Campaign

CODE = driver("voucher_code", "SOMMER25")


def campaign(name: str = "summer", code: str = "SOMMER25", **more: object) -> Campaign:
    return but(
        Campaign(
            id=name,
            name=name,
            kind="voucher",
            starts_at=ONSET - timedelta(hours=1),
            ends_at=ONSET + timedelta(days=7),
            voucher_codes=[code],
        ),
        **more,
    )


def with_campaigns(channel: Channel, *campaigns: Campaign) -> None:
    channel.context = replace(channel.context, campaigns={one.id: one for one in campaigns})
    channel.wait(1)


def test_a_campaign_that_is_withdrawn_edits_the_message_once() -> None:
    channel = Channel(campaigns={"summer": campaign()})
    channel.hear(spike(drivers=[CODE]))
    key = channel.incident().incident_id
    assert [link.id for link in channel.message(key).shows.campaigns] == ["summer"]
    with_campaigns(channel)
    with_campaigns(channel)
    assert channel.sent == ["root", "update"]


CHANGES = [
    ("its promise", {"promise": "30 %"}, True),
    ("its owner", {"owner": "U9"}, True),
    ("the end of its codes", {"ends_at": ONSET + timedelta(hours=1)}, True),
    ("nothing", {}, False),
]


@pytest.mark.parametrize(("what", "change", "edited"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_campaign_that_changes_edits_the_message(
    what: str, change: dict[str, object], edited: bool
) -> None:
    channel = Channel(campaigns={"summer": campaign()})
    channel.hear(spike(drivers=[CODE]))
    with_campaigns(channel, campaign(**change))
    with_campaigns(channel, campaign(**change))
    assert channel.sent == ["root", *(["update"] if edited else [])], what


def test_a_campaign_that_people_linked_edits_the_message_when_it_changes() -> None:
    channel = Channel(campaigns={"tv": campaign("tv", "OTHER")})
    channel.hear(spike(drivers=[CODE]))
    key = channel.incident().incident_id
    channel.answer(key, "linked", campaign_id="tv")
    channel.wait(1)
    before = channel.message(key).shows.revision
    with_campaigns(channel, campaign("tv", "OTHER", promise="new"))
    assert channel.message(key).shows.revision == before + 1


def test_an_incident_that_is_over_keeps_the_campaigns_it_ended_with() -> None:
    channel = Channel(campaigns={"summer": campaign()})
    channel.hear(spike(drivers=[CODE]))
    channel.hear(spike("cleared", 20, 30, drivers=[CODE]))
    with_campaigns(channel)
    assert [link.id for link in channel.incident().campaigns] == ["summer"]


class Counted(dict[str, Campaign]):
    """Campaigns that count how often all of them are looked at."""

    looks = 0

    def values(self) -> ValuesView[str, Campaign]:  # type: ignore[override]
        self.looks += 1
        return super().values()  # type: ignore[return-value]


def test_ten_thousand_campaigns_are_looked_at_once_a_spike() -> None:
    many = Counted({f"c{index}": campaign(f"c{index}", f"CODE{index}") for index in range(10_000)})
    channel = Channel(campaigns=many)
    coded = driver("voucher_code", "CODE7")
    channel.hear(spike(drivers=[coded]))
    for observed in range(15, 40):
        channel.hear(spike("grown", observed, observed, drivers=[coded]))
        channel.wait(1)
    assert [link.id for link in channel.incident().campaigns] == ["c7"]
    assert many.looks == 1
    other = Counted({**many, "c8": campaign("c8", "CODE8", promise="new")})
    channel.context = replace(channel.context, campaigns=other)
    channel.wait(1)
    assert other.looks == 0


POOL = [
    campaign(name, code, starts_at=ONSET - timedelta(hours=hours), promise=promise)
    for name, code in (("a", "SOMMER25"), ("b", "SOMMER25"), ("c", "NEU10"))
    for hours in (1, 9_000)
    for promise in ("x", "y")
]
SPIKES = [
    spike(reason=f"reason {index}", drivers=drivers)
    for index, drivers in enumerate([[], [CODE], [driver("voucher_code", "NEU10")], [driver("market", "AT")]])
]


@given(st.lists(st.lists(st.sampled_from(POOL), max_size=4), min_size=1, max_size=6))
def test_what_is_remembered_is_what_looking_at_all_would_give(changes: list[list[Campaign]]) -> None:
    links = Links()
    for found in changes:
        campaigns = {one.id: one for one in found}
        for one in SPIKES:
            assert links.of_spike(one, campaigns) == candidates(one, campaigns.values(), limit=LIMIT)
