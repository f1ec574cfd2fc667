"""The incident's state machine: idempotent, deaf to old news, one open incident a contact reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.incident import apply, incident_id, leading, stated_at
from alerts.records import CampaignLink, Incident, Spike, SpikeState

ONSET = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
NOW = ONSET + timedelta(hours=9)
LINK = CampaignLink(id="c", name="Sommer", evidence="time")


def spike(
    state: SpikeState,
    observed: int,
    window: int,
    *,
    onset: datetime = ONSET,
    customers: int = 9,
    ended: bool = True,
) -> Spike:
    return Spike(
        spike_id=f"voucher@{onset.isoformat()}",
        contact_reason="voucher invalid",
        state=state,
        onset=onset,
        raised_at=onset + timedelta(minutes=5),
        cleared_at=onset + timedelta(minutes=window) if state == "cleared" and ended else None,
        window_minutes=window,
        observed=observed,
        expected=observed / 4,
        lower=1,
        upper=observed / 2,
        uplift=4,
        excess=observed * 0.75,
        customers=customers,
        score=9,
        rule="rule",
    )


def fold(statements: list[Spike], incident: Incident | None = None) -> Incident:
    for statement in statements:
        incident = apply(incident, statement, links=[], now=NOW)
    assert incident is not None
    return incident


LIFE = [spike("raised", 14, 8), spike("grown", 42, 30), spike("grown", 60, 45), spike("cleared", 90, 90)]


def test_a_spike_opens_grows_and_resolves_an_incident() -> None:
    revisions = [fold(LIFE[: index + 1]) for index in range(4)]
    assert [(one.revision, one.status, one.observed) for one in revisions] == [
        (1, "open", 14),
        (2, "open", 42),
        (3, "open", 60),
        (4, "resolved", 90),
    ]
    last = revisions[-1]
    assert last.opened_at == ONSET + timedelta(minutes=5)
    assert last.resolved_at == ONSET + timedelta(minutes=90)
    assert (last.expected, last.excess) == (22.5, 67.5)


def test_the_id_comes_from_the_spike_and_stays() -> None:
    assert {fold(LIFE[:count]).incident_id for count in range(1, 5)} == {incident_id(LIFE[0])}


@given(st.lists(st.sampled_from(LIFE), min_size=1, max_size=12))
def test_statements_in_any_order_and_number_end_in_the_furthest_one(heard: list[Spike]) -> None:
    furthest = LIFE[max(LIFE.index(one) for one in heard)]
    incident = fold(heard)
    assert incident.spikes == [furthest]
    assert incident.status == ("resolved" if furthest.state == "cleared" else "open")
    assert incident.updated_at == max(stated_at(furthest), incident.opened_at)


@given(st.lists(st.sampled_from(LIFE), min_size=1, max_size=12), st.data())
def test_what_was_heard_before_changes_nothing_not_even_the_object(
    heard: list[Spike], data: st.DataObject
) -> None:
    incident = fold(heard)
    again = data.draw(st.lists(st.sampled_from(heard), max_size=8))
    assert fold(again, incident) is incident


def test_the_onset_is_frozen_at_the_first_statement() -> None:
    first = spike("raised", 14, 8)
    moved = spike("grown", 42, 30)
    moved = Spike(
        **{
            **{name: getattr(moved, name) for name in moved.__struct_fields__},
            "onset": ONSET - timedelta(minutes=9),
        }
    )
    assert fold([first, moved]).spikes[0].onset == ONSET
    assert fold([first, moved]).observed == 42


def test_other_campaigns_make_a_revision_while_it_is_open_and_none_after_the_end() -> None:
    opened = fold(LIFE[:1])
    linked = apply(opened, LIFE[0], links=[LINK], now=NOW)
    assert (linked.revision, linked.campaigns) == (2, [LINK])
    assert apply(linked, LIFE[0], links=[LINK], now=NOW) is linked
    resolved = fold(LIFE)
    assert apply(resolved, LIFE[-1], links=[LINK], now=NOW) is resolved


def test_an_old_statement_does_not_take_back_campaigns() -> None:
    grown = apply(fold(LIFE[:1]), LIFE[1], links=[LINK], now=NOW)
    assert apply(grown, LIFE[0], links=[], now=NOW) is grown


def test_a_spike_that_joins_after_the_end_opens_it_again_under_the_same_id() -> None:
    later = spike("raised", 20, 8, onset=ONSET + timedelta(hours=2))
    resolved = fold(LIFE)
    again = fold([later], resolved)
    assert (again.incident_id, again.revision, again.status) == (resolved.incident_id, 5, "open")
    assert (again.resolved_at, again.observed) == (None, 110)
    assert fold(LIFE, again) is again


def test_an_incident_of_several_reasons_sums_them_up_and_is_over_when_all_are() -> None:
    other = replace(spike("grown", 100, 30), spike_id="p", contact_reason="payment")
    grouped = fold([*LIFE[:2], other])
    assert grouped.contact_reasons == ["voucher invalid", "payment"]
    assert (grouped.observed, grouped.expected, grouped.excess) == (142, 35.5, 106.5)
    assert leading(grouped).contact_reason == "payment"
    half = fold([replace(other, state="cleared", cleared_at=NOW, observed=120)], grouped)
    assert (half.status, leading(half).contact_reason) == ("open", "voucher invalid")
    over = fold([LIFE[-1]], half)
    assert (over.status, over.resolved_at) == ("resolved", NOW)


def test_a_later_spike_while_open_joins_and_its_end_resolves() -> None:
    later = ONSET + timedelta(hours=5)
    joined = fold([*LIFE[:2], spike("raised", 20, 8, onset=later)])
    assert (joined.revision, joined.status, joined.observed) == (3, "open", 62)
    assert fold([LIFE[-1]], joined).status == "open"
    assert fold([spike("cleared", 30, 40, onset=later)], joined).status == "resolved"


def test_a_cleared_spike_without_a_time_takes_the_stages_time() -> None:
    assert fold([LIFE[0], spike("cleared", 90, 90, ended=False)]).resolved_at == NOW
