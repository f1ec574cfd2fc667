"""The stand-in for Slack fails on command and at random, and tells what it holds over HTTP."""

from __future__ import annotations

from collections import Counter
from typing import Any

import aiohttp
import pytest

from streams.fake_slack import CHANNEL_ID, FakeSlack, Moment, RandomFaults


async def call(slack: FakeSlack, method: str, **arguments: Any) -> dict[str, Any]:
    """One call as any client makes it."""
    headers = {"Authorization": "Bearer xoxb-any"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(slack.url + method, json={"channel": CHANNEL_ID, **arguments}) as answer,
    ):
        given: dict[str, Any] = await answer.json()
        return given


def test_the_same_seed_gives_the_same_faults() -> None:
    plans = [RandomFaults(seed=9), RandomFaults(seed=9)]
    drawn = [[plan.take("chat.postMessage", float(second)) for second in range(500)] for plan in plans]
    assert drawn[0] == drawn[1]
    kinds = Counter(one.kind for one in drawn[0] if one is not None)
    assert kinds.keys() >= {"drop_after_accept", "error_after_accept", "drop_before_accept", "rate_limited"}


def test_a_storm_refuses_every_call_until_it_is_over() -> None:
    plan = RandomFaults(
        seed=1, drop_after=0, error_after=0, drop_before=0, slow=0, storm=1.0, storm_seconds=4
    )
    during = [plan.take("chat.update", second) for second in (0.0, 1.0, 3.9)]
    assert all(one is not None and one.kind == "rate_limited" and one.retry_after >= 1 for one in during)


STATES = [
    ({"archived": True}, "chat.postMessage", "is_archived"),
    ({"revoked": True}, "auth.test", "token_revoked"),
    ({"member": False}, "conversations.history", "not_in_channel"),
    ({"scopes": ["channels:history"]}, "chat.postMessage", "missing_scope"),
]


@pytest.mark.parametrize(("state", "method", "error"), STATES)
async def test_a_lasting_trouble_is_switched_on_and_off_over_http(
    state: dict[str, Any], method: str, error: str
) -> None:
    async with FakeSlack() as slack, aiohttp.ClientSession() as session:
        base = slack.url.removesuffix("api/")
        assert (await call(slack, method, text="hello"))["ok"]
        well = {name: getattr(slack.state, name) for name in state}
        async with session.post(base + "switch", json=state):
            pass
        assert (await call(slack, method, text="hello"))["error"] == error
        well = {
            name: sorted(value) if isinstance(value, frozenset) else value for name, value in well.items()
        }
        async with session.post(base + "switch", json=well):
            pass
        assert (await call(slack, method, text="hello"))["ok"]


async def test_what_stands_what_was_deleted_and_what_was_whispered_is_told() -> None:
    async with FakeSlack() as slack, aiohttp.ClientSession() as session:
        first = await call(slack, "chat.postMessage", text="first")
        await call(slack, "chat.postMessage", text="reply", thread_ts=first["ts"])
        second = await call(slack, "chat.postMessage", text="second")
        await call(slack, "chat.delete", ts=second["ts"])
        await call(slack, "chat.postEphemeral", text="psst", user="U1")
        told = {}
        for query in ("", "?deleted=1", "?whispers=1"):
            async with session.get(slack.url.removesuffix("api/") + "messages" + query) as answer:
                told[query] = [(one["text"], one["thread_ts"]) for one in await answer.json()]
        assert told[""] == [("first", None), ("reply", first["ts"])]
        assert told["?deleted=1"] == [("second", None)]
        assert told["?whispers=1"] == [("psst", None)]


async def test_a_watcher_hears_of_every_call_in_order() -> None:
    heard: list[tuple[Moment, str]] = []
    async with FakeSlack(watch=lambda moment, method, _: heard.append((moment, method))) as slack:
        await call(slack, "chat.postMessage", text="hello")
    assert heard == [(moment, "chat.postMessage") for moment in ("arrived", "accepted", "answering")]


async def test_a_message_shows_in_the_history_only_after_a_while() -> None:
    now = [1000.0]
    async with FakeSlack(now=lambda: now[0]) as slack:
        slack.channel.history_lag = 2.0
        await call(slack, "chat.postMessage", text="hello")
        assert (await call(slack, "conversations.history"))["messages"] == []
        now[0] += 2.0
        assert len((await call(slack, "conversations.history"))["messages"]) == 1
