"""Where a topic on the cluster is not as `streams.topics` says; pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from streams.topics import TopicSpec

_NOT_SET = "not set"


class ObservedTopic(msgspec.Struct, frozen=True, kw_only=True):
    """A topic as the cluster has it; `config` holds the effective values, defaults included."""

    partitions: int
    replication: int
    config: Mapping[str, str]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where a topic is not as it should be.

    `what` is `missing`, `partitions`, `replication` or the name of a setting of the topic.
    """

    topic: str
    what: str
    wanted: str
    found: str

    def __str__(self) -> str:
        """The difference in words.

        >>> print(Difference(topic="orders", what="retention.ms", wanted="2592000000", found="1000"))
        orders: retention.ms is 1000, should be 2592000000
        """
        if self.what == "missing":
            return f"{self.topic}: is missing"
        return f"{self.topic}: {self.what} is {self.found}, should be {self.wanted}"


def differences(spec: TopicSpec, observed: ObservedTopic | None) -> list[Difference]:
    """Every difference of one topic.

    >>> spec = TopicSpec("spikes", 1, 3, {"cleanup.policy": "delete"})
    >>> found = ObservedTopic(partitions=2, replication=3, config={"cleanup.policy": "compact"})
    >>> [str(difference) for difference in differences(spec, found)]
    ['spikes: partitions is 2, should be 1', 'spikes: cleanup.policy is compact, should be delete']
    """
    if observed is None:
        return [Difference(topic=spec.name, what="missing", wanted="exists", found="missing")]
    pairs: list[tuple[str, object, object]] = [
        ("partitions", spec.partitions, observed.partitions),
        ("replication", spec.replication, observed.replication),
        *((name, value, observed.config.get(name, _NOT_SET)) for name, value in spec.config.items()),
    ]
    return [
        Difference(topic=spec.name, what=what, wanted=str(wanted), found=str(found))
        for what, wanted, found in pairs
        if str(wanted) != str(found)
    ]
