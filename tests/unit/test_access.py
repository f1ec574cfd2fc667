"""Who may do what on Kafka, and the commands that say so."""

from __future__ import annotations

import itertools
import json
import shlex

import pytest
from click.testing import CliRunner

from streams.access import ROLES, rules, topics_of
from streams.commands.acls import command
from streams.settings import load
from streams.topics import specs


def printed(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == status, done.output
    return done.output


def test_every_rule_names_a_topic_of_ours_or_the_roles_own_group() -> None:
    settings = load(ticketspike_topic_prefix="eu.")
    topics = {spec.name for spec in specs(settings, brokers=1)}
    for rule in rules(settings):
        if rule.resource == "topic":
            assert set(rule.names) <= topics
        else:
            assert rule.names == (f"eu.ticketspike-{rule.role}",)
    assert topics == topics_of(settings, ROLES)


def test_what_customers_wrote_is_read_by_count_and_by_the_mender_alone() -> None:
    readers = {
        rule.role
        for rule in rules(load())
        if "Read" in rule.operations and {"tickets", "dead-letters"} & set(rule.names)
    }
    assert readers == {"count", "mender"}


def test_each_stage_may_ask_how_its_own_topics_are_kept_and_no_others() -> None:
    settings = load()
    for role in ("count", "watch", "notify", "sources"):
        [asked] = [rule for rule in rules(settings, [role]) if rule.operations == ("DescribeConfigs",)]
        assert set(asked.names) == topics_of(settings, [role])


def test_nobody_may_write_to_a_table_of_another_stage_or_delete_anything() -> None:
    for rule in rules(load()):
        assert {"All", "Delete"}.isdisjoint(rule.operations)
        if "Write" in rule.operations:
            changelogs = [name for name in rule.names if name.endswith("-changelog")]
            assert all(name.startswith(f"ticketspike-{rule.role}-") for name in changelogs)


def test_commands_and_json_say_the_same_with_the_users_that_were_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TICKETSPIKE_TOPIC_PREFIX", "eu.")
    chosen = ("--role", "count", "--user", "count=svc-tickets")
    lines = [line for line in printed(*chosen).splitlines() if not line.startswith("#")]
    listed = [json.loads(line) for line in printed(*chosen, "--json").splitlines()]
    assert len(lines) == len(listed) == 4
    for line, rule in zip(lines, listed, strict=True):
        words = shlex.split(line)
        assert words[0] == "kafka-acls.sh"
        assert rule["principal"] == words[words.index("--allow-principal") + 1] == "User:svc-tickets"
        named = [word for option, word in itertools.pairwise(words) if option == f"--{rule['resource']}"]
        assert named == rule["names"]
    assert "--remove --force" in printed(*chosen, "--remove")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--role", "everything"), "is no role; roles: count, watch"),
        (("--user", "svc"), "is not ROLE=NAME"),
        (("--user", "boss=svc"), "is not ROLE=NAME"),
    ],
)
def test_an_unknown_role_is_named_with_those_there_are(arguments: tuple[str, ...], said: str) -> None:
    assert said in " ".join(printed(*arguments, status=2).split())
