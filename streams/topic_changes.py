"""Bring one existing topic to what it should be, without ever lowering anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from streams.errors import Failure
from streams.topic_differences import Difference, ObservedTopic, differences
from streams.topics import TopicSpec
from streams.unfit_topics import FEWER_PARTITIONS

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

NEVER_LOWERED = frozenset({"retention.ms", "max.message.bytes", "min.insync.replicas"})
"""Settings where less means losing records or safety: what is higher than wanted stays as it is."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about one topic; `refused`: nothing, and `detail` says what a person can do."""

    topic: str
    outcome: Literal["created", "unchanged", "adjusted", "kept", "refused"]
    detail: str = ""

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{self.topic}: {self.outcome}" + (f" ({self.detail})" if self.detail else "")


def adjust(admin: KafkaAdminClient, spec: TopicSpec, observed: ObservedTopic) -> list[Action]:
    """Change what differs, one action a difference.

    Raises:
        Failure: Kafka refused a setting.
    """
    found = differences(spec, observed)
    if not found:
        return [Action(topic=spec.name, outcome="unchanged")]
    ways: dict[str, Callable[[KafkaAdminClient, TopicSpec, Difference], Action]] = {
        "partitions": _grow,
        "replication": _replication,
    }
    return [
        ways[difference.what](admin, spec, difference)
        if difference.what in ways
        else _set(admin, spec, difference, observed.replication)
        for difference in found
    ]


def _grow(admin: KafkaAdminClient, spec: TopicSpec, difference: Difference) -> Action:
    if int(difference.found) > spec.partitions:
        detail = (
            f"it has {difference.found} partitions, should have {spec.partitions}, and {FEWER_PARTITIONS}"
        )
        return Action(topic=spec.name, outcome="refused", detail=detail)
    admin.create_partitions({spec.name: spec.partitions})
    return Action(topic=spec.name, outcome="adjusted", detail=_change(difference))


def _replication(_: KafkaAdminClient, spec: TopicSpec, difference: Difference) -> Action:
    if int(difference.found) > spec.replication:
        return Action(
            topic=spec.name, outcome="kept", detail=f"replication {difference.found}, nothing is lowered"
        )
    detail = (
        f"replication is {difference.found}, should be {spec.replication}; moving copies loads the cluster, "
        "so do it yourself with `kafka-reassign-partitions`, or set "
        f"TICKETSPIKE_REPLICATION={difference.found}"
    )
    return Action(topic=spec.name, outcome="refused", detail=detail)


def _set(admin: KafkaAdminClient, spec: TopicSpec, difference: Difference, replication: int) -> Action:
    from kafka.admin import ConfigResource, ConfigResourceType

    name, wanted, found = difference.what, difference.wanted, difference.found
    if name in NEVER_LOWERED and is_higher(found, wanted):
        return Action(
            topic=spec.name, outcome="kept", detail=f"{name} {found} instead of {wanted}, nothing is lowered"
        )
    if name == "min.insync.replicas" and int(wanted) > replication:
        detail = (
            f"{name} stays {found}: with {plural(replication, 'copy')} nothing could be written at {wanted}"
        )
        return Action(topic=spec.name, outcome="kept", detail=detail)
    resource = ConfigResource(ConfigResourceType.TOPIC, spec.name, {name: wanted})
    told: Any = admin.alter_configs([resource])["topic"][spec.name]
    if told != "OK":
        raise Failure(
            f"Kafka refused {name}={wanted} for {spec.name} ({told}); check the rights of this user."
        )
    return Action(topic=spec.name, outcome="adjusted", detail=_change(difference))


def is_higher(found: str, wanted: str) -> bool:
    """Whether a numeric setting already allows more than is wanted; -1 means without limit.

    >>> is_higher("-1", "1000"), is_higher("2000", "1000"), is_higher("500", "1000")
    (True, True, False)
    """
    try:
        have, want = int(found), int(wanted)
    except ValueError:
        return False
    return want != -1 and (have == -1 or have > want)


def _change(difference: Difference) -> str:
    return f"{difference.what} {difference.found} -> {difference.wanted}"


def plural(number: int, noun: str) -> str:
    """A number with its noun.

    >>> plural(1, "partition"), plural(2, "copy")
    ('1 partition', '2 copies')
    """
    many = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else many}"
