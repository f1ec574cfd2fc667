"""How clients reach Kafka: the settings' addresses and security, in each library's own keywords."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from streams.errors import Failure, PassingFailure
from streams.handshake import Trouble, greet
from streams.settings import Settings, SettingsError

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

FETCH_BYTES = 1024 * 1024
"""What a stage fetches of a partition at a time (and a larger record whole): with the records made of it a multiple of
this stays in the process for good, and larger portions are no quicker."""

# A client logs every refused attempt as an error; without a handler, Python would print those lines to stderr
# beside our one sentence.
logging.getLogger("kafka").addHandler(logging.NullHandler())


def kafka_python_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for the clients of kafka-python: producer, consumer, admin client.

    Raises:
        SettingsError: the security settings contradict each other.

    >>> from streams.settings import load
    >>> kafka_python_options(load(kafka_bootstrap_servers="a:9092, b:9092"))
    {'bootstrap_servers': ['a:9092', 'b:9092'], 'security_protocol': 'PLAINTEXT'}
    """
    options = _common(settings)
    if "SSL" in settings.kafka_security_protocol:
        files = {
            "ssl_cafile": settings.kafka_ssl_cafile,
            "ssl_certfile": settings.kafka_ssl_certfile,
            "ssl_keyfile": settings.kafka_ssl_keyfile,
        }
        ssl_context(settings)  # reads the files now, so that a wrong name is told as a setting
        options |= {name: str(path) for name, path in files.items() if path is not None}
    return options


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for aiokafka's `AIOKafkaConsumer` and `AIOKafkaProducer`.

    Raises:
        SettingsError: the security settings contradict each other.
    """
    options = _common(settings)
    if "SSL" in settings.kafka_security_protocol:
        options["ssl_context"] = ssl_context(settings)
    return options


def faust_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for `faust.App`: `broker`, and `broker_credentials` where the cluster asks for them.

    Imports Faust only when there are credentials to wrap.

    Raises:
        SettingsError: the security settings contradict each other.
    """
    common = _common(settings)
    options: dict[str, Any] = {"broker": [f"kafka://{address}" for address in settings.bootstrap_servers]}
    protocol = settings.kafka_security_protocol
    if protocol == "PLAINTEXT":
        return options
    import faust

    context = ssl_context(settings) if "SSL" in protocol.split("_") else None
    if protocol == "SSL":
        options["broker_credentials"] = faust.SSLCredentials(context=context)
    else:
        options["broker_credentials"] = faust.SASLCredentials(
            username=common["sasl_plain_username"],
            password=common["sasl_plain_password"],
            mechanism=common["sasl_mechanism"],
            ssl_context=context,
        )
    return options


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """The TLS context: the cluster's authority, and our certificate where brokers ask for one.

    Raises:
        SettingsError: a file cannot be read or is not what it should be.
    """
    cafile, certfile, keyfile = (
        settings.kafka_ssl_cafile,
        settings.kafka_ssl_certfile,
        settings.kafka_ssl_keyfile,
    )
    try:
        context = ssl.create_default_context(cafile=str(cafile) if cafile else None)
    except OSError as error:
        raise SettingsError(
            f"KAFKA_SSL_CAFILE={cafile} is not allowed; allowed: a PEM file ({error})"
        ) from None
    if certfile is not None:
        try:
            context.load_cert_chain(str(certfile), str(keyfile) if keyfile else None)
        except OSError as error:
            raise SettingsError(
                f"KAFKA_SSL_CERTFILE={certfile} is not allowed; allowed: a PEM certificate whose key "
                f"is in it or in KAFKA_SSL_KEYFILE ({error})"
            ) from None
    return context


def addresses(settings: Settings) -> list[tuple[str, int]]:
    """The bootstrap servers as (host, port).

    Raises:
        SettingsError: an address is not HOST:PORT.

    >>> from streams.settings import load
    >>> addresses(load(kafka_bootstrap_servers="kafka:9092,[::1]:9093"))
    [('kafka', 9092), ('::1', 9093)]
    """
    found = []
    for address in settings.bootstrap_servers:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            break
        found.append((host.strip("[]"), int(port)))
    else:
        if found:
            return found
    raise SettingsError(
        f"KAFKA_BOOTSTRAP_SERVERS={settings.kafka_bootstrap_servers!r} is not allowed; "
        "allowed: HOST:PORT, several separated by commas"
    )


def require_kafka(settings: Settings, seconds: float = 10) -> None:
    """Return once Kafka answers; blocks for `seconds` at most. Not to be called from a running event loop.

    A refused connection is tried for a quarter of the time only: nobody wants to wait 10 s for a typing
    error, yet a broker that is just starting deserves a moment.

    Raises:
        Failure: Kafka is not reachable, or refuses us; names the address, what is wrong and the remedy.
        SettingsError: the address or the security settings are wrong.
    """
    _common(settings)
    started = time.monotonic()
    _require_greeting(addresses(settings), settings, started, seconds)
    with open_admin(settings, seconds=max(1.0, seconds - (time.monotonic() - started) - 2)):
        pass


@contextmanager
def open_admin(settings: Settings, *, seconds: float = 10) -> Iterator[KafkaAdminClient]:
    """A connected admin client, closed in any case.

    Raises:
        PassingFailure: Kafka does not answer within `seconds`, or a broker was lost inside the block.
        Failure: Kafka refuses what is asked inside the block.
    """
    import kafka
    from kafka.errors import KafkaError
    from kafka.net.compat import KafkaNetClient

    opened: list[Any] = []

    def remember(**options: Any) -> Any:
        opened.append(KafkaNetClient(**options))
        return opened[-1]

    try:
        admin = kafka.KafkaAdminClient(
            **kafka_python_options(settings), bootstrap_timeout_ms=int(seconds * 1000), kafka_client=remember
        )
    except KafkaError as error:
        # The client leaves its thread and sockets open when its constructor fails.
        for client in opened:
            client.close()
            client._net.stop()  # noqa: SLF001 - there is no public way to the selector
        raise PassingFailure(f"{_unreachable(settings)} ({_words(error)}).") from None
    try:
        yield admin
    except KafkaError as error:
        if passes(error):
            raise PassingFailure(away(settings, error)) from error
        raise Failure(
            f"Kafka at {settings.kafka_bootstrap_servers} refused the request ({_words(error)}); "
            "check the rights of this user and the state of the cluster."
        ) from error
    finally:
        admin.close()


def passes(error: Exception) -> bool:
    """Whether an error only says that a broker went, or that another one just takes over."""
    from kafka import errors

    return isinstance(
        error,
        errors.KafkaConnectionError
        | errors.NodeNotReadyError
        | errors.KafkaTimeoutError
        | errors.RequestTimedOutError
        | errors.NotControllerError
        | errors.CoordinatorNotAvailableError
        | errors.LeaderNotAvailableError
        | errors.NotLeaderForPartitionError,
    )


def away(settings: Settings, error: Exception) -> str:
    """The sentence for an error that passes."""
    return (
        f"A broker of Kafka at {settings.kafka_bootstrap_servers} went away in the middle ({_words(error)}); "
        "try again in a moment."
    )


def _common(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        password = settings.kafka_sasl_password
        values = {
            "KAFKA_SASL_MECHANISM": settings.kafka_sasl_mechanism,
            "KAFKA_SASL_USERNAME": settings.kafka_sasl_username,
            "KAFKA_SASL_PASSWORD": password.get_secret_value() if password else None,
        }
        for name, value in values.items():
            if not value:
                raise SettingsError(
                    f"{name} is not set, and KAFKA_SECURITY_PROTOCOL={settings.kafka_security_protocol} "
                    "needs it; "
                    "set KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
                )
        mechanism, username, secret = values.values()
        options |= {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": username,
            "sasl_plain_password": secret,
        }
    return options


def _require_greeting(
    targets: list[tuple[str, int]], settings: Settings, started: float, seconds: float
) -> None:
    while True:
        troubles = []
        for host, port in targets:
            remaining = seconds - (time.monotonic() - started) - 1
            trouble = greet(settings, host, port, max(0.5, min(3.0, remaining)))
            if trouble is None:
                return
            troubles.append(trouble)
        if final := [trouble for trouble in troubles if trouble.final]:
            raise Failure(_unusable(settings, final[0]))
        if time.monotonic() - started > seconds / 4:
            raise PassingFailure(_unusable(settings, troubles[0]))
        time.sleep(0.3)


def _unusable(settings: Settings, trouble: Trouble) -> str:
    if trouble.sentence.startswith("nothing answers"):
        return f"{_unreachable(settings)} ({trouble.sentence})."
    return f"{trouble.sentence[0].upper()}{trouble.sentence[1:]}."


def _unreachable(settings: Settings) -> str:
    return (
        f"Kafka is not reachable at {settings.kafka_bootstrap_servers}; start one with "
        "`ticketspike kafka up`, or set KAFKA_BOOTSTRAP_SERVERS (and KAFKA_SECURITY_PROTOCOL, "
        "KAFKA_SASL_*) to yours"
    )


def _words(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
