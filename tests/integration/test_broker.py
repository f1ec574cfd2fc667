"""The embedded broker: real Apache Kafka, started and stopped by these tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streams import broker, kafka_jars
from streams.connection import open_admin
from streams.errors import Failure
from streams.settings import load


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory with a name that Java finds awkward; its brokers are stopped whatever happens."""
    directory = tmp_path / "Käfer und Co"
    yield directory
    broker.down(directory)


def produce(address: str, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=address, acks="all")
    producer.send(topic, value, partition=0).get(timeout=10)
    producer.close()


def consume(address: str, topic: str) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest", group_id=None)
    try:
        part = TopicPartition(topic, 0)
        consumer.assign([part])
        end = consumer.end_offsets([part])[part]
        found: list[bytes] = []
        while consumer.position(part) < end:
            found += [
                record.value for records in consumer.poll(timeout_ms=500).values() for record in records
            ]
        return found
    finally:
        consumer.close()


def make_topic(address: str, topic: str, replication: int = 1) -> None:
    with open_admin(load(kafka_bootstrap_servers=address)) as admin:
        wanted = {"num_partitions": 1, "replication_factor": replication}
        admin.create_topics({topic: wanted}, wait_for_metadata=True)


def test_a_record_survives_down_and_up_also_at_another_port(data: Path, free_port: Callable[[], int]) -> None:
    first = free_port()
    [address] = broker.up(data, port=first)
    make_topic(address, "kept")
    produce(address, "kept", b"before")
    assert broker.down(data)
    [moved] = broker.up(data, port=first + 10)
    assert moved == f"127.0.0.1:{first + 10}"
    produce(moved, "kept", b"after")
    assert consume(moved, "kept") == [b"before", b"after"]


def test_up_and_down_may_be_repeated(data: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    assert broker.up(data, port=port) == [f"127.0.0.1:{port}"]
    [running] = broker.status(data).brokers
    assert broker.up(data, port=port) == [f"127.0.0.1:{port}"]
    assert broker.up(data) == [f"127.0.0.1:{port}"]
    assert broker.status(data).brokers == [running]
    assert broker.down(data)
    assert not broker.down(data)
    assert not broker.status(data).running


def test_another_number_of_brokers_or_port_is_refused_while_it_runs(
    data: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    broker.up(data, port=port)
    with pytest.raises(Failure, match="holds the data of 1 broker, not of 3"):
        broker.up(data, brokers=3)
    with pytest.raises(Failure, match=f"already running at port {port}, not {port + 10}"):
        broker.up(data, port=port + 10)
    assert broker.status(data).running


def test_the_probe_leaves_no_trace_and_topics_are_not_made_by_accident(kafka: str) -> None:
    from kafka.errors import KafkaError

    broker_probe_free = [name for name in topics_of(kafka) if "probe" in name]
    assert broker_probe_free == []
    producer = KafkaProducer(bootstrap_servers=kafka, max_block_ms=1500)
    with pytest.raises(KafkaError):
        producer.send("never-made", b"x").get(timeout=5)
    producer.close()
    assert "never-made" not in topics_of(kafka)


def topics_of(address: str) -> list[str]:
    with open_admin(load(kafka_bootstrap_servers=address)) as admin:
        return list(admin.list_topics())


@pytest.mark.parametrize("taken", [0, 1])
def test_a_port_that_is_taken_is_one_sentence_with_the_remedy(
    data: Path, free_port: Callable[[], int], taken: int
) -> None:
    port = free_port()
    told = f"Port {port + taken} is taken"
    with socket.create_server(("127.0.0.1", port + taken)), pytest.raises(Failure, match=told) as failure:
        broker.up(data, port=port)
    assert "--port" in str(failure.value)
    assert not broker.status(data).running


def test_a_start_that_failed_does_not_bind_the_directory(data: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(Failure):
        broker.up(data, brokers=3, port=port)
    assert broker.up(data, brokers=1, port=port) == [f"127.0.0.1:{port}"]


def test_down_never_touches_a_process_that_only_has_the_id(data: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (data / "node-1").mkdir(parents=True)
        (data / "cluster.json").write_text('{"cluster_id":"x","brokers":1,"port":9092}')
        (data / "node-1" / "pid").write_text(str(stranger.pid))
        assert not broker.down(data)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_broker_that_crashes_while_starting_is_told_with_its_log(
    data: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    broker.up(data, port=port)
    broker.down(data)
    (data / "node-1" / "data" / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=other\n")
    with pytest.raises(Failure, match="ended while starting") as failure:
        broker.up(data)
    assert str(data / "logs" / "broker-1.log") in str(failure.value)
    assert "node" in str(failure.value)


def test_three_brokers_keep_a_record_when_one_is_killed(data: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    addresses = broker.up(data, brokers=3, port=port, memory_mb=256)
    assert addresses == [f"127.0.0.1:{port + offset}" for offset in (0, 10, 20)]
    make_topic(addresses[0], "kept", replication=3)
    produce(addresses[0], "kept", b"x")
    killed = broker.status(data).brokers[0].pid
    assert killed is not None
    os.kill(killed, 9)
    assert consume(",".join(addresses[1:]), "kept") == [b"x"]
    # A second `up` brings back the one that is gone and leaves the others alone.
    others = [node.pid for node in broker.status(data).brokers[1:]]
    assert broker.up(data) == addresses
    assert [node.pid for node in broker.status(data).brokers[1:]] == others
    assert broker.status(data).running


def test_a_second_start_needs_neither_maven_nor_network(
    kafka: str, data: Path, free_port: Callable[[], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kafka  # the session's broker has filled the cache
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("java", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tools))
    said: list[str] = []
    assert broker.up(data, port=free_port(), say=said.append)
    assert said == []


def test_without_maven_and_with_an_empty_cache_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Failure, match=r"apt-get install maven.*docker compose up"):
        kafka_jars.libraries(print)


@pytest.mark.parametrize(
    ("told", "message"),
    [('openjdk version "11.0.2" 2019-01-15', "Java 11 .* is too old"), (None, "Java is missing")],
)
def test_a_missing_or_old_java_is_one_sentence_with_the_remedy(
    told: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if told is not None:
        (tmp_path / "java").write_text(f"#!/bin/sh\necho '{told}' >&2\n")
        (tmp_path / "java").chmod(0o755)
    with pytest.raises(Failure, match=f"{message}.*apt-get install openjdk-17-jre-headless"):
        kafka_jars.require_java()


def test_a_damaged_cache_is_noticed(kafka: str, tmp_path: Path) -> None:
    assert kafka
    copy = tmp_path / "jars"
    shutil.copytree(kafka_jars.cache(), copy)
    assert kafka_jars.complete(copy)
    jar = next(copy.glob("kafka-clients-*.jar"))
    jar.write_bytes(jar.read_bytes()[:-1])
    assert not kafka_jars.complete(copy)
    jar.unlink()
    assert not kafka_jars.complete(copy)
