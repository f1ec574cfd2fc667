"""Bad input gets a clear answer from the receiver, and nothing that is a ticket is dropped."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from signed_zendesk import CREATED, ticket_created
from slack_stand_in import SlackStandIn
from web_desk import OLD_SECRET, SECRET, Desk, hook

from streams.sources.code_finder import CodeFinder


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with SlackStandIn() as slack:
        made = Desk(tmp_path, slack.url)
        made.receiver.codes = CodeFinder(["SOMMER25"])
        await made.start()
        yield made
        await made.stop()


def stored(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(value) for _, _, value in desk.kafka.records]


def signed_by(secret: str, at: datetime, body: bytes) -> dict[str, str]:
    stamp = at.isoformat()
    digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return {"X_Zendesk_Webhook_Signature": signature, "X_Zendesk_Webhook_Signature_Timestamp": stamp}


@pytest.mark.parametrize(
    ("secret", "status"), [(SECRET, 200), (OLD_SECRET, 200), ("another", 401), ("", 401)]
)
async def test_during_a_rotation_two_secrets_are_taken_and_no_other(
    desk: Desk, secret: str, status: int
) -> None:
    body = ticket_created()
    assert (
        await desk.ask(hook("zendesk", body, **signed_by(secret, datetime.now(UTC), body)))
    ).status == status


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 200), (4, 200), (6, 401)])
async def test_a_clock_may_be_off_by_five_minutes_and_no_more(desk: Desk, minutes: int, status: int) -> None:
    body = ticket_created()
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    raw = hook("zendesk", body, **signed_by(SECRET, at, body))
    assert (await desk.ask(raw)).status == status
    assert len(desk.kafka.records) == (status == 200)


@pytest.mark.parametrize(("coding", "packed"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_compressed_body_is_refused_unread_even_if_what_was_sent_is_signed(
    desk: Desk, coding: str, packed: Any
) -> None:
    # A little that would become a lot.
    body = packed(b" " * 50_000_000)
    answer = await desk.ask(hook("zendesk", body, Content_Encoding=coding))
    assert (answer.status, answer.body) == (415, b"expected a body that is not compressed\n")


@pytest.mark.parametrize("depth", [10, 300, 990, 3000, 80_000])
async def test_a_deeply_nested_body_is_a_ticket_or_no_json_and_ends_nothing(desk: Desk, depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    for body in (nested, ticket_created(description="X").replace(b'"X"', nested)):
        answer = await desk.ask(hook("zendesk", body))
        assert (answer.status, answer.body) in ((200, b"ok\n"), (422, b"the body is no JSON\n"))
    assert (await desk.ask(hook("zendesk", ticket_created()))).status == 200


@pytest.mark.parametrize(
    "words",
    [
        "<p>Der Gutschein <b>SOMMER</b>&shy;25&nbsp;geht nicht 😡</p><script>alert('x')</script>",
        "😡🎟️ SOMMER25 👨‍👩‍👧‍👦 geht nicht",
        "\x00\u202e code sommer 25 \ufffd",
    ],
)
async def test_html_emoji_and_odd_characters_hide_no_code_and_none_of_it_is_stored(
    desk: Desk, words: str
) -> None:
    assert (await desk.ask(hook("zendesk", ticket_created(description=words)))).status == 200
    (ticket,) = stored(desk)
    assert ticket["voucher_code"] == "SOMMER25"
    assert not any(word in json.dumps(ticket, ensure_ascii=False) for word in ("geht", "script", "😡"))


@pytest.mark.parametrize("number", [35436, "35436", " 35436 ", 35436.0])
async def test_an_id_is_the_same_as_a_number_and_as_a_text(desk: Desk, number: Any) -> None:
    assert (await desk.ask(hook("zendesk", ticket_created(id=number)))).status == 200
    ((_, key, value),) = desk.kafka.records
    assert (key, json.loads(value)["id"]) == (b"35436", "35436")


@pytest.mark.parametrize("missing", ["id", "created_at"])
async def test_a_ticket_that_lacks_what_is_needed_is_refused_with_the_field(desk: Desk, missing: str) -> None:
    detail = {name: value for name, value in CREATED["detail"].items() if name != missing}
    answer = await desk.ask(hook("zendesk", json.dumps(CREATED | {"detail": detail}).encode()))
    assert (answer.status, answer.body.decode()) == (422, f"{missing}: is not in the body\n")


async def test_of_a_batch_the_good_tickets_are_taken_and_the_bad_one_is_named_in_the_log(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = [
        {"objectId": number, "subscriptionType": "ticket.creation", "occurredAt": 1795166100000}
        for number in (1, 2)
    ]
    batch[0]["occurredAt"] = "ada@example.org"
    assert (await desk.ask(hook("hubspot", json.dumps(batch).encode()))).status == 200
    assert [one["id"] for one in stored(desk)] == ["2"]
    said = "".join(capsys.readouterr())
    assert "created_at: is no time" in said
    assert "ada" not in said
