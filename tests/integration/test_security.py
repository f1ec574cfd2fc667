"""On a Kafka with TLS, SCRAM users and ACLs: the least rights are enough, and what is wrong is said in one line."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from kafka.admin import ConfigResource
from secure_kafka import SecureKafka, in_capitals
from shop import burst
from worker_process import WorkerProcess, eventually

from streams import admin
from streams.access import ROLES, rules, topics_of
from streams.connection import open_admin, require_kafka
from streams.errors import Failure
from streams.fake_slack import FakeSlack
from streams.settings import Settings, load

Run = Callable[..., subprocess.CompletedProcess[str]]
ACL = {"ticketspike_topic_prefix": "acl."}
SELDOM = {
    ("watch", "Read", "spikes"): "after an upgrade, to clear what the version before left open",
    ("watch", "Write", "conditions"): "when the source falls silent or everything rises",
    ("notify", "Read", "orders"): "when a shop sends orders",
    ("notify", "Write", "answers"): "when somebody presses a button",
}
"""Rights of the stages that a quiet quarter of a minute has no use for, and when they are used."""


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[SecureKafka]:
    kafka = SecureKafka(tmp_path_factory.mktemp("secure"), free_port() + 2)
    try:
        yield kafka.start()
    finally:
        kafka.stop()


def said(settings: Settings) -> str:
    """What a worker, `doctor` and every command would say instead of going on."""
    with pytest.raises(Failure) as failure:
        require_kafka(settings)
    sentence = str(failure.value)
    assert "\n" not in sentence
    assert "password-of" not in sentence
    return sentence


def test_a_wrong_password_an_unknown_user_and_a_wrong_mechanism_are_told_apart_from_a_broker_that_is_away(
    secure: SecureKafka,
) -> None:
    for name in ("root", "nobody"):
        sentence = said(secure.settings(name, "password-of-somebody-else"))
        assert f"{secure.address} refuses the user {name}" in sentence
        assert "set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD" in sentence
    other = secure.settings("root", "root-password", kafka_sasl_mechanism="PLAIN")
    assert "does not know KAFKA_SASL_MECHANISM=PLAIN" in said(other)


def test_an_expired_a_foreign_and_a_misnamed_certificate_of_the_broker_are_named(secure: SecureKafka) -> None:
    login = ("root", "root-password")
    expired = secure.settings(*login, kafka_bootstrap_servers=secure.expired, kafka_security_protocol="SSL")
    assert f"certificate of Kafka at {secure.expired} has expired" in said(expired)
    assert "renew it on the broker" in said(expired)
    assert "KAFKA_SSL_CAFILE is not set" in said(secure.settings(*login, kafka_ssl_cafile=None))
    misnamed = secure.settings(
        *login, kafka_bootstrap_servers=secure.address.replace("127.0.0.1", "localhost")
    )
    assert "is not for localhost" in said(misnamed)


def test_our_own_certificate_is_asked_for_taken_and_refused_when_it_has_expired(secure: SecureKafka) -> None:
    require_kafka(secure.as_broker())
    bare = load(
        kafka_bootstrap_servers=secure.by_certificate,
        kafka_security_protocol="SSL",
        kafka_ssl_cafile=secure.authority.certificate,
    )
    assert "set KAFKA_SSL_CERTFILE" in said(bare)
    certificate, key = secure.authority.certify("old", days=-1)
    files = {"kafka_ssl_certfile": certificate, "kafka_ssl_keyfile": key}
    assert f"refuses the certificate of KAFKA_SSL_CERTFILE={certificate}" in said(
        bare.model_copy(update=files)
    )


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL"])
def test_a_protocol_that_the_port_does_not_speak_is_named(secure: SecureKafka, protocol: str) -> None:
    other = secure.settings("root", "root-password", kafka_security_protocol=protocol)
    assert f"KAFKA_SECURITY_PROTOCOL={protocol}" in said(other)


def test_tls_to_a_port_without_it_names_the_protocol(kafka: str) -> None:
    other = load(kafka_bootstrap_servers=kafka, kafka_security_protocol="SSL")
    assert "KAFKA_SECURITY_PROTOCOL=SSL" in said(other)


def test_a_worker_waits_for_its_user_and_goes_on_by_itself_when_it_is_made(
    secure: SecureKafka, executable: str, tmp_path: Path, ticketspike: Run
) -> None:
    login = secure.environment("late", "password-of-late") | {
        "TICKETSPIKE_HMAC_KEY": "k",
        "TICKETSPIKE_DATA_DIR": str(tmp_path / "data"),
        "TICKETSPIKE_WEB_PORT": "0",
    }
    doctor = ticketspike("doctor", env=login)
    assert [line for line in doctor.stdout.splitlines() if "refuses the user late" in line]
    worker = WorkerProcess(executable, login, tmp_path / "worker.log", "--only", "count")
    with worker.log.open("wb") as log:
        worker.process = subprocess.Popen(
            [executable, "worker"], env=worker.environment, stdout=log, stderr=log
        )
    try:
        assert eventually(lambda: "refuses the user late" in worker.said())
        secure.make_user("late", "password-of-late")
        # Without rights it sees no topic: that is what it says next, and nothing else is left to wait for.
        assert worker.process.wait(60) == 1
    finally:
        worker.stop()
    assert "give the user late the rights that 'ticketspike acls' lists" in worker.said()
    assert "Traceback" not in worker.said()
    assert "password-of-late" not in worker.said() + doctor.stdout


async def test_the_whole_way_from_ticket_to_slack_runs_under_exactly_the_listed_rights(
    secure: SecureKafka, executable: str, tmp_path: Path, ticketspike: Run
) -> None:
    prefix = {name.upper(): value for name, value in ACL.items()}
    passwords = {role: f"password-of-{role}" for role in ROLES}
    for role, password in passwords.items():
        secure.make_user(f"ticketspike-{role}", password)
    environments = {
        role: secure.environment(f"ticketspike-{role}", passwords[role]) | prefix for role in ROLES
    }
    login = secure.settings("ticketspike-sender", passwords["sender"], **ACL)
    # Each kind of command by Kafka's own tool, the same rules of the others at once: a tool starts a Java.
    by_tool = ("count", "sender", "admin")
    await asyncio.to_thread(
        grant_by_tool, secure, ticketspike, environments["admin"], tmp_path / "tool", by_tool
    )
    secure.grant(rules(login, ROLES.keys() - set(by_tool)))
    made = await asyncio.to_thread(ticketspike, "topics", "create", env=environments["admin"])
    assert made.returncode == 0, made.stderr
    async with FakeSlack() as slack:
        workers = stage_workers(executable, environments, tmp_path, slack)
        try:
            await asyncio.gather(*(asyncio.to_thread(worker.start) for worker in workers.values()))
            await asyncio.to_thread(burst, login, [b"no ticket"])
            await first_message(slack)
            logs = "".join(worker.said() for worker in workers.values())
            assert len(slack.roots()) == 1, logs
            operator = environments["operator"]
            counted = await asyncio.to_thread(ticketspike, "counts", "--by", "day", env=operator)
            assert sum(json.loads(line)["count"] for line in counted.stdout.splitlines()) == 70, (
                counted.stderr
            )
            digest = await asyncio.to_thread(ticketspike, "digest", env=environments["notify"])
            assert digest.returncode == 0, digest.stderr
            letters = await asyncio.to_thread(
                ticketspike, "dead-letters", "replay", "--json", env=environments["mender"]
            )
            assert (letters.returncode, json.loads(letters.stdout)["sent"]) == (0, 1), letters.stderr
            checked = await asyncio.to_thread(ticketspike, "topics", "check", env=operator)
            assert checked.returncode == 0, checked.stderr
        finally:
            statuses = await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers.values()))
    assert statuses == [0, 0, 0]
    logs = "".join(worker.said() for worker in workers.values())
    assert not [password for password in passwords.values() if password in logs]
    # Asking for the number of brokers asks for one's rights on the cluster, too: there are none, and none are needed.
    denied = [
        one for one in secure.judged("Denied") if one[0].startswith("ticketspike-") and one[2] != "Cluster"
    ]
    assert not denied
    for role in ROLES:
        user = secure.settings(f"ticketspike-{role}", passwords[role])
        with open_admin(user) as admin:
            assert set(admin.list_topics()) == topics_of(login, [role])
    used = secure.judged("Allowed")
    unused = {
        (rule.role, operation, name.removeprefix("acl."))
        for rule in rules(login, ("count", "watch", "notify"))
        for name in rule.names
        for operation in rule.operations
        if (f"ticketspike-{rule.role}", in_capitals(operation), rule.resource.title(), name) not in used
    }
    assert unused <= SELDOM.keys()


async def test_shards_by_market_run_under_exactly_the_listed_rights(
    secure: SecureKafka, executable: str, tmp_path: Path, ticketspike: Run
) -> None:
    team, roles = "markets", ("count", "watch", "notify", "sender", "admin")
    sharded = {
        "ticketspike_topic_prefix": "markets.",
        "ticketspike_shard_by": "market",
        "ticketspike_markets": "DE,AT",
    }
    environments = {}
    for role in roles:
        secure.make_user(f"{team}-{role}", f"password-of-{role}")
        login = secure.environment(f"{team}-{role}", f"password-of-{role}")
        environments[role] = login | {name.upper(): value for name, value in sharded.items()}
    sender = secure.settings(f"{team}-sender", "password-of-sender", **sharded)
    secure.grant(rules(sender, roles), team)
    made = await asyncio.to_thread(ticketspike, "topics", "create", env=environments["admin"])
    assert made.returncode == 0, made.stderr
    async with FakeSlack() as slack:
        workers = list(stage_workers(executable, environments, tmp_path, slack).values())
        try:
            await asyncio.gather(*(asyncio.to_thread(worker.start) for worker in workers))
            await asyncio.to_thread(burst, sender, market="AT")
            await first_message(slack)
            [root] = slack.roots()
            assert " AT · voucher" in str(root.payload["text"])
        finally:
            statuses = await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))
    assert statuses == [0, 0, 0]
    # Beside the right on the cluster that asking for the number of brokers asks for.
    denied = [one for one in secure.judged("Denied") if one[0].startswith(f"{team}-") and one[2] != "Cluster"]
    assert not denied


def test_who_may_not_ask_how_topics_are_kept_is_not_refused_for_it_and_asks_in_vain_for_none(
    secure: SecureKafka,
) -> None:
    team = {"ticketspike_topic_prefix": "older."}
    secure.make_user("older-notify", "password-of-older")
    root = secure.settings("root", "root-password", **team)
    admin.create(root)
    incidents = root.topic("incidents")
    with open_admin(root) as client:
        client.alter_configs([ConfigResource("TOPIC", incidents, {"cleanup.policy": "delete"})])
    assert eventually(lambda: bool(admin.unfit_topics(root, ["notify"])))
    listed = rules(root, ["notify"])
    # As the version before listed them.
    secure.grant([rule for rule in listed if "DescribeConfigs" not in rule.operations], "older")
    older = secure.settings("older-notify", "password-of-older", **team)
    assert admin.unfit_topics(older, ["notify"]) == []
    assert not [one for one in secure.judged("Denied") if one[0] == "older-notify" and one[2] != "Cluster"]
    secure.grant(listed, "older")
    assert [one.topic for one in admin.unfit_topics(older, ["notify"])] == [incidents]


def stage_workers(
    executable: str, environments: dict[str, dict[str, str]], folder: Path, slack: FakeSlack
) -> dict[str, WorkerProcess]:
    """A worker for each stage, each with its own login; Slack's token for notify alone."""
    reach = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_CHANNEL": "C0TEST", "SLACK_API_URL": slack.url}
    return {
        role: WorkerProcess(
            executable,
            environments[role]
            | {"TICKETSPIKE_HMAC_KEY": "k", "TICKETSPIKE_DATA_DIR": str(folder / role)}
            | (reach if role == "notify" else {}),
            folder / f"{role}.log",
            "--only",
            role,
        )
        for role in ("count", "watch", "notify")
    }


async def first_message(slack: FakeSlack) -> None:
    """Wait for it; a machine that stalls for seconds makes the worker listen anew each time before it judges."""
    for _ in range(900):
        if slack.roots():
            return
        await asyncio.sleep(0.1)


def grant_by_tool(
    secure: SecureKafka, ticketspike: Run, env: dict[str, str], folder: Path, roles: Iterable[str]
) -> None:
    """What `ticketspike acls` prints for these roles, run by a shell."""
    listed = ticketspike("acls", *(word for role in roles for word in ("--role", role)), env=env)
    assert listed.returncode == 0, listed.stderr
    tool = secure.tool(folder)
    granted = subprocess.run(
        ["sh", "-e"],
        input=listed.stdout,
        text=True,
        env=tool,
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert granted.returncode == 0, granted.stderr
