"""A silent source's incident says which source fell silent and why, and tells throttling from silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts import message
from alerts.board import Board
from alerts.context import Context
from alerts.figures_section import headline
from alerts.records import Condition, Incident
from alerts.source_records import SourceStanding, SourceState
from alerts.source_standing import FORGOTTEN_AFTER, UNHEARD_AFTER, gaps_since, gone_quiet, standings

AT = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
LAST = AT - timedelta(minutes=17)


def state(**more: Any) -> SourceState:
    known = {"source": "zendesk", "worker": "a", "takes": "tickets", "since": LAST, "stated_at": AT}
    return SourceState(**{**known, "last_event_at": LAST, **more})


def told(*states: SourceState) -> SourceStanding:
    (one,) = standings(states, AT)
    return one


@pytest.mark.parametrize(
    ("states", "cause"),
    [
        ([state()], "unknown"),
        ([state(refused=4, refused_for="forged")], "unknown"),  # strangers knock now and then
        ([state(refused=41, refused_for="forged")], "refused"),
        ([state(held_back=True, delay_seconds=2820.0)], "held_back"),
        ([state(throttled_until=AT + timedelta(minutes=5), away=True)], "throttled"),
        ([state(throttled_until=AT - timedelta(minutes=5), away=True)], "away"),
        ([state(stated_at=AT - UNHEARD_AFTER - timedelta(seconds=1))], "unheard"),
        # Two workers take its webhooks behind one address: what either says is the source's.
        ([state(refused=3, refused_for="forged"), state(worker="b", refused=3, refused_for="forged")], "refused"),
        ([state(stated_at=AT - timedelta(hours=2)), state(worker="b")], "unknown"),
        ([state(away=True), state(worker="b")], "unknown"),
    ],
)  # fmt: skip
def test_what_is_known_to_be_wrong_is_the_cause_the_surest_first(
    states: list[SourceState], cause: str
) -> None:
    assert told(*states).cause == cause


def test_the_last_event_is_that_of_any_worker_also_of_one_that_is_gone() -> None:
    gone = state(worker="b", stated_at=AT - timedelta(hours=2), last_event_at=LAST + timedelta(minutes=3))
    assert told(state(), gone).last_event_at == LAST + timedelta(minutes=3)


def test_orders_calendars_and_sources_that_nobody_names_any_more_are_no_part_of_a_silence() -> None:
    others = [state(source="shop", takes="orders"), state(source="team", takes="campaigns")]
    forgotten = state(source="former", stated_at=AT - FORGOTTEN_AFTER - timedelta(seconds=1))
    assert standings([*others, forgotten], AT) == []


def silence(minutes: float = 25, *, ended: bool = False) -> Condition:
    return Condition(
        kind="source_silent", since=LAST, raised_at=LAST + timedelta(minutes=10),
        stated_at=LAST + timedelta(minutes=minutes), observed=0, expected=2.0 * minutes, lower=20.0, upper=60.0,
        rule="no ticket", ended_at=LAST + timedelta(minutes=minutes) if ended else None,
    )  # fmt: skip


def around(*states: SourceState, minutes: int = 0) -> Context:
    return Context(now=AT + timedelta(minutes=minutes), sources=states)


def only(board: Board) -> Incident:
    (entry,) = board.entries.values()
    return entry.incident


def test_the_incident_tells_the_cause_at_once_and_another_one_as_soon_as_it_is_known() -> None:
    board = Board()
    board.hear_condition(silence(), around(state(refused=41, refused_for="forged")))
    first = only(board)
    said = message.root(first, around())["text"]
    assert "zendesk: last sent at" in said
    assert "41 requests since then came to nothing: wrong signature" in said
    board.tick(around(state(refused=44, refused_for="forged"), minutes=1))
    assert only(board) is first, "three more of the same are no news"
    board.tick(around(state(throttled_until=AT + timedelta(hours=1)), minutes=2))
    assert (only(board).revision, only(board).sources[0].cause) == (first.revision + 1, "throttled")


def test_a_helpdesk_that_holds_tickets_back_is_not_called_silent() -> None:
    board = Board()
    waits = state(source="desk", throttled_until=AT + timedelta(hours=1))
    late = state(held_back=True, delay_seconds=2820.0)
    board.hear_condition(silence(), around(waits, late))
    assert "The helpdesk holds tickets back" in headline(only(board), around())
    board.tick(around(waits, state()))
    assert "No tickets arrive" in headline(only(board), around())


def test_nothing_changes_once_it_is_over_or_while_the_sources_are_not_read_yet() -> None:
    board = Board()
    board.hear_condition(silence(), around(state()))
    board.tick(around())
    board.hear_condition(silence(40, ended=True), around(state()))
    over = only(board)
    assert (over.status, over.sources[0].cause) == ("resolved", "unknown")
    board.tick(around(state(refused=50, refused_for="forged")))
    assert only(board) is over


def test_an_export_that_has_nothing_to_bring_is_no_part_of_a_silence_and_one_that_is_away_is() -> None:
    export = state(source="help-export", asked=True, last_event_at=None)
    away = state(source="other-export", asked=True, away=True)
    assert [(one.source, one.cause) for one in standings([export, away, state()], AT)] == [
        ("other-export", "away"),
        ("zendesk", "unknown"),
    ]


def test_one_of_several_sources_that_brought_nothing_for_a_day_is_in_the_digest_and_all_of_them_are_not() -> (
    None
):
    day_ago = AT - timedelta(hours=25)
    quiet = [
        state(source="desk", last_event_at=day_ago),
        state(source="new", last_event_at=None, since=day_ago),
    ]
    export = state(source="export", asked=True, last_event_at=None, since=day_ago)
    told = gone_quiet([*quiet, export, state()], AT)
    assert [(one.source, one.since) for one in told] == [("desk", day_ago), ("new", day_ago)]
    assert gone_quiet(quiet, AT) == [], "that nothing comes at all is another message"
    heard = state(source="desk", worker="b", last_event_at=AT)
    assert gone_quiet([quiet[0], heard, state()], AT) == []


def test_changes_without_their_content_are_summed_over_workers_and_those_of_former_days_left_out() -> None:
    states = [
        state(source="salesforce", gaps=3, last_gap_at=AT),
        state(source="salesforce", worker="b", gaps=4, last_gap_at=LAST),
        state(source="other", gaps=9, last_gap_at=AT - timedelta(days=3)),
    ]
    (one,) = gaps_since(states, AT - timedelta(days=1))
    assert (one.source, one.gaps, one.last_at) == ("salesforce", 7, AT)


def test_a_hundred_sources_of_any_name_leave_a_message_that_slack_takes_those_with_a_cause_first() -> None:
    name = "<!channel> *x*\n" + "x" * 500
    states = [state(source=f"{number:03} {name}") for number in range(100)]
    wrong = state(source=f"zzz {name}", refused=9, refused_for="forged")
    board = Board()
    board.hear_condition(silence(), around(*states, wrong))
    payload = message.root(only(board), around())
    assert message.validate(payload) == []
    assert payload["text"].index("zzz") < payload["text"].index("000")
    assert "<!channel>" not in payload["text"]
