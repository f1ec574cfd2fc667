"""Slack itself: the only file of this package that talks to the network, through the official slack-sdk.

Slack has no key that makes a post happen once. So a post is never tried twice here; every failure is told to
the caller, ambiguous ones as such, and `standing` and `thread` show what stands in the channel before anyone
posts again. Edits and reading are idempotent and tried again where the connection was lost.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from alerts import redact
from alerts.delivery import Delivery, DeliveryError, Observe, Standing, ignore, read
from alerts.limits import Payload
from alerts.message import EVENT_TYPE, REPLY_EVENT_TYPE, without_chart
from alerts.outbox import Outbox
from alerts.records import SlackPost
from alerts.slack_errors import CHANNEL, LAYOUT, TOKEN, closed_channel, missing_scope, refused, scopes_of

__all__ = ["Delivery", "DeliveryError", "Outbox", "Slack", "delivery"]

TIMEOUT_SECONDS = 10
_PAGE = 200
_CLOCK_SKEW = timedelta(seconds=60)
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{2,}")

log = structlog.get_logger("slack")

Reach = Callable[[], tuple[str, str]]
"""Reads token and channel from the settings as they are now."""


class Slack:
    """One Slack channel through the Web API.

    A connection is opened a call: messages are minutes apart, and a kept connection that the other end has
    closed meanwhile would make the next post ambiguous.

    Args:
        token: the bot token.
        channel: where to post; an id (C...), so that history can be read.
        base_url: Slack's address, or a stand-in's.
        observe: told of every call and its result.
        timeout: seconds for one call.
        others: ids of second channels; a payload that names one of them in `channel` is posted there.
        reach: asked by `check` after the token or the channel was refused, so that a settings file that was
            mended is taken without a restart.
    """

    def __init__(
        self,
        token: str,
        channel: str,
        *,
        base_url: str = "https://slack.com/api/",
        observe: Observe = ignore,
        timeout: int = TIMEOUT_SECONDS,
        others: Sequence[str] = (),
        reach: Reach | None = None,
    ) -> None:
        self._channel = channel
        self._others = tuple(others)
        self._channel_id: str | None = None
        self._observe = observe
        self._reach = reach
        self._refused = False
        # The SDK writes request bodies at debug level; its log must not follow ours down there.
        logger = logging.getLogger("ticketspike.slack_sdk")
        logger.setLevel(logging.WARNING)
        options: dict[str, Any] = {"base_url": base_url, "timeout": timeout, "logger": logger}
        self._poster = AsyncWebClient(token=token, retry_handlers=[], **options)
        again = [AsyncConnectionErrorRetryHandler(), AsyncServerErrorRetryHandler()]
        self._editor = AsyncWebClient(token=token, retry_handlers=again, **options)

    async def post(self, payload: Payload) -> SlackPost:
        """Post a new root message. Not tried again when the outcome is unknown: `DeliveryError.ambiguous`.

        A second channel that is closed to the app holds nothing up: the message is posted into the shared one.
        """
        if (second := payload.get("channel")) in self._others:
            try:
                return await self._say(payload, second, None)
            except DeliveryError as error:
                if error.code not in CHANNEL:
                    raise
                log.error("told in the shared channel, as the second one is closed", why=str(error))
        return await self._say(payload, self._channel, None)

    async def reply(self, post: SlackPost, payload: Payload) -> SlackPost:
        """Post into a root message's thread; ambiguous like `post`."""
        return await self._say(payload, post.channel, post.ts)

    async def update(self, post: SlackPost, payload: Payload) -> None:
        """Edit a root message in place."""

        async def edit(arguments: Payload) -> Any:
            # Switches for unfurling belong to posting; editing knows none.
            known = {key: value for key, value in arguments.items() if not key.startswith("unfurl_")}
            return await self._editor.chat_update(channel=post.channel, ts=post.ts, **known)

        await self._send("chat.update", payload, edit, post.channel)

    async def delete(self, post: SlackPost) -> None:
        """Take a message back."""
        place = {"channel": post.channel, "ts": post.ts}
        try:
            await self._call("chat.delete", self._editor.chat_delete, post.channel, place)
        except DeliveryError as error:
            if not error.missing:
                raise

    async def whisper(self, channel: str, user: str, payload: Payload) -> None:
        """Show a message to one person only."""

        async def show(arguments: Payload) -> Any:
            known = {key: value for key, value in arguments.items() if key in ("text", "blocks")}
            return await self._poster.chat_postEphemeral(channel=channel or self._channel, user=user, **known)

        await self._send("chat.postEphemeral", payload, show, channel)

    async def standing(self, since: datetime, event_type: str = EVENT_TYPE) -> list[Standing]:
        """The root messages of a kind in the channels' histories since then, the oldest first."""
        found = await self._standing(self._channel_id or self._channel, since, event_type)
        for channel in self._others:
            try:
                found += await self._standing(channel, since, event_type)
            except DeliveryError as error:
                # Closed to the app: nothing of ours can be posted there either.
                if error.code not in CHANNEL:
                    raise
        return sorted(found, key=lambda one: float(one.post.ts))

    async def _standing(self, channel: str, since: datetime, event_type: str) -> list[Standing]:
        arguments = {"channel": channel, "oldest": f"{(since - _CLOCK_SKEW).timestamp():.6f}"}
        read_page = self._editor.conversations_history
        return [
            standing
            async for message in self._pages("conversations.history", read_page, arguments)
            if (standing := read(message, event_type, channel)) is not None
        ]

    async def thread(self, post: SlackPost) -> list[Standing]:
        """Our replies in a root message's thread, the oldest first."""
        arguments = {"channel": post.channel, "ts": post.ts}
        read_page = self._editor.conversations_replies
        found = [
            standing
            async for message in self._pages("conversations.replies", read_page, arguments)
            if (standing := read(message, REPLY_EVENT_TYPE, post.channel)) is not None
        ]
        return sorted(found, key=lambda one: float(one.post.ts))

    async def link(self, post: SlackPost) -> str | None:
        """The address of a message in the workspace."""
        # Slack's own method for it knows no address of a message that is gone.
        answer = await self._call("auth.test", self._editor.auth_test, post.channel, {})
        workspace = str(answer.get("url") or "")
        return f"{workspace}archives/{post.channel}/p{post.ts.replace('.', '')}" if workspace else None

    async def check(self) -> None:
        """Return when Slack takes the token, its scopes suffice, and the channel is there and open to the app.

        Scopes and channel are judged only as far as Slack tells: an app need not be allowed to ask.
        """
        if self._refused and self._reach is not None:
            token, self._channel = self._reach()
            self._poster.token = self._editor.token = token
        answer = await self._call("auth.test", self._editor.auth_test, self._channel, {})
        scopes = scopes_of(answer.headers)
        trouble = missing_scope(scopes, self._channel) or await self._closed_channel(scopes)
        if trouble is not None:
            raise trouble
        self._refused = False

    async def close(self) -> None:
        """Nothing is held open between calls."""

    async def _closed_channel(self, scopes: frozenset[str]) -> DeliveryError | None:
        channel = self._channel_id or self._channel
        if not _CHANNEL_ID.fullmatch(channel):
            return None  # Slack tells nothing of a channel by its name
        ask = self._editor.conversations_info
        try:
            answer = await self._call("conversations.info", ask, channel, {"channel": channel})
        except DeliveryError as error:
            return error if error.code in TOKEN | {"channel_not_found"} else None
        return closed_channel(answer.get("channel") or {}, channel, scopes)

    async def _pages(
        self, method: str, call: Callable[..., Any], arguments: dict[str, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page_of = arguments | {"limit": _PAGE, "include_all_metadata": True, "cursor": cursor}
            page = await self._call(method, call, arguments["channel"], page_of)
            for message in page.get("messages", []):
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def _say(self, payload: Payload, channel: str, thread_ts: str | None) -> SlackPost:
        async def say(arguments: Payload) -> Any:
            return await self._poster.chat_postMessage(channel=channel, thread_ts=thread_ts, **arguments)

        answer = await self._send("chat.postMessage", payload, say, channel)
        if thread_ts is None and channel == self._channel:
            self._channel_id = answer.get("channel") or channel
        return SlackPost(channel=answer.get("channel") or channel, ts=answer["ts"])

    async def _send(self, method: str, payload: Payload, send: Callable[[Payload], Any], channel: str) -> Any:
        guarded, removed = redact.guard({key: one for key, one in payload.items() if key != "channel"})
        for kind in removed.elements():
            self._observe("redact", kind)
        try:
            return await self._call(method, lambda: send(guarded), channel, {})
        except DeliveryError as error:
            if error.code not in LAYOUT or "blocks" not in guarded:
                raise
        # Charts are the newest kind of block, so the likeliest to be refused: first only they become text.
        lighter = without_chart(guarded)
        if lighter is not guarded:
            try:
                return await self._call(method, lambda: send(lighter), channel, {})
            except DeliveryError as error:
                if error.code not in LAYOUT:
                    raise
        # Better a plain message than none: the layout is our mistake, the incident is real.
        bare = {key: value for key, value in guarded.items() if key != "blocks"}
        return await self._call(method, lambda: send(bare), channel, {})

    async def _call(
        self, method: str, call: Callable[..., Any], channel: str, arguments: dict[str, Any]
    ) -> Any:
        try:
            answer = await call(**arguments)
        except SlackApiError as error:
            failure = refused(error, channel)
        except aiohttp.ClientConnectorError as error:
            why = error.strerror or error
            failure = DeliveryError(
                f"Slack cannot be reached ({why}); sending goes on later", code="unreachable"
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            code = "timeout" if isinstance(error, TimeoutError) else "disconnected"
            why = type(error).__name__
            failure = DeliveryError(f"Slack gave no answer to {method} ({why})", code=code, ambiguous=True)
        else:
            self._observe(method, "ok")
            return answer
        self._observe(method, failure.code)
        self._refused = self._refused or (failure.permanent and not failure.message_only)
        raise failure


def delivery(
    *,
    token: str | None,
    channel: str | None,
    data_dir: Path,
    base_url: str = "https://slack.com/api/",
    write: Callable[[str], None] | None = None,
    observe: Observe = ignore,
    others: Sequence[str] = (),
    reach: Reach | None = None,
) -> Delivery:
    """Slack where there is a token, the outbox in the data directory where there is none.

    Raises:
        ValueError: a token without a channel.
    """
    if not token:
        return Outbox(data_dir, write=write, channel=channel, observe=observe)
    if not channel:
        raise ValueError("SLACK_BOT_TOKEN is set but SLACK_CHANNEL is not; set it to the channel's id (C...)")
    return Slack(token, channel, base_url=base_url, observe=observe, others=others, reach=reach)
