"""Zendesk's event webhooks as Zendesk signs and sends them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).resolve().parents[1] / "data/payloads"
CREATED: dict[str, Any] = json.loads((PAYLOADS / "zendesk_ticket_created.json").read_bytes())
LABELLED: dict[str, Any] = json.loads((PAYLOADS / "zendesk_ticket_tags_changed.json").read_bytes())


def ticket_created(**detail: Any) -> bytes:
    """The body of a new ticket: the fixture with other details."""
    return json.dumps(CREATED | {"detail": CREATED["detail"] | detail}).encode()


def post(port: int, body: bytes, key: str, path: str, **headers: str) -> tuple[int, str]:
    """Send a body signed with `key`; status and text of the answer. Headers are as `X_Name`."""
    stamp = datetime.now(UTC).isoformat()
    digest = hmac.new(key.encode(), stamp.encode() + body, hashlib.sha256).digest()
    whole = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("POST", path, body, whole)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
