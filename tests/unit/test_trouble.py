"""A trouble is told once when it begins and once when it ends."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from alerts.delivery import DeliveryError
from streams.metrics import Metrics
from streams.trouble import LOOKING, SENDING, Trouble

ARCHIVED = DeliveryError("channel C1 is archived", code="is_archived", permanent=True)
DOWN = DeliveryError("Slack failed on its side (http_503)", code="http_503", ambiguous=True)
TOO_LONG = DeliveryError("too long", code="msg_too_long", permanent=True, message_only=True)


@pytest.fixture
def trouble() -> Trouble:
    return Trouble(Metrics())


def test_a_thousand_failures_are_one_line_a_cause_and_one_at_the_end(trouble: Trouble) -> None:
    with capture_logs() as lines:
        for second in range(1000):
            trouble.failed(DOWN if second % 2 else ARCHIVED, float(second), SENDING)
        trouble.over(1000.0, SENDING)
    assert [line["event"] for line in lines] == [
        "messages do not get through",
        "messages do not get through",
        "messages get through again",
    ]
    assert (lines[-1]["seconds"], lines[-1]["tries"]) == (1000.0, 1000)


def test_the_latest_cause_is_shown_and_all_are_taken_back_in_the_end(trouble: Trouble) -> None:
    gauge = trouble.metrics.slack_trouble
    trouble.failed(DOWN, 0.0, SENDING)
    trouble.failed(ARCHIVED, 1.0, SENDING)
    assert (trouble.sentence, trouble.permanent(SENDING)) == (str(ARCHIVED), True)
    assert gauge.labels("is_archived")._value.get() == 1
    trouble.over(2.0, SENDING)
    assert (trouble.sentence, trouble.permanent(SENDING)) == (None, False)
    assert [gauge.labels(code)._value.get() for code in ("is_archived", "http_503")] == [0, 0]


def test_waits_double_up_to_half_a_minute_and_begin_anew_after_a_success(trouble: Trouble) -> None:
    assert [trouble.failed(DOWN, 0.0, SENDING) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    trouble.over(1.0, SENDING)
    assert trouble.failed(DOWN, 2.0, SENDING) == 1


def test_one_refused_message_is_a_trouble_of_its_own_that_another_success_does_not_end(
    trouble: Trouble,
) -> None:
    trouble.failed(TOO_LONG, 0.0, "ts-1")
    trouble.over(1.0, SENDING, "ts-2")
    assert trouble.sentence == "too long"
    assert not trouble.permanent(SENDING)
    trouble.over(2.0, "ts-1")
    assert trouble.sentence is None


def test_what_is_seen_by_looking_and_by_sending_is_told_once_and_ends_when_both_do(trouble: Trouble) -> None:
    with capture_logs() as lines:
        trouble.failed(ARCHIVED, 0.0, LOOKING)
        trouble.failed(ARCHIVED, 1.0, SENDING)
        trouble.over(2.0, SENDING)
        assert trouble.metrics.slack_trouble.labels("is_archived")._value.get() == 1
        trouble.over(3.0, LOOKING)
    assert [line["event"] for line in lines] == ["messages do not get through", "messages get through again"]
    assert trouble.metrics.slack_trouble.labels("is_archived")._value.get() == 0
