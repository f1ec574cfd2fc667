"""One request to a calendar or tool: bounded in time and size, and told in words that hold no address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from streams.sources.reading import Away

SECONDS = 30.0
BYTES = 16 * 1024 * 1024
MOST_RETRY_AFTER = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as Python values. Raises Away when it is no JSON object."""
        try:
            decoded = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Away("answers no JSON") from None
        if not isinstance(decoded, dict):
            raise Away("answers another JSON than expected")
        return decoded


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    *,
    allowed: tuple[int, ...] = (200,),
    redirects: bool = False,
    **how: Any,
) -> Answer:
    """Ask and read the answer whole.

    Args:
        session: of aiohttp; its owner closes it.
        url: may be a secret, and is in no message.
        allowed: statuses that are an answer.
        redirects: whether to follow them. A token must not go to wherever an answer points.
        how: `method`, `headers`, `params`, `json`, `data`, `auth`, as aiohttp takes them.

    Raises:
        Away: not reachable, too slow, too large, or another status; with the time that it asked to wait.
    """
    method = how.pop("method", "GET")
    url = url.replace("webcal://", "https://", 1) if url.startswith("webcal://") else url
    try:
        async with session.request(
            method,
            url,
            timeout=aiohttp.ClientTimeout(total=SECONDS),
            allow_redirects=redirects,
            **how,
        ) as response:
            if response.status not in allowed:
                raise Away(f"answers {response.status}", _retry_after(response.headers))
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > BYTES:
                    raise Away(f"answers more than {BYTES // 1024 // 1024} MB")
            return Answer(response.status, response.headers, bytes(body))
    except TimeoutError:
        raise Away(f"did not answer within {SECONDS:.0f} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # Their words quote the address, and with it the secret in it.
        raise Away(f"cannot be reached ({type(error).__name__})") from None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; a date, which the header may hold as well, is passed over."""
    text = headers.get("Retry-After", "")
    return min(float(text), MOST_RETRY_AFTER) if text.isdecimal() else None
