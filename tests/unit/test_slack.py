"""Delivery: the real slack-sdk against a local stand-in for Slack, and the outbox with the same methods."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.delivery import Standing, marked
from alerts.limits import Payload
from alerts.message import EVENT_TYPE, REPLY_EVENT_TYPE
from alerts.records import SlackPost
from alerts.slack import Delivery, DeliveryError, Outbox, Slack, delivery
from streams.fake_slack import CHANNEL_ID, FakeSlack

TOKEN = "xoxb-test"  # noqa: S105 - the stand-in's


def payload(
    incident_id: str = "ts-one", text: str = "🔴 voucher invalid", event_type: str = EVENT_TYPE
) -> Payload:
    return {
        "text": text,
        "blocks": [{"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}],
        "metadata": {"event_type": event_type, "event_payload": {"incident_id": incident_id, "revision": 1}},
        "unfurl_links": False,
        "unfurl_media": False,
    }


async def found(channel: Delivery, incident_id: str) -> list[SlackPost]:
    return [one.post for one in await channel.standing(recently()) if one.incident_id == incident_id]


def recently() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=5)


@pytest.fixture
async def server() -> AsyncIterator[FakeSlack]:
    async with FakeSlack(token=TOKEN) as running:
        yield running


@pytest.fixture
def seen() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def slack(server: FakeSlack, seen: list[tuple[str, str]]) -> Slack:
    return Slack(
        TOKEN,
        "#alerts",
        base_url=server.url,
        observe=lambda method, result: seen.append((method, result)),
        timeout=2,
    )


@pytest.fixture(params=["slack", "outbox"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Delivery:
    if request.param == "outbox":
        return Outbox(tmp_path)
    port: Slack = request.getfixturevalue("slack")
    return port


async def test_what_was_posted_is_found_by_incident_and_nothing_else(channel: Delivery) -> None:
    await channel.check()
    first = await channel.post(payload("ts-one"))
    second = await channel.post(payload("ts-two"))
    answer = await channel.reply(first, payload("ts-one", event_type="ticketspike_reply"))
    await channel.update(first, payload("ts-one", "✅ over"))
    assert len({first.ts, second.ts, answer.ts}) == 3
    assert await found(channel, "ts-one") == [first]
    assert await found(channel, "ts-two") == [second]
    assert await found(channel, "ts-three") == []
    await channel.close()


async def test_a_reply_is_found_in_its_thread_by_its_mark_and_in_no_other(channel: Delivery) -> None:
    first, second = await channel.post(payload("ts-one")), await channel.post(payload("ts-two"))
    word = payload("ts-one", event_type=REPLY_EVENT_TYPE)
    answer = await channel.reply(first, marked(word, "m-grown"))
    assert await channel.thread(first) == [Standing(answer, "ts-one", "m-grown", 1)]
    assert await channel.thread(second) == []


async def test_a_message_that_was_taken_back_stands_no_more_and_may_be_taken_back_again(
    channel: Delivery,
) -> None:
    first, twin = await channel.post(payload()), await channel.post(payload())
    assert await found(channel, "ts-one") == [first, twin]
    await channel.delete(twin)
    await channel.delete(twin)
    assert await found(channel, "ts-one") == [first]


async def test_a_word_to_one_person_stands_nowhere(channel: Delivery) -> None:
    await channel.whisper("", "U1", {"text": "Anna was first"})
    assert await channel.standing(recently()) == []


async def test_a_word_to_one_person_reaches_that_person(slack: Slack, server: FakeSlack) -> None:
    await slack.whisper("C1", "U1", {"text": "Anna was first"})
    (whisper,) = server.channel.whispers
    assert (whisper.channel, whisper.user, whisper.payload) == ("C1", "U1", {"text": "Anna was first"})


async def test_slack_gets_one_root_edited_with_a_reply_in_its_thread(slack: Slack, server: FakeSlack) -> None:
    post = await slack.post(payload())
    await slack.update(post, payload(text="✅ over"))
    await slack.reply(post, payload(text="it is over", event_type="ticketspike_reply"))
    (root,) = server.roots()
    assert post == SlackPost(channel=CHANNEL_ID, ts=root.ts)
    assert (root.payload["text"], root.edits) == ("✅ over", 1)
    assert root.payload["metadata"]["event_type"] == EVENT_TYPE
    assert [one.payload["text"] for one in server.replies(root)] == ["it is over"]
    asked = server.requests[0].arguments
    assert (asked["unfurl_links"], asked["unfurl_media"], "link_names" in asked) == (False, False, False)


@pytest.mark.parametrize("fault", ["drop_after_accept", "error_after_accept"])
async def test_a_post_of_unknown_outcome_is_not_repeated_but_found(
    fault: str, slack: Slack, server: FakeSlack
) -> None:
    server.fail(fault)  # type: ignore[arg-type]
    with pytest.raises(DeliveryError) as failure:
        await slack.post(payload())
    assert (failure.value.ambiguous, failure.value.permanent) == (True, False)
    (root,) = server.roots()
    assert [post.ts for post in await found(slack, "ts-one")] == [root.ts]


async def test_a_post_that_was_dropped_before_is_not_found(slack: Slack, server: FakeSlack) -> None:
    server.fail("drop_before_accept")
    with pytest.raises(DeliveryError) as failure:
        await slack.post(payload())
    assert failure.value.ambiguous
    assert await found(slack, "ts-one") == []


async def test_a_post_that_takes_too_long_is_ambiguous(server: FakeSlack) -> None:
    slack = Slack(TOKEN, "#alerts", base_url=server.url, timeout=1)
    server.fail("slow", delay=1.5)
    with pytest.raises(DeliveryError) as failure:
        await slack.post(payload())
    assert failure.value.ambiguous
    await asyncio.sleep(0.6)


@pytest.mark.parametrize("fault", ["drop_after_accept", "error_after_accept"])
async def test_a_reply_of_unknown_outcome_is_not_repeated(
    fault: str, slack: Slack, server: FakeSlack
) -> None:
    post = await slack.post(payload())
    server.fail(fault)  # type: ignore[arg-type]
    with pytest.raises(DeliveryError, match=r"Slack (gave no answer|failed on its side)"):
        await slack.reply(post, payload(event_type="ticketspike_reply"))
    assert len(server.replies(server.roots()[0])) == 1


async def test_an_edit_of_unknown_outcome_is_simply_repeated(slack: Slack, server: FakeSlack) -> None:
    post = await slack.post(payload())
    server.fail("drop_after_accept", "chat.update")
    await slack.update(post, payload(text="✅ over"))
    assert server.roots()[0].payload["text"] == "✅ over"


async def test_a_rate_limit_is_told_with_its_wait_at_once_and_posts_nothing(
    slack: Slack, server: FakeSlack, seen: list[tuple[str, str]]
) -> None:
    server.fail("rate_limited", retry_after=7)
    with pytest.raises(DeliveryError) as failure:
        await slack.post(payload())
    told = failure.value.retry_after, failure.value.ambiguous, failure.value.permanent
    assert told == (7.0, False, False)
    assert len(server.requests) == 1
    assert server.roots() == []
    assert seen == [("chat.postMessage", "rate_limited")]


REFUSALS = [
    ("not_in_channel", "/invite @ticketspike"),
    ("channel_not_found", "SLACK_CHANNEL"),
    ("missing_scope", "OAuth & Permissions"),
    ("is_archived", "archived"),
    ("token_revoked", "SLACK_BOT_TOKEN"),
    ("something_new", "something_new"),
]


@pytest.mark.parametrize(("code", "remedy"), REFUSALS)
async def test_a_refusal_is_permanent_and_one_sentence_that_says_what_to_do(
    code: str, remedy: str, slack: Slack, server: FakeSlack
) -> None:
    server.errors["chat.postMessage"] = code
    with pytest.raises(DeliveryError) as failure:
        await slack.post(payload())
    assert (failure.value.permanent, failure.value.ambiguous) == (True, False)
    assert remedy in str(failure.value)
    assert "\n" not in str(failure.value)
    assert TOKEN not in str(failure.value)


TROUBLES = [
    ({"revoked": True}, "SLACK_BOT_TOKEN was revoked"),
    ({"archived": True}, "is archived"),
    ({"member": False}, "/invite @ticketspike"),
    ({"scopes": frozenset({"channels:history", "channels:read"})}, "lacks the scope chat:write"),
]


@pytest.mark.parametrize(("trouble", "sentence"), TROUBLES)
async def test_a_check_finds_the_trouble_before_a_message_does_and_its_end(
    trouble: dict[str, object], sentence: str, server: FakeSlack
) -> None:
    slack = Slack(TOKEN, CHANNEL_ID, base_url=server.url)
    await slack.check()
    well = {name: getattr(server.state, name) for name in trouble}
    for name, value in trouble.items():
        setattr(server.state, name, value)
    with pytest.raises(DeliveryError, match=sentence) as failure:
        await slack.check()
    assert failure.value.permanent
    for name, value in well.items():
        setattr(server.state, name, value)
    await slack.check()


async def test_a_check_is_content_where_the_app_may_not_ask_about_the_channel(server: FakeSlack) -> None:
    server.state.scopes = frozenset({"chat:write", "channels:history"})
    await Slack(TOKEN, CHANNEL_ID, base_url=server.url).check()


async def test_a_new_token_in_the_settings_is_taken_once_the_old_one_was_refused(server: FakeSlack) -> None:
    now = ["xoxb-old"]
    slack = Slack("xoxb-old", CHANNEL_ID, base_url=server.url, reach=lambda: (now[0], CHANNEL_ID))
    with pytest.raises(DeliveryError):
        await slack.post(payload())
    now[0] = TOKEN
    await slack.check()
    await slack.post(payload())
    assert len(server.roots()) == 1


AUSTRIA = "C0AUSTRIA1"


def placed(incident_id: str = "ts-one") -> Payload:
    return payload(incident_id) | {"channel": AUSTRIA}


async def test_a_message_for_a_second_channel_stands_there_alone_and_is_found_edited_and_answered_there(
    server: FakeSlack,
) -> None:
    slack = Slack(TOKEN, CHANNEL_ID, base_url=server.url, others=[AUSTRIA])
    second, first = await slack.post(placed("ts-two")), await slack.post(payload("ts-one"))
    assert (second.channel, first.channel) == (AUSTRIA, CHANNEL_ID)
    assert [one.post for one in await slack.standing(recently())] == [second, first]
    await slack.update(second, placed("ts-two"))
    answer = await slack.reply(second, marked(payload("ts-two", event_type=REPLY_EVENT_TYPE), "m"))
    assert answer.channel == AUSTRIA
    assert [one.post for one in await slack.thread(second)] == [answer]


async def test_a_post_of_unknown_outcome_is_found_in_the_second_channel(server: FakeSlack) -> None:
    slack = Slack(TOKEN, CHANNEL_ID, base_url=server.url, others=[AUSTRIA])
    server.fail("drop_after_accept")
    with pytest.raises(DeliveryError) as failure:
        await slack.post(placed())
    assert failure.value.ambiguous
    assert [one.channel for one in await found(slack, "ts-one")] == [AUSTRIA]


async def test_a_closed_second_channel_holds_no_message_up(server: FakeSlack) -> None:
    server.state.closed = frozenset({AUSTRIA})
    slack = Slack(TOKEN, CHANNEL_ID, base_url=server.url, others=[AUSTRIA])
    post = await slack.post(placed())
    assert post.channel == CHANNEL_ID
    assert await found(slack, "ts-one") == [post]


async def test_a_channel_that_is_not_in_the_settings_is_never_written_to(
    slack: Slack, server: FakeSlack
) -> None:
    assert (await slack.post(placed())).channel == CHANNEL_ID
    assert {one.channel for one in server.roots()} == {CHANNEL_ID}


async def test_the_outbox_keeps_the_second_channel_with_the_message(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    post = await outbox.post(placed())
    assert post.channel == AUSTRIA
    assert await found(outbox, "ts-one") == [post]


async def test_a_message_has_an_address_also_when_it_is_gone(slack: Slack, server: FakeSlack) -> None:
    post = await slack.post(payload())
    server.delete(post.ts)
    assert (
        await slack.link(post) == f"https://fake.slack.com/archives/{CHANNEL_ID}/p{post.ts.replace('.', '')}"
    )


async def test_in_an_outage_nothing_is_accepted_until_it_is_over(slack: Slack, server: FakeSlack) -> None:
    server.state.outage = True
    with pytest.raises(DeliveryError, match="http_503") as failure:
        await slack.post(payload())
    assert failure.value.ambiguous
    assert server.roots() == []
    server.state.outage = False
    await slack.post(payload())


async def test_a_wrong_token_is_said_and_sending_goes_on_when_it_is_mended(server: FakeSlack) -> None:
    slack = Slack("xoxb-wrong", "#alerts", base_url=server.url)
    for call in (slack.check, lambda: slack.post(payload())):
        with pytest.raises(DeliveryError, match="does not know SLACK_BOT_TOKEN"):
            await call()
    server.token = "xoxb-wrong"  # noqa: S105 - the stand-in's
    await slack.post(payload())
    assert len(server.roots()) == 1


async def test_a_message_that_a_person_deleted_is_told_as_missing(slack: Slack, server: FakeSlack) -> None:
    post = await slack.post(payload())
    server.delete(post.ts)
    with pytest.raises(DeliveryError) as failure:
        await slack.update(post, payload())
    assert failure.value.missing
    with pytest.raises(DeliveryError) as failure:
        await slack.reply(post, payload(event_type="ticketspike_reply"))
    assert failure.value.missing


async def test_an_unreachable_slack_is_neither_ambiguous_nor_permanent() -> None:
    slack = Slack(TOKEN, "#alerts", base_url="http://127.0.0.1:9/api/")
    with pytest.raises(DeliveryError, match="cannot be reached") as failure:
        await slack.post(payload())
    assert (failure.value.ambiguous, failure.value.permanent) == (False, False)


async def test_a_layout_that_slack_refuses_goes_out_as_plain_text(slack: Slack, server: FakeSlack) -> None:
    broken = payload() | {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}
    await slack.post(broken)
    (root,) = server.roots()
    assert (root.payload["text"], "blocks" in root.payload) == ("🔴 voucher invalid", False)


async def test_nothing_personal_leaves_and_it_is_counted(
    slack: Slack, server: FakeSlack, seen: list[tuple[str, str]], tmp_path: Path
) -> None:
    await slack.post(payload(text="jo@example.org is angry"))
    assert server.roots()[0].payload["text"] == "[mail] is angry"
    assert seen == [("redact", "mail"), ("redact", "mail"), ("chat.postMessage", "ok")]
    await Outbox(tmp_path).post(payload(text="jo@example.org is angry"))
    assert "jo@example.org" not in (tmp_path / "messages.jsonl").read_text()


async def test_history_is_read_page_by_page(slack: Slack, server: FakeSlack) -> None:
    await slack.post(payload("ts-old"))
    for index in range(205):
        server.channel.post({"channel": CHANNEL_ID, **payload(f"ts-{index}")})
    assert [post.ts for post in await found(slack, "ts-old")] == [server.roots()[0].ts]
    assert [request.method for request in server.requests].count("conversations.history") == 2


async def test_the_outbox_writes_the_very_payloads_with_their_method_and_place(tmp_path: Path) -> None:
    lines: list[str] = []
    outbox = Outbox(tmp_path, write=lines.append, now=lambda: 1795166100.0)
    post = await outbox.post(payload())
    await outbox.update(post, payload(text="✅ over"))
    await outbox.reply(post, payload(text="it is over"))
    rows = [
        json.loads(line) for line in (tmp_path / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert rows == [
        {
            "method": "chat.postMessage",
            "channel": "#ticketspike",
            "posted_ts": "1795166100.000000",
            **payload(),
        },
        {"method": "chat.update", "channel": "#ticketspike", "ts": post.ts, **payload(text="✅ over")},
        {
            "method": "chat.postMessage",
            "channel": "#ticketspike",
            "thread_ts": post.ts,
            "posted_ts": "1795166100.000010",
            **payload(text="it is over"),
        },
    ]
    assert lines == ["🔴 voucher invalid", "✅ over (message edited)", "  ↳ it is over"]


async def test_the_outbox_survives_a_line_that_a_crash_cut_off(tmp_path: Path) -> None:
    first = await Outbox(tmp_path).post(payload("ts-one"))
    with (tmp_path / "messages.jsonl").open("a") as file:
        file.write('{"method": "chat.postM')
    again = Outbox(tmp_path)
    second = await again.post(payload("ts-two"))
    assert await found(again, "ts-one") == [first]
    assert await found(again, "ts-two") == [second]


async def test_an_outbox_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryError, match="TICKETSPIKE_DATA_DIR"):
        await Outbox(tmp_path / "file" / "data").check()


def test_without_a_token_the_outbox_delivers_and_a_token_needs_a_channel(tmp_path: Path) -> None:
    assert isinstance(delivery(token=None, channel=None, data_dir=tmp_path), Outbox)
    assert isinstance(delivery(token=TOKEN, channel="C1", data_dir=tmp_path), Slack)
    with pytest.raises(ValueError, match="SLACK_CHANNEL"):
        delivery(token=TOKEN, channel=None, data_dir=tmp_path)
