"""Topics as code, on a real broker."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from streams import admin
from streams.access import ROLES
from streams.connection import open_admin, require_kafka
from streams.errors import Failure
from streams.settings import Settings
from streams.to_end import partitions_of
from streams.topics import specs

Make = Callable[..., Settings]


def delete(client: Any, name: str) -> None:
    client.delete_topics([name])
    # Kafka answers before every part of the broker has forgotten the topic.
    while name in client.list_topics():
        time.sleep(0.05)


def wait_for_a_difference(settings: Settings) -> None:
    while not admin.check(settings):
        time.sleep(0.05)


def set_config(settings: Settings, topic: str, **config: str) -> None:
    values = {name.replace("_", "."): value for name, value in config.items()}
    with open_admin(settings) as client:
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topic(topic), values)])
    wait_for_a_difference(settings)


def outcomes(settings: Settings, topic: str) -> dict[str, str]:
    name = settings.topic(topic)
    return {action.outcome: action.detail for action in admin.create(settings) if action.topic == name}


def test_create_makes_every_topic_and_check_then_finds_no_difference(make_settings: Make) -> None:
    settings = make_settings(topics=False)
    wanted = [spec.name for spec in specs(settings, brokers=1)]
    assert [one.topic for one in admin.unfit_topics(settings, ROLES)] == sorted(wanted)
    assert [difference.what for difference in admin.check(settings)] == ["missing"] * len(wanted)
    actions = admin.create(settings)
    assert [action.topic for action in actions] == wanted
    assert {action.outcome for action in actions} == {"created"}
    assert admin.check(settings) == []
    assert admin.unfit_topics(settings, ROLES) == []


def test_create_twice_changes_nothing(settings: Settings) -> None:
    assert {action.outcome for action in admin.create(settings)} == {"unchanged"}


def test_a_deleted_topic_is_named_and_made_again(settings: Settings) -> None:
    name = settings.topic("spikes")
    with open_admin(settings) as client:
        delete(client, name)
    assert [str(difference) for difference in admin.check(settings)] == [f"{name}: is missing"]
    assert [str(one) for one in admin.unfit_topics(settings, ["watch"])] == [f"{name}: is missing"]
    assert admin.unfit_topics(settings, ["count"]) == []
    assert "created" in outcomes(settings, "spikes")
    assert admin.check(settings) == []


def test_settings_that_differ_are_named_and_adjusted(settings: Settings) -> None:
    set_config(settings, "spikes", cleanup_policy="compact", retention_ms="1000")
    assert {difference.what for difference in admin.check(settings)} == {"cleanup.policy", "retention.ms"}
    admin.create(settings)
    assert admin.check(settings) == []


def test_a_longer_retention_is_named_but_never_lowered(settings: Settings) -> None:
    set_config(settings, "orders", retention_ms="-1")
    assert "nothing is lowered" in outcomes(settings, "orders")["kept"]
    [difference] = admin.check(settings)
    assert (difference.what, difference.found) == ("retention.ms", "-1")


def test_another_partition_count_of_tickets_is_refused_and_nothing_else_is_touched(
    make_settings: Make,
) -> None:
    settings = make_settings(ticketspike_partitions=2)
    set_config(settings, "spikes", retention_ms="1000")
    more = settings.model_copy(update={"ticketspike_partitions": 4})
    [action] = admin.create(more)
    assert action.outcome == "refused"
    assert "TICKETSPIKE_PARTITIONS=2" in action.detail
    assert partitions_of(more, "tickets") == [0, 1]
    assert "retention.ms" in {difference.what for difference in admin.check(settings)}


def test_orders_may_grow(make_settings: Make) -> None:
    settings = make_settings(ticketspike_partitions=2)
    name = settings.topic("orders")
    with open_admin(settings) as client:
        delete(client, name)
        client.create_topics({name: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    assert "partitions 1 -> 2" in [action.detail for action in admin.create(settings) if action.topic == name]
    assert admin.check(settings) == []


def test_a_topic_of_one_partition_that_has_more_is_refused_with_the_way_out(settings: Settings) -> None:
    name = settings.topic("ticket-counts")
    with open_admin(settings) as client:
        client.create_partitions({name: 2})
    wait_for_a_difference(settings)
    assert "TICKETSPIKE_TOPIC_PREFIX" in outcomes(settings, "ticket-counts")["refused"]


def test_more_copies_than_brokers_is_one_sentence_with_the_remedy(make_settings: Make) -> None:
    settings = make_settings(topics=False, ticketspike_replication=3)
    with pytest.raises(Failure, match="TICKETSPIKE_REPLICATION=3 needs 3 brokers and the cluster has 1"):
        admin.create(settings)


def test_a_reachable_kafka_passes(settings: Settings) -> None:
    require_kafka(settings)


def test_what_kafka_refuses_is_a_failure_in_words(settings: Settings) -> None:
    with pytest.raises(Failure, match="refused the request"), open_admin(settings) as client:
        client.create_topics({"a name with spaces": {"num_partitions": 1, "replication_factor": 1}})
