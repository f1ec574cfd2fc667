"""Presses over Slack's Socket Mode, with the real client against a stand-in."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
from broker_stand_in import BrokerStandIn
from presses import pressed, submitted
from slack_stand_in import SlackStandIn, until

from alerts.press_words import ENGLISH, Refusal
from alerts.slack_replies import Replies
from streams.interactions import Interactions
from streams.metrics import Metrics
from streams.settings import load
from streams.socket_mode import SocketMode


class Line:
    """A stand-in for Slack, the service that is connected to it, and the broker behind."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.slack = slack
        self.broker = BrokerStandIn()
        metrics = Metrics()
        self.interactions = Interactions(
            load(),
            metrics,
            Replies("xoxb-test", base_url=slack.url),
            campaigns=dict,
            incident_of=lambda _: None,
        )
        self.interactions.answers.producer = self.broker
        self.socket = SocketMode(
            "xapp-test", self.interactions, metrics, base_url=slack.url, ping_seconds=0.2
        )

    async def acknowledged(self, envelope_id: str) -> dict[str, object]:
        assert await until(lambda: envelope_id in self.slack.acknowledged)
        return self.slack.acknowledged[envelope_id][-1]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with SlackStandIn() as slack:
        made = Line(slack)
        await made.socket.start()
        try:
            assert await until(lambda: made.socket.trouble is None)
            yield made
        finally:
            await made.socket.stop()
            await made.interactions.on_stop()


async def test_a_press_is_acknowledged_after_kafka_has_it(line: Line) -> None:
    assert line.slack.called("apps.connections.open")
    line.broker.delay = 0.3
    await line.slack.send("e1", pressed("acknowledge", "ts-1"))
    assert not await until(lambda: "e1" in line.slack.acknowledged, seconds=0.1)
    assert await line.acknowledged("e1") == {"envelope_id": "e1"}
    assert [one.kind for one in line.broker.answers] == ["acknowledged"]


async def test_a_press_that_comes_again_after_a_reconnect_is_one_record(line: Line) -> None:
    press = pressed("acknowledge", "ts-1")
    await line.slack.send("e1", press)
    await line.acknowledged("e1")
    first = line.slack.sockets[-1]
    await line.slack.disconnect()
    assert await until(lambda: bool(line.slack.sockets) and line.slack.sockets[-1] is not first)
    await line.slack.send("e2", press)
    await line.acknowledged("e2")
    assert len(line.broker.records) == 1


async def test_a_connection_that_breaks_is_made_anew_with_a_new_address(line: Line) -> None:
    first = line.slack.sockets[-1]
    assert first._req is not None
    assert first._req.transport is not None
    first._req.transport.abort()
    assert await until(lambda: line.slack.opened == 2 and bool(line.slack.sockets))
    await line.slack.send("e1", pressed("snooze", "ts-1|1h", menu=True))
    await line.acknowledged("e1")
    assert len(line.broker.records) == 1


async def test_without_kafka_a_press_is_answered_politely(line: Line) -> None:
    line.broker.away = True
    await line.slack.send("e1", pressed("acknowledge", "ts-1", response_url=line.slack.hook))
    await line.acknowledged("e1")
    assert await until(lambda: line.slack.called("hook"))
    assert line.slack.called("hook")[0]["text"] == ENGLISH.refusals[Refusal.NOT_SAVED]


async def test_a_form_hears_what_is_wrong_with_it(line: Line) -> None:
    view = {"callback_id": "cause", "private_metadata": '{"at":"1795166102.5","incident_id":"ts-1"}'}
    await line.slack.send("e1", submitted(view, {"words": {"value": " "}}))
    said = await line.acknowledged("e1")
    assert said["payload"] == {"response_action": "errors", "errors": {"words": ENGLISH.empty}}


async def test_whatever_else_comes_is_acknowledged_and_breaks_nothing(line: Line) -> None:
    await line.slack.send("e1", {"type": "event_callback", "event": {"type": "message"}}, "events_api")
    assert await line.acknowledged("e1") == {"envelope_id": "e1"}
    await line.slack.sockets[-1].send_str("[" * 100_000)
    await line.slack.sockets[-1].send_str("no JSON")
    await line.slack.send("e2", [1, 2])
    await line.slack.send("e3", {"type": "block_actions", "user": None})
    await line.acknowledged("e3")
    await line.slack.send("e4", pressed("acknowledge", "ts-1"))
    await line.acknowledged("e4")
    assert len(line.broker.records) == 1


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("invalid_auth", "Slack does not know SLACK_APP_TOKEN"),
        ("not_allowed_token_type", "xapp-"),
        ("something_new", "something_new"),
    ],
)
async def test_a_wrong_token_is_said_in_one_line_and_mended_without_a_restart(
    error: str, remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with SlackStandIn() as slack:
        slack.errors["apps.connections.open"] = error
        made = Line(slack)
        await made.socket.start()
        assert await until(lambda: remedy in (made.socket.trouble or ""))
        slack.errors.clear()
        assert await until(lambda: made.socket.trouble is None)
        await made.socket.stop()
        assert "xapp-test" not in caplog.text
        assert "Traceback" not in caplog.text


async def test_while_slack_is_away_the_worker_starts_and_connects_later() -> None:
    async with SlackStandIn() as slack:
        made = Line(slack)
        made.socket.base_url = "http://127.0.0.1:9/api/"
        await made.socket.start()
        assert await until(lambda: "cannot be reached" in (made.socket.trouble or ""))
        assert made.socket.client is not None
        made.socket.client.web_client.base_url = slack.url
        assert await until(lambda: made.socket.trouble is None)
        await made.socket.stop()
