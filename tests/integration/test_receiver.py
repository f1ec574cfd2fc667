"""A helpdesk's webhook becomes a counted ticket, once, and hears 200 only when it is safe on Kafka."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import signed_zendesk
from counted_reasons import counted
from signed_zendesk import CREATED, LABELLED, ticket_created
from worker_process import WorkerProcess, eventually

from streams import broker
from streams.connection import kafka_python_options
from streams.settings import Settings
from streams.to_end import read_to_end

DATA = Path(__file__).resolve().parents[1] / "data/payloads"
SIGNED = json.loads((DATA / "signatures.json").read_bytes())["secret"]
NOW = datetime.now(UTC).replace(microsecond=0)
TOKEN = {"X_Webhook_Token": "token"}
SOURCES = """
[help]
preset = "zendesk"
secrets = ["HELP_SECRET", "HELP_SECRET_OLD"]
[[help.reasons]]
like = "voucher*"
reason = "voucher not working"

[desk]
preset = "freshdesk"
secrets = ["DESK_SECRET"]

[shop]
preset = "shopify-orders"
secrets = ["SHOP_SECRET"]

[shop-redact]
preset = "shopify-redact"
secrets = ["SHOP_SECRET"]
"""


def zendesk(number: int) -> bytes:
    return ticket_created(id=str(number), created_at=NOW.isoformat(), requester_id=f"r{number}")


def post(
    worker: WorkerProcess,
    body: bytes,
    path: str = "/hooks/help",
    key: str = SIGNED,
    **headers: str,
) -> tuple[int, str]:
    return signed_zendesk.post(worker.port, body, key, path, **headers)


def sent(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in read_to_end(settings, "tickets")]


Start = Callable[..., WorkerProcess]


@pytest.fixture
def start(
    environment: Callable[[Settings], dict[str, str]], executable: str, tmp_path: Path
) -> Iterator[Start]:
    """Start a worker that takes webhooks; stopped at the end."""
    (tmp_path / "sources.toml").write_text(SOURCES)
    started: list[WorkerProcess] = []

    def begin(settings: Settings, only: str = "sources") -> WorkerProcess:
        secrets = {"HELP_SECRET": "new", "HELP_SECRET_OLD": SIGNED, "DESK_SECRET": TOKEN["X_Webhook_Token"]}
        secrets["SHOP_SECRET"] = SIGNED
        sources = {"TICKETSPIKE_SOURCES": str(tmp_path / "sources.toml")}
        env = environment(settings) | secrets | sources
        started.append(WorkerProcess(executable, env, tmp_path / "worker.log", "--only", only).start())
        return started[-1]

    yield begin
    for worker in started:
        worker.stop()


def campaign(settings: Settings) -> None:
    from kafka import KafkaProducer

    producer = KafkaProducer(**kafka_python_options(settings), acks="all")
    one = {"id": "c1", "name": "Sommer", "voucher_codes": ["SOMMER25"]}
    one["starts_at"], one["ends_at"] = NOW.isoformat(), (NOW + timedelta(days=2)).isoformat()  # type: ignore[assignment]
    producer.send(settings.topic("campaigns"), json.dumps(one).encode(), key=b"c1")
    producer.flush()
    producer.close()


def test_signed_events_are_counted_once_under_their_reason_with_their_code(
    settings: Settings, start: Start
) -> None:
    campaign(settings)
    worker = start(settings, "count,sources")
    assert eventually(lambda: post(worker, zendesk(1))[0] == 200 and "SOMMER25" in repr(sent(settings)), 30)
    for number in (2, 3, 3, 2, 1):
        assert post(worker, zendesk(number)) == (200, "ok\n")
    assert eventually(lambda: counted(settings) == {"voucher not working": 3}, 30), counted(settings)
    held = sent(settings)
    assert {one["voucher_code"] for one in held[-3:]} == {"SOMMER25"}
    assert not any(word in repr(held) for word in ("Gutschein geht nicht", "wird an der Kasse"))
    assert worker.metric("ticketspike_source_events_total") >= 6
    assert "Gutschein" not in worker.said()


def test_a_label_that_overtakes_its_ticket_is_the_one_that_counts(settings: Settings, start: Start) -> None:
    worker = start(settings, "count,sources")
    later = (NOW + timedelta(seconds=1)).isoformat()
    detail = {"id": "1", "created_at": NOW.isoformat(), "requester_id": "r1"}
    labelled = LABELLED | {"time": later, "detail": LABELLED["detail"] | detail | {"tags": ["voucher_late"]}}
    assert post(worker, json.dumps(labelled).encode())[0] == 200
    assert post(worker, ticket_created(**detail, tags=["other"]))[0] == 200
    assert post(worker, ticket_created(id="2", created_at=NOW.isoformat(), tags=["voucher_x"]))[0] == 200
    assert eventually(lambda: counted(settings) == {"voucher not working": 2}, 30), counted(settings)


def test_what_is_not_signed_too_large_or_no_json_is_told_apart_and_nothing_is_kept(
    settings: Settings,
    start: Start,
    environment: Callable[[Settings], dict[str, str]],
    ticketspike: Callable[..., Any],
) -> None:
    worker = start(settings)
    body = zendesk(1)
    assert post(worker, body, key="other") == (401, "not signed by this source\n")
    stamp = {"X_Zendesk_Webhook_Signature_Timestamp": "2026-01-01T00:00:00Z"}
    assert post(worker, body, **stamp)[0] == 401
    assert post(worker, body, Content_Type="text/plain")[0] == 415
    assert post(worker, body, Content_Encoding="gzip")[0] == 415
    assert post(worker, b"{" * 100)[0] == 422
    assert post(worker, b'{"a": ' * 5000)[0] == 422
    assert post(worker, b" " * 600_000)[0] == 413
    assert post(worker, json.dumps(CREATED | {"detail": {}}).encode()) == (422, "id: is not in the body\n")
    assert post(worker, json.dumps(CREATED | {"type": "zen:event-type:ticket.other"}).encode()) == (
        200,
        "ok\n",
    )
    assert post(worker, body, path="/hooks/unknown")[0] == 404
    assert post(worker, b"{}", path="/hooks/desk", **TOKEN | {"X_Webhook_Token": "wrong"})[0] == 401
    assert sent(settings) == []
    fresh = {"ticket_id": 9, "created_at": NOW.isoformat(), "reason": "refund"}
    assert post(worker, json.dumps(fresh).encode(), path="/hooks/desk", **TOKEN)[0] == 200
    assert [(one["id"], one["source"]) for one in sent(settings)] == [("9", "desk")]
    assert "ada" not in worker.said()
    for number in (1, 2, 2):
        tagged = ticket_created(id=str(number), created_at=NOW.isoformat(), tags=["vip", f"n{number}"])
        assert post(worker, tagged)[0] == 200
    assert worker.metric("ticketspike_source_unmapped_total") == 3
    ready = worker.get("/readyz")
    assert "sources: ready (desk: the last came" in ready
    assert "shop: nothing came yet" in ready
    assert worker.metric("ticketspike_source_last_event_seconds") > NOW.timestamp()
    done = ticketspike("sources", "unmapped", "--least", "2", env=environment(settings))
    assert done.stdout.splitlines() == [
        "      2 help: vip",
        "1 values without an entry in `reasons`, 2 rarer ones left out.",
    ]


def test_no_event_that_heard_200_is_lost_when_the_worker_is_killed_and_none_counts_twice(
    settings: Settings, start: Start
) -> None:
    worker = start(settings, "count,sources")
    pending = list(range(60))
    heard: list[int] = []
    while pending:
        number = pending.pop(0)
        if number in (7, 23, 41) and number not in heard and worker.process is not None:
            worker.kill()
            worker.start()
        try:
            status, _ = post(worker, zendesk(number))
        except (OSError, http.client.HTTPException):
            status = 0
        # As a helpdesk does: what heard no 200 comes again.
        (heard if status == 200 else pending).append(number)
    assert eventually(lambda: counted(settings) == {"voucher not working": 60}, 40), counted(settings)


def test_without_kafka_the_sender_is_asked_to_come_again_and_then_it_is_counted(
    make_settings: Callable[..., Settings],
    start: Start,
    tmp_path: Path,
    free_port: Callable[[], int],
) -> None:
    from streams import admin

    port = free_port()
    addresses = broker.up(tmp_path / "kafka", brokers=1, port=port)
    try:
        own = make_settings(topics=False, kafka_bootstrap_servers=",".join(addresses))
        admin.create(own)
        worker = start(own)
        assert post(worker, zendesk(1))[0] == 200
        broker.down(tmp_path / "kafka")
        assert post(worker, zendesk(2)) == (503, "cannot be stored now; come again\n")
        broker.up(tmp_path / "kafka", brokers=1, port=port)
        assert eventually(lambda: post(worker, zendesk(2))[0] == 200, 60)
        assert {one["id"] for one in sent(own)} == {"1", "2"}
    finally:
        broker.down(tmp_path / "kafka")


def test_shopifys_signed_orders_are_counted_and_a_redacted_one_gets_a_tombstone(
    settings: Settings, start: Start
) -> None:
    worker = start(settings)
    body = (DATA / "shopify_orders_create.json").read_bytes()
    items = json.loads((DATA / "signatures.json").read_bytes())["items"]
    signed = {
        name.replace("-", "_"): value
        for name, value in items["shopify_orders_create.json"]["headers"].items()
    }
    assert post(worker, body, path="/hooks/shop", **signed) == (200, "ok\n")
    assert post(worker, body + b" ", path="/hooks/shop", **signed)[0] == 401
    redact = json.dumps(
        {"customer": {"email": "ada@example.org"}, "orders_to_redact": [820982911946154508]}
    ).encode()
    digest = base64.b64encode(hmac.new(SIGNED.encode(), redact, hashlib.sha256).digest()).decode()
    assert post(worker, redact, path="/hooks/shop-redact", X_Shopify_Hmac_SHA256=digest)[0] == 200
    first, last = read_to_end(settings, "orders")
    assert json.loads(first.value)["voucher_codes"] == ["SOMMER25"]
    assert (last.key, last.value) == (first.key, None)
    assert last.partition == first.partition
    assert "ada" not in worker.said()


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ('[help]\npreset = "zendesk"\n', "help.secrets: no such environment variable is set (none is named)"),
        ('[help]\nfields = {id = "a", created_at = "b", contact_reason = "c"}\n', "help.signed is not set"),
        ('[hub]\npreset = "hubspot"\nsecrets = ["HOME"]\n', "hub.url is not set"),
        (
            '[help]\npreset = "zendesk"\nsecrets = ["HOME"]\n[help.fields]\nmarket = "detail.[brand"\n',
            "help: the expression of market, 'detail.[brand', is wrong",
        ),
        ('["Help Desk"]\npreset = "zendesk"\n', "'Help Desk' is no name of a source"),
    ],
)
def test_a_source_that_cannot_be_listened_to_stops_the_start_with_one_sentence(
    sources: str,
    said: str,
    settings: Settings,
    environment: Callable[[Settings], dict[str, str]],
    ticketspike: Callable[..., Any],
    tmp_path: Path,
) -> None:
    (tmp_path / "sources.toml").write_text(sources)
    env = environment(settings) | {"TICKETSPIKE_SOURCES": str(tmp_path / "sources.toml")}
    done = ticketspike("worker", "--only", "sources", env=env)
    assert done.returncode == 2
    assert said in done.stderr
