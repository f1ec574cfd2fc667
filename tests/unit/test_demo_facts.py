"""The demo's own judgement: each fact holds for the day as it must be, and breaks when it goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from alerts.records import Incident, Spike
from streams.demo.facts import Fact, Outcome, facts, spot_tickets
from streams.demo.follower import Sight
from streams.demo.messages import Mailbox, at_story_time
from streams.demo.webshop import SPOT_REASONS, STORY, VOUCHER, campaigns
from streams.demo.webshop_reasons import REASONS
from streams.events import Cell, TicketCounts

REASON = REASONS[VOUCHER].english
NEWSLETTER = campaigns("en")[0]
SPOT_MINUTE = int(STORY.spot_at.timestamp() // 60)
COUNTS = {(REASON, 100): 3, (REASONS[SPOT_REASONS[0]].english, SPOT_MINUTE): 50}


def spike(reason: str = REASON, spike_id: str = "s-1") -> Spike:
    return Spike(
        spike_id=spike_id,
        contact_reason=reason,
        state="cleared",
        onset=STORY.code_breaks_at,
        raised_at=STORY.code_breaks_at + timedelta(minutes=6),
        cleared_at=STORY.code_mended_at + timedelta(minutes=40),
        window_minutes=100,
        observed=160,
        expected=15.0,
        lower=8.0,
        upper=24.0,
        uplift=10.0,
        excess=145.0,
        customers=150,
        score=99.0,
        rule="",
    )


def incident(**changes: object) -> Incident:
    usual = Incident(
        incident_id="ts-1",
        revision=3,
        status="resolved",
        contact_reasons=[REASON],
        spikes=[spike()],
        opened_at=STORY.code_breaks_at + timedelta(minutes=6),
        updated_at=STORY.code_mended_at + timedelta(minutes=40),
        resolved_at=STORY.code_mended_at + timedelta(minutes=40),
        observed=160,
        expected=15.0,
        excess=145.0,
    )
    return replace(usual, **changes)


def outcome(**changes: object) -> Outcome:
    values: dict[str, object] = {
        "incidents": [incident()],
        "spikes": [spike()],
        "said": f"{NEWSLETTER.name} SOMMER25 Safari",
        "counted": COUNTS,
        "truth": COUNTS,
        "usual": 20.0,
        "events": 55,
        "leaks": 0,
    }
    return Outcome(**values | changes)  # type: ignore[arg-type]


def broken(found: list[Fact]) -> list[str]:
    return [fact.words for fact in found if not fact.holds]


def late(minutes: int) -> datetime:
    return STORY.code_breaks_at + timedelta(minutes=minutes)


def test_every_fact_holds_for_the_day_as_it_must_be() -> None:
    assert broken(facts(outcome(), NEWSLETTER, "en")) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"incidents": [], "spikes": []}, "one incident", id="no alert at all"),
        pytest.param(
            {"spikes": [spike(), spike("customs", "s-2")]},
            "one incident",
            id="another spike beside the story's",
        ),
        pytest.param(
            {"incidents": [incident(), incident(incident_id="ts-2")]}, "one incident", id="the incident twice"
        ),
        pytest.param({"incidents": [incident(opened_at=late(11))]}, "not raised between", id="too late"),
        pytest.param(
            {"incidents": [incident(opened_at=late(-5))]}, "not raised between", id="before the fault"
        ),
        pytest.param({"said": f"{NEWSLETTER.name} SOMMER25"}, "names Safari", id="browser not named"),
        pytest.param({"said": f"{NEWSLETTER.name} Safari"}, "names SOMMER25", id="code not named"),
        pytest.param({"said": "SOMMER25 Safari"}, f"names {NEWSLETTER.name}", id="campaign not named"),
        pytest.param(
            {"incidents": [incident(status="open", resolved_at=None)]},
            "not resolved",
            id="still open at night",
        ),
        pytest.param(
            {"incidents": [incident(resolved_at=late(20))]},
            "not resolved",
            id="resolved while the code fails",
        ),
        pytest.param(
            {"spikes": [spike(), spike(REASONS[SPOT_REASONS[0]].english, "s-2")]},
            "TV spot",
            id="the spot alerts",
        ),
        pytest.param({"usual": 49.0}, "TV spot", id="the spot brought nothing that could have alerted"),
        pytest.param({"counted": COUNTS | {(REASON, 100): 4}}, "1 of 2", id="a ticket counted twice"),
        pytest.param({"counted": COUNTS | {("customs", 1): 1}}, "1 of 3", id="a ticket under another reason"),
        pytest.param({"leaks": 1}, "no customer", id="a customer's address behind count"),
    ],
)
def test_a_fact_breaks_when(changes: dict[str, object], words: str) -> None:
    assert any(words in one for one in broken(facts(outcome(**changes), NEWSLETTER, "en")))


def test_the_spots_usual_tickets_are_an_average_over_the_days_before() -> None:
    word = REASONS[SPOT_REASONS[0]].english
    counts = {
        (word, SPOT_MINUTE - 7 * 1440): 10,
        (word, SPOT_MINUTE - 14 * 1440): 20,
        (word, SPOT_MINUTE): 99,
    }
    assert spot_tickets(counts, [7, 14], "en") == 15.0


def statement(offset: int, count: int, partition: int = 0) -> bytes:
    cell = Cell(contact_reason=REASON, minute=100, count=count, customers="", facets={})
    return msgspec.json.encode(
        TicketCounts(partition=partition, partitions=2, offset=offset, watermark=6000.0, cells=[cell])
    )


def test_the_newest_statement_about_a_cell_holds_in_whatever_order_they_come() -> None:
    orders: list[Callable[[list[bytes]], list[bytes]]] = [
        list,
        lambda them: them[::-1],
        lambda them: them * 2,
    ]
    for order in orders:
        sight = Sight()
        for value in order([statement(5, 3), statement(9, 2), statement(4, 7, partition=1)]):
            sight.learn("ticket-counts", value)
        assert sight.counts() == {(REASON, 100): 9}


def test_a_customers_address_on_any_topic_is_seen() -> None:
    sight = Sight()
    told = msgspec.json.encode(spike("k123@kunde.example"))
    sight.learn("spikes", told)
    sight.learn("spikes", msgspec.json.encode(spike()))
    assert sight.leaks == 1


def test_a_message_that_is_still_being_written_is_read_whole_later(tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    mailbox = Mailbox(path)
    assert mailbox.new() == []
    first, second = (json.dumps({"method": "chat.postMessage", "text": text}) for text in ("one", "two"))
    path.write_text(first + "\n" + second[:20])
    assert [message["text"] for message in mailbox.new()] == ["one"]
    path.write_text(first + "\n" + second + "\n")
    assert [message["text"] for message in mailbox.new()] == ["two"]
    assert mailbox.new() == []
    assert len(mailbox.messages) == 2


def test_the_page_shows_messages_at_the_time_that_they_speak_of() -> None:
    def message(revision: int, **where: str) -> dict[str, object]:
        told = {"incident_id": "ts-1", "revision": revision}
        return {"method": "chat.postMessage", "metadata": {"event_payload": told}, **where}

    root = message(1, posted_ts="900.5")
    edit = message(2, ts="900.5") | {"method": "chat.update"}
    reply = message(2, posted_ts="901.5", thread_ts="900.5")
    shown = at_story_time([root, edit, reply], {("ts-1", 1): late(6), ("ts-1", 2): late(20)})
    assert float(shown[0]["posted_ts"]) == pytest.approx(late(6).timestamp(), abs=0.01)
    assert shown[1]["ts"] == shown[2]["thread_ts"] == shown[0]["posted_ts"]
    assert float(shown[2]["posted_ts"]) == pytest.approx(late(20).timestamp(), abs=0.01)
    assert root["posted_ts"] == "900.5"
