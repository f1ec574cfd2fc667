"""Every button and every choice of every message is understood when it is pressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from message_states import CASES, CONTEXT
from presses import pressed

from alerts.interaction import Record, interpret
from alerts.records import AnswerKind


def offered(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each press that a message offers."""
    for row in payload["blocks"]:
        if row["type"] != "actions":
            continue
        for element in row["elements"]:
            if "options" in element:
                for option in element["options"]:
                    yield pressed(element["action_id"], option["value"], menu=True)
            else:
                yield pressed(element["action_id"], element["value"])


@pytest.mark.parametrize("case", CASES)
def test_what_a_message_offers_is_understood(case: str) -> None:
    for press in offered(CASES[case]()):
        outcome = interpret(press, CONTEXT)
        assert isinstance(outcome, Record), press["actions"]
        assert outcome.answers or outcome.modal, press["actions"]


def test_there_are_messages_that_offer_every_answer() -> None:
    kinds = {
        answer.kind
        for make in CASES.values()
        for press in offered(make())
        if isinstance(outcome := interpret(press, CONTEXT), Record)
        for answer in outcome.answers
    }
    # All but `missed`, which no message offers.
    assert kinds == set(get_args(AnswerKind)) - {"missed"}
