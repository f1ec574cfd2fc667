"""A worker looks at its topics before it begins: it refuses those of which records would be lost, in one line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from kafka.admin import ConfigResource, ConfigResourceType
from shop import burst
from worker_process import WorkerProcess, eventually

from streams import admin
from streams.connection import open_admin
from streams.settings import Settings
from streams.topics import changelogs, specs

Environment = Callable[[Settings], dict[str, str]]
Run = Callable[..., subprocess.CompletedProcess[str]]


def keep(settings: Settings, name: str, policy: str) -> None:
    """Give a topic a cleanup policy; returns when the broker shows it."""
    values = {"cleanup.policy": policy}
    with open_admin(settings) as client:
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, values)])
    assert eventually(lambda: "cleanup.policy" in {one.what for one in admin.check(settings)}, pause=0.05)


def grow(settings: Settings, *names: str) -> None:
    """Give topics three partitions; returns when the broker shows them."""
    with open_admin(settings) as client:
        client.create_partitions(dict.fromkeys(names, 3))
    assert eventually(lambda: set(names) <= {one.topic for one in admin.check(settings)}, pause=0.05)


def refused(ticketspike: Run, env: dict[str, str], *arguments: str) -> str:
    """What a worker says that refuses to start."""
    done = ticketspike("worker", *arguments, env=env)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    return line


def test_a_topic_with_more_partitions_than_are_read_is_refused_by_the_stages_that_touch_it(
    make_settings: Callable[..., Settings],
    environment: Environment,
    executable: str,
    ticketspike: Run,
    tmp_path: Path,
) -> None:
    settings = make_settings(ticketspike_partitions=1)
    spikes, changelog = settings.topic("spikes"), changelogs(settings, "watch")[0]
    # `tickets` is read whole, however many the setting says.
    grow(settings, spikes, changelog, settings.topic("tickets"))
    env = environment(settings)
    line = refused(ticketspike, env)
    for name in (spikes, changelog):
        assert f"{name}: partitions is 3, should be 1" in line
    assert "tickets:" not in line
    assert "delete the topic and create it again if it was never used, otherwise begin anew" in line
    assert changelog not in refused(ticketspike, env, "--only", "notify")
    worker = WorkerProcess(executable, env, tmp_path / "worker.log", "--only", "count").start()
    assert worker.stop() == 0


def test_a_compacted_topic_that_is_not_is_refused_until_topics_create_has_mended_it(
    settings: Settings, environment: Environment, executable: str, ticketspike: Run, tmp_path: Path
) -> None:
    incidents, env = settings.topic("incidents"), environment(settings)
    keep(settings, incidents, "delete")
    line = refused(ticketspike, env, "--only", "notify")
    assert f"{incidents}: cleanup.policy is delete, should be compact" in line
    assert "run 'ticketspike topics create'" in line
    assert ticketspike("topics", "create", env=env).returncode == 0
    worker = WorkerProcess(executable, env, tmp_path / "worker.log", "--only", "notify").start()
    assert worker.stop() == 0


def test_a_topic_of_one_shard_is_refused_by_its_own_name(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(ticketspike_shard_by="market", ticketspike_markets="DE")
    name = settings.shards[0].topic("incidents")
    keep(settings, name, "compact,delete")
    [one] = admin.unfit_topics(settings, ["watch"])
    assert str(one) == f"{name}: cleanup.policy is compact,delete, should be compact"


def test_a_topic_that_was_used_is_mended_as_the_runbook_says_and_nothing_is_told_twice(
    settings: Settings, environment: Environment, executable: str, ticketspike: Run, tmp_path: Path
) -> None:
    env, kept = environment(settings), tmp_path / "kept.jsonl"
    messages = tmp_path / "data/messages.jsonl"

    def told() -> list[str]:
        calls = [json.loads(line) for line in messages.read_text().splitlines()] if messages.exists() else []
        return [
            one["text"] for one in calls if one["method"] == "chat.postMessage" and "thread_ts" not in one
        ]

    worker = WorkerProcess(executable, env, tmp_path / "worker.log").start()
    burst(settings)
    assert eventually(lambda: len(told()) == 1)
    assert worker.stop() == 0
    grow(settings, settings.topic("spikes"))
    assert "spikes" in refused(ticketspike, env)
    assert ticketspike("backup", kept, env=env).returncode == 0
    spared = {settings.topic("tickets"), settings.topic("orders")}
    ours = {spec.name for spec in specs(settings, brokers=1)} - spared
    with open_admin(settings) as client:
        client.delete_topics(sorted(ours))
        assert eventually(lambda: ours.isdisjoint(client.list_topics()), pause=0.05)
    assert ticketspike("topics", "create", env=env).returncode == 0
    assert ticketspike("restore", kept, env=env).returncode == 0
    worker.start()
    try:
        burst(settings, ids="later", rising="payment")
        assert eventually(lambda: len(told()) > 1), worker.said()
    finally:
        assert worker.stop() == 0
    assert [text.split()[1].rstrip(":") for text in told()] == ["voucher", "payment"]
