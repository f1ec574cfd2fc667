"""What integration and acceptance tests share: one embedded Kafka a session, settings of their own a test."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from reserved_ports import ReservedPorts

from streams.settings import Settings, load

collect_ignore = ["fuzz"]
"""What `make fuzz` runs, in an environment of its own."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-test-data", action="store_true", help="Write the golden files anew.")


def pytest_configure(config: pytest.Config) -> None:
    # kafka-python reads its schemas with functions that Python 3.11 and 3.12 call deprecated; 3.13 does not.
    for name in ("read_text", "open_text"):
        config.addinivalue_line("filterwarnings", f"ignore:{name} is deprecated:DeprecationWarning")
    # What the shell says about somebody's own Kafka and Slack must not reach a test, nor a process it starts.
    for name in list(os.environ):
        if name.startswith(("KAFKA_", "SLACK_", "TICKETSPIKE_")):
            del os.environ[name]


@pytest.fixture(scope="session")
def update_test_data(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--update-test-data"))


@pytest.fixture(scope="session")
def free_port() -> Iterator[Callable[[], int]]:
    """Take a port that is free together with the next 23, more than three brokers need; nobody else is given them."""
    with ReservedPorts() as ports:
        yield ports.take


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[str]:
    """The bootstrap address of one embedded broker for the whole session."""
    from streams import broker

    data = tmp_path_factory.mktemp("kafka")
    addresses = broker.up(data, brokers=1, port=free_port())
    try:
        yield ",".join(addresses)
    finally:
        broker.down(data)


@pytest.fixture
def make_settings(kafka: str, tmp_path: Path) -> Callable[..., Settings]:
    """Make settings for the session's broker under a topic prefix of their own, topics created."""
    from streams import admin

    def make(*, topics: bool = True, **overrides: object) -> Settings:
        values: dict[str, object] = {
            "kafka_bootstrap_servers": kafka,
            "ticketspike_topic_prefix": f"t{uuid.uuid4().hex[:12]}.",
            "ticketspike_hmac_key": "test-key",
            "ticketspike_data_dir": tmp_path / "data",
        }
        settings = load(**(values | overrides))
        if topics:
            admin.create(settings)
        return settings

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Settings for the session's broker under a topic prefix of their own, topics created."""
    return make_settings()


@pytest.fixture
def environment(tmp_path: Path) -> Callable[[Settings], dict[str, str]]:
    """Turn settings into the environment of a `ticketspike` process."""

    def turn(settings: Settings) -> dict[str, str]:
        key = settings.ticketspike_hmac_key
        return {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
            "TICKETSPIKE_TOPIC_PREFIX": settings.ticketspike_topic_prefix,
            "TICKETSPIKE_PARTITIONS": str(settings.ticketspike_partitions),
            "TICKETSPIKE_CLOCK": settings.ticketspike_clock,
            "TICKETSPIKE_HMAC_KEY": key.get_secret_value() if key else "",
            "TICKETSPIKE_DATA_DIR": str(tmp_path / "data"),
        }

    return turn


@pytest.fixture(scope="session")
def executable() -> str:
    """The path of the `ticketspike` command beside the running Python."""
    return str(Path(sys.executable).with_name("ticketspike"))


@pytest.fixture
def ticketspike(executable: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `ticketspike` as a process with a captured stdout and stderr."""

    def run(
        *arguments: object, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [executable, *map(str, arguments)],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
