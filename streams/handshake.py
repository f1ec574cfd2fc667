"""The first words with a broker: what exactly is wrong with a connection, in one sentence with the remedy.

Clients try again without end and keep the reason to themselves: a wrong password, an expired certificate and a
broker that is away all end as "unable to bootstrap". So the first connection is made by hand, up to the first
answer that only a signed-in client gets.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple

from streams.settings import Settings

_EXPIRED = {9, 10}
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21}
_OTHER_HOST = {62, 63, 64}
"""Codes of OpenSSL's verification (X509_V_ERR_*)."""


class Trouble(NamedTuple):
    """Why a broker cannot be worked with; `final`: waiting a moment would not help, somebody must mend it."""

    sentence: str
    final: bool


def greet(settings: Settings, host: str, port: int, seconds: float) -> Trouble | None:
    """Connect, sign in, ask who the brokers are, hang up; None if all of it went well.

    Blocks for `seconds` at most (and as long again while a silent broker's connection is closed). Not to be called
    from a running event loop.

    Raises:
        SettingsError: the security settings contradict each other.
    """
    from streams.connection import aiokafka_options

    options = aiokafka_options(settings)
    del options["bootstrap_servers"]
    # A client's own patience is per step, and the steps are four.
    return asyncio.run(_tried(settings, host, port, seconds, options))


async def _tried(
    settings: Settings, host: str, port: int, seconds: float, options: dict[str, object]
) -> Trouble | None:
    from aiokafka import errors

    at = f"{host}:{port}"
    connected: list[bool] = []
    try:
        async with asyncio.timeout(seconds):
            await _first_words(host, port, seconds, options, connected)
    except TimeoutError:
        return (
            _silent(settings, at)
            if connected
            else Trouble(f"nothing answers at {at} (timed out)", final=False)
        )
    except ssl.SSLCertVerificationError as error:
        return Trouble(_certificate(settings, at, host, error), final=True)
    except ssl.SSLError as error:
        return Trouble(_tls(settings, at, error), final=True)
    except errors.SaslAuthenticationFailed:
        return Trouble(
            f"Kafka at {at} refuses the user {settings.kafka_sasl_username}: the name or the password is wrong; "
            "set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or make the user on the cluster",
            final=True,
        )
    except errors.UnsupportedSaslMechanismError:
        return Trouble(
            f"Kafka at {at} does not know KAFKA_SASL_MECHANISM={settings.kafka_sasl_mechanism} at this port; "
            "set it to what the cluster offers",
            final=True,
        )
    except (errors.KafkaError, EOFError, ConnectionError) as error:
        return _hung_up(settings, at, error) if connected else Trouble(_words(error, at), final=False)
    except OSError as error:
        return Trouble(_words(error, at), final=False)
    return None


async def _first_words(
    host: str, port: int, seconds: float, options: dict[str, object], connected: list[bool]
) -> None:
    from aiokafka.conn import AIOKafkaConnection
    from aiokafka.protocol.metadata import MetadataRequest

    _, writer = await asyncio.open_connection(host, port)
    connected.append(True)
    writer.close()
    await writer.wait_closed()
    connection = AIOKafkaConnection(host, port, request_timeout_ms=int(seconds * 1000), **options)
    try:
        await connection.connect()
        # An unsigned client hears the versions, but is hung up on at the first question.
        await connection.send(MetadataRequest([]))
    finally:
        connection.close()
        # A transport that the loop ends with complains; closing takes a turn or two of it.
        await asyncio.sleep(0.05)


def _silent(settings: Settings, at: str) -> Trouble:
    return Trouble(
        f"Kafka at {at} accepts connections and never answers; look whether the broker hangs (its log, its disk), and "
        f"whether KAFKA_SECURITY_PROTOCOL={settings.kafka_security_protocol} is what this port speaks",
        final=False,
    )


def _hung_up(settings: Settings, at: str, error: BaseException) -> Trouble:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLError):
        return Trouble(_tls(settings, at, cause), final=True)
    return Trouble(
        f"Kafka at {at} hangs up at the first words; KAFKA_SECURITY_PROTOCOL={settings.kafka_security_protocol} is "
        "likely not what this port speaks: set it to PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL as the listener says",
        final=False,
    )


def _certificate(settings: Settings, at: str, host: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in _EXPIRED:
        return f"the certificate of Kafka at {at} has expired or is not valid yet; renew it on the broker"
    if error.verify_code in _UNKNOWN_AUTHORITY:
        cafile = settings.kafka_ssl_cafile
        known = f"KAFKA_SSL_CAFILE={cafile}" if cafile else "this system (KAFKA_SSL_CAFILE is not set)"
        return f"the certificate of Kafka at {at} comes from an authority that {known} does not know; name its PEM file"
    if error.verify_code in _OTHER_HOST:
        return (
            f"the certificate of Kafka at {at} is not for {host}; use the name that stands in it in "
            "KAFKA_BOOTSTRAP_SERVERS (and in the brokers' advertised.listeners)"
        )
    return f"the certificate of Kafka at {at} is refused ({error.verify_message}); renew it on the broker"


def _tls(settings: Settings, at: str, error: ssl.SSLError) -> str:
    reason = (error.reason or str(error)).upper().replace(" ", "_")
    if "CERTIFICATE_REQUIRED" in reason:
        return f"Kafka at {at} asks for a certificate; set KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE"
    if "ALERT" in reason and settings.kafka_ssl_certfile is not None:
        return (
            f"Kafka at {at} refuses the certificate of KAFKA_SSL_CERTFILE={settings.kafka_ssl_certfile} ({reason}); "
            "renew it (`openssl x509 -noout -dates -in FILE`) or have the brokers trust its authority"
        )
    if "ALERT" in reason:
        return (
            f"Kafka at {at} refuses the connection ({reason}); if it asks for a certificate, set KAFKA_SSL_CERTFILE "
            "and KAFKA_SSL_KEYFILE"
        )
    return (
        f"what answers at {at} speaks no TLS ({reason}); set KAFKA_SECURITY_PROTOCOL to PLAINTEXT or SASL_PLAINTEXT, "
        "or name the TLS port"
    )


def _words(error: BaseException, at: str) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"nothing answers at {at} ({said})"
