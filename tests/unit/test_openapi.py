"""What docs/openapi.yaml says is what the web server answers, whatever is sent to it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from fuzz_targets import PAYLOADS, TOKENS, mutated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from presses import form, pressed
from slack_stand_in import SlackStandIn
from web_desk import PRESETS, Answer, Desk, hook, press, request

from streams import slack_http
from streams.sources import receiver
from streams.web import BODY_LIMIT

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "docs/openapi.yaml").read_text(encoding="utf-8"))
INTERACTIONS, EVENTS = "/slack/interactions", "/slack/events"
FORM = "application/x-www-form-urlencoded"
PERSONAL = "ada.lovelace@example.org"
CREATED = (PAYLOADS / "zendesk_ticket_created.json").read_bytes()


def path_of(path: str) -> str:
    """The path as the document names it."""
    return re.sub(r"^/hooks/[^/]+$", "/hooks/{source}", path.partition("?")[0])


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    name = part.get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["responses"][name] if name else part


def not_as_documented(method: str, path: str, answer: Answer) -> str | None:
    """What the document does not say of an answer; None where it says all."""
    operations = DOCUMENT["paths"].get(path_of(path))
    if operations is None:
        return None if answer.status == 404 else f"{path} is not documented"
    # Another method than the documented one is answered alike for all of them.
    known = operations.get(method.lower()) or next(iter(operations.values()))
    if str(answer.status) not in known["responses"]:
        return f"{answer.status} of {method} {path} is not documented"
    said = resolved(known["responses"][str(answer.status)])
    for name, header in said.get("headers", {}).items():
        value = answer.headers.get(name.lower())
        if value is None or not re.search(header["schema"].get("pattern", ""), value):
            return f"{name} of {answer.status} is {value!r}"
    if method == "HEAD" or "content" not in said:
        return None
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind not in said["content"]:
        return f"{kind} of {answer.status} of {path} is not documented"
    body = json.loads(answer.body) if kind.endswith("json") else answer.body.decode()
    if not jsonschema.Draft202012Validator(said["content"][kind]["schema"]).is_valid(body):
        return f"{answer.status} of {path} says something else"
    return None


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with SlackStandIn() as slack:
        made = Desk(tmp_path, slack.url)
        await made.start()
        yield made
        await made.stop()


async def test_every_path_and_method_is_documented_and_no_other(desk: Desk) -> None:
    assert desk.web._runner is not None
    assert desk.web._runner.app is not None
    answered = {
        (path_of(route.resource.canonical), route.method.lower())
        for route in desk.web._runner.app.router.routes()
        if route.resource is not None
    }
    documented = {(path, method) for path, operations in DOCUMENT["paths"].items() for method in operations}
    # Whoever may GET may ask for the head alone.
    assert answered == documented | {(path, "head") for path, method in documented if method == "get"}


async def test_every_documented_answer_is_given_and_as_documented(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "READ_SECONDS", 0.05)
    monkeypatch.setattr(slack_http, "READ_SECONDS", 0.05)
    heard: set[tuple[str, str, str]] = set()

    async def ask(raw: bytes, at: Desk = desk) -> None:
        method, path = raw.split(b" ", 2)[:2]
        answer = await at.ask(raw)
        assert not_as_documented(method.decode(), path.decode(), answer) is None
        documented = next(iter(DOCUMENT["paths"][path_of(path.decode())]))
        heard.add((path_of(path.decode()), documented, str(answer.status)))

    large = b" " * (BODY_LIMIT + 1)
    halves = [
        hook("zendesk", CREATED),
        press(INTERACTIONS, b"payload=1", FORM),
        press(EVENTS, b"{}", "application/json"),
    ]
    for raw in [
        *(
            request(method, path)
            for path in ("/healthz", "/readyz", "/metrics")
            for method in ("GET", "POST")
        ),
        request("GET", "/readyz?stage=nothing"),
        hook("zendesk", CREATED),
        hook("zendesk", CREATED, X_Zendesk_Webhook_Signature="forged"),
        request("POST", "/hooks/nobody"),
        *(request("GET", path) for path in ("/hooks/zendesk", INTERACTIONS, EVENTS)),
        *(raw[:-1] for raw in halves),
        hook("zendesk", large),
        hook("zendesk", CREATED, Content_Encoding="gzip"),
        hook("zendesk", b"{"),
        b"POST /hooks/zendesk HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        *(press(path, large, kind) for path, kind in ((INTERACTIONS, FORM), (EVENTS, "application/json"))),
        press(INTERACTIONS, form(pressed("acknowledge", "ts-1")), FORM),
        press(INTERACTIONS, b"payload=1&payload=2", FORM),
        press(INTERACTIONS, b"{}", "application/json"),
        press(EVENTS, b'{"type": "url_verification", "challenge": "c"}', "application/json"),
        press(EVENTS, b"[]", "application/json"),
        *(request("POST", path) for path in (INTERACTIONS, EVENTS)),
    ]:
        await ask(raw)
    desk.kafka.away, desk.ready = True, False
    await ask(hook("zendesk", CREATED))
    await ask(request("GET", "/readyz"))
    closed = Desk(tmp_path, "http://127.0.0.1:9/", slack_secret=None)
    await closed.start()
    for path in (INTERACTIONS, EVENTS):
        await ask(request("POST", path), closed)
    await closed.stop()
    assert heard == {
        (path, method, status)
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
        for status in operation["responses"]
    }


async def test_more_requests_at_once_than_there_is_room_for_are_asked_to_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "AT_ONCE", 0)
    answer = await desk.ask(hook("zendesk", CREATED))
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert not_as_documented("POST", "/hooks/zendesk", answer) is None


async def test_an_event_that_comes_before_the_receiver_has_found_kafka_is_asked_to_come_again(
    desk: Desk,
) -> None:
    desk.receiver._producer = None
    answer = await desk.ask(hook("zendesk", CREATED))
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /hooks/zendesk HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /hooks/zendesk HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /hooks/zendesk HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ada\x00\r\n\r\n",
        b"POST /hooks/%ff%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_with_its_fault_and_not_quoted_in_the_log(
    desk: Desk, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert 400 <= (await desk.ask(raw)).status < 500
    assert (await desk.ask(request("GET", "/healthz"))).status == 200
    assert "ada" not in caplog.text
    assert not any(record.exc_info for record in caplog.records)


async def test_a_sender_that_goes_away_in_the_middle_leaves_no_trace(
    desk: Desk, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for raw in (hook("zendesk", CREATED), press(INTERACTIONS, b"payload=1", FORM)):
        _, writer = await asyncio.open_connection("127.0.0.1", desk.web.port)
        writer.write(raw[:-1])
        await writer.drain()
        writer.transport.abort()
    assert (await desk.ask(hook("zendesk", CREATED))).status == 200
    assert "Traceback" not in "".join(capsys.readouterr())
    assert caplog.records == []


EDIT = st.tuples(st.integers(0, 1 << 12), st.sampled_from([0, 1, 2, 20]), st.sampled_from(TOKENS))
SAMPLES = [path.read_bytes() for path in sorted(PAYLOADS.glob("*.json"))]
PATHS = [
    *(f"/hooks/{name}" for name in PRESETS),
    INTERACTIONS,
    EVENTS,
    "/healthz",
    "/readyz",
    "/metrics",
    "/",
    "/hooks",
]
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Content-Encoding", "X-Zendesk-Webhook-Signature-Timestamp", "Authorization",
                     "X-Hub-Signature", "X-Slack-Request-Timestamp", "X-HubSpot-Request-Timestamp", "Accept"]),
    st.sampled_from(["", "application/json", "text/html", FORM, "gzip", "identity", "é", "\udcff", "9" * 400, "NaN",
                     "application/json; charset=nothing", "Basic é", "2026-11-20T09:15:00Z", "-1", ";;;"]),
    max_size=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Desk]]:
    with asyncio.Runner() as runner:
        slack = SlackStandIn()
        runner.run(slack.__aenter__())
        desk = Desk(tmp_path_factory.mktemp("desk"), slack.url)
        runner.run(desk.start())
        yield runner, desk
        runner.run(desk.stop())
        runner.run(slack.__aexit__(None, None, None))


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "QUERY"]),
    sample=st.sampled_from(SAMPLES),
    edits=st.lists(EDIT, max_size=4),
    headers=HEADERS,
)
def test_whatever_is_sent_is_answered_as_documented_and_without_a_word_of_it(
    served: tuple[asyncio.Runner, Desk],
    path: str,
    method: str,
    sample: bytes,
    edits: list[tuple[int, int, bytes]],
    headers: dict[str, str],
) -> None:
    runner, desk = served
    body = mutated(sample.replace(b"SOMMER25", PERSONAL.encode()), edits)
    if method != "POST":
        raw = request(method, path, body, headers)
    elif path.startswith("/hooks/"):
        raw = hook(
            path.rpartition("/")[2],
            body,
            **{name.replace("-", "_"): value for name, value in headers.items()},
        )
    else:
        raw = press(path, body, headers.get("Content-Type", "application/json"))
    answer = runner.run(desk.ask(raw))
    assert not_as_documented(method, path, answer) is None
    assert PERSONAL.encode() not in answer.body
