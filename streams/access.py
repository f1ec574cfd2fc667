"""Least privilege: what each part of ticketspike may do on Kafka, as rules for Kafka's ACLs.

The one list of who reads and writes which topic: a worker asks for the topics of its own stages only, since Kafka
hides from a user what it may not see, and `ticketspike acls` words the rules as commands.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from streams.settings import Settings
from streams.topics import app_id, changelogs, specs

Resource = Literal["topic", "group"]

ROLES: Mapping[str, str] = {
    "count": "counts tickets",
    "watch": "keeps baselines and raises spikes",
    "canary": "sends canaries, where TICKETSPIKE_CANARY_SECONDS is set: for the user of watch",
    "notify": "keeps incidents and talks to Slack",
    "sources": "takes webhooks of helpdesks and shops, asks calendars and marketing tools",
    "sender": "sends tickets and orders: `send`, or a producer of your own",
    "operator": "campaigns, learn, explain, counts, digest, missed, doctor",
    "keeper": "backup and restore",
    "mender": "dead-letters list and replay, sources unmapped: beside count the only one to see what customers wrote",
    "admin": "topics create and check",
}
"""Who there is, and what each does."""

_READS: Mapping[str, tuple[str, ...]] = {
    "count": ("tickets",),
    "watch": ("ticket-counts", "spikes", "incidents", "campaigns", "baselines"),
    # The digest that the worker sends reads what was counted.
    "notify": (
        "spikes",
        "conditions",
        "answers",
        "incidents",
        "campaigns",
        "orders",
        "ticket-counts",
        "source-health",
    ),
    "sources": ("campaigns",),
    "operator": (
        "ticket-counts",
        "spikes",
        "conditions",
        "incidents",
        "campaigns",
        "answers",
        "baselines",
        "source-health",
    ),
    "keeper": ("baselines", "campaigns", "answers", "incidents"),
    "mender": ("dead-letters", "tickets"),
}
_WRITES: Mapping[str, tuple[str, ...]] = {
    "count": ("ticket-counts", "dead-letters"),
    "watch": ("spikes", "conditions"),
    "notify": ("incidents", "answers"),
    "sources": ("tickets", "orders", "campaigns", "source-health"),
    "canary": ("tickets",),
    "sender": ("tickets", "orders"),
    "operator": ("campaigns", "baselines", "answers"),
    "keeper": ("baselines", "campaigns", "answers", "incidents"),
    "mender": ("tickets",),
}
_DESCRIBES: Mapping[str, tuple[str, ...]] = {
    # How many dead letters there were is told from their offsets.
    "notify": ("dead-letters",),
}
_WORKERS = ("count", "watch", "notify", "sources")
"""What a worker runs. At its start it asks whether Kafka keeps what its topics must keep (`streams.unfit_topics`)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Allow a role some operations on resources of one type, all by their literal names."""

    role: str
    resource: Resource
    names: tuple[str, ...]
    operations: tuple[str, ...]


def rules(settings: Settings, roles: Iterable[str] = tuple(ROLES)) -> list[Rule]:
    """What the roles may do; whatever is not listed they may not.

    >>> from streams.settings import load
    >>> for rule in rules(load(ticketspike_topic_prefix="eu."), ["count"]):
    ...     print(rule.resource, rule.operations, rule.names)
    topic ('Read',) ('eu.tickets',)
    topic ('Write',) ('eu.ticket-counts', 'eu.dead-letters')
    topic ('DescribeConfigs',) ('eu.dead-letters', 'eu.ticket-counts', 'eu.tickets')
    group ('Read',) ('eu.ticketspike-count',)
    """
    found = []
    for role in roles:
        tables = changelogs(settings, role)
        for operation, names in (("Read", _READS), ("Write", _WRITES), ("Describe", _DESCRIBES)):
            topics = tuple(full for name in names.get(role, ()) for full in settings.topics(name))
            topics += tables if operation in ("Read", "Write") else ()
            if topics:
                found.append(Rule(role, "topic", topics, (operation,)))
        if role in _WORKERS:
            touched = {name for rule in found if rule.role == role for name in rule.names}
            found.append(Rule(role, "topic", tuple(sorted(touched)), ("DescribeConfigs",)))
        if role in ("count", "watch", "notify"):
            views = (settings,) if role == "count" else settings.shards
            groups = tuple(app_id(view, role) for view in views)
            found.append(Rule(role, "group", groups, ("Read",)))
        everything = tuple(spec.name for spec in specs(settings, brokers=1))
        if role == "operator":
            found.append(Rule(role, "topic", everything, ("Describe", "DescribeConfigs")))
        if role == "admin":
            allowed = ("Create", "Describe", "DescribeConfigs", "Alter", "AlterConfigs")
            found.append(Rule(role, "topic", everything, allowed))
    return found


def topics_of(settings: Settings, roles: Iterable[str]) -> set[str]:
    """The full names of the topics that these roles touch, so that must exist before they begin."""
    return {name for rule in rules(settings, roles) if rule.resource == "topic" for name in rule.names}


def commands(
    listed: Iterable[Rule],
    principals: Mapping[str, str],
    *,
    servers: str,
    config: str,
    remove: bool = False,
) -> list[str]:
    """One `kafka-acls.sh` command a rule.

    Args:
        listed: the rules.
        principals: the Kafka user of each role.
        servers: bootstrap servers.
        config: the properties file with which the tool itself signs in.
        remove: take the rules back instead.

    >>> rule = Rule("count", "topic", ("tickets",), ("Read",))
    >>> commands([rule], {"count": "ticketspike-count"}, servers="kafka:9093", config="admin.properties")
    ['kafka-acls.sh --bootstrap-server kafka:9093 --command-config admin.properties --add
      --allow-principal User:ticketspike-count --operation Read --topic tickets']
    """
    written = []
    for rule in listed:
        words = ["kafka-acls.sh", "--bootstrap-server", servers, "--command-config", config]
        words += ["--remove", "--force"] if remove else ["--add"]
        words += ["--allow-principal", f"User:{principals[rule.role]}"]
        words += _repeated("--operation", rule.operations) + _repeated(f"--{rule.resource}", rule.names)
        written.append(shlex.join(words))
    return written


def _repeated(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
