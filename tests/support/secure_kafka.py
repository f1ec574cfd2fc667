"""An embedded broker as a company runs it: TLS, SCRAM users, and an authorizer that forbids what is not allowed."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams import broker_process, kafka_jars
from streams.access import Rule
from streams.broker_process import HOST, Node
from streams.connection import open_admin, require_kafka
from streams.errors import Failure
from streams.settings import Settings, load

MECHANISM = "SCRAM-SHA-512"


def in_capitals(operation: str) -> str:
    """An operation as Kafka's log and its protocol name it.

    >>> in_capitals("DescribeConfigs")
    'DESCRIBE_CONFIGS'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()


@dataclass(frozen=True)
class Authority:
    """Makes certificates, with openssl, in one folder."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """What clients and brokers trust."""
        return self.folder / "authority.pem"

    def begin(self) -> Authority:
        """Make the authority's own key and certificate."""
        self.folder.mkdir(parents=True, exist_ok=True)
        request = ["req", "-x509", *self._key("authority"), "-out", str(self.certificate), "-days", "2"]
        self._openssl(*request, "-subj", "/CN=authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        return self

    def certify(self, name: str, *, days: int = 2, subject: str = "") -> tuple[Path, Path]:
        """A certificate and its key for CN=`subject` (else `name`) at 127.0.0.1; negative days have expired."""
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        self._openssl("req", *self._key(name), "-out", str(request), "-subj", f"/CN={subject or name}")
        extensions.write_text(
            f"subjectAltName=IP:{HOST}\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n",
            encoding="ascii",
        )
        signed = [
            "-CA",
            str(self.certificate),
            "-CAkey",
            str(self.folder / "authority.key"),
            "-CAcreateserial",
        ]
        self._openssl(
            *("x509", "-req", "-in", str(request), *signed, "-days", str(days)),
            *("-extfile", str(extensions), "-out", str(certificate)),
        )
        return certificate, key

    def store(self, name: str, *, days: int = 2, subject: str = "") -> Path:
        """Key and certificate in one PEM file, as a broker reads it."""
        certificate, key = self.certify(name, days=days, subject=subject)
        store = self.folder / f"{name}-store.pem"
        store.write_bytes(key.read_bytes() + certificate.read_bytes() + self.certificate.read_bytes())
        return store

    def _key(self, name: str) -> list[str]:
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        return [*curve, "-keyout", str(self.folder / f"{name}.key")]

    @staticmethod
    def _openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL)


class SecureKafka:
    """One broker with four doors: SCRAM over TLS for clients, certificates for itself, one that has expired.

    Nobody may do anything but the broker's own certificate (`CN=broker`), and the user `root`.
    """

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.node = Node(data, 1, port)
        self.authority = Authority(data / "certificates")
        self.address, self.by_certificate, self.expired = (
            f"{HOST}:{port + offset}" for offset in (0, 10, 11)
        )

    def start(self) -> SecureKafka:
        """Start; returns when the broker works and the user `root` is there."""
        self.authority.begin()
        java, libraries = kafka_jars.require_java(), kafka_jars.libraries(print)
        self.node.configure([self.node])
        with self.node.properties.open("a", encoding="ascii") as properties:
            properties.writelines(f"{name}={value}\n" for name, value in self._properties().items())
        logging = self.node.folder / "log4j2.xml"
        loud = '<Loggers><Logger name="kafka.authorizer.logger" level="DEBUG"/>'
        logging.write_text(logging.read_text("utf-8").replace("<Loggers>", loud), "utf-8")
        output, _ = (formatting := self.node.format(java, libraries, "kAAAAAAAAAAAAAAAAAAAAA")).communicate()
        assert formatting.returncode == 0, output
        self.node.start(java, libraries, 384)
        self._wait(120)
        self.make_user("root", "root-password")
        return self

    def _wait(self, seconds: float) -> None:
        """Until it answers; a slow machine may refuse connections for longer than `require_kafka` takes for normal."""
        until = time.monotonic() + seconds
        while True:
            try:
                return require_kafka(self.as_broker(), seconds=10)
            except Failure:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def stop(self) -> None:
        """Stop the broker."""
        broker_process.stop([self.node], 20)

    def as_broker(self) -> Settings:
        """Settings that sign in by certificate, as the super user."""
        folder = self.authority.folder
        return load(
            kafka_bootstrap_servers=self.by_certificate,
            kafka_security_protocol="SSL",
            kafka_ssl_cafile=self.authority.certificate,
            kafka_ssl_certfile=folder / "broker.pem",
            kafka_ssl_keyfile=folder / "broker.key",
        )

    def environment(self, user: str, password: str) -> dict[str, str]:
        """The environment of a process that signs in as a user."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.address,
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": MECHANISM,
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SASL_PASSWORD": password,
            "KAFKA_SSL_CAFILE": str(self.authority.certificate),
        }

    def settings(self, user: str, password: str, **overrides: object) -> Settings:
        """Settings that sign in as a user."""
        values = {name.lower(): value for name, value in self.environment(user, password).items()}
        return load(**(values | overrides))

    def make_user(self, name: str, password: str) -> None:
        """A SCRAM user of that name."""
        from kafka.admin import UserScramCredentialUpsertion

        with open_admin(self.as_broker()) as admin:
            admin.alter_user_scram_credentials([UserScramCredentialUpsertion(name, MECHANISM, password)])

    def grant(self, listed: Iterable[Rule], team: str = "ticketspike") -> None:
        """Allow what the rules say, in one request; users are named as `ticketspike acls` names them, or by a team."""
        from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

        acls = [
            ACL(
                principal=f"User:{team}-{rule.role}",
                host="*",
                operation=ACLOperation[in_capitals(operation)],
                permission_type=ACLPermissionType.ALLOW,
                resource_pattern=ResourcePattern(ResourceType[rule.resource.upper()], name),
            )
            for rule in listed
            for name in rule.names
            for operation in rule.operations
        ]
        with open_admin(self.as_broker()) as admin:
            assert not admin.create_acls(acls)["failed"]

    def judged(self, verdict: str) -> set[tuple[str, str, str, str]]:
        """What the authorizer has "Allowed" or "Denied" so far: (user, operation, resource type, name)."""
        said = self.node.log.read_text(encoding="utf-8", errors="replace")
        pattern = (
            rf"Principal = User:(\S+) is {verdict} operation = (\w+) .*? on resource = (\w+):LITERAL:(\S+) "
        )
        return set(re.findall(pattern, said))

    def tool(self, folder: Path) -> dict[str, str]:
        """An environment in which `kafka-acls.sh` is on the path, and `admin.properties` in that folder."""
        folder.mkdir(parents=True, exist_ok=True)
        script = folder / "kafka-acls.sh"
        script.write_text(
            f"#!/bin/sh\nexec {kafka_jars.require_java()} -Xmx64m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "
            f"-cp '{kafka_jars.libraries(print)}/*' org.apache.kafka.tools.AclCommand \"$@\"\n",
            encoding="utf-8",
        )
        script.chmod(0o755)
        login = "org.apache.kafka.common.security.scram.ScramLoginModule"
        (folder / "admin.properties").write_text(
            f"security.protocol=SASL_SSL\nsasl.mechanism={MECHANISM}\n"
            f'sasl.jaas.config={login} required username="root" password="root-password";\n'
            f"ssl.truststore.type=PEM\nssl.truststore.location={self.authority.certificate}\n",
            encoding="utf-8",
        )
        return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

    def _properties(self) -> dict[str, str]:
        ports = {"CLIENTS": 0, "CONTROLLER": 1, "INSIDE": 10, "EXPIRED": 11}
        listeners = {name: f"{name}://{HOST}:{self.node.port + offset}" for name, offset in ports.items()}
        clients: Sequence[str] = ("CLIENTS", "INSIDE", "EXPIRED")
        trusted, own = self.authority.certificate, self.authority.store("broker")
        return {
            "listeners": ",".join(listeners.values()),
            "advertised.listeners": ",".join(listeners[name] for name in clients),
            "listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:SSL,INSIDE:SSL,EXPIRED:SSL",
            "inter.broker.listener.name": "INSIDE",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(own),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(trusted),
            "listener.name.inside.ssl.client.auth": "required",
            "listener.name.controller.ssl.client.auth": "required",
            "listener.name.expired.ssl.keystore.location": str(self.authority.store("expired", days=-1)),
            "listener.name.expired.ssl.keystore.type": "PEM",
            "listener.name.clients.sasl.enabled.mechanisms": MECHANISM,
            f"listener.name.clients.{MECHANISM.lower()}.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": "User:CN=broker;User:root",
        }
