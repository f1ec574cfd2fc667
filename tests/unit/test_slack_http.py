"""Slack's requests: signed, in time, readable, or nothing at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp
import pytest
import structlog
from broker_stand_in import BrokerStandIn
from presses import ACTION_TS, SECRET, form, pressed, shortcut, signed, submitted
from slack_stand_in import SlackStandIn, until

from alerts.interaction import Record, interpret
from alerts.press_words import ENGLISH, Refusal
from alerts.slack_replies import Replies
from streams.interactions import Interactions
from streams.metrics import Metrics
from streams.settings import load
from streams.slack_http import SlackHttp
from streams.web import BODY_LIMIT, Web

NOW = 1_795_166_103.0
FIXTURE = Path(__file__).parents[1] / "data" / "slack" / "block_actions.form"
INTERACTIONS = "/slack/interactions"


class Answered(NamedTuple):
    """What Slack hears."""

    status: int
    body: str


class Desk:
    """A web server with the handlers, the broker behind it, Slack beside it, and a clock."""

    def __init__(self, slack: SlackStandIn, secret: str | None = SECRET) -> None:
        self.slack = slack
        self.time = NOW
        self.broker = BrokerStandIn()
        self.metrics = Metrics()
        self.interactions = Interactions(
            load(ticketspike_timezone="Europe/Berlin"),
            self.metrics,
            Replies("xoxb-test", base_url=slack.url),
            campaigns=dict,
            incident_of=lambda _: None,
            now=lambda: self.time,
        )
        self.interactions.answers.producer = self.broker
        http = SlackHttp(secret, self.interactions, now=lambda: self.time)
        self.web = Web("127.0.0.1", 0, self.metrics, {}, http.posts())

    async def send(
        self, body: bytes, headers: dict[str, str] | None = None, path: str = INTERACTIONS
    ) -> Answered:
        """Post a body; signed now unless headers are given."""
        headers = signed(body, self.time) if headers is None else headers
        url = f"http://127.0.0.1:{self.web.port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers=headers) as answer,
        ):
            return Answered(answer.status, await answer.text())

    def presses(self, outcome: str) -> float:
        return (
            self.metrics.registry.get_sample_value(
                "ticketspike_presses_total", {"way": "http", "outcome": outcome}
            )
            or 0.0
        )


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with SlackStandIn() as slack:
        made = Desk(slack)
        await made.web.on_start()
        yield made
        await made.interactions.on_stop()
        await made.web.on_stop()


async def test_a_signed_press_is_saved_before_it_is_answered(desk: Desk) -> None:
    assert await desk.send(form(pressed("acknowledge", "ts-1"))) == (200, "")
    (topic, key, _), (answer,) = desk.broker.records[0], desk.broker.answers
    assert (topic, key) == ("answers", b"ts-1")
    assert (answer.kind, answer.by, answer.at.timestamp()) == ("acknowledged", "U0LEAD", float(ACTION_TS))
    assert desk.presses("saved") == 1


async def test_slacks_own_bytes_verify_and_another_programs_button_is_refused_politely(desk: Desk) -> None:
    body = FIXTURE.read_bytes()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": "1795166102",
        "X-Slack-Signature": "v0=74cef9a0d9682495e2df0185227895ea7f93423d746cb9f87109acd91f644675",
    }
    answered = await desk.send(body, headers)
    assert answered.status == 200
    assert json.loads(answered.body) == {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": ENGLISH.refusals[Refusal.UNKNOWN],
    }
    assert desk.broker.records == []
    desk.time += 600
    assert (await desk.send(body, headers)).status == 401


FORGED: list[tuple[str, dict[str, str]]] = [
    ("no signature", {"X-Slack-Signature": ""}),
    ("no time", {"X-Slack-Request-Timestamp": ""}),
    ("no number", {"X-Slack-Request-Timestamp": "now"}),
    ("not finite", {"X-Slack-Request-Timestamp": "1e9"}),
    ("figures of another script", {"X-Slack-Request-Timestamp": "१७९५१६६१०३"}),
    ("another version", {"X-Slack-Signature": "v1=" + "0" * 64}),
    ("letters of another script", {"X-Slack-Signature": "v0=ä"}),
    ("all zeros", {"X-Slack-Signature": "v0=" + "0" * 64}),
    ("ten minutes old", signed(form(pressed("acknowledge", "ts-1")), NOW - 600)),
    ("ten minutes ahead", signed(form(pressed("acknowledge", "ts-1")), NOW + 600)),
    ("another secret", signed(form(pressed("acknowledge", "ts-1")), NOW, secret="another")),  # noqa: S106
    ("another body", signed(form(pressed("acknowledge", "ts-2")), NOW)),
]


@pytest.mark.parametrize("changes", [one for _, one in FORGED], ids=[name for name, _ in FORGED])
@pytest.mark.parametrize("path", [INTERACTIONS, "/slack/events"])
async def test_what_slack_did_not_sign_in_time_hears_401_and_nothing_happens(
    desk: Desk, path: str, changes: dict[str, str]
) -> None:
    body = form(pressed("acknowledge", "ts-1", response_url=desk.slack.hook))
    body = form(pressed("acknowledge", "ts-1")) if "X-Slack-Request-Timestamp" in changes else body
    with structlog.testing.capture_logs() as logs:
        assert await desk.send(body, {**signed(body, NOW), **changes}, path) == (401, "not signed by Slack\n")
    assert (desk.broker.records, desk.slack.calls, logs) == ([], [], [])
    assert desk.presses("forged") == 1


async def test_a_press_that_is_delivered_again_is_one_record(desk: Desk) -> None:
    body = form(pressed("acknowledge", "ts-1"))
    for _ in range(5):
        assert (await desk.send(body)).status == 200
    assert len(desk.broker.records) == 1
    assert desk.presses("repeated") == 4
    # Somebody else's press, and the same person's next one, are others.
    await desk.send(form(pressed("acknowledge", "ts-1", user="U1OTHER")))
    await desk.send(form(pressed("acknowledge", "ts-1", action_ts="1795166102.000001")))
    assert len(desk.broker.records) == 3


async def test_a_press_replayed_after_ten_minutes_changes_nothing(desk: Desk) -> None:
    body = form(pressed("acknowledge", "ts-1"))
    headers = signed(body, NOW)
    assert (await desk.send(body, headers)).status == 200
    desk.time += 600
    assert (await desk.send(body, headers)).status == 401
    assert len(desk.broker.records) == 1


@pytest.mark.parametrize(("away", "delay"), [(True, 0.0), (False, 60.0)], ids=["refused", "silent"])
async def test_without_kafka_whoever_pressed_is_asked_to_press_again_within_three_seconds(
    desk: Desk, away: bool, delay: float
) -> None:
    desk.broker.away, desk.broker.delay = away, delay
    desk.interactions.answers.seconds = 0.3
    body = form(pressed("acknowledge", "ts-1", response_url=desk.slack.hook))
    answered = await desk.send(body)
    assert answered.status == 200
    assert json.loads(answered.body)["text"] == ENGLISH.refusals[Refusal.NOT_SAVED]
    assert await until(lambda: desk.slack.called("hook"))
    (told,) = desk.slack.called("hook")
    assert (told["response_type"], told["replace_original"]) == ("ephemeral", False)
    assert told["text"] == ENGLISH.refusals[Refusal.NOT_SAVED]
    assert desk.presses("not_saved") == 1


async def test_a_press_that_failed_is_tried_again_when_it_is_delivered_again(desk: Desk) -> None:
    desk.broker.away = True
    body = form(pressed("acknowledge", "ts-1"))
    assert "text" in json.loads((await desk.send(body)).body)
    desk.broker.away = False
    assert await desk.send(body) == (200, "")
    assert len(desk.broker.records) == 1


def deep(levels: int) -> str:
    """JSON of so many levels."""
    return '{"type":"block_actions","user":' + "[" * levels + "]" * levels + "}"


UNREADABLE = {
    "empty": b"",
    "no payload": b"command=%2Fspike&text=x",
    "two payloads": urlencode([("payload", "{}"), ("payload", "{}")]).encode(),
    "no JSON": b"payload=%7Bnot",
    "no object": form([1, 2]),
    "null": form(None),
    "no type": form({"user": {"id": "U1"}}),
    "no user": form({"type": "block_actions", "actions": []}),
    "no press": form({**pressed("acknowledge", "ts-1"), "actions": []}),
    "many presses": form({**pressed("a", "b"), "actions": pressed("a", "b")["actions"] * 30}),
    "many fields": b"&".join(b"a%d=1" % number for number in range(1000)),
    "no UTF-8": b"payload=\xff\xfe",
    "broken UTF-8 in it": b"payload=%7B%22type%22%3A%22%ff%22%7D",
    "half a character": b'payload={"type":"\\ud800"}',
    "deep": urlencode({"payload": deep(80_000)}).encode(),
    "deeper": urlencode({"payload": "[" * 400_000}).encode()[: BODY_LIMIT - 1],
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_hears_400_and_nothing_of_it_is_said_back(desk: Desk, body: bytes) -> None:
    answered = await desk.send(body)
    # A body that is no UTF-8 cannot have been signed: Slack sends none.
    assert answered in ((400, "the payload cannot be read\n"), (401, "not signed by Slack\n"))
    assert desk.broker.records == []


async def test_a_body_beyond_the_limit_and_a_body_that_is_no_form_are_refused(desk: Desk) -> None:
    assert (await desk.send(b"payload=" + b"x" * BODY_LIMIT)).status == 413
    body = json.dumps(pressed("acknowledge", "ts-1")).encode()
    assert (await desk.send(body, signed(body, NOW, content_type="application/json"))).status == 415
    assert desk.broker.records == []


async def test_a_message_of_slacks_largest_size_still_fits(desk: Desk) -> None:
    press = pressed("acknowledge", "ts-1")
    press["message"]["blocks"] = [{"type": "section", "text": {"type": "mrkdwn", "text": "ü" * 3000}}] * 20
    assert (await desk.send(form(press))).status == 200
    assert len(desk.broker.records) == 1


async def test_only_post_is_answered(desk: Desk) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{desk.web.port}{INTERACTIONS}") as answer,
    ):
        assert answer.status == 405


async def test_without_a_secret_nothing_is_taken_in() -> None:
    async with SlackStandIn() as slack:
        for secret in (None, "", "  "):
            desk = Desk(slack, secret)
            await desk.web.on_start()
            body = form(pressed("acknowledge", "ts-1"))
            answered = await desk.send(body, signed(body, NOW, secret="x"))  # noqa: S106
            assert answered == (503, "SLACK_SIGNING_SECRET is not set\n")
            assert desk.broker.records == []
            await desk.web.on_stop()


async def test_slacks_check_of_the_address_is_answered_and_events_are_acknowledged(desk: Desk) -> None:
    def event(value: Any) -> tuple[bytes, dict[str, str], str]:
        body = json.dumps(value).encode()
        return body, signed(body, NOW, content_type="application/json"), "/slack/events"

    answered = await desk.send(*event({"type": "url_verification", "challenge": "3eZbrw1a", "token": "old"}))
    assert (answered.status, json.loads(answered.body)) == (200, {"challenge": "3eZbrw1a"})
    message = {"type": "event_callback", "event": {"type": "message", "text": "<!channel> hello"}}
    assert await desk.send(*event(message)) == (200, "")
    assert (await desk.send(*event([]))).status == 400
    assert (await desk.send(*event({"type": "url_verification", "challenge": 5}))) == (200, "")
    assert desk.broker.records == []


async def test_a_form_opens_and_its_words_are_saved(desk: Desk) -> None:
    assert (await desk.send(form(pressed("cause", "ts-1|other", menu=True)))).status == 200
    assert await until(lambda: desk.slack.called("views.open"))
    opened = desk.slack.called("views.open")[0]
    view = json.loads(opened["view"]) if isinstance(opened["view"], str) else opened["view"]
    assert (opened["trigger_id"], view["callback_id"]) == ("1.2.3", "cause")
    filled = submitted(view, {"words": {"value": "wrong minimum order"}})
    assert await desk.send(form(filled)) == (200, "")
    assert [one.note for one in desk.broker.answers] == ["other", "wrong minimum order"]


async def test_a_form_that_cannot_be_saved_stays_open_and_says_so(desk: Desk) -> None:
    desk.broker.away = True
    view = {"callback_id": "cause", "private_metadata": '{"at":"1795166102.5","incident_id":"ts-1"}'}
    answered = await desk.send(form(submitted(view, {"words": {"value": "wrong code"}})))
    assert json.loads(answered.body) == {
        "response_action": "errors",
        "errors": {"words": ENGLISH.refusals[Refusal.NOT_SAVED]},
    }


async def test_a_form_of_another_version_is_closed_and_told_beside_it(desk: Desk) -> None:
    origin = {"at": ACTION_TS, "incident_id": "ts-1", "response_url": desk.slack.hook}
    view = {"callback_id": "of_another_version", "private_metadata": json.dumps(origin)}
    assert await desk.send(form(submitted(view, {"words": {"value": "x"}}))) == (200, "")
    assert await until(lambda: desk.slack.called("hook"))
    assert desk.slack.called("hook")[0]["text"] == ENGLISH.refusals[Refusal.UNKNOWN]
    assert desk.broker.records == []


async def test_a_form_that_does_not_open_is_told(desk: Desk) -> None:
    desk.slack.errors["views.open"] = "expired_trigger_id"
    await desk.send(form(pressed("mute", "ts-1|until", menu=True, response_url=desk.slack.hook)))
    assert await until(lambda: desk.slack.called("hook"))
    assert desk.slack.called("hook")[0]["text"] == ENGLISH.refusals[Refusal.NOT_OPENED]


async def test_without_a_response_url_of_slacks_the_word_goes_through_the_web_api(desk: Desk) -> None:
    for url in (
        None,
        "https://evil.example/hook",
        "http://hooks.slack.com/x",
        "http://[",
        "file:///etc/passwd",
    ):
        desk.slack.calls.clear()
        await desk.send(form(pressed("unknown", "ts-1", response_url=url)))
        assert await until(lambda: desk.slack.called("chat.postEphemeral"))
        (told,) = desk.slack.called("chat.postEphemeral")
        assert (told["channel"], told["user"]) == ("C000TEST", "U0LEAD")


async def test_a_reported_spike_is_saved_and_explained_to_whoever_reported_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def explained(reason: str, at: object) -> str:  # noqa: ARG001 - as the real one is called
        return f"{reason}: no alert (NORMAL). <!channel> of jo@example.org"

    # The explanation needs weeks of counts on Kafka; tests/integration asks the real one.
    monkeypatch.setattr("streams.interactions.explained", explained)
    outcome = interpret(shortcut(), desk.interactions._context())
    assert isinstance(outcome, Record)
    assert outcome.modal is not None
    filled = submitted(
        {
            **outcome.modal.view,
            "private_metadata": json.dumps({"at": ACTION_TS, "response_url": desk.slack.hook}),
        },
        {"words": {"value": "voucher"}, "when": {"selected_date_time": 1795165000}},
    )
    assert await desk.send(form(filled)) == (200, "")
    assert desk.broker.answers[0].kind == "missed"
    assert await until(lambda: desk.slack.called("hook"))
    told = desk.slack.called("hook")[0]
    assert "voucher: no alert" in told["text"]
    assert "<!channel>" not in json.dumps(told)
    assert "example.org" not in json.dumps(told)
