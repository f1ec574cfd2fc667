"""The topics of the contract, and how differences are judged."""

from __future__ import annotations

import pytest

from streams.settings import load
from streams.topic_changes import is_higher
from streams.topic_differences import ObservedTopic, differences
from streams.topics import TABLES, TopicSpec, app_id, specs, table_changelog

CONTRACT = {"tickets", "ticket-counts", "spikes", "incidents", "campaigns", "answers", "orders", "baselines"}


def by_name(brokers: int = 1, **overrides: object) -> dict[str, TopicSpec]:
    return {spec.name: spec for spec in specs(load(**overrides), brokers)}


def test_every_topic_of_the_contract_is_there() -> None:
    assert CONTRACT | {"dead-letters"} <= set(by_name())


def test_every_faust_table_has_its_changelog() -> None:
    settings = load(ticketspike_topic_prefix="eu.")
    names = by_name(ticketspike_topic_prefix="eu.")
    for stage, table in TABLES:
        assert table_changelog(app_id(settings, stage), table) in names


def test_the_prefix_stands_before_every_topic() -> None:
    assert all(name.startswith("eu.") for name in by_name(ticketspike_topic_prefix="eu."))


@pytest.mark.parametrize(
    ("brokers", "replication", "in_sync"), [(1, 1, "1"), (2, 2, "1"), (3, 3, "2"), (5, 3, "2")]
)
def test_replication_follows_the_number_of_brokers(brokers: int, replication: int, in_sync: str) -> None:
    for spec in by_name(brokers).values():
        assert spec.replication == replication
        assert spec.config["min.insync.replicas"] == in_sync


def test_the_setting_for_replication_wins_over_the_number_of_brokers() -> None:
    assert {spec.replication for spec in by_name(3, ticketspike_replication=1).values()} == {1}


def test_what_is_an_entity_is_compacted_and_what_is_an_event_expires() -> None:
    topics = by_name()
    for name in ("campaigns", "incidents", "baselines"):
        assert topics[name].config["cleanup.policy"] == "compact"
    for name in ("tickets", "spikes", "dead-letters", "ticket-counts"):
        assert topics[name].config["cleanup.policy"] == "delete"
        assert int(topics[name].config["retention.ms"]) > 0


def test_a_dead_letter_has_room_for_the_largest_ticket_and_its_headers() -> None:
    topics = by_name()
    largest = int(topics["tickets"].config["max.message.bytes"])
    assert int(topics["dead-letters"].config["max.message.bytes"]) > largest


def test_watch_finds_all_reasons_in_one_partition() -> None:
    assert by_name(ticketspike_partitions=12)["tickets"].partitions == 12
    assert by_name(ticketspike_partitions=12)["ticket-counts"].partitions == 1


def test_every_difference_is_named() -> None:
    spec = TopicSpec("spikes", 1, 3, {"cleanup.policy": "delete", "retention.ms": "1000"})
    found = ObservedTopic(partitions=4, replication=1, config={"cleanup.policy": "compact"})
    assert {difference.what for difference in differences(spec, found)} == {
        "partitions",
        "replication",
        "cleanup.policy",
        "retention.ms",
    }


def test_a_missing_topic_is_one_difference() -> None:
    assert [difference.what for difference in differences(TopicSpec("spikes", 1, 1), None)] == ["missing"]


def test_a_topic_as_it_should_be_has_no_difference() -> None:
    spec = TopicSpec("spikes", 1, 1, {"retention.ms": "1000"})
    config = {"retention.ms": "1000", "segment.ms": "5"}
    assert differences(spec, ObservedTopic(partitions=1, replication=1, config=config)) == []


@pytest.mark.parametrize(
    ("found", "wanted", "higher"),
    [
        ("2000", "1000", True),
        ("1000", "1000", False),
        ("999", "1000", False),
        ("-1", "1000", True),
        ("1000", "-1", False),  # nothing is higher than without limit
        ("-1", "-1", False),
        ("not set", "1000", False),
    ],
)
def test_minus_one_means_without_limit(found: str, wanted: str, higher: bool) -> None:
    assert is_higher(found, wanted) is higher
