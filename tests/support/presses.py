"""Presses as Slack sends them, signed where they come over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

SECRET = "test-secret-not-real"  # noqa: S105 - a throw-away
ACTION_TS = "1795166102.000000"
"""2026-11-20 09:15:02 UTC, the time of the fixture."""
FORM = "application/x-www-form-urlencoded"


def pressed(
    action_id: str,
    value: str,
    *,
    menu: bool = False,
    user: str = "U0LEAD",
    action_ts: str = ACTION_TS,
    response_url: str | None = None,
    trigger_id: str | None = "1.2.3",
) -> dict[str, Any]:
    """A press of a button, or a choice from a menu, in a message."""
    action: dict[str, Any] = {"action_id": action_id, "block_id": "answers", "action_ts": action_ts}
    if menu:
        chosen = {"text": {"type": "plain_text", "text": "…"}, "value": value}
        action |= {"type": "static_select", "selected_option": chosen}
    else:
        action |= {"type": "button", "value": value}
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "lead", "name": "lead", "team_id": "T000TEST"},
        "token": "deprecated",
        "container": {"type": "message", "message_ts": "1795166000.000100", "channel_id": "C000TEST"},
        "trigger_id": trigger_id,
        "channel": {"id": "C000TEST", "name": "service-marketing"},
        "message": {"type": "message", "ts": "1795166000.000100", "text": "voucher: 42 instead of ~11"},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }


def submitted(
    view: dict[str, Any], fields: dict[str, dict[str, Any]], user: str = "U0LEAD"
) -> dict[str, Any]:
    """A form that was opened as `view`, filled in and sent off; `fields` by block id."""
    values = {block_id: {block_id: content} for block_id, content in fields.items()}
    return {
        "type": "view_submission",
        "user": {"id": user},
        "view": {**view, "id": "V1", "state": {"values": values}, "hash": "1795166200.abc"},
        "response_urls": [],
    }


def shortcut(callback_id: str = "missed", message_ts: str = "1795165000.000200") -> dict[str, Any]:
    """A message shortcut."""
    return {
        "type": "message_action",
        "callback_id": callback_id,
        "action_ts": ACTION_TS,
        "trigger_id": "1.2.3",
        "response_url": None,
        "user": {"id": "U0LEAD"},
        "channel": {"id": "C000TEST"},
        "message": {"type": "message", "ts": message_ts, "text": "many people complain"},
    }


def form(payload: object) -> bytes:
    """The body that Slack posts for a payload."""
    return urlencode({"payload": json.dumps(payload)}).encode()


def signed(body: bytes, at: float, *, secret: str = SECRET, content_type: str = FORM) -> dict[str, str]:
    """The headers of a body that was signed at a time."""
    base = b"v0:" + str(int(at)).encode() + b":" + body
    signature = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": str(int(at)),
        "X-Slack-Signature": signature,
    }
