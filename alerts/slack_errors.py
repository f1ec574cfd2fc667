"""How Slack's refusals are read: what to do about each in one sentence, and whether another try can help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from alerts.delivery import DeliveryError

REMEDIES = {
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
TOKEN = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"})
_MISSING = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"})
_UNDECIDED = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
_MESSAGE_ONLY = frozenset(
    {
        "msg_too_long",
        "no_text",
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "too_many_attachments",
        "metadata_too_large",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "thread_locked",
    }
)
CHANNEL = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action"})
"""What is wrong with a channel and not with the token."""
LAYOUT = frozenset({"invalid_blocks", "invalid_blocks_format"})
_RETRY_AFTER = 30.0
"""Where Slack refuses for the rate without saying how long."""


def refusal(code: str, channel: str, needed: object = "it asked for") -> DeliveryError:
    """The error for Slack's word for it.

    >>> str(refusal("is_archived", "C1")), refusal("is_archived", "C1").permanent
    ('channel C1 is archived; restore it or set SLACK_CHANNEL to another one', True)
    """
    key = "invalid_blocks" if code in LAYOUT else code
    key = "restricted_action" if code.startswith("restricted_action") else key
    sentence = REMEDIES.get(key, f"Slack refused the message ({code})")
    return DeliveryError(
        sentence.format(channel=channel, needed=needed),
        code=code,
        permanent=code not in _MISSING,
        missing=code in _MISSING,
        message_only=code in _MESSAGE_ONLY,
    )


def refused(error: SlackApiError, channel: str) -> DeliveryError:
    """An answer that says no, or says nothing that could be understood."""
    # Where the body could not be read, the SDK hands on aiohttp's own response.
    status: int = getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0)
    data = getattr(error.response, "data", None)
    body: dict[str, Any] = data if isinstance(data, dict) else {}
    code = str(body.get("error") or f"http_{status}")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        wait = _asked_to_wait(error)
        return DeliveryError(
            f"Slack asks to wait {wait:.0f} s before the next message", code="rate_limited", retry_after=wait
        )
    if status >= 500 or code in _UNDECIDED or not body:
        return DeliveryError(f"Slack failed on its side ({code})", code=code, ambiguous=True)
    return refusal(code, channel, body.get("needed", "it asked for"))


def scopes_of(headers: Mapping[str, str]) -> frozenset[str]:
    """What the token may do, as Slack says beside every answer; empty where it does not.

    >>> sorted(scopes_of({"X-OAuth-Scopes": "chat:write,channels:history"}))
    ['channels:history', 'chat:write']
    """
    lower = {str(key).lower(): value for key, value in headers.items()}
    return frozenset(scope.strip() for scope in lower.get("x-oauth-scopes", "").split(",") if scope.strip())


def missing_scope(scopes: frozenset[str], channel: str) -> DeliveryError | None:
    """What the token must be allowed to and is not: writing, and reading back what was written.

    >>> str(missing_scope(frozenset({"chat:write"}), "C1"))
    'the app lacks the scope channels:history; add it under OAuth & Permissions and reinstall it'
    """
    if not scopes:
        return None
    if "chat:write" not in scopes:
        return refusal("missing_scope", channel, "chat:write")
    reading = {"channels:history", "groups:history"}
    return None if scopes & reading else refusal("missing_scope", channel, "channels:history")


def closed_channel(about: Mapping[str, Any], channel: str, scopes: frozenset[str]) -> DeliveryError | None:
    """Why the app cannot write into a channel as `conversations.info` describes it; None if it can."""
    if about.get("is_archived"):
        return refusal("is_archived", channel)
    if about.get("is_member") is False and "chat:write.public" not in scopes:
        return refusal("not_in_channel", channel)
    return None


def _asked_to_wait(error: SlackApiError) -> float:
    headers = {str(key).lower(): value for key, value in dict(error.response.headers).items()}
    try:
        return max(0.0, float(headers.get("retry-after", _RETRY_AFTER)))
    except (TypeError, ValueError):
        return _RETRY_AFTER
