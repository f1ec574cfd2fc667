"""The digest that a person asks for: posted once, and an error is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from digest_states import BUSY, context

from alerts.digest import digest
from streams.digest_sending import send
from streams.errors import Failure
from streams.fake_slack import FakeSlack
from streams.settings import Settings, SettingsError, load

TOKEN = "xoxb-test"  # noqa: S105 - the stand-in's
PAYLOAD = digest(BUSY, context(), "by-hand-1")


def settings(server: FakeSlack, tmp_path: Path, **more: object) -> Settings:
    values: dict[str, object] = {
        "slack_bot_token": TOKEN,
        "slack_channel": "C0SHARED01",
        "slack_api_url": server.url,
        "ticketspike_data_dir": tmp_path,
    }
    return load(**(values | more))


async def test_slack_takes_the_digest_as_it_is(tmp_path: Path) -> None:
    async with FakeSlack(token=TOKEN) as server:
        await send(settings(server, tmp_path), PAYLOAD)
        (root,) = server.roots()
    assert root.payload["blocks"] == PAYLOAD["blocks"]
    assert root.payload["metadata"]["event_type"] == "ticketspike_digest"


async def test_a_refusal_says_what_to_mend(tmp_path: Path) -> None:
    async with FakeSlack(token=TOKEN) as server:
        server.state.member = False
        with pytest.raises(Failure, match="/invite @ticketspike"):
            await send(settings(server, tmp_path), PAYLOAD)


async def test_a_lost_answer_says_to_look_before_sending_again(tmp_path: Path) -> None:
    async with FakeSlack(token=TOKEN) as server:
        server.fail("drop_after_accept")
        with pytest.raises(Failure, match="look into the channel before you send it again"):
            await send(settings(server, tmp_path), PAYLOAD)
        assert len(server.roots()) == 1


async def test_a_token_without_a_channel_is_a_wrong_setting(tmp_path: Path) -> None:
    async with FakeSlack(token=TOKEN) as server:
        with pytest.raises(SettingsError, match="SLACK_CHANNEL is not"):
            await send(settings(server, tmp_path, slack_channel=None), PAYLOAD)
