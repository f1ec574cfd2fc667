"""The made-up webshop: seeded, untidy like a real one, and true to its own story."""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np
import pytest

from streams.demo.webshop import (
    NEWSLETTER,
    SPOT_REASONS,
    STORY,
    VOUCHER,
    campaigns,
    history,
    story_day,
    truth,
)
from streams.demo.webshop_reasons import REASONS
from streams.demo.webshop_tickets import MAIL_DOMAIN, Arrival
from streams.events import Ticket


@pytest.fixture(scope="module")
def week() -> list[Arrival]:
    return history(np.random.default_rng(7), "en", days=7)


@pytest.fixture(scope="module")
def day() -> list[Arrival]:
    return story_day(np.random.default_rng(7), "en")


def per_hour(events: list[Arrival], reason: int, first: float, last: float) -> float:
    """Tickets an hour of a reason between two instants in epoch seconds."""
    word = REASONS[reason].english
    found = sum(
        count
        for (name, minute), count in truth(events).items()
        if name == word and first <= 60 * minute < last
    )
    return found * 3600 / (last - first)


def test_the_same_seed_gives_the_same_tickets_byte_for_byte(day: list[Arrival]) -> None:
    again = story_day(np.random.default_rng(7), "en")
    assert msgspec.json.encode(again) == msgspec.json.encode(day)
    assert msgspec.json.encode(story_day(np.random.default_rng(8), "en")) != msgspec.json.encode(day)


def test_every_event_is_a_ticket_of_the_contract(week: list[Arrival], day: list[Arrival]) -> None:
    for event in (*week, *day):
        ticket = msgspec.json.decode(msgspec.json.encode(event.ticket), type=Ticket)
        assert ticket.created_at.timestamp() <= event.at + 1


def test_events_come_in_the_order_in_which_they_are_sent(week: list[Arrival]) -> None:
    instants = [event.at for event in week]
    assert instants == sorted(instants)


def test_reasons_reach_from_sparse_to_dense_and_keep_their_rates(week: list[Arrival]) -> None:
    counts: Counter[str] = Counter()
    for (reason, _), count in truth(week).items():
        counts[reason] += count
    assert counts["where is my order"] == pytest.approx(7 * 260, rel=0.15)
    assert counts["customs"] == pytest.approx(7 * 4, rel=0.6)
    assert set(counts) <= {reason.english for reason in REASONS}


def test_minute_counts_are_overdispersed_as_said() -> None:
    events = history(np.random.default_rng(3), "en", days=28)
    late = next(reason for reason in REASONS if reason.english == "delivery delayed")
    counts = Counter(
        {minute: count for (name, minute), count in truth(events).items() if name == late.english}
    )
    first = min(minute for _, minute in truth(events))
    tens = np.asarray(
        [sum(counts[first + 10 * part + minute] for minute in range(10)) for part in range(28 * 144)]
    )
    # Neighbouring bins share profile and level, so their differences hold chance alone.
    dispersion = float(np.mean(np.diff(tens) ** 2) / 2 / np.mean(tens))
    assert 1.45 < dispersion < 1.75


def test_some_tickets_are_repeated_and_some_relabelled(week: list[Arrival]) -> None:
    created = [event.ticket for event in week if "kind" not in event.ticket]
    relabelled = [event.ticket for event in week if event.ticket.get("kind") == "relabelled"]
    ids = Counter(ticket["id"] for ticket in created)
    assert sum(ids.values()) / len(ids) - 1 == pytest.approx(0.02, abs=0.005)
    assert len(relabelled) / len(ids) == pytest.approx(0.01, abs=0.004)
    first_seen = {event.ticket["id"]: event.at for event in reversed(week)}
    assert all(
        first_seen[ticket["id"]] < event.at for event in week for ticket in [event.ticket] if "kind" in ticket
    )


def test_a_few_customers_write_again_and_all_are_personal_data(week: list[Arrival]) -> None:
    customers = {event.ticket["id"]: event.ticket["customer"] for event in week}
    share = 1 - len(set(customers.values())) / len(customers)
    assert 0.02 < share < 0.07
    assert all(customer.endswith("@" + MAIL_DOMAIN) for customer in customers.values())
    assert all(event.ticket["text"] for event in week)


def test_the_fault_begins_when_the_code_breaks_and_not_with_the_newsletter(day: list[Arrival]) -> None:
    newsletter, breaks, mended = (
        instant.timestamp() for instant in (STORY.newsletter_at, STORY.code_breaks_at, STORY.code_mended_at)
    )
    before = per_hour(day, VOUCHER, newsletter, breaks)
    during = per_hour(day, VOUCHER, breaks, mended)
    after = per_hour(day, VOUCHER, mended + 2400, mended + 4 * 3600)
    assert before < 30
    assert during > 80
    assert after < 30


def test_the_faults_tickets_carry_the_code_and_the_browser(day: list[Arrival]) -> None:
    first, last = STORY.code_breaks_at.timestamp(), STORY.code_mended_at.timestamp()
    tickets = [
        event.ticket
        for event in day
        if event.ticket["contact_reason"] == REASONS[VOUCHER].english and first <= event.at < last
    ]
    with_code = sum(ticket.get("voucher_code") == STORY.voucher_code for ticket in tickets)
    in_browser = sum(ticket["attributes"].get("browser") == STORY.browser for ticket in tickets)
    assert with_code / len(tickets) > 0.8
    assert in_browser / len(tickets) > 0.75


def test_the_tv_spot_lifts_its_reasons_by_no_more_than_was_announced() -> None:
    spot = next(campaign for campaign in campaigns("en") if campaign.kind == "tv")
    first, last = STORY.spot_at.timestamp(), STORY.spot_ends_at.timestamp()
    lifted, usual = 0.0, 0.0
    for seed in range(8):
        events = story_day(np.random.default_rng(seed), "en")
        lifted += sum(per_hour(events, reason, first, last) for reason in SPOT_REASONS)
        ordinary = history(np.random.default_rng(seed), "en", days=1)
        usual += sum(per_hour(ordinary, reason, first - 86400, last - 86400) for reason in SPOT_REASONS)
    assert 1.8 < lifted / usual < spot.expected_uplift


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_campaigns_name_reasons_that_come_in(language: str) -> None:
    words = {reason.word(language) for reason in REASONS}  # type: ignore[arg-type]
    announced = campaigns(language)  # type: ignore[arg-type]
    assert {reason for campaign in announced for reason in campaign.contact_reasons} <= words
    newsletter = announced[0]
    assert newsletter.voucher_codes == [STORY.voucher_code]
    assert REASONS[NEWSLETTER].word(language) in newsletter.contact_reasons  # type: ignore[arg-type]
    assert newsletter.starts_at < STORY.code_breaks_at < STORY.code_mended_at < newsletter.ends_at


def test_english_and_german_shops_differ_in_words_only() -> None:
    english = story_day(np.random.default_rng(5), "en")
    german = story_day(np.random.default_rng(5), "de")
    assert [event.at for event in english] == [event.at for event in german]
    words = {reason.english: reason.german for reason in REASONS}
    assert [words[event.ticket["contact_reason"]] for event in english] == [
        event.ticket["contact_reason"] for event in german
    ]
