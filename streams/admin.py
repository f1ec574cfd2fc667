"""Topics as code: bring the cluster's topics to `streams.topics.specs`, or name every difference."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from streams.access import topics_of
from streams.connection import open_admin
from streams.errors import Failure
from streams.settings import Settings
from streams.topic_changes import Action, adjust, plural
from streams.topic_differences import Difference, ObservedTopic, differences
from streams.topics import TopicSpec, specs
from streams.unfit_topics import unfit

if TYPE_CHECKING:
    from kafka import KafkaAdminClient


VISIBLE_SECONDS = 10.0


def create(settings: Settings) -> list[Action]:
    """Create what is missing and adjust what differs; lowers nothing, and may be called again at any time.

    Nothing is partly done when the partition count of `tickets` differs: that is checked first.

    Returns:
        What was done, at least one action a topic; `refused` ones need a person.

    Raises:
        Failure: Kafka is not reachable or refuses, or has too few brokers for the replication.
    """
    with open_admin(settings) as admin:
        wanted = _wanted(admin, settings)
        observed = _observe(admin, wanted)
        refusal = _tickets_refusal(settings, wanted, observed)
        if refusal is not None:
            return [refusal]
        actions = _create_missing(admin, [spec for spec in wanted if spec.name not in observed])
        for spec in wanted:
            if spec.name in observed:
                actions += adjust(admin, spec, observed[spec.name])
        _wait_until_visible(admin, wanted, actions)
        order = {spec.name: number for number, spec in enumerate(wanted)}
        return sorted(actions, key=lambda action: order[action.topic])


def check(settings: Settings) -> list[Difference]:
    """Every difference between the cluster's topics and what they should be; empty if all is right.

    Raises:
        Failure: Kafka is not reachable or refuses.
    """
    with open_admin(settings) as admin:
        wanted = _wanted(admin, settings)
        observed = _observe(admin, wanted)
        return [difference for spec in wanted for difference in differences(spec, observed.get(spec.name))]


def unfit_topics(settings: Settings, roles: Iterable[str]) -> list[Difference]:
    """Why a worker must not start with the topics of these roles as they are; empty if it may.

    Those of other roles are left out, since Kafka hides from a user what it may not describe. Two requests.

    Raises:
        Failure: Kafka is not reachable or refuses.
    """
    touched = topics_of(settings, roles)
    with open_admin(settings) as admin:
        described = {topic["name"]: topic for topic in admin.describe_topics() if topic["name"] in touched}
        policies = _policies(admin, described.values())
    observed = {
        name: _observed(topic["partitions"], policies.get(name, {})) for name, topic in described.items()
    }
    # What is judged does not depend on the number of brokers, and not every user may ask for it.
    wanted = sorted(
        (spec for spec in specs(settings, brokers=1) if spec.name in touched), key=lambda spec: spec.name
    )
    return [one for spec in wanted for one in unfit(spec, observed.get(spec.name))]


def _wanted(admin: KafkaAdminClient, settings: Settings) -> list[TopicSpec]:
    brokers = len(admin.describe_cluster()["brokers"])
    replication = settings.ticketspike_replication or 1
    if replication > brokers:
        raise Failure(
            f"TICKETSPIKE_REPLICATION={replication} needs {replication} brokers and the cluster has "
            f"{brokers}; lower it, leave it out, or start more brokers."
        )
    return specs(settings, brokers)


def _observe(admin: KafkaAdminClient, wanted: Iterable[TopicSpec]) -> dict[str, ObservedTopic]:
    from kafka.admin import ConfigResource, ConfigResourceType

    existing = set(admin.list_topics())
    names = [spec.name for spec in wanted if spec.name in existing]
    if not names:
        return {}
    described = {topic["name"]: topic["partitions"] for topic in admin.describe_topics(names)}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, None) for name in names]
    configs = admin.describe_configs(resources, config_filter="all")["topic"]
    return {name: _observed(partitions, configs[name]) for name, partitions in described.items()}


def _observed(partitions: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> ObservedTopic:
    return ObservedTopic(
        partitions=len(partitions),
        # The least replicated partition decides: it is the one that is lost first.
        replication=min((len(part["replica_nodes"]) for part in partitions), default=0),
        config={key: str(entry["value"]) for key, entry in config.items()},
    )


def _policies(admin: KafkaAdminClient, described: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The cleanup policy of those topics of which we may ask for it, in one request."""
    from kafka.admin import ConfigResource, ConfigResourceType

    resources = [
        ConfigResource(ConfigResourceType.TOPIC, topic["name"], {"cleanup.policy": None})
        for topic in described
        # To ask without the right to would write a refusal into the broker's log at every start. A broker that
        # does not tell our rights lists none.
        if not (rights := topic.get("authorized_operations")) or "DESCRIBE_CONFIGS" in rights
    ]
    if not resources:
        return {}
    # One that is refused after all comes back without its policy.
    answer: Mapping[str, Mapping[str, Any]] = admin.describe_configs(resources, config_filter="all")
    return answer.get("topic", {})


def _wait_until_visible(
    admin: KafkaAdminClient, wanted: Iterable[TopicSpec], actions: Iterable[Action]
) -> None:
    """Wait until the cluster shows what was adjusted: Kafka answers before its brokers have heard of it."""
    changed = {action.topic for action in actions if action.outcome == "adjusted"}
    specs_changed = [spec for spec in wanted if spec.name in changed]
    final = {action.topic for action in actions if action.outcome in ("kept", "refused")}
    deadline = time.monotonic() + VISIBLE_SECONDS
    while specs_changed and time.monotonic() < deadline:
        observed = _observe(admin, specs_changed)
        specs_changed = [
            spec
            for spec in specs_changed
            if spec.name not in final and differences(spec, observed.get(spec.name))
        ]
        time.sleep(0.05)


def _tickets_refusal(
    settings: Settings, wanted: Iterable[TopicSpec], observed: Mapping[str, ObservedTopic]
) -> Action | None:
    name = settings.topic("tickets")
    spec = next(spec for spec in wanted if spec.name == name)
    if name not in observed or observed[name].partitions == spec.partitions:
        return None
    found = observed[name].partitions
    return Action(
        topic=name,
        outcome="refused",
        detail=f"it has {plural(found, 'partition')} and TICKETSPIKE_PARTITIONS says {spec.partitions}; with "
        "another number a ticket's repeats and relabels would reach another partition and count twice. Set "
        f"TICKETSPIKE_PARTITIONS={found}, or begin anew with another TICKETSPIKE_TOPIC_PREFIX and send the "
        "tickets again",
    )


def _create_missing(admin: KafkaAdminClient, missing: list[TopicSpec]) -> list[Action]:
    if not missing:
        return []
    from kafka.errors import TopicAlreadyExistsError, for_code

    request = {
        spec.name: {
            "num_partitions": spec.partitions,
            "replication_factor": spec.replication,
            "configs": dict(spec.config),
        }
        for spec in missing
    }
    answer = admin.create_topics(request, raise_errors=False)
    actions = []
    for topic in answer["topics"]:
        error = for_code(topic["error_code"])
        if topic["error_code"] == 0:
            spec = next(spec for spec in missing if spec.name == topic["name"])
            detail = f"{plural(spec.partitions, 'partition')}, replication {spec.replication}"
            actions.append(Action(topic=topic["name"], outcome="created", detail=detail))
        elif error is TopicAlreadyExistsError:
            # Somebody else created it this very moment; a second call compares it.
            actions.append(Action(topic=topic["name"], outcome="unchanged"))
        else:
            raise Failure(
                f"Kafka refused to create {topic['name']} ({topic['error_message'] or error.__name__}); "
                "check the rights of this user and the state of the cluster."
            )
    admin.wait_for_topics([spec.name for spec in missing], timeout_ms=30_000)
    return actions
