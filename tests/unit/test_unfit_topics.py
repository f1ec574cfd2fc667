"""With which topics a worker refuses to start: those of which records would be lost or passed over."""

from __future__ import annotations

import pytest

from streams.settings import load
from streams.topic_differences import Difference, ObservedTopic
from streams.topics import TopicSpec, specs
from streams.unfit_topics import refusal, unfit

SHARDED = {"ticketspike_shard_by": "market", "ticketspike_markets": "DE"}


def observed(partitions: int = 1, **config: str) -> ObservedTopic:
    config = {name.replace("_", "."): value for name, value in config.items()}
    return ObservedTopic(partitions=partitions, replication=1, config=config)


def whats(spec: TopicSpec, found: ObservedTopic | None) -> list[str]:
    return [difference.what for difference in unfit(spec, found)]


def test_topics_of_which_the_first_partition_alone_is_read_must_have_no_more() -> None:
    wanted = specs(load(ticketspike_partitions=4, **SHARDED), brokers=1)
    more = {spec.name for spec in wanted if whats(spec, observed(7)) == ["partitions"]}
    assert {spec.name for spec in wanted} - more == {"tickets", "orders", "dead-letters"}
    assert {"spikes.DE", "ticketspike-notify.DE-incidents-changelog"} <= more


def test_tickets_may_have_fewer_partitions_than_the_setting_says() -> None:
    [tickets] = [spec for spec in specs(load(ticketspike_partitions=4), brokers=1) if spec.name == "tickets"]
    assert whats(tickets, observed(2)) == []


@pytest.mark.parametrize(
    ("wanted", "found", "refused"),
    [
        ("compact", "delete", True),  # what is old would go, although it still holds
        ("compact", "compact,delete", True),
        ("delete", "compact", True),  # all events of a key but the last would go
        ("compact,delete", "delete", False),  # nothing goes that need not
        ("compact,delete", "compact", False),
        ("compact,delete", "delete, compact", False),
        ("compact", "compact", False),
        ("compact", "", False),
    ],
)
def test_a_cleanup_policy_is_refused_where_kafka_would_throw_more_away(
    wanted: str, found: str, refused: bool
) -> None:
    spec = TopicSpec("incidents", 1, 1, {"cleanup.policy": wanted})
    assert whats(spec, observed(cleanup_policy=found)) == (["cleanup.policy"] if refused else [])


def test_what_kafka_does_not_tell_and_what_loses_nothing_keeps_nobody_from_work() -> None:
    for spec in specs(load(), brokers=3):
        assert whats(spec, observed()) == []
        policy = spec.config["cleanup.policy"]
        assert whats(spec, observed(cleanup_policy=policy, retention_ms="1000")) == []


def test_a_topic_that_is_not_there_is_unfit() -> None:
    assert whats(TopicSpec("spikes", 1, 1), None) == ["missing"]


def test_several_topics_are_one_sentence_that_names_each_with_both_remedies() -> None:
    sentence = refusal(
        [
            Difference(topic="eu.answers", what="partitions", wanted="1", found="2"),
            Difference(topic="eu.incidents", what="cleanup.policy", wanted="compact", found="delete"),
            Difference(topic="eu.spikes", what="partitions", wanted="1", found="3"),
        ],
        "watch",
    )
    assert sentence == (
        "Wrong topics: eu.answers: partitions is 2, should be 1; eu.spikes: partitions is 3, should be 1 (only the "
        "first would be read, and Kafka cannot take any away; delete the topic and create it again if it was never "
        "used, otherwise begin anew with another TICKETSPIKE_TOPIC_PREFIX or as docs/runbook.md says); eu.incidents: "
        "cleanup.policy is delete, should be compact (Kafka would throw away what is still needed; run 'ticketspike "
        "topics create')."
    )


def test_missing_topics_are_told_first_and_rights_only_to_a_user() -> None:
    found = [
        Difference(topic="answers", what="partitions", wanted="1", found="3"),
        Difference(topic="spikes", what="missing", wanted="exists", found="missing"),
    ]
    assert refusal(found, None) == "Missing topics: spikes; run 'ticketspike topics create'."
    assert "or give the user ada the rights that 'ticketspike acls' lists" in refusal(found, "ada")
