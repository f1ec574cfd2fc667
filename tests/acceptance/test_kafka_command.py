"""`ticketspike kafka` and `ticketspike topics` as processes."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams import broker
from streams.settings import Settings

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "kafka"
    yield directory
    broker.down(directory)


def test_up_holds_no_pipe_of_the_caller_and_prints_one_plain_line(
    ticketspike: Run, data: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    # Reading both pipes to their end returns only if the broker has neither of them open.
    done = ticketspike("kafka", "up", "--port", port, "--data", data)
    assert (done.returncode, done.stdout) == (0, f"127.0.0.1:{port}\n"), done.stderr
    again = ticketspike("kafka", "up", "--data", data)
    assert (again.returncode, again.stdout) == (0, f"127.0.0.1:{port}\n")
    status = json.loads(ticketspike("kafka", "status", "--data", data, "--json").stdout)
    assert status["running"]
    assert status["bootstrap_servers"] == [f"127.0.0.1:{port}"]
    other = ticketspike("kafka", "up", "--data", data, "--brokers", 3)
    assert (other.returncode, other.stdout) == (1, "")
    assert other.stderr.count("\n") == 1
    down = ticketspike("kafka", "down", "--data", data)
    assert down.returncode == 0
    assert "down" in ticketspike("kafka", "status", "--data", data).stdout
    assert ticketspike("kafka", "down", "--data", data).returncode == 0


def test_two_ups_at_once_start_one_broker(executable: str, data: Path, free_port: Callable[[], int]) -> None:
    command = [executable, "kafka", "up", "--port", str(free_port()), "--data", str(data)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    lines = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert lines[0] == lines[1]


def test_the_default_directory_is_in_the_data_directory_of_the_settings(
    ticketspike: Run, tmp_path: Path
) -> None:
    done = ticketspike("kafka", "status", "--json", env={"TICKETSPIKE_DATA_DIR": str(tmp_path)})
    assert json.loads(done.stdout) == {
        "data": str(tmp_path / "kafka"),
        "version": "4.3.1",
        "running": False,
        "bootstrap_servers": [],
        "brokers": [],
    }


def test_two_brokers_are_wrong_use(ticketspike: Run) -> None:
    assert ticketspike("kafka", "up", "--brokers", 2).returncode == 2


def test_topics_are_created_and_checked(
    ticketspike: Run,
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
) -> None:
    settings = make_settings(topics=False)
    env = environment(settings)
    before = ticketspike("topics", "check", env=env)
    assert before.returncode == 1
    assert f"{settings.topic('tickets')}: is missing" in before.stdout
    created = ticketspike("topics", "create", "--json", env=env)
    assert created.returncode == 0, created.stderr
    assert {json.loads(line)["outcome"] for line in created.stdout.splitlines()} == {"created"}
    after = ticketspike("topics", "check", "--json", env=env)
    assert (after.returncode, after.stdout) == (0, "")
    grown = ticketspike("topics", "create", env=env | {"TICKETSPIKE_PARTITIONS": "8"})
    assert grown.returncode == 1
    assert "TICKETSPIKE_PARTITIONS=4" in grown.stderr


@pytest.mark.parametrize("command", ["create", "check"])
def test_without_kafka_a_command_says_so_within_ten_seconds(ticketspike: Run, command: str) -> None:
    started = time.monotonic()
    done = ticketspike("topics", command, env={"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    assert time.monotonic() - started < 10
    assert done.returncode == 1
    assert "Kafka is not reachable at 127.0.0.1:1" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_wrong_setting_is_exit_status_two(ticketspike: Run) -> None:
    done = ticketspike("topics", "create", env={"KAFKA_BOOTSTRAP_SERVERS": "kafka"})
    assert done.returncode == 2
    assert "KAFKA_BOOTSTRAP_SERVERS" in done.stderr
