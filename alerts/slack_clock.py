"""How far this machine's clock is from Slack's, which judges when a press was signed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

TIMEOUT_SECONDS = 10


async def skew(token: str, base_url: str, now: Callable[[], float] = time.time) -> float | None:
    """Seconds by which this machine's clock is ahead of Slack's, to a second or so; None where Slack does not tell.

    Args:
        token: the bot token; a refused one tells the time, too.
        base_url: Slack's address, or a stand-in's.
        now: this machine's clock.
    """
    logger = logging.getLogger("ticketspike.slack_sdk")
    client = AsyncWebClient(
        token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=logger
    )
    asked = now()
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        answer = error.response
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    told = told_at(getattr(answer, "headers", None) or {})
    return None if told is None else (asked + now()) / 2.0 - told


def told_at(headers: Mapping[str, str]) -> float | None:
    """The time of an HTTP answer in epoch seconds; None where it bears none that can be read.

    >>> told_at({"date": "Thu, 01 Jan 1970 00:01:00 GMT"}), told_at({"Date": "now"}), told_at({})
    (60.0, None, None)
    """
    said = {str(name).lower(): value for name, value in headers.items()}.get("date")
    if said is None:
        return None
    try:
        return parsedate_to_datetime(said).timestamp()
    except (TypeError, ValueError):
        return None
