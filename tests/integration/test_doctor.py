"""The doctor says in one line each what is wrong and what to do, on real Kafka and behind the real slack-sdk."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams import doctor
from streams.fake_slack import FakeSlack
from streams.settings import Settings, load

Run = Callable[..., subprocess.CompletedProcess[str]]


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    return {one["check"]: (one["state"], one["text"]) for one in map(json.loads, done.stdout.splitlines())}


def test_all_is_well_where_all_is_well(
    settings: Settings, environment: Callable[[Settings], dict[str, str]], ticketspike: Run
) -> None:
    done = ticketspike("doctor", "--json", env=environment(settings) | {"TICKETSPIKE_WEB_PORT": "1"})
    assert done.returncode == 0, done.stdout
    said = findings(done)
    assert {name: state for name, (state, _) in said.items()} == {
        "settings": "note",
        "data": "ok",
        "kafka": "ok",
        "topics": "ok",
        "slack": "note",
        "worker": "note",
    }
    assert "DE-BY" in said["settings"][1]


def test_missing_topics_and_a_missing_key_are_named_with_what_to_do(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    ticketspike: Run,
    tmp_path: Path,
) -> None:
    env = environment(make_settings(topics=False))
    del env["TICKETSPIKE_HMAC_KEY"]
    (tmp_path / "file").touch()
    done = ticketspike("doctor", env=env | {"TICKETSPIKE_DATA_DIR": str(tmp_path / "file" / "data")})
    assert done.returncode == 1
    wrong = [line for line in done.stdout.splitlines() if line.startswith("wrong")]
    assert [line.split()[1] for line in wrong] == ["settings", "data", "topics"]
    assert "TICKETSPIKE_HMAC_KEY is not set" in wrong[0]
    assert "`ticketspike topics create`" in wrong[2]
    assert done.stderr == "Error: 3 things are wrong, as said above.\n"


def test_without_kafka_the_topics_are_not_blamed(ticketspike: Run, free_port: Callable[[], int]) -> None:
    env = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}", "TICKETSPIKE_HMAC_KEY": "k"}
    done = ticketspike("doctor", "--json", env=env)
    said = findings(done)
    assert (done.returncode, said["kafka"][0], said["topics"][0]) == (1, "wrong", "note")
    assert "ticketspike kafka up" in said["kafka"][1]


@pytest.mark.parametrize(
    ("trouble", "state", "said"),
    [
        ({}, "ok", "C1 is open to the app"),
        ({"revoked": True}, "wrong", "SLACK_BOT_TOKEN was revoked"),
        ({"scopes": frozenset({"chat:write"})}, "wrong", "lacks the scope channels:history"),
        ({"archived": True}, "wrong", "is archived"),
    ],
)
async def test_what_slack_refuses_is_said_with_its_remedy(
    trouble: dict[str, object], state: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"BOT_TOKEN": "xoxb-test", "SIGNING_SECRET": "s", "CHANNEL": "C0TICKETSPIKE"}.items():
        monkeypatch.setenv(f"SLACK_{name}", value)
    async with FakeSlack() as slack:
        for name, value in trouble.items():
            setattr(slack.state, name, value)
        told = load(slack_api_url=slack.url)
        found = {one.check: one for one in await doctor.look_at_slack(told)}
        assert found["slack"].state == state
        assert said.replace("C1", "C0TICKETSPIKE") in found["slack"].text
        assert (found["presses"].state, found["clock"].state) == ("ok", "ok")
        late = await doctor.look_at_slack(told, lambda: time.time() + 120.0)
        clock = next(one for one in late if one.check == "clock")
        assert (clock.state, clock.text) == ("wrong", "is about 120 s ahead of Slack's; let NTP set it")
