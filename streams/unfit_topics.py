"""Which differences of a topic keep a worker from starting, and the sentence that says so; pure.

`topics check` names every difference. Only those count here by which records would be lost or passed over in silence:
a shorter retention or fewer copies are somebody's choice, and must not stop the alerts.
"""

from __future__ import annotations

from collections.abc import Sequence

from streams.topic_differences import Difference, ObservedTopic, differences
from streams.topics import TopicSpec

_POLICY = "cleanup.policy"
FEWER_PARTITIONS = (
    "Kafka cannot take any away; delete the topic and create it again if it was never used, otherwise begin anew "
    "with another TICKETSPIKE_TOPIC_PREFIX or as docs/runbook.md says"
)
"""Why too many partitions are a person's to mend, and how. The stages know places in a topic that was used."""


def unfit(spec: TopicSpec, observed: ObservedTopic | None) -> list[Difference]:
    """The differences of one topic with which no worker may start.

    Args:
        spec: how the topic should be.
        observed: how it is; without a cleanup policy where Kafka does not tell it, None where there is no topic.

    >>> spec = TopicSpec("incidents", 1, 3, {"cleanup.policy": "compact", "min.insync.replicas": "2"})
    >>> found = ObservedTopic(partitions=3, replication=1, config={"cleanup.policy": "compact,delete"})
    >>> [str(one) for one in unfit(spec, found)]
    ['incidents: partitions is 3, should be 1', 'incidents: cleanup.policy is compact,delete, should be compact']
    """
    return [one for one in differences(spec, observed) if observed is None or _loses(spec, observed, one)]


def _loses(spec: TopicSpec, observed: ObservedTopic, difference: Difference) -> bool:
    if difference.what == "partitions":
        # Fewer than one is a topic that Kafka is just making.
        return not spec.read_whole and observed.partitions > spec.partitions
    if difference.what == _POLICY and _POLICY in observed.config:
        # One policy more throws records away that are needed, by their age or by their key; one less keeps too much.
        return bool((_parts(difference.found) - _parts(difference.wanted)) & {"compact", "delete"})
    return False


def _parts(policy: str) -> set[str]:
    return {part.strip() for part in policy.split(",")}


def refusal(found: Sequence[Difference], user: str | None) -> str:
    """The one sentence with which a worker refuses to start.

    Args:
        found: what `unfit` says of its topics, at least one difference.
        user: the user of Kafka, from which topics may be hidden.

    >>> print(refusal([Difference(topic="spikes", what="missing", wanted="exists", found="missing")], None))
    Missing topics: spikes; run 'ticketspike topics create'.
    >>> print(refusal([Difference(topic="spikes", what="partitions", wanted="1", found="3")], None))
    Wrong topics: spikes: partitions is 3, should be 1 (only the first would be read, and Kafka cannot take any away;
    delete the topic and create it again if it was never used, otherwise begin anew with another
    TICKETSPIKE_TOPIC_PREFIX or as docs/runbook.md says).
    """
    if missing := [one.topic for one in found if one.what == "missing"]:
        rights = f", or give the user {user} the rights that 'ticketspike acls' lists" if user else ""
        return f"Missing topics: {', '.join(missing)}; run 'ticketspike topics create'{rights}."
    remedies = {
        "partitions": f"only the first would be read, and {FEWER_PARTITIONS}",
        _POLICY: "Kafka would throw away what is still needed; run 'ticketspike topics create'",
    }
    told = []
    for what, remedy in remedies.items():
        if alike := [str(one) for one in found if one.what == what]:
            told.append(f"{'; '.join(alike)} ({remedy})")
    return f"Wrong topics: {'; '.join(told)}."
