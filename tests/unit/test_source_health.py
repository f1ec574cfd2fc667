"""A source that is throttled is told apart from one that is silent, and a wrong secret from both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerts import message
from alerts.board import Board
from alerts.records import Condition
from alerts.source_records import SourceState
from streams.metrics import Metrics
from streams.redemptions import Redemptions
from streams.settings import load
from streams.sources.health import BREAKS_FROM, JUDGED, LEAST, SourceHealth
from streams.sources.health_statements import TOPIC, HealthStatements
from streams.sources.mapping import Record
from streams.surroundings import Surroundings

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
NOW = AT.timestamp()


def test_tickets_put_off_to_the_next_hour_are_late_and_not_silent() -> None:
    health = SourceHealth()
    written = [AT + timedelta(minutes=minute) for minute in range(20, 50)]
    health.brought(written, NOW + 3600)
    assert health.held_back
    assert health.sentence(NOW + 3660).startswith("tickets come 20 min late, the last 60 s ago")


def test_one_old_ticket_among_fresh_ones_is_a_repeat_and_no_throttling() -> None:
    health = SourceHealth()
    for number in range(10):
        health.brought([AT - timedelta(hours=5 if number == 3 else 0)], NOW + 2)
    assert not health.held_back


def test_a_few_old_tickets_say_nothing_yet() -> None:
    health = SourceHealth()
    health.brought([AT - timedelta(hours=5)] * (LEAST - 1), NOW)
    assert (health.held_back, health.delay) == (False, 0.0)


def test_a_silence_soon_after_deferred_deliveries_is_told_as_another_deferral() -> None:
    health = SourceHealth()
    health.brought([AT - timedelta(minutes=40)] * JUDGED, NOW)
    health.brought([AT] * JUDGED, NOW + 60)  # the hour's limit lasts for a while again
    assert not health.held_back
    state = health.state("desk", "w", NOW + 1800)
    assert (state.held_back, state.delay_seconds) == (True, 2400.0)
    assert not health.state("desk", "w", NOW + 7201).held_back


def test_it_ends_once_tickets_come_in_time() -> None:
    health = SourceHealth()
    health.brought([AT - timedelta(hours=1)] * JUDGED, NOW)
    health.brought([AT] * (JUDGED // 2 + 1), NOW + 5)
    assert not health.held_back


def test_silence_is_told_by_how_long_ago_and_refusals_by_their_number_until_something_is_taken() -> None:
    health = SourceHealth()
    assert health.sentence(NOW) == "nothing came yet"
    health.brought([], NOW)
    assert health.sentence(NOW + 7200) == "the last came 120 min ago"
    for _ in range(LEAST):
        health.answered("forged", NOW)
    assert health.sentence(NOW).startswith("the last 5 requests were refused")
    health.brought([AT], NOW + 1)
    assert health.sentence(NOW + 2) == "the last came 1 s ago"


def test_a_helpdesk_that_asks_to_wait_throttles_until_then_and_is_no_silence() -> None:
    health = SourceHealth("tickets", NOW)
    health.away(NOW, 600.0)
    assert health.sentence(NOW + 60) == "it throttles us for 9 min more"
    state = health.state("help-export", "w", NOW + 60)
    assert (state.throttled_until, state.away) == (AT + timedelta(minutes=10), True)
    assert health.state("help-export", "w", NOW + 601).throttled_until is None
    health.reached()
    assert (health.sentence(NOW + 700), health.state("h", "w", NOW).away) == ("nothing came yet", False)


def test_what_requests_came_to_nothing_for_is_what_most_of_them_did_since_the_last_event() -> None:
    health = SourceHealth()
    for outcome in ("refused", "forged", "forged", "taken", "passed_over", "kafka_away"):
        health.answered(outcome, NOW)
    state = health.state("help", "w", NOW)
    assert (state.refused, state.refused_for) == (4, "forged")
    health.brought([AT], NOW)
    state = health.state("help", "w", NOW)
    assert (state.refused, state.refused_for, state.last_event_at) == (0, None, AT)


@pytest.mark.parametrize(
    ("taken", "refused", "paused"),
    [
        (0, 19, False),  # of a few requests no helpdesk judges
        (0, 20, True),
        (10, 22, False),  # 69 %
        (10, 24, True),  # 71 %
        (2000, 999, False),
        (2000, BREAKS_FROM, True),
    ],
)
def test_as_many_errors_as_make_a_helpdesk_stop_sending_are_told_as_that(
    taken: int, refused: int, paused: bool
) -> None:
    health = SourceHealth()
    for _ in range(taken):
        health.brought([AT], NOW)
    for _ in range(refused):
        health.answered("forged", NOW + 1)
    assert health.state("help", "w", NOW).paused is paused


def test_errors_of_an_hour_ago_do_not_pause_a_helpdesk_that_sends_again() -> None:
    health = SourceHealth()
    for _ in range(30):
        health.answered("busy", NOW)
    assert health.paused
    health.brought([AT], NOW + 3600)
    assert not health.paused


def test_every_source_is_stated_under_a_key_of_the_workers_own() -> None:
    async def store(_: str, __: list[Record]) -> bool:
        return True

    metrics = Metrics()
    health = {"help": SourceHealth("tickets", NOW), "shop": SourceHealth("orders", NOW)}
    stated = HealthStatements("w1", health, store, metrics, ready=bool, now=lambda: NOW + 90).records()
    assert TOPIC == "source-health"
    assert [key for key, _ in stated] == [b"help/w1", b"shop/w1"]
    found = [msgspec.json.decode(value or b"", type=SourceState) for _, value in stated]
    assert [(one.takes, one.since, one.stated_at) for one in found] == [
        ("tickets", AT, AT + timedelta(seconds=90)),
        ("orders", AT, AT + timedelta(seconds=90)),
    ]
    never_sent = metrics.registry.get_sample_value(
        "ticketspike_source_events_total", {"source": "help", "outcome": "taken"}
    )
    assert never_sent == 0, "a rule sees a source that sends nothing only where it is counted"


def test_what_one_worker_states_is_what_another_worker_tells_people() -> None:
    async def store(_: str, __: list[Record]) -> bool:
        return True

    health = SourceHealth("tickets", NOW)
    health.brought([AT], NOW)
    for _ in range(41):
        health.answered("forged", NOW + 60)
    stated = HealthStatements(
        "w1", {"help": health}, store, Metrics(), ready=bool, now=lambda: NOW + 1020
    ).records()
    rows = {key: value for key, value in stated if value is not None} | {b"other": b"no record of ours"}
    settings = load(ticketspike_language="en")
    around = Surroundings(settings, {}, lambda: NOW + 1020, Redemptions(settings), rows)
    board = Board()
    since = AT + timedelta(minutes=1)
    board.hear_condition(
        Condition(kind="source_silent", since=since, raised_at=since + timedelta(minutes=12),
                  stated_at=since + timedelta(minutes=16), observed=0, expected=40.0, lower=28.0, upper=53.0,
                  rule="rule"),
        around.of(None, None),
    )  # fmt: skip
    (entry,) = board.entries.values()
    said = message.root(entry.incident, around.of(entry, None))["text"]
    assert "help: last sent at" in said
    assert "41 requests since then came to nothing: wrong signature" in said
