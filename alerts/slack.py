"""Slack itself: the only file of this package that talks to the network, through the official slack-sdk.

Slack has no key that makes a post happen once. So a post is retried by the SDK only where Slack refused it
for its rate (then nothing was posted); every other failure is told to the caller, ambiguous ones as such,
and `find` looks the incident up in the channel's history before anyone posts again. Edits are idempotent and
retried freely.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from alerts import redact
from alerts.delivery import Delivery, DeliveryError, Observe, ignore
from alerts.limits import Payload
from alerts.message import EVENT_TYPE
from alerts.outbox import Outbox
from alerts.records import SlackPost

__all__ = ["Delivery", "DeliveryError", "Outbox", "Slack", "delivery"]

TIMEOUT_SECONDS = 10
_RATE_LIMIT_RETRIES = 3
_HISTORY_PAGE = 200
_CLOCK_SKEW = timedelta(seconds=60)

_REMEDIES = {
    "invalid_auth": "Slack does not know SLACK_BOT_TOKEN; copy the bot token (xoxb-...) of the app again",
    "not_authed": "SLACK_BOT_TOKEN is empty; set it to the bot token (xoxb-...) of the app",
    "token_revoked": "SLACK_BOT_TOKEN was revoked; install the app again and set the new token",
    "token_expired": "SLACK_BOT_TOKEN has expired; install the app again and set the new token",
    "account_inactive": "the app was removed from the workspace; install it again and set the new token",
    "not_in_channel": "the app is not in channel {channel}; type /invite @ticketspike there",
    "channel_not_found": "Slack finds no channel {channel} that the app can see; set SLACK_CHANNEL to the "
    "channel's id (C...) and invite the app there",
    "missing_scope": "the app lacks the scope {needed}; add it under OAuth & Permissions and reinstall it",
    "is_archived": "channel {channel} is archived; restore it or set SLACK_CHANNEL to another one",
    "restricted_action": "this workspace does not let the app post in {channel}; ask an admin to allow it",
    "cant_update_message": "this message was posted by another app or token and cannot be edited",
    "edit_window_closed": "the workspace no longer allows this message to be edited",
    "msg_too_long": "Slack refused the message as too long",
    "invalid_blocks": "Slack refused the layout of the message",
    "message_not_found": "the message is gone from channel {channel}: somebody deleted it",
    "thread_not_found": "the thread is gone from channel {channel}: somebody deleted it",
}
_MISSING = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"})
_UNDECIDED = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
_LAYOUT = frozenset({"invalid_blocks", "invalid_blocks_format"})


class Slack:
    """One Slack channel through the Web API.

    A connection is opened a call: messages are minutes apart, and a kept connection that the other end has
    closed meanwhile would make the next post ambiguous.

    Args:
        token: the bot token.
        channel: where to post; an id (C...), so that history can be read.
        base_url: Slack's address, or a stand-in's.
        observe: told of every call and its result.
        settle_seconds: how long `find` waits for Slack's history to show what was just accepted.
    """

    def __init__(
        self,
        token: str,
        channel: str,
        *,
        base_url: str = "https://slack.com/api/",
        observe: Observe = ignore,
        settle_seconds: float = 2.0,
        timeout: int = TIMEOUT_SECONDS,
    ) -> None:
        self._channel = channel
        self._channel_id: str | None = None
        self._observe = observe
        self._settle_seconds = settle_seconds
        # The SDK writes request bodies at debug level; its log must not follow ours down there.
        logger = logging.getLogger("ticketspike.slack_sdk")
        logger.setLevel(logging.WARNING)
        limited = AsyncRateLimitErrorRetryHandler(max_retry_count=_RATE_LIMIT_RETRIES)
        self._poster = AsyncWebClient(
            token=token, base_url=base_url, timeout=timeout, logger=logger, retry_handlers=[limited]
        )
        self._editor = AsyncWebClient(
            token=token,
            base_url=base_url,
            timeout=timeout,
            logger=logger,
            retry_handlers=[limited, AsyncConnectionErrorRetryHandler(), AsyncServerErrorRetryHandler()],
        )

    async def post(self, payload: Payload) -> SlackPost:
        """Post a new root message. Not retried when the outcome is unknown: see `DeliveryError.ambiguous`."""
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

    async def find(self, incident_id: str, since: datetime) -> SlackPost | None:
        """The newest root message of an incident in the channel's history since then."""
        await asyncio.sleep(self._settle_seconds)
        oldest = f"{(since - _CLOCK_SKEW).timestamp():.6f}"
        channel = self._channel_id or self._channel
        cursor: str | None = None
        while True:
            page = await self._call(
                "conversations.history",
                self._editor.conversations_history,
                channel,
                {
                    "channel": channel,
                    "oldest": oldest,
                    "limit": _HISTORY_PAGE,
                    "include_all_metadata": True,
                    "cursor": cursor,
                },
            )
            for message in page.get("messages", []):
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == EVENT_TYPE and payload.get("incident_id") == incident_id:
                    return SlackPost(channel=channel, ts=message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None

    async def check(self) -> None:
        """Return when Slack knows the token."""
        await self._call("auth.test", self._editor.auth_test, self._channel, {})

    async def close(self) -> None:
        """Nothing is held open between calls."""

    async def _say(self, payload: Payload, channel: str, thread_ts: str | None) -> SlackPost:
        async def say(arguments: Payload) -> Any:
            return await self._poster.chat_postMessage(channel=channel, thread_ts=thread_ts, **arguments)

        answer = await self._send("chat.postMessage", payload, say, channel)
        if thread_ts is None:
            self._channel_id = answer.get("channel") or channel
        return SlackPost(channel=answer.get("channel") or channel, ts=answer["ts"])

    async def _send(self, method: str, payload: Payload, send: Callable[[Payload], Any], channel: str) -> Any:
        guarded, removed = redact.guard(payload)
        for kind in removed.elements():
            self._observe("redact", kind)
        try:
            return await self._call(method, send, channel, guarded, as_keywords=False)
        except DeliveryError as error:
            if str(error) != _REMEDIES["invalid_blocks"]:
                raise
        # Better a plain message than none: the layout is our mistake, the incident is real.
        bare = {key: value for key, value in guarded.items() if key != "blocks"}
        return await self._call(method, send, channel, bare, as_keywords=False)

    async def _call(
        self,
        method: str,
        call: Callable[..., Any],
        channel: str,
        arguments: dict[str, Any],
        *,
        as_keywords: bool = True,
    ) -> Any:
        posting = method == "chat.postMessage"
        try:
            answer = await (call(**arguments) if as_keywords else call(arguments))
        except SlackApiError as error:
            result, failure = _refused(error, posting, channel)
        except aiohttp.ClientConnectorError as error:
            result = "unreachable"
            failure = DeliveryError(
                f"Slack cannot be reached ({error.strerror or error}); sending goes on later"
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            result = "timeout" if isinstance(error, TimeoutError) else "disconnected"
            failure = DeliveryError(
                f"Slack gave no answer to {method} ({type(error).__name__})", ambiguous=posting
            )
        else:
            self._observe(method, "ok")
            return answer
        self._observe(method, result)
        raise failure


def delivery(
    *,
    token: str | None,
    channel: str | None,
    data_dir: Path,
    base_url: str = "https://slack.com/api/",
    write: Callable[[str], None] | None = None,
    observe: Observe = ignore,
) -> Delivery:
    """Slack where there is a token, the outbox in the data directory where there is none.

    Raises:
        ValueError: a token without a channel.
    """
    if not token:
        return Outbox(data_dir, write=write, channel=channel, observe=observe)
    if not channel:
        raise ValueError("SLACK_BOT_TOKEN is set but SLACK_CHANNEL is not; set it to the channel's id (C...)")
    return Slack(token, channel, base_url=base_url, observe=observe)


def _refused(error: SlackApiError, posting: bool, channel: str) -> tuple[str, DeliveryError]:
    # Where the body could not be read, the SDK hands on aiohttp's own response.
    status: int = getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0)
    data = getattr(error.response, "data", None)
    body: dict[str, Any] = data if isinstance(data, dict) else {}
    code = str(body.get("error") or f"http_{status}")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        headers = {str(key).lower(): value for key, value in dict(error.response.headers).items()}
        wait = float(headers.get("retry-after", 30))
        return "rate_limited", DeliveryError(
            f"Slack asks to wait {wait:.0f} s before the next message", retry_after=wait
        )
    if status >= 500 or code in _UNDECIDED or not body:
        return code, DeliveryError(f"Slack failed on its side ({code})", ambiguous=posting)
    if code in _LAYOUT:
        return code, DeliveryError(_REMEDIES["invalid_blocks"], permanent=True)
    remedy = _REMEDIES.get(code, f"Slack refused the message ({code})")
    sentence = remedy.format(channel=channel, needed=body.get("needed", "it asked for"))
    return code, DeliveryError(sentence, permanent=code not in _MISSING, missing=code in _MISSING)
