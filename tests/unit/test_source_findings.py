"""The doctor says of each source whether anything came, and what to do where not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.source_records import SourceState
from streams.source_findings import source_findings

NOW = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)


def state(**more: Any) -> SourceState:
    begun = NOW - timedelta(days=2)
    known = {"source": "zendesk", "worker": "a", "takes": "tickets", "since": begun, "stated_at": NOW}
    return SourceState(**{**known, "last_event_at": NOW - timedelta(minutes=17), **more})


@pytest.mark.parametrize(
    ("states", "found", "said"),
    [
        ([state()], "ok", "zendesk (/hooks/zendesk): the last came 17 min ago"),
        ([], "note", "no worker has told of it; start one with TICKETSPIKE_SOURCES set"),
        ([state(stated_at=NOW - timedelta(hours=5))], "note", "no worker has told of it since 5 h ago; start one"),
        (
            [state(last_event_at=None)],
            "note",
            "nothing came yet; let the helpdesk send a test to https://YOUR-PROXY/hooks/zendesk",
        ),
        ([state(last_event_at=NOW - timedelta(days=3))], "note", "3 days ago; see the helpdesk's page of webhook"),
        ([state(refused=41, refused_for="forged")], "wrong", "41 requests since then came to nothing, most of them"),
        ([state(refused=41, refused_for="refused")], "wrong", "`ticketspike sources try NAME FILE`"),
        ([state(throttled_until=NOW + timedelta(minutes=9))], "note", "it asked to wait until 10:29 UTC"),
        ([state(held_back=True, delay_seconds=2820.0)], "note", "tickets come 47 min late"),
        ([state(asked=True, away=True)], "wrong", "it does not answer"),
        ([state(gaps=7, last_gap_at=NOW)], "note", "7 changes came without content: see `ticketspike sources gaps`"),
    ],
)  # fmt: skip
def test_each_state_of_a_source_has_its_sentence_with_the_remedy(
    states: list[SourceState], found: str, said: str
) -> None:
    (one,) = source_findings(["zendesk"], [], states, NOW)
    assert (one.check, one.state) == ("source", found)
    assert said in one.text
    assert one.text.startswith("zendesk (/hooks/zendesk): ")


def test_every_source_of_the_file_is_looked_at_and_an_export_with_nothing_to_bring_is_well() -> None:
    export = state(source="export", asked=True, last_event_at=None)
    found = source_findings(["zendesk", "desk"], ["export"], [state(), export], NOW)
    assert [(one.state, one.text.partition(" ")[0]) for one in found] == [
        ("ok", "zendesk"),
        ("note", "desk"),
        ("ok", "export"),
    ]
