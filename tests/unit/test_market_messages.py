"""Markets with incidents of their own: each message says whose it is, and one's incident is never another's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from message_states import CONTEXT, condition, incident, spike
from msgspec.structs import replace as altered

from alerts import message, redact
from alerts.board import Board
from alerts.context import Context
from alerts.digest import digest_id
from alerts.incident import opened
from alerts.language import Language
from alerts.records import Condition, Incident, Spike
from alerts.roster import whom
from alerts.roster_rows import read
from streams.stating import spike_id


def in_market(market: str | None, one: Incident | None = None) -> Incident:
    one = one or incident()
    return altered(one, incident_id="ts-oroak3oat6" if market is None else f"ts-{market}-oroak3oat6")


def speaking(language: Language) -> Context:
    return replace(CONTEXT, language=language)


@pytest.mark.parametrize(
    ("market", "language", "named"),
    [
        ("DE", "de", "DE · "),
        ("AT", "en", "AT · "),
        ("other", "de", "übrige Märkte · "),
        ("other", "en", "other markets · "),
    ],
)
def test_the_root_message_its_spoken_text_and_its_replies_name_the_market(
    market: str, language: Language, named: str
) -> None:
    context = speaking(language)
    root = message.root(in_market(market), context)
    assert not message.validate(root)
    for said in (root["text"], root["blocks"][0]["text"]["text"]):
        assert said.split(" ", 1)[1].startswith(named)
    for why in message.Reason.GROWN, message.Reason.RESOLVED, message.Reason.REMINDER:
        assert named in message.reply(in_market(market), context, why)["text"]
    silent = in_market(market, condition("source_silent"))
    assert named in message.root(silent, context)["text"]
    assert named in message.reply(silent, context)["text"]


def test_where_all_markets_share_their_incidents_none_is_named() -> None:
    named = message.root(in_market("AT"), CONTEXT)
    shared = message.root(in_market(None), CONTEXT)
    assert named["text"].replace("AT · ", "") == shared["text"]
    assert named["blocks"][0]["text"]["text"].replace("AT · ", "") == shared["blocks"][0]["text"]["text"]


def test_a_long_contact_reason_leaves_the_market_and_the_figures_in_the_headline() -> None:
    long = opened(spike(reason="Gutschein " * 40), ())
    head = message.root(in_market("nl-be_2", long), CONTEXT)["blocks"][0]["text"]["text"]
    assert len(head) <= 150
    assert "nl-be_2 · Gutschein" in head
    assert head.endswith(": 42 Tickets statt ~11 in 30 min")


def test_the_guard_for_personal_data_leaves_a_markets_id_alone() -> None:
    for market in ("DE", "other", "nl-be_2", "m12345"):
        root = message.root(in_market(market), CONTEXT)
        assert redact.guard(root)[0] == root


@pytest.mark.parametrize("statement", [spike(), condition("source_silent").condition])
def test_the_same_rise_in_two_markets_is_two_incidents(statement: Spike | Condition) -> None:
    ids = []
    for market in ("DE", "AT", None):
        board = Board()
        context = replace(CONTEXT, market=market)
        if isinstance(statement, Spike):
            board.hear_spike(statement, context)
        else:
            board.hear_condition(statement, context)
        ids += list(board.entries)
    assert len(set(ids)) == 3
    assert ids[0].startswith("ts-DE-")
    assert ids[1].startswith("ts-AT-")
    assert ids[2].count("-") == 1


def test_a_spikes_id_differs_between_shards() -> None:
    assert len({spike_id("voucher", 100, 107, shard) for shard in ("DE", "AT", None)}) == 3


def test_a_roster_row_of_a_market_is_meant_by_that_markets_incidents() -> None:
    rows = read([{"ping": ["U0ANNA001"], "markets": ["de"]}])
    now = CONTEXT.now
    assert whom(in_market("DE"), now, rows) == ["U0ANNA001"]
    assert whom(in_market("AT"), now, rows) == []
    assert whom(in_market("DE", condition("source_silent")), now, rows) == ["U0ANNA001"]


def test_a_digest_of_one_market_is_never_taken_for_anothers() -> None:
    day = CONTEXT.now.date()
    assert len({digest_id(day, market) for market in ("DE", "AT", None)}) == 3
