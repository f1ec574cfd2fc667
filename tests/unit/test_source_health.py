"""A source that is throttled is told apart from one that is silent, and a wrong secret from both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from streams.sources.health import JUDGED, LEAST, SourceHealth

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
        health.refuse()
    assert health.sentence(NOW).startswith("the last 5 requests were refused")
    health.brought([AT], NOW + 1)
    assert health.sentence(NOW + 2) == "the last came 1 s ago"
