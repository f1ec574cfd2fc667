"""Whether a request comes from the helpdesk or shop that it says it comes from: over the raw body, in constant time.

Nothing of a body or a secret is in an answer. During a rotation two secrets are valid at a time. A scheme that signs
its time refuses what is old, so that a recorded request cannot be sent again for ever; the others rely on counting a
ticket once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Scheme = Literal["zendesk", "intercom", "hubspot", "shopify", "mautic", "header", "basic"]
WINDOW_SECONDS = 300.0
"""How old or how far ahead a signed time may be."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came.

    Attributes:
        body: the raw bytes; a body that was decoded and encoded again has another signature.
        headers: names in any case.
        method: `POST`.
        url: the address as the sender called it, which HubSpot signs; a proxy must not hide it.
    """

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    url: str = ""

    def header(self, name: str) -> str:
        """A header's value, "" where it is missing."""
        found = self.headers.get(name)
        if found is not None:
            return found
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


def refusal(scheme: Scheme, asked: Asked, secrets: Sequence[str], now: float, header: str = "") -> str | None:
    """Why a request is not taken, in words for a log; None if it is signed rightly.

    Args:
        scheme: how this source signs.
        asked: the request.
        secrets: the valid ones, the newest first; none refuses everything.
        now: epoch seconds.
        header: with the scheme `header` the one that bears the shared secret.

    Example:
        >>> secret, body = "s", b"{}"
        >>> sign = "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
        >>> refusal("intercom", Asked(body, {"x-hub-signature": sign}), [secret], 0.0)
        >>> refusal("intercom", Asked(b"{ }", {"x-hub-signature": sign}), [secret], 0.0)
        'the signature does not fit the body and the secret'
        >>> refusal("intercom", Asked(body, {}), [secret], 0.0)
        'the header X-Hub-Signature is missing'
    """
    named = _HEADERS.get(scheme, (header or "X-Webhook-Token",))
    for name in named:
        if not asked.header(name):
            return f"the header {name} is missing"
    at = _signed_at(scheme, asked)
    if at is not None and not abs(now - at) <= WINDOW_SECONDS:
        return "the signed time is more than five minutes from now, or cannot be read"
    given = asked.header(named[0])
    expected = _EXPECTED[scheme]
    # All are compared, so that the time it takes does not tell which secret is which.
    fits = [hmac.compare_digest(_bytes(expected(asked, secret)), _bytes(given)) for secret in secrets]
    return None if any(fits) else "the signature does not fit the body and the secret"


def _signed_at(scheme: Scheme, asked: Asked) -> float | None:
    """The signed time; None where the scheme signs none, NaN where it cannot be read."""
    try:
        if scheme == "zendesk":
            at = datetime.fromisoformat(asked.header(_HEADERS["zendesk"][1]))
            return at.timestamp() if at.tzinfo is not None else float("nan")
        if scheme == "hubspot":
            return int(asked.header(_HEADERS["hubspot"][1])) / 1000.0
    except (ValueError, OverflowError):
        return float("nan")
    return None


def _bytes(text: str) -> bytes:
    # What a web server could not decode stands in a header as half a surrogate pair.
    return text.encode("utf-8", "surrogateescape")


def _sha256(secret: str, signed: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _zendesk(asked: Asked, secret: str) -> str:
    return _sha256(secret, _bytes(asked.header(_HEADERS["zendesk"][1])) + asked.body)


def _intercom(asked: Asked, secret: str) -> str:
    return "sha1=" + hmac.new(secret.encode(), asked.body, hashlib.sha1).hexdigest()


def _hubspot(asked: Asked, secret: str) -> str:
    begin, end = _bytes(asked.method + asked.url), _bytes(asked.header(_HEADERS["hubspot"][1]))
    return _sha256(secret, begin + asked.body + end)


def _body(asked: Asked, secret: str) -> str:
    return _sha256(secret, asked.body)


def _shared(_: Asked, secret: str) -> str:
    return secret


def _basic(_: Asked, secret: str) -> str:
    return "Basic " + base64.b64encode(secret.encode()).decode()


_HEADERS: Mapping[str, tuple[str, ...]] = {
    "zendesk": ("X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp"),
    "intercom": ("X-Hub-Signature",),
    "hubspot": ("X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"),
    "shopify": ("X-Shopify-Hmac-SHA256",),
    "mautic": ("Webhook-Signature",),
    "basic": ("Authorization",),
}
"""The header with the signature, and the one with the time where there is one."""
_EXPECTED: Mapping[Scheme, Callable[[Asked, str], str]] = {
    "zendesk": _zendesk,
    "intercom": _intercom,
    "hubspot": _hubspot,
    "shopify": _body,
    "mautic": _body,
    "header": _shared,
    "basic": _basic,
}
