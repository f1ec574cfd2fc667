"""Addresses and security, as each library wants them; and what is said when Kafka is away."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from streams.connection import addresses, aiokafka_options, faust_options, kafka_python_options, require_kafka
from streams.errors import Failure
from streams.settings import SettingsError, load

SASL = {
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "SCRAM-SHA-512",
    "kafka_sasl_username": "ticketspike",
    "kafka_sasl_password": "geheim",
}


def test_a_plain_cluster_needs_its_addresses_only() -> None:
    settings = load(kafka_bootstrap_servers="a:9092,b:9092")
    assert kafka_python_options(settings) == aiokafka_options(settings)
    assert aiokafka_options(settings)["bootstrap_servers"] == ["a:9092", "b:9092"]
    assert faust_options(settings) == {"broker": ["kafka://a:9092", "kafka://b:9092"]}


def test_sasl_reaches_both_client_libraries() -> None:
    settings = load(**SASL)
    for options in (kafka_python_options(settings), aiokafka_options(settings)):
        assert options["security_protocol"] == "SASL_SSL"
        assert options["sasl_mechanism"] == "SCRAM-SHA-512"
        assert options["sasl_plain_username"] == "ticketspike"
        assert options["sasl_plain_password"] == SASL["kafka_sasl_password"]


def test_aiokafka_gets_a_tls_context_that_checks_host_names() -> None:
    assert aiokafka_options(load(**SASL))["ssl_context"].check_hostname


@pytest.mark.parametrize("missing", ["kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password"])
def test_sasl_without_a_part_of_it_names_the_setting(missing: str) -> None:
    settings = load(**(SASL | {missing: None}))
    with pytest.raises(SettingsError, match=missing.upper()):
        kafka_python_options(settings)


def test_a_missing_authority_file_names_the_setting(tmp_path: Path) -> None:
    settings = load(kafka_security_protocol="SSL", kafka_ssl_cafile=tmp_path / "none.pem")
    for options in (kafka_python_options, aiokafka_options):
        with pytest.raises(SettingsError, match="KAFKA_SSL_CAFILE"):
            options(settings)


def test_a_wrong_certificate_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("not a certificate")
    settings = load(kafka_security_protocol="SSL", kafka_ssl_certfile=tmp_path / "cert.pem")
    with pytest.raises(SettingsError, match="KAFKA_SSL_CERTFILE"):
        aiokafka_options(settings)


@pytest.mark.parametrize("servers", ["kafka", "kafka:", ":9092", "kafka:port", "kafka:99999", " , "])
def test_an_address_that_is_not_host_and_port_is_a_wrong_setting(servers: str) -> None:
    with pytest.raises(SettingsError, match="KAFKA_BOOTSTRAP_SERVERS"):
        addresses(load(kafka_bootstrap_servers=servers))


def test_a_closed_port_is_told_within_ten_seconds_with_address_and_remedy() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(Failure, match=address) as failure:
            require_kafka(load(kafka_bootstrap_servers=address))
    assert time.monotonic() - started < 10
    assert "ticketspike kafka up" in str(failure.value)


def test_a_port_that_accepts_and_says_nothing_is_told_within_ten_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(Failure, match=address) as failure:
            require_kafka(load(kafka_bootstrap_servers=address))
    assert time.monotonic() - started < 10
    assert "accepts connections and never answers; look whether the broker hangs" in str(failure.value)


def test_tls_with_something_that_speaks_none_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:

        def babble() -> None:
            for _ in range(2):
                with server.accept()[0] as connection:
                    connection.settimeout(5)
                    with suppress(OSError):
                        connection.sendall(b"220 mail.example.org ESMTP ready\r\n" * 10)
                        connection.recv(1)

        threads.submit(babble)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        settings = load(kafka_bootstrap_servers=address, kafka_security_protocol="SSL")
        with pytest.raises(Failure, match="speaks no TLS"):
            require_kafka(settings)


def test_an_unknown_host_is_told_within_ten_seconds() -> None:
    started = time.monotonic()
    with pytest.raises(Failure, match=r"kafka\.invalid"):
        require_kafka(load(kafka_bootstrap_servers="kafka.invalid:9092"))
    assert time.monotonic() - started < 10
